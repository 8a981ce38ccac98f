//! Whom this station may ask over the network: the hosts of the trust list.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_exchange::TrustList;
use carnet_fetch::{FetchError, Openness, Pin, Web};
use url::Url;

/// A guarded client for the hosts of the list, by pinned key where an entry has one. `anywhere`: public files of other public
/// hosts too.
pub fn web(list: Option<&TrustList>, anywhere: bool) -> Result<Web, FetchError> {
    let entries = || list.into_iter().flat_map(|list| &list.entries);
    let pins = entries().flat_map(|entry| {
        let key = entry.local.as_ref().and_then(|pin| {
            let bytes = URL_SAFE_NO_PAD.decode(&pin.spki_sha256).ok()?;
            <[u8; 32]>::try_from(bytes).ok()
        });
        entry.origins.iter().filter_map(move |origin| {
            Some(Pin {
                origin: origin.clone(),
                spki_sha256: key?,
                local: true,
            })
        })
    });
    let openness = if anywhere {
        Openness::Anywhere
    } else {
        let hosts: HashSet<String> = entries()
            .filter(|entry| entry.local.is_none())
            .flat_map(|entry| &entry.origins)
            .filter_map(|origin| Some(Url::parse(origin).ok()?.host_str()?.to_owned()))
            .collect();
        Openness::Hosts(hosts)
    };
    Web::new(pins, openness)
}

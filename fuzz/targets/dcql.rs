//! A query for credentials, and what a credential would show for it.
#![no_main]

use carnet_credentials::{json, sd_jwt::ClaimPath};
use carnet_exchange::dcql::{Candidate, Query};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = json::parse(bytes, bytes.len()) else {
        return;
    };
    let Ok(query) = Query::read(&value) else {
        return;
    };
    let again = Query::read(&query.to_json()).expect("what was read can be written and read again");
    assert_eq!(again.to_json(), query.to_json());
    let claims = json!({ "vct": "urn:card:1", "a": { "b": [1, { "c": true }] }, "d": "x" });
    let disclosable: Vec<ClaimPath> = vec![["a"].into(), ["a", "b"].into(), ["d"].into()];
    for asked in &query.credentials {
        let kinds: Vec<String> = asked.format.kinds().into_iter().map(str::to_owned).collect();
        let candidate = Candidate {
            format: asked.format.as_str(),
            kinds: &kinds,
            claims: &claims,
            disclosable: &disclosable,
            bound: true,
            issuer: Some("sunrise"),
            authority_keys: &[],
        };
        if let Some(shown) = asked.disclosing(&candidate) {
            // Everything is visible here, so what the wallet would disclose is never more than was asked for.
            assert_eq!(asked.check_shown(&claims, &shown), Ok(()));
        }
    }
});

//! did:key (W3C CCG, section 3.1). No X25519 key is derived from an Ed25519 key: nothing here uses it.

use serde_json::json;

use super::{MULTIKEY_CONTEXT, of_one_key};
use crate::{document::Document, error::ResolveError, key::PublicKey};

pub(crate) fn document(did: &str, multikey: &str) -> Result<Document, ResolveError> {
    if !multikey.starts_with('z') {
        return Err(ResolveError::InvalidDid);
    }
    let key = PublicKey::from_multikey(multikey)?;
    let method = json!({
        "id": format!("{did}#{multikey}"),
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": multikey,
    });
    of_one_key(did, MULTIKEY_CONTEXT, &method, key.signs(), key.agrees())
}

//! One file for each method that is small enough for one.

pub(crate) mod jwk;
pub(crate) mod key;
pub(crate) mod peer;
pub(crate) mod pkh;

use serde_json::{Value, json};

use crate::{document::Document, error::ResolveError};

pub(crate) const DID_CONTEXT: &str = "https://www.w3.org/ns/did/v1";
pub(crate) const MULTIKEY_CONTEXT: &str = "https://w3id.org/security/multikey/v1";

/// A document made here.
pub(crate) fn made(json: Value) -> Result<Document, ResolveError> {
    match json {
        Value::Object(json) => Ok(Document::read(json)?),
        _ => Err(ResolveError::InvalidDid),
    }
}

/// The document of a DID that is one key.
pub(crate) fn of_one_key(
    did: &str,
    context: &str,
    method: &Value,
    signs: bool,
    agrees: bool,
) -> Result<Document, ResolveError> {
    let mut json = json!({
        "@context": [DID_CONTEXT, context],
        "id": did,
        "verificationMethod": [method],
    });
    let signing = [
        "authentication",
        "assertionMethod",
        "capabilityInvocation",
        "capabilityDelegation",
    ];
    for name in signing
        .iter()
        .filter(|_| signs)
        .chain(["keyAgreement"].iter().filter(|_| agrees))
    {
        json[*name] = json!([method["id"]]);
    }
    made(json)
}

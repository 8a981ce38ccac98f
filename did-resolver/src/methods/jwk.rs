//! did:jwk (<https://github.com/quartzjer/did-jwk/blob/main/spec.md>).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::of_one_key;
use crate::{document::Document, error::ResolveError, json, key::PublicKey, resolve::MAX_DID_LEN};

const JWK_CONTEXT: &str = "https://w3id.org/security/jwk/v1";

pub(crate) fn document(did: &str, encoded: &str) -> Result<Document, ResolveError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| ResolveError::InvalidDid)?;
    let jwk = json::parse(&bytes, MAX_DID_LEN).map_err(|_| ResolveError::InvalidDid)?;
    let key = PublicKey::from_jwk(&jwk)?;
    let usage = jwk.get("use").and_then(Value::as_str);
    // An Ed25519 key can't agree on keys and an X25519 key can't sign, whatever `use` says.
    let signs = usage != Some("enc") && key.signs();
    let agrees = usage != Some("sig") && key.agrees();
    let method = json!({
        "id": format!("{did}#0"),
        "type": "JsonWebKey",
        "controller": did,
        "publicKeyJwk": jwk,
    });
    of_one_key(did, JWK_CONTEXT, &method, signs, agrees)
}

//! How the answer is encrypted (OpenID4VP 1.0 section 8.3): without a good key there is no answer.

use serde_json::{Map, Value};

use super::{FORMAT, RequestError};
use crate::{dcql::QueryError, jwe::EncryptionKey};

const ENC: &str = "A256GCM";
const MAX_KEYS: usize = 8;

/// The key to encrypt the answer to.
pub(super) fn answer_key(payload: &Map<String, Value>) -> Result<EncryptionKey, RequestError> {
    if payload.contains_key("client_metadata_uri") {
        return Err(RequestError::KeyByReference);
    }
    let metadata = payload
        .get("client_metadata")
        .ok_or(RequestError::NoEncryptionKey)?;
    let metadata = metadata
        .as_object()
        .ok_or(RequestError::Field("client_metadata"))?;
    if metadata.contains_key("jwks_uri") {
        return Err(RequestError::KeyByReference);
    }
    // Names of the drafts before 1.0: a station that still uses them may mean another algorithm than is read here.
    if [
        "authorization_encrypted_response_alg",
        "authorization_encrypted_response_enc",
    ]
    .iter()
    .any(|name| metadata.contains_key(*name))
    {
        return Err(RequestError::Encryption);
    }
    // Absent means A128GCM (section 5.1), which isn't accepted.
    let enc = metadata
        .get("encrypted_response_enc_values_supported")
        .ok_or(RequestError::Encryption)?;
    let enc = enc.as_array().ok_or(RequestError::Field("client_metadata"))?;
    if !enc.iter().any(|e| e == ENC) {
        return Err(RequestError::Encryption);
    }
    formats(metadata)?;

    let jwks = metadata.get("jwks").ok_or(RequestError::NoEncryptionKey)?;
    let keys = jwks
        .get("keys")
        .and_then(Value::as_array)
        .ok_or(RequestError::Field("client_metadata"))?;
    if keys.len() > MAX_KEYS {
        return Err(RequestError::Field("client_metadata"));
    }
    // The first key that is meant for this (section 8.3: chosen by `alg`); if it is bad, no other is tried.
    let meant = |jwk: &&Value| {
        jwk.get("use").is_none_or(|u| u == "enc") && jwk.get("alg").is_some_and(|a| a == "ECDH-ES")
    };
    let key = keys.iter().find(meant).ok_or(RequestError::NoEncryptionKey)?;
    EncryptionKey::from_jwk(key).map_err(|_| RequestError::EncryptionKey)
}

fn formats(metadata: &Map<String, Value>) -> Result<(), RequestError> {
    let Some(formats) = metadata.get("vp_formats_supported") else {
        return Ok(());
    };
    let Some(ours) = formats.get(FORMAT) else {
        // Who asks for proofs alone need not know the format of cards.
        let suites = formats
            .get("ldp_vc")
            .and_then(|format| format.get("cryptosuite_values"));
        let suites = suites.and_then(Value::as_array).ok_or(QueryError::Format)?;
        return if suites.iter().any(|suite| suite == carnet_eligibility::SUITE) {
            Ok(())
        } else {
            Err(QueryError::Format.into())
        };
    };
    for name in ["sd-jwt_alg_values", "kb-jwt_alg_values"] {
        let Some(algorithms) = ours.get(name) else {
            continue;
        };
        let algorithms = algorithms
            .as_array()
            .ok_or(RequestError::Field("client_metadata"))?;
        if !algorithms.iter().any(|a| a == "ES256") {
            return Err(QueryError::Format.into());
        }
    }
    Ok(())
}

//! Private keys as other people's software writes them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::signature::Signer;
use serde_json::Value;

/// The signer of a private JWK.
pub(super) fn signer(jwk: &Value) -> Result<Box<dyn Signer>, String> {
    let d = secret(jwk)?;
    let signer: Option<Box<dyn Signer>> = match jwk["crv"].as_str() {
        Some("P-256") => p256::ecdsa::SigningKey::from_slice(&d)
            .ok()
            .map(|key| Box::new(key) as _),
        Some("P-384") => p384::ecdsa::SigningKey::from_slice(&d)
            .ok()
            .map(|key| Box::new(key) as _),
        Some("Ed25519") => <[u8; 32]>::try_from(d.as_slice())
            .ok()
            .map(|seed| Box::new(ed25519_dalek::SigningKey::from_bytes(&seed)) as _),
        _ => None,
    };
    signer.ok_or_else(|| "bad_input".to_owned())
}

/// The bytes of `d`.
pub(super) fn secret(jwk: &Value) -> Result<Vec<u8>, String> {
    let d = jwk["d"].as_str().unwrap_or_default();
    URL_SAFE_NO_PAD.decode(d).map_err(|_| "bad_input".to_owned())
}

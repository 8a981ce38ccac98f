//! A token bound to a key (RFC 9449): each request carries a proof made for it alone.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{
    jwk::PublicKey,
    jws,
    signature::{self, Signer},
};
use jiff::Timestamp;
use p256::ecdsa::SigningKey;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::ALG;
use crate::limits::{CLOCK_LEEWAY, PROOF_BYTES};

/// `typ` of a proof (section 4.2).
pub const TYP: &str = "dpop+jwt";
const MAX_JTI: usize = 128;

/// What a proof is made for.
#[derive(Debug, Clone, Copy)]
pub struct Proven<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// The address asked; query and fragment don't count.
    pub url: &'a Url,
    /// The token that goes with it.
    pub token: Option<&'a str>,
}

/// Why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DpopError {
    /// Not a signed text of this kind with a P-256 key in its header, or a member is missing.
    #[error("the proof of the key is not well formed")]
    Malformed,
    /// Not signed by the key in its header.
    #[error("the proof of the key has a wrong signature")]
    BadSignature,
    /// Made for another method or address.
    #[error("the proof of the key was made for another request")]
    OtherRequest,
    /// Made for another token, or for none.
    #[error("the proof of the key was made for another token")]
    OtherToken,
    /// Too old, or from the future.
    #[error("the proof of the key is not from now")]
    Stale,
}

/// A proof that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dpop {
    /// RFC 7638 thumbprint of the key, base64url.
    pub thumbprint: String,
    /// To be taken once only.
    pub jti: String,
}

/// Makes a proof. `jti` must be fresh from the system's random source; `nonce` is what the server asked for.
pub fn make(
    proven: &Proven<'_>,
    nonce: Option<&str>,
    key: &SigningKey,
    jti: [u8; 16],
    now: Timestamp,
) -> String {
    let mut claims = json!({
        "jti": URL_SAFE_NO_PAD.encode(jti),
        "htm": proven.method,
        "htu": bare(proven.url).as_str(),
        "iat": now.as_second(),
    });
    if let Some(token) = proven.token {
        claims["ath"] = hash(token).into();
    }
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    let header = Map::from_iter([("jwk".to_owned(), key.public().to_jwk())]);
    jws::sign(TYP, header, claims.to_string().as_bytes(), key)
}

/// Checks a proof for this very request (section 4.3). That `jti` is new is the caller's to see.
pub fn check(proof: &str, proven: &Proven<'_>, now: Timestamp) -> Result<Dpop, DpopError> {
    let (key, claims) = signed_by_own_key(proof, TYP, ALG).map_err(|error| match error {
        OwnKeyError::Malformed => DpopError::Malformed,
        OwnKeyError::BadSignature => DpopError::BadSignature,
    })?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let url = text("htu")
        .and_then(|text| Url::parse(text).ok())
        .ok_or(DpopError::Malformed)?;
    if text("htm") != Some(proven.method) || bare(&url) != bare(proven.url) {
        return Err(DpopError::OtherRequest);
    }
    if text("ath").map(str::to_owned) != proven.token.map(hash) {
        return Err(DpopError::OtherToken);
    }
    let iat = jws::numeric_date(&claims, "iat")
        .ok()
        .flatten()
        .ok_or(DpopError::Malformed)?;
    if now.duration_since(iat).abs() > CLOCK_LEEWAY {
        return Err(DpopError::Stale);
    }
    let jti = text("jti").filter(|jti| !jti.is_empty() && jti.len() <= MAX_JTI);
    Ok(Dpop {
        thumbprint: key.thumbprint_text(),
        jti: jti.ok_or(DpopError::Malformed)?.to_owned(),
    })
}

/// Base64url of the SHA-256 of a token (section 4.2, `ath`).
fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}

fn bare(url: &Url) -> Url {
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    bare
}

/// Why a text that brings its own key is refused.
pub(super) enum OwnKeyError {
    Malformed,
    BadSignature,
}

/// A text signed with this algorithm by the key in its own header. It proves that whoever made it has that key, and no more.
pub(super) fn signed_by_own_key(
    compact: &str,
    typ: &str,
    algorithm: &str,
) -> Result<(PublicKey, Map<String, Value>), OwnKeyError> {
    let unverified = jws::parse(compact, PROOF_BYTES).map_err(|_| OwnKeyError::Malformed)?;
    unverified.check_header(typ).map_err(|_| OwnKeyError::Malformed)?;
    let jwk = unverified.header().get("jwk").ok_or(OwnKeyError::Malformed)?;
    // A secret key in the open is nobody's own any more.
    if jwk.get("d").is_some() {
        return Err(OwnKeyError::Malformed);
    }
    let key = jws::verification_key(jwk).map_err(|_| OwnKeyError::Malformed)?;
    if signature::algorithm(&key) != Some(algorithm) {
        return Err(OwnKeyError::Malformed);
    }
    match unverified.verify(typ, &key) {
        Ok(verified) => Ok((key, verified.payload)),
        Err(jws::JwsError::BadSignature) => Err(OwnKeyError::BadSignature),
        Err(_) => Err(OwnKeyError::Malformed),
    }
}

//! Proofs that the wallet has the keys which copies shall be bound to (OpenID4VCI 1.0 appendix F.1, `jwt`).

use carnet_credentials::{jwk::PublicKey, jws, signature::Signer};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    Form,
    dpop::{OwnKeyError, signed_by_own_key},
};
use crate::limits::CLOCK_LEEWAY;

/// `typ` of a key proof.
pub const TYP: &str = "openid4vci-proof+jwt";
/// How old a proof may be, clocks apart.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(5);

/// Why a key proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not a signed text of this kind with a key of the right curve in its header.
    #[error("a proof of a key is not well formed")]
    Malformed,
    /// Not signed by the key in its header.
    #[error("a proof of a key has a wrong signature")]
    BadSignature,
    /// Made for another issuer.
    #[error("a proof of a key was made for another issuer")]
    OtherIssuer,
    /// Without nonce, or with one that isn't good any more.
    #[error("a proof of a key has no fresh nonce")]
    Nonce,
    /// Too old, or from the future.
    #[error("a proof of a key is not from now")]
    Stale,
    /// Two proofs by one key: the copies could be linked.
    #[error("two proofs are by the same key")]
    SameKey,
}

/// Makes a proof for an issuer.
pub fn make(issuer: &str, nonce: Option<&str>, key: &impl Signer, now: Timestamp) -> String {
    let mut claims = json!({ "aud": issuer, "iat": now.as_second() });
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    let header = Map::from_iter([("jwk".to_owned(), key.public().to_jwk())]);
    jws::sign(TYP, header, claims.to_string().as_bytes(), key)
}

/// The keys of all proofs, each another one, and the one nonce that they all carry. Whether that nonce is good is the
/// caller's to see.
pub fn check(
    proofs: &[String],
    issuer: &str,
    form: Form,
    now: Timestamp,
) -> Result<(Vec<PublicKey>, String), ProofError> {
    let mut keys = Vec::with_capacity(proofs.len());
    let mut common: Option<String> = None;
    for proof in proofs {
        let (key, claims) =
            signed_by_own_key(proof, TYP, form.proof_algorithm()).map_err(|error| match error {
                OwnKeyError::Malformed => ProofError::Malformed,
                OwnKeyError::BadSignature => ProofError::BadSignature,
            })?;
        let audience = match claims.get("aud") {
            Some(Value::Array(one)) if one.len() == 1 => one.first(),
            other => other,
        };
        if audience.and_then(Value::as_str) != Some(issuer) {
            return Err(ProofError::OtherIssuer);
        }
        let nonce = claims
            .get("nonce")
            .and_then(Value::as_str)
            .ok_or(ProofError::Nonce)?;
        if common.get_or_insert_with(|| nonce.to_owned()) != nonce {
            return Err(ProofError::Nonce);
        }
        let iat = jws::numeric_date(&claims, "iat")
            .ok()
            .flatten()
            .ok_or(ProofError::Malformed)?;
        let age = now.duration_since(iat);
        if age < -CLOCK_LEEWAY || age > MAX_AGE.saturating_add(CLOCK_LEEWAY) {
            return Err(ProofError::Stale);
        }
        if keys.contains(&key) {
            return Err(ProofError::SameKey);
        }
        keys.push(key);
    }
    Ok((keys, common.ok_or(ProofError::Malformed)?))
}

//! Showing a credential: choosing what is disclosed and proving possession of the holder key.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    ClaimPath, KB_TYP, MAX_LEN, SdJwtError,
    disclose::{self, Hash},
};
use crate::{json, jwk::PublicKey, jws, signature::Signer};

/// What the key binding JWT says (RFC 9901 section 4.3).
#[derive(Debug, Clone)]
pub struct KbClaims<'a> {
    /// The verifier's client id.
    pub aud: &'a str,
    /// The verifier's nonce.
    pub nonce: &'a str,
    /// When it was made, whole seconds.
    pub iat: Timestamp,
    /// Further claims; they can't replace the ones above.
    pub extra: Map<String, Value>,
}

/// Why nothing is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PresentError {
    /// The stored credential can't be read.
    #[error("the credential can't be read: {0}")]
    Credential(#[from] SdJwtError),
    /// A claim to disclose is not among those that can be.
    #[error("the credential has no such claim to disclose")]
    NoSuchClaim,
    /// The key is not the one the credential is bound to.
    #[error("the credential is bound to another key")]
    WrongHolder,
}

impl PresentError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Credential(e) => e.code(),
            Self::NoSuchClaim => "present_no_such_claim",
            Self::WrongHolder => "present_wrong_holder",
        }
    }
}

/// Presents a credential `<jwt>~<disclosure>~…~`, disclosing the claims at these paths (and what they stand
/// in) and nothing else. The result carries a key binding JWT by `holder`.
///
/// A claim that itself hides others is disclosed without them. A path through [`super::Step::Every`] means all elements that
/// there are.
pub fn present(
    credential: &str,
    choice: &[ClaimPath],
    kb: &KbClaims<'_>,
    holder: &dyn Signer,
) -> Result<String, PresentError> {
    let (mut shown, hash, bound) = disclosing(credential, choice)?;
    let bound = bound.ok_or(SdJwtError::NoHolder)?;
    if PublicKey::from_jwk(&bound) != Ok(holder.public()) {
        return Err(PresentError::WrongHolder);
    }
    let mut claims = kb.extra.clone();
    claims.insert("aud".into(), kb.aud.into());
    claims.insert("nonce".into(), kb.nonce.into());
    claims.insert("iat".into(), kb.iat.as_second().into());
    claims.insert("sd_hash".into(), hash.digest(&shown).into());
    let payload = Value::Object(claims).to_string();
    shown.push_str(&jws::sign(KB_TYP, Map::new(), payload.as_bytes(), holder));
    Ok(shown)
}

/// The same without proof of holding: what is shown, `<jwt>~<disclosure>~…~`.
pub fn reveal(credential: &str, choice: &[ClaimPath]) -> Result<String, PresentError> {
    Ok(disclosing(credential, choice)?.0)
}

/// What is shown, the hash in use, and the key in `cnf`.
fn disclosing(credential: &str, choice: &[ClaimPath]) -> Result<(String, Hash, Option<Value>), PresentError> {
    if credential.len() > MAX_LEN {
        return Err(SdJwtError::TooLarge.into());
    }
    let body = credential.strip_suffix('~').ok_or(SdJwtError::Malformed)?;
    let mut parts = body.split('~');
    let jwt = parts.next().ok_or(SdJwtError::Malformed)?;
    let disclosures: Vec<&str> = parts.collect();

    // Our own stored credential: it was checked when it was taken in, here only its content is needed.
    let unverified = jws::parse(jwt, MAX_LEN).map_err(SdJwtError::Credential)?;
    let payload =
        json::parse_object(unverified.unverified_payload(), MAX_LEN).map_err(|_| SdJwtError::Malformed)?;
    let bound = payload.get("cnf").and_then(|c| c.get("jwk")).cloned();

    let opened = disclose::open(payload, &disclosures)?;
    let mut chosen: HashSet<&str> = HashSet::new();
    for path in choice {
        let mut meant = opened
            .found
            .iter()
            .filter(|(found, _)| path.means(found))
            .peekable();
        if meant.peek().is_none() {
            return Err(PresentError::NoSuchClaim);
        }
        chosen.extend(meant.flat_map(|(_, chain)| chain));
    }

    let mut shown = format!("{jwt}~");
    for disclosure in disclosures.iter().filter(|d| chosen.contains(*d)) {
        shown.push_str(disclosure);
        shown.push('~');
    }
    Ok((shown, opened.hash, bound))
}

//! Deciding about a presentation (RFC 9901 section 7.3; SD-JWT VC section 3.4).

use carnet_did_resolver::{document::Relationship, resolve::resolve};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::{
    KB_TYP, MAX_DISCLOSURES, MAX_LEN, SdJwtError, TYP,
    disclose::{Tree, digest},
};
use crate::{jwk::PublicKey, jws};

/// Whose signature is expected under the credential.
#[derive(Debug, Clone, Copy)]
pub enum Issuer<'a> {
    /// The holder's own: `iss` is a `did:jwk` or `did:key`, its key signed, and `cnf` is the same key.
    SelfIssued,
    /// This issuer, with this key. The caller knows that the two belong together.
    Key {
        /// Expected `iss`.
        iss: &'a str,
        /// The issuer's key.
        key: &'a PublicKey,
    },
}

/// What a presentation must be.
#[derive(Debug, Clone)]
pub struct Expect<'a> {
    /// The verifier's own client id.
    pub aud: &'a str,
    /// The nonce of this session.
    pub nonce: &'a str,
    /// The credential type.
    pub vct: &'a str,
    /// Who must have signed.
    pub issuer: Issuer<'a>,
    /// Now.
    pub now: Timestamp,
    /// How far clocks may differ.
    pub leeway: SignedDuration,
    /// How old the key binding may be, clocks apart.
    pub max_age: SignedDuration,
}

/// A presentation that holds.
#[derive(Clone)]
pub struct Checked {
    /// The credential's claims with what was disclosed.
    pub claims: Map<String, Value>,
    /// The holder's key.
    pub holder: PublicKey,
    /// The claims of the key binding JWT.
    pub kb: Map<String, Value>,
}

impl std::fmt::Debug for Checked {
    // The claims are a person's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checked")
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}

/// Checks a presentation `<jwt>~<disclosure>~…~<key binding>` completely. No status is looked up: a credential
/// that has one is refused.
pub fn check(presentation: &str, expect: &Expect<'_>) -> Result<Checked, SdJwtError> {
    if presentation.len() > MAX_LEN {
        return Err(SdJwtError::TooLarge);
    }
    let (shown, kb) = presentation.rsplit_once('~').ok_or(SdJwtError::Malformed)?;
    if kb.is_empty() {
        return Err(SdJwtError::NoKeyBinding);
    }
    let mut parts = shown.split('~');
    let jwt = parts.next().ok_or(SdJwtError::Malformed)?;
    let disclosures: Vec<&str> = parts.take(MAX_DISCLOSURES + 1).collect();

    let (payload, signer) = credential(jwt, &expect.issuer)?;
    let mut tree = Tree::new(&disclosures)?;
    let claims = tree.open(&payload)?;

    if claims.get("vct").and_then(Value::as_str) != Some(expect.vct) {
        return Err(SdJwtError::WrongType);
    }
    times(&claims, expect)?;
    // `status` and the other registered claims can't hide in a disclosure: the payload itself must show them.
    if payload.get("cnf") != claims.get("cnf") || payload.get("vct") != claims.get("vct") {
        return Err(SdJwtError::DisclosureMisfit);
    }
    if claims.contains_key("status") {
        return Err(SdJwtError::StatusUnchecked);
    }
    let holder = claims
        .get("cnf")
        .and_then(|c| c.get("jwk"))
        .ok_or(SdJwtError::NoHolder)?;
    let holder = PublicKey::from_jwk(holder).map_err(|_| SdJwtError::NoHolder)?;
    if matches!(expect.issuer, Issuer::SelfIssued) && holder != signer {
        return Err(SdJwtError::WrongHolder);
    }

    let kb = jws::verify(kb, KB_TYP, MAX_LEN, &holder)
        .map_err(SdJwtError::KeyBinding)?
        .payload;
    if kb.get("aud").and_then(Value::as_str) != Some(expect.aud) {
        return Err(SdJwtError::WrongAudience);
    }
    if kb.get("nonce").and_then(Value::as_str) != Some(expect.nonce) {
        return Err(SdJwtError::WrongNonce);
    }
    let shown_with_tilde = &presentation[..=shown.len()];
    if kb.get("sd_hash").and_then(Value::as_str) != Some(&digest(shown_with_tilde)) {
        return Err(SdJwtError::WrongSdHash);
    }
    let iat = seconds(&kb, "iat")?.ok_or(SdJwtError::Stale)?;
    let age = expect.now.duration_since(iat);
    if age < -expect.leeway || age > expect.max_age.saturating_add(expect.leeway) {
        return Err(SdJwtError::Stale);
    }
    Ok(Checked { claims, holder, kb })
}

fn credential(jwt: &str, issuer: &Issuer<'_>) -> Result<(Map<String, Value>, PublicKey), SdJwtError> {
    let unverified = jws::parse(jwt, MAX_LEN).map_err(SdJwtError::Credential)?;
    unverified.check_header(TYP).map_err(SdJwtError::Credential)?;
    let (iss, key) = match issuer {
        Issuer::Key { iss, key } => ((*iss).to_owned(), **key),
        Issuer::SelfIssued => {
            let payload = crate::json::parse_object(unverified.unverified_payload(), MAX_LEN)
                .map_err(|e| SdJwtError::Credential(jws::JwsError::Payload(e)))?;
            let iss = payload
                .get("iss")
                .and_then(Value::as_str)
                .ok_or(SdJwtError::WrongIssuer)?;
            let document = resolve(iss).map_err(|_| SdJwtError::WrongIssuer)?;
            let method = document.assertion_method.first().ok_or(SdJwtError::WrongIssuer)?;
            let key = document
                .key_for(method, Relationship::AssertionMethod)
                .ok_or(SdJwtError::WrongIssuer)?;
            (iss.to_owned(), key)
        }
    };
    let payload = unverified
        .verify(TYP, &key)
        .map_err(SdJwtError::Credential)?
        .payload;
    if payload.get("iss").and_then(Value::as_str) == Some(&iss) {
        Ok((payload, key))
    } else {
        Err(SdJwtError::WrongIssuer)
    }
}

fn times(claims: &Map<String, Value>, expect: &Expect<'_>) -> Result<(), SdJwtError> {
    let ahead = |time: Timestamp| time.duration_since(expect.now) > expect.leeway;
    if seconds(claims, "exp")?.is_some_and(|exp| expect.now.duration_since(exp) >= expect.leeway) {
        return Err(SdJwtError::Expired);
    }
    if seconds(claims, "nbf")?.is_some_and(ahead) || seconds(claims, "iat")?.is_some_and(ahead) {
        return Err(SdJwtError::NotYetValid);
    }
    Ok(())
}

/// A NumericDate in whole seconds (RFC 7519 section 2).
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, SdJwtError> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let seconds = value.as_i64().ok_or(SdJwtError::BadTime)?;
    Timestamp::from_second(seconds)
        .map(Some)
        .map_err(|_| SdJwtError::BadTime)
}

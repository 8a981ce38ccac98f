//! Deciding about a credential and about a presentation (RFC 9901 sections 7.1 and 7.3; SD-JWT VC draft 15).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::{
    ClaimPath, KB_TYP, LEGACY_TYP, MAX_DISCLOSURES, MAX_LEN, SdJwtError, TYP,
    disclose::{self, Opened},
};
use crate::{
    issuer::{Issuer, IssuerError},
    jwk::PublicKey,
    jws,
    status::token::{Reference, StatusList},
};

/// What a credential must be, whoever looks at it.
#[derive(Debug, Clone)]
pub struct Rules<'a> {
    /// The credential type.
    pub vct: &'a str,
    /// Who must have signed.
    pub issuer: Issuer<'a>,
    /// What is done about its status.
    pub status: StatusRule<'a>,
    /// Whether `vc+sd-jwt`, the `typ` before November 2024, is taken too.
    pub legacy_typ: bool,
    /// Now.
    pub now: Timestamp,
    /// How far clocks may differ.
    pub leeway: SignedDuration,
}

/// What is done about a credential's status. One that has none is never refused for it.
#[derive(Clone, Copy)]
pub enum StatusRule<'a> {
    /// A credential with a status is refused: nothing here can look it up.
    Refuse,
    /// The status is looked up in a list that is at hand.
    Lists {
        /// The checked list of this address.
        find: &'a dyn Fn(&str) -> Option<Arc<StatusList>>,
        /// How old a list may be.
        max_age: SignedDuration,
    },
    /// The caller must look it up afterwards, under [`Checked::status`] or [`Issued::status`]: a list can only be
    /// fetched once it is known which one.
    Later,
}

impl std::fmt::Debug for StatusRule<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Refuse => "Refuse",
            Self::Lists { .. } => "Lists",
            Self::Later => "Later",
        })
    }
}

/// What a presentation must be.
#[derive(Debug, Clone)]
pub struct Expect<'a> {
    /// What is asked of the credential.
    pub credential: Rules<'a>,
    /// The verifier's own client id.
    pub aud: &'a str,
    /// The nonce of this session.
    pub nonce: &'a str,
    /// How old the key binding may be, clocks apart.
    pub max_age: SignedDuration,
}

/// A presentation that holds.
#[derive(Clone)]
pub struct Checked {
    /// The credential's claims with what was disclosed.
    pub claims: Map<String, Value>,
    /// Those of them that could have been withheld.
    pub disclosed: Vec<ClaimPath>,
    /// The holder's key.
    pub holder: PublicKey,
    /// Where the credential's status is, if it has one.
    pub status: Option<Reference>,
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

/// A credential that its holder may keep.
#[derive(Clone)]
pub struct Issued {
    /// All claims.
    pub claims: Map<String, Value>,
    /// Those that can be withheld.
    pub disclosable: Vec<ClaimPath>,
    /// Where its status is, if it has one.
    pub status: Option<Reference>,
}

impl std::fmt::Debug for Issued {
    // The claims are a person's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").finish_non_exhaustive()
    }
}

/// Checks a credential `<jwt>~<disclosure>~…~` that its issuer sends: everything that a verifier will check, and that
/// it is bound to the receiver's own key.
pub fn check_issued(credential: &str, rules: &Rules<'_>, mine: &PublicKey) -> Result<Issued, SdJwtError> {
    if credential.len() > MAX_LEN {
        return Err(SdJwtError::TooLarge);
    }
    let shown = credential.strip_suffix('~').ok_or(SdJwtError::Malformed)?;
    let (opened, signer, status) = signed(shown, rules)?;
    let holder = holder_of(&opened, rules, &signer)?;
    if holder != *mine {
        return Err(SdJwtError::WrongHolder);
    }
    Ok(Issued {
        claims: opened.claims,
        disclosable: opened.found.into_iter().map(|(path, _)| path).collect(),
        status,
    })
}

/// Checks a presentation `<jwt>~<disclosure>~…~<key binding>` completely.
pub fn check(presentation: &str, expect: &Expect<'_>) -> Result<Checked, SdJwtError> {
    if presentation.len() > MAX_LEN {
        return Err(SdJwtError::TooLarge);
    }
    let (shown, kb) = presentation.rsplit_once('~').ok_or(SdJwtError::Malformed)?;
    if kb.is_empty() {
        return Err(SdJwtError::NoKeyBinding);
    }
    let (opened, signer, status) = signed(shown, &expect.credential)?;
    let holder = holder_of(&opened, &expect.credential, &signer)?;

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
    if kb.get("sd_hash").and_then(Value::as_str) != Some(&opened.hash.digest(shown_with_tilde)) {
        return Err(SdJwtError::WrongSdHash);
    }
    let iat = seconds(&kb, "iat")?.ok_or(SdJwtError::Stale)?;
    let Rules { now, leeway, .. } = expect.credential;
    let age = now.duration_since(iat);
    if age < -leeway || age > expect.max_age.saturating_add(leeway) {
        return Err(SdJwtError::Stale);
    }
    Ok(Checked {
        claims: opened.claims,
        disclosed: opened.found.into_iter().map(|(path, _)| path).collect(),
        holder,
        status,
        kb,
    })
}

/// Checks `<jwt>~<disclosure>~…~`, shown without proof that whoever shows it may. Only for a verifier that asked for no such
/// proof.
pub fn check_unbound(presentation: &str, rules: &Rules<'_>) -> Result<Issued, SdJwtError> {
    if presentation.len() > MAX_LEN {
        return Err(SdJwtError::TooLarge);
    }
    let shown = presentation.strip_suffix('~').ok_or(SdJwtError::Malformed)?;
    let (opened, _, status) = signed(shown, rules)?;
    Ok(Issued {
        claims: opened.claims,
        disclosable: opened.found.into_iter().map(|(path, _)| path).collect(),
        status,
    })
}

/// The credential in `<jwt>~<disclosure>~…`: its claims, the key that signed it and where its status is.
fn signed<'a>(
    shown: &'a str,
    rules: &Rules<'_>,
) -> Result<(Opened<'a>, PublicKey, Option<Reference>), SdJwtError> {
    let mut parts = shown.split('~');
    let jwt = parts.next().ok_or(SdJwtError::Malformed)?;
    let disclosures: Vec<&str> = parts.take(MAX_DISCLOSURES + 1).collect();

    let unverified = jws::parse(jwt, MAX_LEN).map_err(SdJwtError::Credential)?;
    let typ = match unverified.check_header(TYP) {
        Err(jws::JwsError::WrongType) if rules.legacy_typ => LEGACY_TYP,
        checked => checked.map(|()| TYP).map_err(SdJwtError::Credential)?,
    };
    let signatory = rules
        .issuer
        .signatory(&unverified, rules.now)
        .map_err(SdJwtError::Issuer)?;
    let payload = unverified
        .verify(typ, &signatory.key)
        .map_err(SdJwtError::Credential)?
        .payload;
    if !signatory.is(payload.get("iss").and_then(Value::as_str)) {
        return Err(SdJwtError::Issuer(IssuerError::WrongIssuer));
    }
    let opened = disclose::open(payload, &disclosures)?;
    let claims = &opened.claims;

    if claims.get("vct").and_then(Value::as_str) != Some(rules.vct) {
        return Err(SdJwtError::WrongType);
    }
    times(claims, rules)?;
    let status = status(claims, rules)?;
    Ok((opened, signatory.key, status))
}

/// The key that a credential is bound to.
fn holder_of(opened: &Opened<'_>, rules: &Rules<'_>, signer: &PublicKey) -> Result<PublicKey, SdJwtError> {
    let holder = opened
        .claims
        .get("cnf")
        .and_then(|c| c.get("jwk"))
        .ok_or(SdJwtError::NoHolder)?;
    let holder = PublicKey::from_jwk(holder).map_err(|_| SdJwtError::NoHolder)?;
    if matches!(rules.issuer, Issuer::SelfIssued) && holder != *signer {
        return Err(SdJwtError::WrongHolder);
    }
    Ok(holder)
}

fn status(claims: &Map<String, Value>, rules: &Rules<'_>) -> Result<Option<Reference>, SdJwtError> {
    let Some(status) = claims.get("status") else {
        return Ok(None);
    };
    // Another mechanism than a status list (draft, "Referenced Token") is not understood, so it was not checked.
    let reference = status
        .get("status_list")
        .map(Reference::from_claim)
        .ok_or(SdJwtError::StatusUnchecked);
    match rules.status {
        StatusRule::Refuse => Err(SdJwtError::StatusUnchecked),
        StatusRule::Later => Ok(Some(reference??)),
        StatusRule::Lists { find, max_age } => {
            let reference = reference??;
            let list = find(reference.uri()).ok_or(SdJwtError::StatusUnchecked)?;
            list.confirm(&reference, rules.now, max_age)?;
            Ok(Some(reference))
        }
    }
}

fn times(claims: &Map<String, Value>, rules: &Rules<'_>) -> Result<(), SdJwtError> {
    let ahead = |time: Timestamp| time.duration_since(rules.now) > rules.leeway;
    if seconds(claims, "exp")?.is_some_and(|exp| rules.now.duration_since(exp) >= rules.leeway) {
        return Err(SdJwtError::Expired);
    }
    if seconds(claims, "nbf")?.is_some_and(ahead) || seconds(claims, "iat")?.is_some_and(ahead) {
        return Err(SdJwtError::NotYetValid);
    }
    Ok(())
}

fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, SdJwtError> {
    jws::numeric_date(claims, name).map_err(|_| SdJwtError::BadTime)
}

//! Credentials and presentations as signed texts (W3C Securing Verifiable Credentials using JOSE and COSE, section 3.1):
//! the payload is the credential itself, `typ` says `vc+jwt` or `vp+jwt`, and `kid` is the full id of the key.

use carnet_did_resolver::document::Relationship;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    Checked, CheckedPresentation, Conditions, Expected, VcError,
    check::believe,
    documents::key,
    model::{Credential, Presentation, texts},
    present,
};
use crate::{
    contexts,
    data_integrity::check_plain,
    jws::{self, Unverified, Verified},
    signature::Signer,
};

/// `typ` of a credential.
pub const VC_TYP: &str = "vc+jwt";
/// `typ` of a presentation.
pub const VP_TYP: &str = "vp+jwt";
/// Longest signed text that is looked at, in bytes.
pub const MAX_LEN: usize = 1_048_576;

/// Signs a credential. `kid` is the full id of the issuer's key.
pub fn issue(credential: &Map<String, Value>, kid: &str, signer: &dyn Signer) -> Result<String, VcError> {
    if Credential::read(credential)?.issuer != controller(kid)? {
        return Err(VcError::WrongIssuer);
    }
    sign(VC_TYP, "vc", credential, kid, signer)
}

/// Signs a presentation for one verifier and one session: `aud` and `nonce`. `kid` is the full id of the holder's key.
pub fn present(
    mut presentation: Map<String, Value>,
    audience: &str,
    nonce: &str,
    kid: &str,
    signer: &dyn Signer,
) -> Result<String, VcError> {
    if Presentation::read(&presentation)?
        .holder
        .is_some_and(|holder| Ok(holder) != controller(kid))
    {
        return Err(VcError::WrongHolder);
    }
    presentation.insert("aud".into(), audience.into());
    presentation.insert("nonce".into(), nonce.into());
    sign(VP_TYP, "vp", &presentation, kid, signer)
}

/// Decides about a credential.
pub fn check(compact: &str, conditions: &Conditions<'_>) -> Result<Checked, VcError> {
    let (verified, kid) = verify(compact, VC_TYP, "vc", Relationship::AssertionMethod, conditions)?;
    let credential = Credential::read(&verified.payload)?;
    if controller(&kid)? != credential.issuer {
        return Err(VcError::WrongIssuer);
    }
    same(&verified, "iss", Some(credential.issuer))?;
    let subject = match credential.subjects.as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    same(&verified, "sub", subject)?;
    same(
        &verified,
        "jti",
        verified.payload.get("id").and_then(Value::as_str),
    )?;
    believe(&credential, &verified.payload, vec![kid], conditions)
}

/// Decides about a presentation: `nonce` is the challenge, `aud` the domain.
pub fn check_presentation(
    compact: &str,
    expected: &Expected<'_>,
    conditions: &Conditions<'_>,
) -> Result<CheckedPresentation, VcError> {
    let (verified, kid) = verify(compact, VP_TYP, "vp", Relationship::Authentication, conditions)?;
    let presentation = Presentation::read(&verified.payload)?;
    let holder = controller(&kid)?;
    if presentation.holder.is_some_and(|named| named != holder) {
        return Err(VcError::WrongHolder);
    }
    same(&verified, "iss", Some(holder))?;
    if verified.payload.get("nonce").and_then(Value::as_str) != Some(expected.challenge) {
        return Err(VcError::WrongChallenge);
    }
    if let Some(domain) = expected.domain
        && !texts(verified.payload.get("aud")).is_some_and(|aud| aud.contains(&domain))
    {
        return Err(VcError::WrongDomain);
    }
    present::believe(&presentation, holder, expected, conditions)
}

/// The signed text of a credential in an envelope (VC Data Model 2.0, section 4.13.1); nothing where this isn't one.
pub fn enveloped_credential(object: &Map<String, Value>) -> Option<Result<&str, VcError>> {
    enveloped(
        object,
        "EnvelopedVerifiableCredential",
        "data:application/vc+jwt,",
    )
}

/// The signed text of a presentation in an envelope (section 4.13.2); nothing where this isn't one.
pub fn enveloped_presentation(object: &Map<String, Value>) -> Option<Result<&str, VcError>> {
    enveloped(
        object,
        "EnvelopedVerifiablePresentation",
        "data:application/vp+jwt,",
    )
}

fn enveloped<'a>(
    object: &'a Map<String, Value>,
    kind: &str,
    prefix: &str,
) -> Option<Result<&'a str, VcError>> {
    texts(object.get("type"))?.contains(&kind).then(|| {
        // Only the context of version 2.0 says what an envelope is.
        if !contexts::names_of(object)
            .map_err(VcError::Context)?
            .contains(&contexts::CREDENTIALS_V2)
        {
            return Err(VcError::ContextOrder);
        }
        object
            .get("id")
            .and_then(Value::as_str)
            .and_then(|id| id.strip_prefix(prefix))
            .ok_or(VcError::Malformed)
    })
}

fn sign(
    typ: &str,
    cty: &str,
    payload: &Map<String, Value>,
    kid: &str,
    signer: &dyn Signer,
) -> Result<String, VcError> {
    check_plain(payload)?;
    let mut header = Map::new();
    header.insert("kid".into(), kid.into());
    header.insert("cty".into(), cty.into());
    let payload = serde_json::to_vec(payload).map_err(|_| VcError::Malformed)?;
    Ok(jws::sign(typ, header, &payload, signer))
}

/// The payload once its signature holds, and the id of the key.
fn verify(
    compact: &str,
    typ: &str,
    cty: &str,
    relationship: Relationship,
    conditions: &Conditions<'_>,
) -> Result<(Verified, String), VcError> {
    let unverified = jws::parse(compact, MAX_LEN)?;
    unverified.check_header(typ)?;
    let kid = kid_of(&unverified)?;
    let key = key(conditions.documents, &kid, relationship, conditions.now)?;
    let verified = unverified.verify(typ, &key)?;
    if verified
        .header
        .get("cty")
        .is_some_and(|found| found.as_str() != Some(cty))
    {
        return Err(VcError::ClaimsMisfit);
    }
    // The form of version 1.1 puts the credential into a claim of its own: two places, two meanings.
    if verified.payload.contains_key("vc") || verified.payload.contains_key("vp") {
        return Err(VcError::ClaimsMisfit);
    }
    check_plain(&verified.payload)?;
    check_claimed_times(&verified.payload, conditions.now)?;
    Ok((verified, kid))
}

/// The full id of the key: `kid`, or `iss` and `kid` where `kid` is only the fragment.
fn kid_of(unverified: &Unverified<'_>) -> Result<String, VcError> {
    let text = |name| unverified.header().get(name).and_then(Value::as_str);
    let kid = text("kid").ok_or(VcError::KeyNotNamed)?;
    match (text("iss"), kid.split_once('#')) {
        (Some(iss), Some((did, _))) if did != iss && !did.is_empty() => Err(VcError::ClaimsMisfit),
        (Some(iss), Some(("", fragment))) => Ok(format!("{iss}#{fragment}")),
        (_, Some((did, _))) if !did.is_empty() => Ok(kid.to_owned()),
        _ => Err(VcError::KeyNotNamed),
    }
}

fn controller(kid: &str) -> Result<&str, VcError> {
    match kid.split_once('#') {
        Some((did, fragment)) if !did.is_empty() && !fragment.is_empty() => Ok(did),
        _ => Err(VcError::KeyNotNamed),
    }
}

/// A registered claim that repeats a member of the credential has to repeat it truly.
fn same(verified: &Verified, claim: &str, member: Option<&str>) -> Result<(), VcError> {
    match verified.payload.get(claim) {
        None => Ok(()),
        Some(Value::String(text)) if Some(text.as_str()) == member => Ok(()),
        Some(_) => Err(VcError::ClaimsMisfit),
    }
}

/// `exp` and `nbf` count beside the credential's own times.
fn check_claimed_times(payload: &Map<String, Value>, now: Timestamp) -> Result<(), VcError> {
    let time = |name| jws::numeric_date(payload, name).map_err(|_| VcError::TimeMalformed);
    if time("exp")?.is_some_and(|exp| exp <= now) {
        return Err(VcError::Expired);
    }
    if time("nbf")?.is_some_and(|nbf| now < nbf) {
        return Err(VcError::NotYetValid);
    }
    Ok(())
}

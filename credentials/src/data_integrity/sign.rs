//! Adding a proof (VC Data Integrity 1.0, sections 4.2 and 4.3).

use std::cell::OnceCell;

use carnet_did_resolver::document::Relationship;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{DataIntegrityError, Suite, check_plain, verify::message};
use crate::signature::Signer;

/// What a new proof says.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// How it is made.
    pub suite: Suite,
    /// What the key is used for: `assertionMethod` for a credential, `authentication` for a presentation.
    pub purpose: Relationship,
    /// The full id of the key.
    pub verification_method: &'a str,
    /// When; whole seconds are kept.
    pub created: Timestamp,
    /// From when on the proof doesn't count.
    pub expires: Option<Timestamp>,
    /// What the verifier gave to be signed.
    pub challenge: Option<&'a str>,
    /// Whom the proof is for.
    pub domain: Option<&'a str>,
    /// A name by which later proofs can build on this one.
    pub id: Option<&'a str>,
    /// The ids of the proofs that this one builds on.
    pub previous: &'a [&'a str],
}

impl<'a> Signing<'a> {
    /// A proof that says nothing but the necessary.
    pub fn new(
        suite: Suite,
        purpose: Relationship,
        verification_method: &'a str,
        created: Timestamp,
    ) -> Self {
        Self {
            suite,
            purpose,
            verification_method,
            created,
            expires: None,
            challenge: None,
            domain: None,
            id: None,
            previous: &[],
        }
    }
}

/// Adds a proof to a document, beside those that it has.
pub fn sign(
    mut document: Map<String, Value>,
    how: &Signing<'_>,
    key: &dyn Signer,
) -> Result<Map<String, Value>, DataIntegrityError> {
    if how.suite == Suite::Ed25519Signature2020 {
        return Err(DataIntegrityError::Legacy);
    }
    check_plain(&document)?;
    let hash = how
        .suite
        .hash(&key.public())
        .ok_or(DataIntegrityError::WrongKey)?;
    let mut proofs = match document.remove("proof") {
        None => Vec::new(),
        Some(Value::Array(proofs)) => proofs,
        Some(proof) => vec![proof],
    };
    let mut previous = Vec::new();
    for id in how.previous {
        let proof = proofs
            .iter()
            .find(|proof| proof.get("id").and_then(Value::as_str) == Some(id));
        previous.push(proof.cloned().ok_or(DataIntegrityError::PreviousMissing)?);
    }
    let mut options = options(how)?;
    if how.suite.signs_json()
        && let Some(context) = document.get("@context")
    {
        options.insert("@context".into(), context.clone());
    }
    let message = if previous.is_empty() {
        message(&document, &OnceCell::new(), &options, how.suite, hash)?
    } else {
        let mut chained = document.clone();
        chained.insert("proof".into(), Value::Array(previous));
        message(&chained, &OnceCell::new(), &options, how.suite, hash)?
    };
    let value = format!("z{}", bs58::encode(key.sign(&message)).into_string());
    options.insert("proofValue".into(), value.into());
    proofs.push(Value::Object(options));
    let proof = match proofs.len() {
        1 => proofs.remove(0),
        _ => Value::Array(proofs),
    };
    document.insert("proof".into(), proof);
    Ok(document)
}

fn options(how: &Signing<'_>) -> Result<Map<String, Value>, DataIntegrityError> {
    let mut options = Map::new();
    let mut say = |name: &str, value: Value| options.insert(name.to_owned(), value);
    say("type", "DataIntegrityProof".into());
    if let Some(id) = how.id {
        say("id", id.into());
    }
    say("cryptosuite", how.suite.name().into());
    say("created", seconds(how.created));
    if let Some(expires) = how.expires {
        say("expires", seconds(expires));
    }
    say("verificationMethod", how.verification_method.into());
    if how.purpose == Relationship::KeyAgreement {
        return Err(DataIntegrityError::WrongKey);
    }
    say("proofPurpose", how.purpose.name().into());
    if let Some(challenge) = how.challenge {
        say("challenge", challenge.into());
    }
    if let Some(domain) = how.domain {
        say("domain", domain.into());
    }
    match how.previous {
        [] => None,
        [only] => say("previousProof", (*only).into()),
        several => say("previousProof", several.to_vec().into()),
    };
    Ok(options)
}

fn seconds(time: Timestamp) -> Value {
    Timestamp::from_second(time.as_second())
        .unwrap_or(time)
        .to_string()
        .into()
}

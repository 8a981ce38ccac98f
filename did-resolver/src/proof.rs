//! `eddsa-jcs-2022` (W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.3): the proofs of did:webvh.
//!
//! The document and the proof's own members are canonicalised (RFC 8785) and hashed apart; what is signed is the
//! digest of the proof's members, then the digest of the document.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use jiff::{Timestamp, Unit};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::key::PublicKey;

/// Name of the suite.
pub const CRYPTOSUITE: &str = "eddsa-jcs-2022";

/// Longest proof value that is looked at: 64 bytes take 88 characters of base58 and the prefix.
const MAX_VALUE: usize = 89;

/// Why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// A member is missing or has the wrong type, or the signature isn't 64 bytes in base58btc.
    #[error("the proof is not well formed")]
    Malformed,
    /// Another type or suite than `eddsa-jcs-2022`.
    #[error("proofs of this kind are not accepted here")]
    Unsupported,
    /// Made for another purpose.
    #[error("the proof was made for another purpose")]
    WrongPurpose,
    /// The proof's contexts are not those of the document.
    #[error("the proof was made in another context")]
    WrongContext,
    /// Its `expires` lies in the past.
    #[error("the proof has expired")]
    Expired,
    /// The signature doesn't fit the document and the key.
    #[error("the signature does not fit")]
    BadSignature,
}

impl ProofError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "proof_malformed",
            Self::Unsupported => "proof_unsupported",
            Self::WrongPurpose => "proof_wrong_purpose",
            Self::WrongContext => "proof_wrong_context",
            Self::Expired => "proof_expired",
            Self::BadSignature => "proof_bad_signature",
        }
    }
}

/// The bytes that are signed: SHA-256 of the proof's members, then SHA-256 of the document, both canonical.
pub fn hash_data(document: &Value, members: &Value) -> Result<[u8; 64], ProofError> {
    let mut data = [0; 64];
    let (first, second) = data.split_at_mut(32);
    first.copy_from_slice(&canonical_digest(members)?);
    second.copy_from_slice(&canonical_digest(document)?);
    Ok(data)
}

/// SHA-256 of the canonical form (RFC 8785).
pub(crate) fn canonical_digest(value: &Value) -> Result<[u8; 32], ProofError> {
    let canonical = serde_json_canonicalizer::to_vec(value).map_err(|_| ProofError::Malformed)?;
    Ok(Sha256::digest(canonical).into())
}

/// The key that a proof names, where it is a `did:key` (`did:key:z…#z…`) of Ed25519.
pub fn did_key_of(proof: &Map<String, Value>) -> Result<VerifyingKey, ProofError> {
    let method = proof
        .get("verificationMethod")
        .and_then(Value::as_str)
        .ok_or(ProofError::Malformed)?;
    let (multikey, fragment) = method
        .strip_prefix("did:key:")
        .and_then(|rest| rest.split_once('#'))
        .ok_or(ProofError::Malformed)?;
    if multikey != fragment {
        return Err(ProofError::Malformed);
    }
    match PublicKey::from_multikey(multikey) {
        Ok(PublicKey::Ed25519(key)) => Ok(key),
        Ok(_) => Err(ProofError::Unsupported),
        Err(_) => Err(ProofError::Malformed),
    }
}

/// Checks one proof over `document`, which is given without its `proof`.
pub fn verify(
    document: &Value,
    proof: &Map<String, Value>,
    purpose: &str,
    key: &VerifyingKey,
    now: Timestamp,
) -> Result<(), ProofError> {
    let text = |name| proof.get(name).and_then(Value::as_str);
    if text("type") != Some("DataIntegrityProof") || text("cryptosuite") != Some(CRYPTOSUITE) {
        return Err(ProofError::Unsupported);
    }
    if text("proofPurpose") != Some(purpose) {
        return Err(ProofError::WrongPurpose);
    }
    for name in ["created", "expires"] {
        let Some(value) = proof.get(name) else { continue };
        let time: Timestamp = value
            .as_str()
            .and_then(|time| time.parse().ok())
            .ok_or(ProofError::Malformed)?;
        if name == "expires" && time <= now {
            return Err(ProofError::Expired);
        }
    }
    let value = text("proofValue").ok_or(ProofError::Malformed)?;
    let encoded = value.strip_prefix('z').ok_or(ProofError::Malformed)?;
    if value.len() > MAX_VALUE {
        return Err(ProofError::Malformed);
    }
    let bytes = bs58::decode(encoded)
        .into_vec()
        .map_err(|_| ProofError::Malformed)?;
    let signature = Signature::from_slice(&bytes).map_err(|_| ProofError::Malformed)?;
    let mut members = proof.clone();
    members.remove("proofValue");
    let data = match members.get("@context") {
        None => hash_data(document, &Value::Object(members))?,
        Some(context) => {
            let secured = in_context(document, context)?;
            hash_data(&secured, &Value::Object(members))?
        }
    };
    key.verify_strict(&data, &signature)
        .map_err(|_| ProofError::BadSignature)
}

/// Whether the contexts of a document begin with those of a proof (section 3.3.2, step 4).
pub fn begins_with(document: Option<&Value>, proof: &Value) -> bool {
    fn list(context: &Value) -> &[Value] {
        match context {
            Value::Array(items) => items,
            one => std::slice::from_ref(one),
        }
    }
    document.is_some_and(|document| list(document).starts_with(list(proof)))
}

/// The document under the contexts of the proof.
fn in_context(document: &Value, context: &Value) -> Result<Value, ProofError> {
    if !begins_with(document.get("@context"), context) {
        return Err(ProofError::WrongContext);
    }
    let mut secured = document.clone();
    secured["@context"] = context.clone();
    Ok(secured)
}

/// Makes a proof over `document` with the key's own `did:key`.
pub fn create(
    document: &Value,
    purpose: &str,
    key: &SigningKey,
    now: Timestamp,
) -> Result<Map<String, Value>, ProofError> {
    let did = PublicKey::from(key).did_key();
    let multikey = did.trim_start_matches("did:key:");
    let mut proof = json!({
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "verificationMethod": format!("{did}#{multikey}"),
        "created": whole_second(now),
        "proofPurpose": purpose,
    });
    let data = hash_data(document, &proof)?;
    let value = bs58::encode(key.sign(&data).to_bytes()).into_string();
    proof["proofValue"] = Value::String(format!("z{value}"));
    match proof {
        Value::Object(proof) => Ok(proof),
        _ => Err(ProofError::Malformed),
    }
}

/// A time as these formats write it: UTC, whole seconds.
pub(crate) fn whole_second(time: Timestamp) -> String {
    let floor = jiff::TimestampRound::new()
        .smallest(Unit::Second)
        .mode(jiff::RoundMode::Floor);
    time.round(floor).unwrap_or(time).to_string()
}

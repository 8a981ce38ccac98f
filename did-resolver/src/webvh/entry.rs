//! One line of the log: its members, its hashes, its proofs.

use ed25519_dalek::VerifyingKey;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::error::WebvhError;
use crate::proof::{self, ProofError};

/// multihash of SHA-256: code and length. In base58 such a hash begins with `Qm`.
const SHA2_256: [u8; 2] = [0x12, 0x20];
/// What stands for the SCID while it is computed.
pub(super) const PLACEHOLDER: &str = "{SCID}";
/// Most proofs of one entry.
const MAX_PROOFS: usize = 16;
/// Purpose of every proof.
pub(super) const PURPOSE: &str = "assertionMethod";

/// An entry whose members have their types. Nothing of it is checked yet.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) version_id: String,
    pub(super) time_text: String,
    pub(super) time: Timestamp,
    pub(super) parameters: Map<String, Value>,
    pub(super) state: Map<String, Value>,
    proofs: Vec<Map<String, Value>>,
    /// Everything but the proofs.
    unsigned: Value,
}

impl Entry {
    pub(super) fn read(mut json: Map<String, Value>) -> Result<Self, WebvhError> {
        let proofs = match json.remove("proof") {
            Some(Value::Object(one)) => vec![one],
            Some(Value::Array(many)) if (1..=MAX_PROOFS).contains(&many.len()) => many
                .into_iter()
                .map(|proof| match proof {
                    Value::Object(proof) => Ok(proof),
                    _ => Err(WebvhError::Malformed),
                })
                .collect::<Result<_, _>>()?,
            None => return Err(WebvhError::Proof(ProofError::Malformed)),
            Some(_) => return Err(WebvhError::Malformed),
        };
        // Nothing else may stand there (the DID log file): what is not understood could mean something.
        if json.len() != 4 {
            return Err(WebvhError::Malformed);
        }
        let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
        let object = |name: &str| json.get(name).and_then(Value::as_object).cloned();
        let (Some(version_id), Some(time_text), Some(parameters), Some(state)) = (
            text("versionId"),
            text("versionTime"),
            object("parameters"),
            object("state"),
        ) else {
            return Err(WebvhError::Malformed);
        };
        if !time_text.ends_with('Z') || time_text.len() > 32 {
            return Err(WebvhError::Time);
        }
        Ok(Self {
            time: time_text.parse().map_err(|_| WebvhError::Time)?,
            version_id,
            time_text,
            parameters,
            state,
            proofs,
            unsigned: Value::Object(json),
        })
    }

    /// The number in front of the version id must be `number`, and the hash behind it that of the entry after
    /// `predecessor`: the version id before, or the SCID.
    pub(super) fn check_hash(&mut self, number: usize, predecessor: &str) -> Result<(), WebvhError> {
        let (counted, hash) = self.version_id.split_once('-').ok_or(WebvhError::Malformed)?;
        if counted != number.to_string() {
            return Err(WebvhError::Number);
        }
        self.unsigned["versionId"] = json!(predecessor);
        let computed = hash_of(&self.unsigned)?;
        let fits = computed == hash;
        self.unsigned["versionId"] = json!(self.version_id);
        if fits { Ok(()) } else { Err(WebvhError::EntryHash) }
    }

    /// The SCID is the hash of the first entry as it was before the SCID was known.
    pub(super) fn check_scid(&self, scid: &str) -> Result<(), WebvhError> {
        let mut preliminary = self.unsigned.clone();
        preliminary["versionId"] = json!(PLACEHOLDER);
        let preliminary = replaced(preliminary, scid, PLACEHOLDER);
        if hash_of(&preliminary)? == scid {
            Ok(())
        } else {
            Err(WebvhError::Scid)
        }
    }

    /// Every proof must be good, and made by one of these keys.
    pub(super) fn check_proofs(&self, keys: &[String], now: Timestamp) -> Result<(), WebvhError> {
        for proof in &self.proofs {
            let key = proof::did_key_of(proof)?;
            if !keys.iter().any(|allowed| is_key(allowed, &key)) {
                return Err(WebvhError::NotAuthorized);
            }
            proof::verify(&self.unsigned, proof, PURPOSE, &key, now)?;
        }
        Ok(())
    }
}

fn is_key(multikey: &str, key: &VerifyingKey) -> bool {
    crate::key::PublicKey::Ed25519(*key).to_multikey() == multikey
}

/// `base58btc(multihash(JCS(value)))`.
pub(super) fn hash_of(value: &Value) -> Result<String, WebvhError> {
    let digest = proof::canonical_digest(value).map_err(|_| WebvhError::Malformed)?;
    Ok(multihash(digest))
}

/// Hash of a multikey, as pre-rotation announces it.
pub(super) fn key_hash(multikey: &str) -> String {
    multihash(Sha256::digest(multikey).into())
}

fn multihash(digest: [u8; 32]) -> String {
    bs58::encode([&SHA2_256[..], &digest].concat()).into_string()
}

/// Whether a text is the multihash of a SHA-256 digest.
pub(super) fn is_multihash(text: &str) -> bool {
    text.len() == 46
        && bs58::decode(text)
            .into_vec()
            .is_ok_and(|bytes| bytes.len() == 34 && bytes.starts_with(&SHA2_256))
}

/// The same JSON with one text replaced by another in every string and name.
pub(super) fn replaced(value: Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(from, to)),
        Value::Array(items) => items.into_iter().map(|item| replaced(item, from, to)).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name.replace(from, to), replaced(value, from, to)))
            .collect(),
        other => other,
    }
}

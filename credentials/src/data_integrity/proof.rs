//! One proof, read (VC Data Integrity 1.0, section 2.1).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{DataIntegrityError, Suite};
use crate::date_time::date_time_stamp;

/// Longest encoded signature: P-384 takes 132 characters.
const MAX_PROOF_VALUE: usize = 140;

/// A proof that was read and not yet checked.
#[derive(Debug, Clone)]
pub struct Proof {
    /// How it was made.
    pub suite: Suite,
    /// `id`, by which another proof may build on it.
    pub id: Option<String>,
    /// `proofPurpose`.
    pub purpose: String,
    /// The full id of the key.
    pub verification_method: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// From when on it doesn't count.
    pub expires: Option<Timestamp>,
    /// What the verifier gave to be signed, in proofs of holding.
    pub challenge: Option<String>,
    /// Whom the proof is for.
    pub domain: Vec<String>,
    /// The ids of the proofs that it builds on.
    pub previous: Vec<String>,
    pub(super) options: Map<String, Value>,
    pub(super) signature: Vec<u8>,
}

impl Proof {
    pub(super) fn read(proof: &Value) -> Result<Self, DataIntegrityError> {
        let malformed = DataIntegrityError::ProofMalformed;
        let mut options = proof.as_object().ok_or(malformed)?.clone();
        let Some(Value::String(value)) = options.remove("proofValue") else {
            return Err(malformed);
        };
        let kind = options.get("type").and_then(Value::as_str).ok_or(malformed)?;
        let suite = Suite::of(kind, options.get("cryptosuite")).ok_or(DataIntegrityError::UnknownSuite)?;
        let time = |name| match text(&options, name)? {
            Some(time) => date_time_stamp(&time).map(Some).ok_or(malformed),
            None => Ok(None),
        };
        Ok(Self {
            suite,
            id: text(&options, "id")?,
            purpose: text(&options, "proofPurpose")?.ok_or(malformed)?,
            verification_method: text(&options, "verificationMethod")?.ok_or(malformed)?,
            created: time("created")?,
            expires: time("expires")?,
            challenge: text(&options, "challenge")?,
            domain: texts(&options, "domain")?,
            previous: texts(&options, "previousProof")?,
            signature: signature(&value).ok_or(malformed)?,
            options,
        })
    }

    /// The DID in front of the key's fragment.
    pub fn controller(&self) -> &str {
        self.verification_method
            .split_once('#')
            .map_or(self.verification_method.as_str(), |(did, _)| did)
    }
}

/// Multibase, base58btc: `z`.
fn signature(value: &str) -> Option<Vec<u8>> {
    let encoded = value.strip_prefix('z').filter(|e| e.len() <= MAX_PROOF_VALUE)?;
    bs58::decode(encoded).into_vec().ok()
}

fn text(options: &Map<String, Value>, name: &str) -> Result<Option<String>, DataIntegrityError> {
    match options.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(DataIntegrityError::ProofMalformed),
    }
}

fn texts(options: &Map<String, Value>, name: &str) -> Result<Vec<String>, DataIntegrityError> {
    let malformed = DataIntegrityError::ProofMalformed;
    match options.get(name) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(items)) if !items.is_empty() => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or(malformed))
            .collect(),
        Some(_) => Err(malformed),
    }
}

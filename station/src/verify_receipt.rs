//! Somebody who trusts neither side looks at a patient's proof: by the list of organisations alone, without account or network.

use std::{fs, io, path::Path};

use carnet_exchange::{
    contradiction::{self, CONTRADICTION_BYTES, Contradiction, ContradictionError},
    evidence::{EVIDENCE_BYTES, Evidence, EvidenceError, Shown},
    promise::Operation,
    trust::{TrustError, open_any},
};
use carnet_log::Checkpoint;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Why a file proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("A file could not be read: {0}.")]
    File(#[from] io::Error),
    #[error("The list of organisations is not in order: {0}.")]
    List(#[from] TrustError),
    #[error("The list is signed by another authority than {0}.")]
    OtherRoot(String),
    #[error("This proves nothing: {0}.")]
    Evidence(#[from] EvidenceError),
    #[error("This shows nothing: {0}.")]
    Contradiction(#[from] ContradictionError),
}

impl VerifyError {
    /// Stable, snake_case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::List(error) => error.code(),
            Self::OtherRoot(_) => "trust_wrong_root",
            Self::Evidence(error) => error.code(),
            Self::Contradiction(error) => error.code(),
        }
    }

    /// What to do now.
    pub fn next(&self) -> &'static str {
        match self {
            Self::File(_) => "Give the names of the two files.",
            Self::List(_) | Self::OtherRoot(_) => {
                "Get the list from its authority, and compare the fingerprint with what the authority publishes."
            }
            Self::Contradiction(ContradictionError::Fits) => {
                "There is nothing to show. If the file should hold something else, ask for it again."
            }
            Self::Evidence(_) | Self::Contradiction(_) => {
                "Ask the patient for the file that their wallet wrote; the list may also be too old."
            }
        }
    }
}

/// What the file shows. `root` is the fingerprint or key that must have signed the list.
pub fn verify(file: &Path, list: &Path, root: Option<&str>, now: Timestamp) -> Result<Value, VerifyError> {
    let (list, by) = open_any(fs::read_to_string(list)?.trim())?;
    if let Some(root) = root
        && by.to_string() != root
        && by.fingerprint() != root
    {
        return Err(VerifyError::OtherRoot(root.to_owned()));
    }
    let longest = EVIDENCE_BYTES.max(CONTRADICTION_BYTES);
    if fs::metadata(file)?.len() > longest as u64 {
        return Err(EvidenceError::Malformed.into());
    }
    let file = fs::read(file)?;
    let mut shown = if Contradiction::is_one(&file) {
        contradicts(&Contradiction::read(&file)?.check(&list, now)?)
    } else {
        recorded(&Evidence::read(&file)?.check(&list, now)?)
    };
    shown["root"] = by.fingerprint().into();
    shown["root_checked"] = root.is_some().into();
    Ok(shown)
}

/// An operation that stands in a register.
fn recorded(shown: &Shown) -> Value {
    let promise = &shown.promise;
    let time = i64::try_from(promise.time)
        .ok()
        .and_then(|time| Timestamp::from_second(time).ok());
    json!({
        "recorded": match promise.operation {
            Operation::Grant => "grant",
            Operation::Revoke => "revocation",
        },
        "grant_id": promise.grant_id,
        "time": time,
        "sequence": promise.sequence,
        "keeper": shown.keeper,
        "chain_id": promise.chain_id,
        "registry": promise.registry,
        "log_entries": shown.checkpoint.size(),
        "witnesses": witnesses(&shown.checkpoint),
    })
}

/// A register that was changed, or may have been: what its keeper signed.
fn contradicts(shown: &contradiction::Shown) -> Value {
    let states: Vec<Value> = shown
        .states
        .iter()
        .map(|state| json!({ "log_entries": state.size(), "root": state.root().to_string(), "witnesses": witnesses(state) }))
        .collect();
    json!({
        "contradiction": shown.finding.code(),
        "proven": shown.finding.is_proven(),
        "keeper": shown.keeper,
        "log": shown.log,
        "states": states,
    })
}

fn witnesses(checkpoint: &Checkpoint) -> Vec<Value> {
    let seen = checkpoint.witnessed().iter();
    seen.map(|one| json!({ "name": one.name, "time": one.time }))
        .collect()
}

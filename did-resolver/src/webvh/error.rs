//! Why a did:webvh log is refused.

use crate::{document::DocumentError, json::JsonError, proof::ProofError};

/// Why a log is refused. Nothing of it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebvhError {
    /// No entry at all.
    #[error("the log is empty")]
    Empty,
    /// More bytes or entries than are looked at.
    #[error("the log is longer than is looked at")]
    TooLong,
    /// A line is no JSON object to be trusted.
    #[error("a line of the log was refused: {0}")]
    Json(#[from] JsonError),
    /// An entry lacks a member, has one too many, or one of the wrong type.
    #[error("an entry of the log is not well formed")]
    Malformed,
    /// A parameter is unknown, missing, or may not have this value here.
    #[error("an entry sets a parameter that it may not set")]
    Parameter,
    /// Another version of the method than 1.0.
    #[error("the log follows another version of did:webvh")]
    Version,
    /// The first entry's hash isn't the SCID.
    #[error("the DID's own hash does not fit its first entry")]
    Scid,
    /// The log is another DID's.
    #[error("the log is another DID's")]
    WrongDid,
    /// Numbers don't count up from 1.
    #[error("an entry has the wrong number")]
    Number,
    /// The hash in the version id isn't that of the entry.
    #[error("an entry was changed after it was written")]
    EntryHash,
    /// Not in UTC, or not after the entry before.
    #[error("the times of the entries do not follow one another")]
    Time,
    /// The last entry's time hasn't come yet.
    #[error("the last entry comes from the future")]
    Future,
    /// Signed by a key that could not change the DID at that time.
    #[error("an entry is signed by a key that may not change the DID")]
    NotAuthorized,
    /// A proof is missing or refused.
    #[error("the proof of an entry was refused: {0}")]
    Proof(#[from] ProofError),
    /// A key was not announced in the entry before, or the next ones are not announced.
    #[error("an entry uses a key that was not announced")]
    PreRotation,
    /// The DID moved although it may not.
    #[error("the DID moved although it was made to stay")]
    NotPortable,
    /// The moved DID doesn't say what it was called before.
    #[error("the moved DID does not name the one before")]
    PriorDidMissing,
    /// Something follows the entry that ended the DID.
    #[error("the log goes on after the DID was ended")]
    AfterDeactivation,
    /// The host gives a log that doesn't hold what it held before.
    #[error("the log lacks a version that was published before")]
    RolledBack,
    /// The state of an entry is no DID document.
    #[error("a document in the log was refused: {0}")]
    Document(#[from] DocumentError),
    /// There are witnesses, and their file is missing.
    #[error("the file of the witnesses is missing")]
    WitnessMissing,
    /// The witnesses' file isn't well formed.
    #[error("the file of the witnesses is not well formed")]
    WitnessMalformed,
    /// Too few witnesses stand behind an entry.
    #[error("too few witnesses stand behind an entry")]
    WitnessThreshold,
}

impl WebvhError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "webvh_empty",
            Self::TooLong => "webvh_too_long",
            Self::Json(e) => e.code(),
            Self::Malformed => "webvh_malformed",
            Self::Parameter => "webvh_parameter",
            Self::Version => "webvh_version",
            Self::Scid => "webvh_scid",
            Self::WrongDid => "webvh_wrong_did",
            Self::Number => "webvh_number",
            Self::EntryHash => "webvh_entry_hash",
            Self::Time => "webvh_time",
            Self::Future => "webvh_future",
            Self::NotAuthorized => "webvh_not_authorized",
            Self::Proof(e) => e.code(),
            Self::PreRotation => "webvh_pre_rotation",
            Self::NotPortable => "webvh_not_portable",
            Self::PriorDidMissing => "webvh_prior_did_missing",
            Self::AfterDeactivation => "webvh_after_deactivation",
            Self::RolledBack => "webvh_rolled_back",
            Self::Document(e) => e.code(),
            Self::WitnessMissing => "webvh_witness_missing",
            Self::WitnessMalformed => "webvh_witness_malformed",
            Self::WitnessThreshold => "webvh_witness_threshold",
        }
    }
}

//! A witness signs a log's checkpoint only if it continues what the witness signed before (c2sp.org/tlog-witness). So a keeper
//! who wants to show two people two histories has to win over every witness that they believe.

use ed25519_dalek::SigningKey;

use crate::{
    Checkpoint, CheckpointError, Hash,
    checkpoint::Log,
    limits::{NOTE_BYTES, PROOF_HASHES},
    note::{self, Key, Kind},
    receipt::{hashes, lines},
    tree::check_growth,
};

/// Longest request that is looked at, in bytes.
pub const REQUEST_BYTES: usize = NOTE_BYTES + 64 * (PROOF_HASHES + 1);

/// A witness's line under a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// Who.
    pub name: String,
    /// When, Unix seconds, by the witness's clock.
    pub time: u64,
}

/// A witness with its key.
#[derive(Debug)]
pub struct Witness<'a> {
    /// No spaces, no plus.
    pub name: &'a str,
    /// Signs nothing but cosignatures.
    pub key: &'a SigningKey,
}

/// What a witness knows of a log: the last state that it signed, size and root. Nothing was signed yet: size 0.
pub type Known = (u64, Hash);

/// Why a witness does not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a request (400).
    #[error("this is no request to a witness")]
    Malformed,
    /// Not by a key of the log (403), another log's (404), or no checkpoint (400).
    #[error("{0}")]
    Checkpoint(#[from] CheckpointError),
    /// The proof starts elsewhere than at what the witness signed last (409): its size.
    #[error("the witness has signed this log at size {0}")]
    Conflict(u64),
    /// Two roots for one size: what the witness exists to see (409).
    #[error("the keeper has signed two different logs of the same length")]
    TwoHistories,
    /// The log doesn't begin with what the witness signed last (422).
    #[error("the log does not begin with what the witness signed before")]
    NotGrown,
}

impl Refusal {
    /// HTTP status of the answer.
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::Checkpoint(CheckpointError::Malformed | CheckpointError::Name) => 400,
            Self::Checkpoint(CheckpointError::Signature) => 403,
            Self::Checkpoint(CheckpointError::OtherLog) => 404,
            Self::Conflict(_) | Self::TwoHistories => 409,
            Self::NotGrown => 422,
        }
    }

    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "witness_malformed",
            Self::Checkpoint(error) => error.code(),
            Self::Conflict(_) => "witness_conflict",
            Self::TwoHistories => "witness_two_histories",
            Self::NotGrown => "witness_not_grown",
        }
    }
}

/// The request: from which size the proof leads, the proof, the checkpoint.
pub fn request(old: u64, growth: &[Hash], checkpoint: &Checkpoint) -> String {
    format!("old {old}\n{}\n{}", lines(growth), checkpoint.text())
}

/// Which log a request is about: for a witness of several.
pub fn origin_of(request: &str) -> Option<&str> {
    request.split_once("\n\n")?.1.split('\n').next()
}

impl Witness<'_> {
    /// Signs, if the log has only grown. Gives the signature line, and what is to be known of the log from now on: write that
    /// down, durably, before the line is given away.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn cosign(
        &self,
        request: &str,
        log: Log<'_>,
        known: Known,
        time: u64,
    ) -> Result<(String, Known), Refusal> {
        if request.len() > REQUEST_BYTES {
            return Err(Refusal::Malformed);
        }
        let (head, note) = request.split_once("\n\n").ok_or(Refusal::Malformed)?;
        let mut lines = head.split('\n');
        let old: Option<u64> = lines
            .next()
            .and_then(|line| line.strip_prefix("old "))
            .and_then(|old| old.parse().ok().filter(|number: &u64| number.to_string() == old));
        let (old, growth) = old.zip(hashes(lines)).ok_or(Refusal::Malformed)?;
        let checkpoint = Checkpoint::read(note, log, &[])?;
        if old > checkpoint.size() {
            return Err(Refusal::Malformed);
        }
        if old != known.0 {
            return Err(Refusal::Conflict(known.0));
        }
        if checkpoint.size() == known.0 && known.0 > 0 && checkpoint.root() != known.1 {
            return Err(Refusal::TwoHistories);
        }
        let earlier = if known.0 == 0 {
            (0, tlog_tiles::EMPTY_HASH)
        } else {
            known
        };
        check_growth(&growth, earlier, checkpoint.head()).map_err(|_| Refusal::NotGrown)?;
        let signed = note::read(note).ok_or(Refusal::Malformed)?;
        let key = Key::secret(self.name, Kind::Cosignature, self.key).ok_or(CheckpointError::Name)?;
        let line = key.line(signed.text(), time).ok_or(CheckpointError::Name)?;
        let line = String::from_utf8(line.to_bytes()).map_err(|_| Refusal::Malformed)?;
        Ok((line, checkpoint.head()))
    }
}

//! What the keeper of a log signs: so many entries, with this root (c2sp.org/tlog-checkpoint).

use ed25519_dalek::{SigningKey, VerifyingKey};
use signed_note::Note;

use crate::{
    Cosigned, Hash,
    limits::ENTRIES,
    note::{self, Key, Kind},
};

/// A log, to those who check it.
#[derive(Debug, Clone, Copy)]
pub struct Log<'a> {
    /// Its name; stands in every checkpoint. No spaces, no plus.
    pub origin: &'a str,
    /// Keys that may sign for it.
    pub keys: &'a [VerifyingKey],
}

/// A witness, to those who believe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    /// Its name. No spaces, no plus.
    pub name: String,
    /// Its key.
    pub key: VerifyingKey,
}

/// A signed state of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// As signed, with every signature that came with it.
    note: String,
    origin: String,
    size: u64,
    root: [u8; 32],
    /// The witnesses that were asked about and have signed it.
    witnessed: Vec<Cosigned>,
}

/// Why a checkpoint is refused, or can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note with a tree's size and root.
    #[error("this is no checkpoint of a log")]
    Malformed,
    /// Another log's.
    #[error("this is another log's checkpoint")]
    OtherLog,
    /// Not signed by a key of this log.
    #[error("the checkpoint is not signed by who keeps the log")]
    Signature,
    /// A name with a space or a plus, or none.
    #[error("a log can't have this name")]
    Name,
}

impl CheckpointError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "checkpoint_malformed",
            Self::OtherLog => "checkpoint_other_log",
            Self::Signature => "checkpoint_signature",
            Self::Name => "checkpoint_name",
        }
    }
}

impl Checkpoint {
    /// Signs this state of the log.
    ///
    /// # Errors
    /// [`CheckpointError::Name`].
    pub fn sign(origin: &str, size: u64, root: Hash, key: &SigningKey) -> Result<Self, CheckpointError> {
        let unsigned = tlog_tiles::Checkpoint::new(origin, size, root, "");
        let text = unsigned.map_err(|_| CheckpointError::Name)?.to_bytes();
        let signer = Key::secret(origin, Kind::Log, key).ok_or(CheckpointError::Name)?;
        let line = signer.line(&text, 0).ok_or(CheckpointError::Name)?;
        let note = Note::new(&text, &[line]).map_err(|_| CheckpointError::Name)?;
        Ok(Self {
            note: String::from_utf8(note.to_bytes()).map_err(|_| CheckpointError::Name)?,
            origin: origin.to_owned(),
            size,
            root: root.0,
            witnessed: Vec::new(),
        })
    }

    /// Reads a checkpoint of this log. Which of `witnesses` have signed it is found out too; a line of theirs that does not
    /// hold counts as none.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn read(text: &str, log: Log<'_>, witnesses: &[WitnessKey]) -> Result<Self, CheckpointError> {
        let note = note::read(text).ok_or(CheckpointError::Malformed)?;
        let head = tlog_tiles::Checkpoint::from_bytes(note.text()).map_err(|_| CheckpointError::Malformed)?;
        if head.origin() != log.origin {
            return Err(CheckpointError::OtherLog);
        }
        let signed = |key: &VerifyingKey| {
            Key::public(log.origin, Kind::Log, *key).is_some_and(|key| key.find(&note).is_some())
        };
        if !log.keys.iter().any(signed) {
            return Err(CheckpointError::Signature);
        }
        if head.size() > ENTRIES {
            return Err(CheckpointError::Malformed);
        }
        let witnessed = |witness: &WitnessKey| {
            let key = Key::public(&witness.name, Kind::Cosignature, witness.key)?;
            let time = key.find(&note)?.time?;
            Some(Cosigned {
                name: witness.name.clone(),
                time,
            })
        };
        Ok(Self {
            note: text.to_owned(),
            origin: head.origin().to_owned(),
            size: head.size(),
            root: head.hash().0,
            witnessed: witnesses.iter().filter_map(witnessed).collect(),
        })
    }

    /// The same with these signature lines of witnesses added.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`]: these are no signature lines, or too many.
    pub fn with_lines(&self, lines: &str) -> Result<String, CheckpointError> {
        let text = format!("{}{lines}", self.note);
        note::read(&text).map(|_| text).ok_or(CheckpointError::Malformed)
    }

    /// The signed note.
    pub fn text(&self) -> &str {
        &self.note
    }

    /// Of which log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries the log had.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The tree's root.
    pub fn root(&self) -> Hash {
        Hash(self.root)
    }

    /// Size and root, as proofs are checked against.
    pub fn head(&self) -> (u64, Hash) {
        (self.size, self.root())
    }

    /// Who else has seen it, of those that were asked about.
    pub fn witnessed(&self) -> &[Cosigned] {
        &self.witnessed
    }
}

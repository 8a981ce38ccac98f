//! One entry's proof in a file (c2sp.org/tlog-proof), to show to somebody who trusts neither side.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::{
    Checkpoint, CheckpointError, Hash,
    checkpoint::{Log, WitnessKey},
    limits::{NOTE_BYTES, PROOF_HASHES},
    tree::{TreeError, check_entry},
};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Longest text that is looked at, in bytes.
const LONGEST: usize = NOTE_BYTES + 64 * (PROOF_HASHES + 2);

/// An entry's place, the way from it to the root, and the checkpoint that signs the root.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The entry's place, from 0.
    pub index: u64,
    /// The way up.
    pub proof: Vec<Hash>,
    /// The signed note, as it stands.
    pub checkpoint: String,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not a proof in this form.
    #[error("this is no proof of an entry in a log")]
    Malformed,
    /// Its checkpoint.
    #[error("{0}")]
    Checkpoint(#[from] CheckpointError),
    /// The way does not lead from the entry to the root.
    #[error("the entry is not in the log that the checkpoint signs")]
    NotInThere(#[source] TreeError),
}

impl ReceiptError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "log_receipt_malformed",
            Self::Checkpoint(error) => error.code(),
            Self::NotInThere(_) => "log_receipt_not_in_there",
        }
    }
}

impl Receipt {
    /// As a file.
    pub fn to_text(&self) -> String {
        let hashes = lines(&self.proof);
        format!("{HEADER}\nindex {}\n{hashes}\n{}", self.index, self.checkpoint)
    }

    /// Reads a file. An `extra` line is another program's and is passed over.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`].
    pub fn read(text: &str) -> Result<Self, ReceiptError> {
        let read = || {
            let (head, checkpoint) = text.split_once("\n\n")?;
            let mut lines = head.split('\n');
            (lines.next()? == HEADER).then_some(())?;
            let mut line = lines.next()?;
            if line.starts_with("extra ") {
                line = lines.next()?;
            }
            let index = line.strip_prefix("index ")?;
            let number: u64 = index.parse().ok()?;
            // One way to write it.
            (number.to_string() == index).then_some(())?;
            Some(Self {
                index: number,
                proof: hashes(lines)?,
                checkpoint: checkpoint.to_owned(),
            })
        };
        if text.len() > LONGEST {
            return Err(ReceiptError::Malformed);
        }
        read().ok_or(ReceiptError::Malformed)
    }

    /// Whether this entry is in this log. Gives the checkpoint, which says who witnessed it.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn check(
        &self,
        entry: &[u8],
        log: Log<'_>,
        witnesses: &[WitnessKey],
    ) -> Result<Checkpoint, ReceiptError> {
        let checkpoint = Checkpoint::read(&self.checkpoint, log, witnesses)?;
        check_entry(&self.proof, checkpoint.head(), self.index, entry).map_err(ReceiptError::NotInThere)?;
        Ok(checkpoint)
    }
}

/// A proof as it travels: a line of base64 for each hash.
pub fn lines(hashes: &[Hash]) -> String {
    hashes
        .iter()
        .flat_map(|hash| [hash.to_string(), "\n".to_owned()])
        .collect()
}

/// Reads what [`lines`] writes. `None`: no hashes, or more than any proof has.
pub fn read_lines(text: &str) -> Option<Vec<Hash>> {
    if text.len() > LONGEST {
        return None;
    }
    hashes(text.lines())
}

/// Lines of one hash each, at most [`PROOF_HASHES`].
pub(crate) fn hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<Hash>> {
    let mut hashes = Vec::new();
    for line in lines {
        let bytes = BASE64_STANDARD.decode(line).ok()?;
        (hashes.len() < PROOF_HASHES).then_some(())?;
        hashes.push(Hash(bytes.try_into().ok()?));
    }
    Some(hashes)
}

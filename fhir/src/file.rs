//! A file as a whole: what it may be, what of it was not taken, and a small one read at once.

use std::io::Cursor;

use crate::{EntryError, Names, Record, Stream, stream::Entry};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 4 << 30;
/// The largest entry that is taken, in bytes: an attachment of 50 MB in base64, and room around it.
pub const MAX_ENTRY: usize = 72 << 20;
/// The most entries a file may have.
pub const MAX_ENTRIES: usize = 1_000_000;
/// How many entries that were not taken are listed; the others are counted.
pub const MAX_LISTED: usize = 1_000;

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct File {
    /// The good entries, in the file's order.
    pub records: Vec<Record>,
    /// The others.
    pub rejected: Rejects,
}

/// An entry that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Place in the file: `entry[12]`, `line 12`, or `resource` for a file of one resource.
    pub entry: String,
    /// Stable name of the reason, see [`crate::EntryError::code`].
    pub code: &'static str,
    /// The reason in words; no values.
    pub message: String,
}

/// The entries that were not taken, in the file's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejects {
    /// The first [`MAX_LISTED`] of them.
    pub listed: Vec<Rejected>,
    /// How many there are.
    pub count: u32,
}

impl Rejects {
    /// One more.
    pub fn push(&mut self, rejected: Rejected) {
        self.count += 1;
        if self.listed.len() < MAX_LISTED {
            self.listed.push(rejected);
        }
    }
}

/// Why a whole file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Over [`MAX_BYTES`].
    #[error("This file is larger than 4 GiB. Nothing was imported. Ask for it in several parts.")]
    TooLarge,
    /// The disk does not give it.
    #[error("This file can't be read: {0}.")]
    Unreadable(std::io::ErrorKind),
    /// Not JSON.
    #[error(
        "This file is not JSON. Nothing was imported. Choose a FHIR file in JSON form, usually ending in .json or .ndjson."
    )]
    NotJson,
    /// JSON, but no FHIR resource.
    #[error(
        "This file holds no FHIR records. Nothing was imported. Ask who gave it to you for a FHIR R4 export."
    )]
    NotFhir,
    /// Another version of FHIR throughout.
    #[error(
        "This file is written in another version of FHIR. Nothing was imported. Ask for an export in FHIR R4."
    )]
    WrongVersion,
    /// One resource, nested deeper than 64 levels.
    #[error("This file is nested too deeply to be a health record. Nothing was imported.")]
    TooDeep,
    /// Over [`MAX_ENTRIES`].
    #[error("This file has more than 1,000,000 entries. Nothing was imported. Ask for it in several parts.")]
    TooManyEntries,
}

impl FileError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Unreadable(_) => "unreadable_file",
            Self::NotJson => "not_json",
            Self::NotFhir => "not_fhir",
            Self::WrongVersion => "wrong_version",
            Self::TooDeep => "too_deep",
            Self::TooManyEntries => "too_many_entries",
        }
    }

    /// What an entry that can't be taken says of the file when there is nothing else in it.
    pub(crate) fn of_only_entry(error: &EntryError) -> Option<Self> {
        match error {
            EntryError::NotJson { .. } => Some(Self::NotJson),
            EntryError::TooDeep => Some(Self::TooDeep),
            EntryError::NotFhir => Some(Self::NotFhir),
            EntryError::WrongVersion { .. } => Some(Self::WrongVersion),
            _ => None,
        }
    }
}

/// Reads a file that is in memory whole: see [`Stream`].
pub fn read_file(bytes: &[u8]) -> Result<File, FileError> {
    let mut file = File::default();
    let mut names = Names::default();
    let mut asked = Vec::new();
    let mut stream = Stream::open(Cursor::new(bytes))?;
    let _ = stream.read(&mut names, &mut |entry: Entry| {
        match entry.record {
            Ok(record) => {
                asked.extend(entry.asks.map(|reference| (file.records.len(), reference)));
                file.records.push(record);
            }
            Err(rejected) => file.rejected.push(rejected),
        }
        std::ops::ControlFlow::Continue(())
    })?;
    // Only now is everybody known who lends.
    for (index, reference) in asked {
        if let Some(record) = file.records.get_mut(index) {
            names.give(record, &reference);
        }
    }
    Ok(file)
}

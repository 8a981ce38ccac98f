//! A file cut into records.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::{
    EntryError, Record, cut,
    json::{self, JsonErrorKind, MAX_DEPTH},
    record::read_entry,
    text::words,
};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 64 << 20;
/// The most entries a Bundle may have.
pub const MAX_ENTRIES: usize = 100_000;

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct File {
    /// The good entries, in the file's order.
    pub records: Vec<Record>,
    /// The others, in the file's order.
    pub rejected: Vec<Rejected>,
}

/// An entry that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Place in the file: `entry[12]`, or `resource` for a file of one resource.
    pub entry: String,
    /// Stable name of the reason, see [`crate::EntryError::code`].
    pub code: &'static str,
    /// The reason in words; no values.
    pub message: String,
}

/// Why a whole file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Over [`MAX_BYTES`].
    #[error("This file is larger than 64 MiB. Nothing was imported. Ask for it in several parts.")]
    TooLarge,
    /// Not JSON.
    #[error(
        "This file is not JSON. Nothing was imported. Choose a FHIR file in JSON form, usually ending in .json."
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
    #[error("This file has more than 100,000 entries. Nothing was imported. Ask for it in several parts.")]
    TooManyEntries,
}

impl FileError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::NotJson => "not_json",
            Self::NotFhir => "not_fhir",
            Self::WrongVersion => "wrong_version",
            Self::TooDeep => "too_deep",
            Self::TooManyEntries => "too_many_entries",
        }
    }
}

/// Cuts a Bundle of any type, or one resource, into records, each kept byte for byte.
///
/// An entry that is broken is rejected by itself; only what makes the file as a whole unreadable is an error. A record
/// without a name of its own (a medicine given by reference) takes it from the entry of this file it points at.
pub fn read_file(bytes: &[u8]) -> Result<File, FileError> {
    if bytes.len() > MAX_BYTES {
        return Err(FileError::TooLarge);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
    let members = cut::members(bytes).map_err(|_| FileError::NotJson)?;
    let member = |wanted: &str| {
        members
            .iter()
            .find(|(name, _)| *name == wanted.as_bytes())
            .map(|(_, value)| *value)
    };
    let kind = member("resourceType").ok_or(FileError::NotFhir)?;
    if kind != b"\"Bundle\"" {
        return single(bytes);
    }
    // Everything but the entries must be sound: a bundle with two `entry` lists has no one meaning.
    let mut names = HashSet::new();
    for (name, value) in &members {
        if !names.insert(*name) {
            return Err(FileError::NotJson);
        }
        if *name != b"entry" {
            json::parse(value, MAX_DEPTH).map_err(|error| match error.kind {
                JsonErrorKind::TooDeep => FileError::TooDeep,
                _ => FileError::NotJson,
            })?;
        }
    }
    let mut entries = Vec::new();
    if let Some(list) = member("entry") {
        if !list.starts_with(b"[") {
            return Err(FileError::NotFhir);
        }
        let cut = cut::elements(list, &mut |entry| {
            entries.push(entry);
            entries.len() <= MAX_ENTRIES
        });
        if entries.len() > MAX_ENTRIES {
            return Err(FileError::TooManyEntries);
        }
        cut.map_err(|_| FileError::NotJson)?;
    }
    let mut file = File::default();
    let mut names = Names::default();
    for (index, entry) in entries.into_iter().enumerate() {
        match read_one(entry) {
            Ok((record, ask)) => {
                names.note(&record, ask, file.records.len());
                file.records.push(record);
            }
            Err(error) => file.rejected.push(rejected(format!("entry[{index}]"), &error)),
        }
    }
    names.give(&mut file.records);
    of_one_version(file)
}

fn of_one_version(file: File) -> Result<File, FileError> {
    let other = |rejected: &Rejected| rejected.code == "wrong_version";
    if file.records.is_empty() && file.rejected.iter().any(other) {
        Err(FileError::WrongVersion)
    } else {
        Ok(file)
    }
}

fn single(bytes: &[u8]) -> Result<File, FileError> {
    match read_entry(bytes, None) {
        Ok((record, _)) => Ok(File {
            records: vec![record],
            rejected: Vec::new(),
        }),
        Err(EntryError::NotJson { .. }) => Err(FileError::NotJson),
        Err(EntryError::TooDeep) => Err(FileError::TooDeep),
        Err(EntryError::NotFhir) => Err(FileError::NotFhir),
        Err(EntryError::WrongVersion { .. }) => Err(FileError::WrongVersion),
        Err(error) => Ok(File {
            records: Vec::new(),
            rejected: vec![rejected("resource".to_owned(), &error)],
        }),
    }
}

fn rejected(entry: String, error: &EntryError) -> Rejected {
    Rejected {
        entry,
        code: error.code(),
        message: error.to_string(),
    }
}

fn read_one(entry: &[u8]) -> Result<(Record, Option<String>), EntryError> {
    let wrong = |place: &str, wanted| EntryError::WrongType {
        place: place.to_owned(),
        wanted,
    };
    if !entry.starts_with(b"{") {
        return Err(wrong("entry", "an object"));
    }
    let members = cut::members(entry).map_err(|_| EntryError::NotJson {
        reason: "a syntax error",
        at: 0,
    })?;
    let mut names = HashSet::new();
    let (mut resource, mut full_url) = (None, None);
    for (name, value) in members {
        let at = value.as_ptr().addr() - entry.as_ptr().addr();
        if !names.insert(name) {
            return Err(EntryError::DuplicateKey { at });
        }
        if name == b"resource" {
            resource = Some(value);
            continue;
        }
        let value = json::parse(value, MAX_DEPTH).map_err(EntryError::from)?;
        if name == b"fullUrl" {
            full_url = Some(value.text().ok_or_else(|| wrong("fullUrl", "text"))?.to_owned());
        }
    }
    read_entry(resource.ok_or(EntryError::NoResource)?, full_url.as_deref())
}

/// Who can lend a name to whom, within one file.
#[derive(Default)]
struct Names {
    lent: HashMap<String, usize>,
    asked: Vec<(usize, String)>,
}

/// Types whose name may stand for a record that only points at them.
const LENDERS: &[&str] = &[
    "Medication",
    "Practitioner",
    "Organization",
    "Device",
    "Substance",
    "Location",
];

impl Names {
    fn note(&mut self, record: &Record, ask: Option<String>, index: usize) {
        if let Some(reference) = ask {
            self.asked.push((index, reference));
        }
        let summary = &record.summary;
        if LENDERS.contains(&summary.resource_type.as_str()) {
            if let Some(id) = &summary.fhir_id {
                self.lent
                    .entry(format!("{}/{id}", summary.resource_type))
                    .or_insert(index);
            }
            if let Some(url) = &record.full_url {
                self.lent.entry(url.clone()).or_insert(index);
            }
        }
    }

    fn give(self, records: &mut [Record]) {
        for (index, reference) in self.asked {
            let address = reference
                .split_once("/_history/")
                .map_or(reference.as_str(), |(before, _)| before);
            let Some(lender) = self.lent.get(address).and_then(|lender| records.get(*lender)) else {
                continue;
            };
            let lender = lender.summary.clone();
            let Some(record) = records.get_mut(index) else {
                continue;
            };
            if lender.title != words(&lender.resource_type) {
                record.summary.title = lender.title;
            }
            let mut sensitive: BTreeSet<_> = record.summary.sensitive.iter().copied().collect();
            sensitive.extend(lender.sensitive);
            record.summary.sensitive = sensitive.into_iter().collect();
        }
    }
}

//! One resource, kept as it came.

use std::fmt;

use crate::{
    Coding, Summary, carried, clinical, detail,
    json::{self, Json, JsonError, JsonErrorKind, MAX_DEPTH},
    shapes,
    title::{self, subject_matter},
};

/// One resource and what is known of it. `Debug` shows its type and size only.
#[derive(Clone, PartialEq)]
pub struct Record {
    /// Exactly the bytes that were imported.
    pub raw: String,
    /// `Bundle.entry.fullUrl`.
    pub full_url: Option<String>,
    /// What it is in short.
    pub summary: Summary,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("summary", &self.summary)
            .field("bytes", &self.raw.len())
            .finish_non_exhaustive()
    }
}

/// Why one resource is refused. Messages name places, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not JSON by RFC 8259 (includes text that is not UTF-8).
    #[error("this entry is not valid JSON: {reason} at byte {at} of the entry")]
    NotJson {
        /// What is wrong.
        reason: &'static str,
        /// Offset in bytes from the start of the entry.
        at: usize,
    },
    /// The same name twice in one object: two readers could see two different records.
    #[error("the same field is given twice in one place, before byte {at} of the entry")]
    DuplicateKey {
        /// Offset in bytes from the start of the entry.
        at: usize,
    },
    /// Nested deeper than 64 levels.
    #[error("this entry is nested more than {} levels deep", crate::json::MAX_DEPTH)]
    TooDeep,
    /// More than [`crate::json::MAX_VALUES`] values.
    #[error("this entry holds more than {} values", crate::json::MAX_VALUES)]
    TooLarge,
    /// More than [`crate::MAX_ENTRY`] bytes.
    #[error("this entry is larger than 72 MiB")]
    TooLong,
    /// No `resource` in the entry (a link, a deletion, a response).
    #[error("this entry holds no record")]
    NoResource,
    /// No `resourceType`, or none that FHIR R4 knows.
    #[error("this entry is not a FHIR R4 resource")]
    NotFhir,
    /// A shape that only another version of FHIR has.
    #[error("this entry is written in another version of FHIR than R4: {place}")]
    WrongVersion {
        /// Path of the telling element.
        place: String,
    },
    /// An element of another type than FHIR R4 gives it.
    #[error("{place} must be {wanted}")]
    WrongType {
        /// Path of the element.
        place: String,
        /// What R4 wants there.
        wanted: &'static str,
    },
}

impl EntryError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotJson { .. } => "not_json",
            Self::DuplicateKey { .. } => "duplicate_key",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
            Self::TooLong => "entry_too_large",
            Self::NoResource => "no_resource",
            Self::NotFhir => "not_fhir",
            Self::WrongVersion { .. } => "wrong_version",
            Self::WrongType { .. } => "wrong_type",
        }
    }
}

/// Reads one resource from its bytes; also for records that were stored.
pub fn read_record(raw: impl Into<String>, full_url: Option<&str>) -> Result<Record, EntryError> {
    let mut raw = raw.into();
    raw.truncate(raw.trim_ascii_end().len());
    let start = raw.len() - raw.trim_ascii_start().len();
    raw.drain(..start);
    read_entry(raw.into_bytes(), full_url).map(|(record, _)| record)
}

/// Reads one resource, and says which other entry of its file knows its name better.
pub(crate) fn read_entry(
    bytes: Vec<u8>,
    full_url: Option<&str>,
) -> Result<(Record, Option<String>), EntryError> {
    let resource = json::parse(&bytes, MAX_DEPTH).map_err(EntryError::from)?;
    shapes::check(&resource)?;
    let resource_type = resource.text_at(&["resourceType"]).ok_or(EntryError::NotFhir)?;
    let categories = codings(resource.list("category"));
    let codes = subject_matter(resource_type).iter().find_map(|name| {
        let found = codings(resource.list(name));
        (!found.is_empty()).then_some(found)
    });
    let codes = codes.unwrap_or_default();
    let title = title::title(&resource, resource_type);
    let carried = carried::carried(&resource, resource_type);
    let subject = ["subject", "patient", "beneficiary"]
        .iter()
        .find_map(|name| resource.text_at(&[name, "reference"]))
        .map(str::to_owned);
    let summary = Summary {
        resource_type: resource_type.to_owned(),
        fhir_id: resource.text_at(&["id"]).map(str::to_owned),
        title: title.text,
        detail: detail::detail(&resource, resource_type),
        date: clinical::date(&resource, resource_type),
        group: clinical::group(&resource, resource_type, &categories, &codes),
        active: clinical::active(&resource, resource_type),
        measurement: clinical::measurement(&resource, resource_type, &codes),
        sensitive: carried.sensitive.into_iter().collect(),
        subject,
        refers_to: carried.refers_to,
        contained_types: carried.kinds.into_iter().collect(),
        categories,
        codes,
    };
    // Parsing proved that these bytes are UTF-8.
    let raw = String::from_utf8(bytes).map_err(|_| EntryError::NotJson {
        reason: "text that is not UTF-8",
        at: 0,
    })?;
    Ok((
        Record {
            raw,
            full_url: full_url.map(str::to_owned),
            summary,
        },
        title.ask,
    ))
}

/// More codings of one element than any real record has are left out, and so match no scope.
const MAX_CODINGS: usize = 200;

/// Codings of CodeableConcepts, Codings and plain codes, each once.
fn codings(concepts: &[Json<'_>]) -> Vec<Coding> {
    let mut out: Vec<Coding> = Vec::new();
    for concept in concepts {
        let plain = matches!(concept, Json::String(_))
            .then(|| concept.text())
            .flatten();
        let inner = concept
            .list("coding")
            .iter()
            .chain([concept])
            .filter_map(|coding| {
                Some((
                    coding.text_at(&["system"]).unwrap_or_default(),
                    coding.text_at(&["code"])?,
                ))
            });
        for (system, code) in inner.chain(plain.map(|code| ("", code))) {
            let coding = Coding {
                system: system.to_owned(),
                code: code.to_owned(),
            };
            if out.len() < MAX_CODINGS && !out.contains(&coding) {
                out.push(coding);
            }
        }
    }
    out
}

/// `https://x/Condition/1/_history/2` → `Condition`.
pub(crate) fn type_of_reference(reference: &str) -> Option<&str> {
    let whole = reference
        .split_once("/_history/")
        .map_or(reference, |(before, _)| before);
    whole.rsplit('/').nth(1).filter(|name| shapes::is_r4_type(name))
}

impl From<JsonError> for EntryError {
    fn from(error: JsonError) -> Self {
        let reason = match error.kind {
            JsonErrorKind::TooDeep => return Self::TooDeep,
            JsonErrorKind::Duplicate => return Self::DuplicateKey { at: error.at },
            JsonErrorKind::TooMany => return Self::TooLarge,
            JsonErrorKind::Syntax => "a syntax error",
            JsonErrorKind::NotUtf8 => "text that is not UTF-8",
            JsonErrorKind::Number => "a number out of range",
        };
        Self::NotJson { reason, at: error.at }
    }
}

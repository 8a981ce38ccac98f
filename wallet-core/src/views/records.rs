//! Health records, and what comes of a file with them.

use carnet_fhir::Group;
use serde::{Deserialize, Serialize};
use specta::Type;

/// What a file holds, before it is taken in.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ImportPreview {
    pub file: String,
    pub person: Option<PersonView>,
    /// The file is about somebody else than this wallet's person.
    pub other_person: bool,
    /// No person is set yet: confirming this import sets it.
    pub sets_person: bool,
    pub groups: Vec<GroupCount>,
    pub already_here: u32,
    /// The first of those that can't be taken.
    pub rejected: Vec<RejectedView>,
    /// How many can't be taken.
    pub rejected_total: u32,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct PersonView {
    pub name: Option<String>,
    pub birth_date: Option<String>,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct GroupCount {
    /// `medicines`, `allergies`, `laboratory`, …
    pub group: String,
    pub count: u32,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct RejectedView {
    /// Place in the file, such as `entry[12]` or `line 12`.
    pub entry: String,
    pub code: String,
    pub message: String,
}

/// What an import did.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ImportView {
    pub imported: u32,
    /// Same bytes were here before: not counted twice.
    pub already_here: u32,
    /// The first of those that were not taken.
    pub rejected: Vec<RejectedView>,
    /// How many were not taken.
    pub rejected_total: u32,
}

/// One line of the records list.
#[derive(Debug, Clone, Serialize, Type)]
pub struct RecordLine {
    pub id: String,
    /// FHIR resource type.
    #[serde(rename = "type")]
    pub resource_type: String,
    pub group: String,
    pub date: Option<String>,
    pub title: String,
    /// A value with its unit, a dose, a status.
    pub detail: Option<String>,
    /// Why it is sensitive, empty when it is not.
    pub sensitive: Vec<String>,
}

/// What a page of the list is to show; what is left out filters nothing.
#[derive(Debug, Clone, Default, Deserialize, Type)]
pub struct RecordsFilter {
    /// FHIR resource type.
    pub resource_type: Option<String>,
    pub group: Option<Group>,
    /// Part of a title or of a detail, in letters of either case.
    pub text: Option<String>,
}

/// A part of the records list.
#[derive(Debug, Clone, Serialize, Type)]
pub struct RecordsPage {
    /// How many records the filter lets through.
    pub total: u32,
    pub lines: Vec<RecordLine>,
}

/// A file inside a record.
#[derive(Debug, Clone, Serialize, Type)]
pub struct AttachmentView {
    pub index: u32,
    pub title: Option<String>,
    /// By its first bytes: PDF, PNG, JPEG, GIF, WebP; else `application/octet-stream`.
    pub content_type: String,
    /// Its length; none when the record only names an address, which is never followed.
    pub bytes: Option<u32>,
}

/// One record, readable.
#[derive(Debug, Clone, Serialize, Type)]
pub struct RecordView {
    pub line: RecordLine,
    pub fields: Vec<FieldLine>,
    /// Values of the same measurement over time, oldest first; empty when it is not a measurement.
    pub series: Vec<Point>,
    pub unit: Option<String>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct FieldLine {
    pub label: String,
    pub value: String,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct Point {
    pub date: String,
    pub value: f64,
}

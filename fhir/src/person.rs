//! Whose records these are.

use std::fmt;

use crate::{
    Record,
    json::{self, MAX_DEPTH},
    text::plain,
    value::human_name,
};

/// The person of a `Patient` resource. `Debug` shows nothing of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// `Patient.id`.
    pub id: Option<String>,
    /// The name they use, in reading order.
    pub name: Option<String>,
    /// As written: a day, a month or a year.
    pub birth_date: Option<String>,
    /// FHIR administrative gender.
    pub gender: Option<String>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").finish_non_exhaustive()
    }
}

/// The person a record is, when it is a `Patient`.
pub fn person_of(record: &Record) -> Option<Person> {
    if record.summary.resource_type != "Patient" {
        return None;
    }
    let patient = json::parse(record.raw.as_bytes(), MAX_DEPTH).ok()?;
    let text = |name: &str| patient.text_at(&[name]).and_then(|text| plain(text, 60));
    Some(Person {
        id: record.summary.fhir_id.clone(),
        name: human_name(patient.list("name")),
        birth_date: text("birthDate"),
        gender: text("gender"),
    })
}

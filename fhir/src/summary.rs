//! What a list, a preview or a policy needs to know of a record without opening it again.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ClinicalDate, Sensitivity};

/// A code in a code system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coding {
    /// Absolute URI of the code system; empty when the record names none.
    pub system: String,
    /// The code as written.
    pub code: String,
}

/// The drawer a person would look in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Who the patient is.
    Person,
    /// Prescribed, dispensed, given and taken medicines.
    Medicines,
    /// Allergies and intolerances.
    Allergies,
    /// Conditions, problems and diagnoses.
    Conditions,
    /// Laboratory results and specimens.
    Laboratory,
    /// Vital signs.
    Vitals,
    /// Vaccinations.
    Vaccinations,
    /// Procedures and devices put in.
    Procedures,
    /// Visits and appointments.
    Visits,
    /// Letters, notes and documents.
    Notes,
    /// Diagnostic reports and imaging.
    Reports,
    /// Plans, goals, orders and referrals.
    Plans,
    /// Claims, coverage, accounts, consents and other paperwork.
    Administrative,
    /// Who and what others point at: practitioners, organisations, places, products, devices.
    Directory,
    /// Everything else, social history included.
    Other,
}

impl Group {
    /// Every drawer. Files know one by its place here: only ever add at the end.
    pub const ALL: [Self; 15] = [
        Self::Person,
        Self::Medicines,
        Self::Allergies,
        Self::Conditions,
        Self::Laboratory,
        Self::Vitals,
        Self::Vaccinations,
        Self::Procedures,
        Self::Visits,
        Self::Notes,
        Self::Reports,
        Self::Plans,
        Self::Administrative,
        Self::Directory,
        Self::Other,
    ];

    /// The stable name, as in serde.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Medicines => "medicines",
            Self::Allergies => "allergies",
            Self::Conditions => "conditions",
            Self::Laboratory => "laboratory",
            Self::Vitals => "vitals",
            Self::Vaccinations => "vaccinations",
            Self::Procedures => "procedures",
            Self::Visits => "visits",
            Self::Notes => "notes",
            Self::Reports => "reports",
            Self::Plans => "plans",
            Self::Administrative => "administrative",
            Self::Directory => "directory",
            Self::Other => "other",
        }
    }

    /// Its name in plain English, as a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Person => "Person",
            Self::Medicines => "Medicines",
            Self::Allergies => "Allergies",
            Self::Conditions => "Conditions",
            Self::Laboratory => "Laboratory results",
            Self::Vitals => "Vital signs",
            Self::Vaccinations => "Vaccinations",
            Self::Procedures => "Procedures",
            Self::Visits => "Visits",
            Self::Notes => "Letters and notes",
            Self::Reports => "Reports",
            Self::Plans => "Plans and orders",
            Self::Administrative => "Insurance and paperwork",
            Self::Directory => "People, places and products",
            Self::Other => "Other",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One number that can be drawn over time.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The number; its spelling, trailing zeros included, stands in [`Summary::detail`].
    pub value: f64,
    /// The unit as people read it (`%`, `mmol/L`); empty when there is none.
    pub unit: String,
    /// Lower end of the reference range, in the same unit.
    pub low: Option<f64>,
    /// Upper end of the reference range, in the same unit.
    pub high: Option<f64>,
    /// `system|code` of what was measured, or its text: equal for values of one series.
    pub code: String,
}

impl fmt::Debug for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measurement").finish_non_exhaustive()
    }
}

/// A record in short. `Debug` shows its type and group only.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// FHIR resource type.
    pub resource_type: String,
    /// `Resource.id`.
    pub fhir_id: Option<String>,
    /// What a person would call it; never empty.
    pub title: String,
    /// A value with its unit, a dose, a status.
    pub detail: Option<String>,
    /// The type's own clinical date.
    pub date: Option<ClinicalDate>,
    /// The drawer it is in.
    pub group: Group,
    /// Counts as inside any period: active allergies, conditions and medicines.
    /// (Undated records do so too: see [`Summary::in_period`].)
    pub active: bool,
    /// Codings of `category`, a plain code having an empty system.
    pub categories: Vec<Coding>,
    /// Codings of the element that says what the record is about (`code`, `vaccineCode`, …).
    pub codes: Vec<Coding>,
    /// Why it is sensitive: by label or by content; empty when it is not.
    pub sensitive: Vec<Sensitivity>,
    /// Reference string of the patient it is about.
    pub subject: Option<String>,
    /// Reference strings of everything it points at.
    pub refers_to: Vec<String>,
    /// Kinds whose content travels inside this record: `contained` and otherwise nested resources, kinds described
    /// by the display text of a reference or restated by a document's sections, `Attachment` for a file
    /// in an extension.
    pub contained_types: Vec<String>,
    /// The one number it holds, if it does.
    pub measurement: Option<Measurement>,
}

impl fmt::Debug for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Summary")
            .field("resource_type", &self.resource_type)
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

impl Summary {
    /// Whether the record falls in a period of days (both ends included): by its clinical date, any day of an
    /// imprecise date being enough; active and undated records always do.
    pub fn in_period(&self, start: Option<jiff::civil::Date>, end: Option<jiff::civil::Date>) -> bool {
        let Some(date) = self.date.as_ref().filter(|_| !self.active) else {
            return true;
        };
        start.is_none_or(|start| date.last_day() >= start) && end.is_none_or(|end| date.first_day() <= end)
    }

    /// The type it has in a reference: `Condition/123` → `Condition`.
    pub fn subject_type(&self) -> Option<&str> {
        self.subject.as_deref().and_then(crate::record::type_of_reference)
    }
}

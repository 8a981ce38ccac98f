//! Which records go, and why others stay home.

use std::collections::HashSet;

use carnet_fhir::{Record, Summary};

use crate::{Consent, ConsentRequest, DataPeriod, Scope};

/// What would go under some scopes, and what would not although it matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Ids of the records that go, in the order given.
    pub going: Vec<String>,
    /// Ids of the Medication entries that going records take their name from: delivered with them, not counted as asked for.
    pub along: Vec<String>,
    /// Ids of records that match but stay home.
    pub withheld: Vec<(String, Withheld)>,
}

/// Why a matching record stays home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// Its clinical date is outside the data period asked for.
    OutsidePeriod,
    /// It carries a kind of record that is not granted.
    CarriesOtherKind,
}

impl Withheld {
    /// Stable name of the reason.
    pub fn code(self) -> &'static str {
        match self {
            Self::OutsidePeriod => "outside_period",
            Self::CarriesOtherKind => "carries_other_kind",
        }
    }
}

/// Why a delivered record may not be read under a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutOfScope {
    /// No granted scope covers it.
    #[error("this record is not part of the consent")]
    NotGranted,
    /// Its clinical date is outside the data period.
    #[error("this record is outside the period of the consent")]
    OutsidePeriod,
    /// It carries a kind of record that is not granted.
    #[error("this record carries data that is not part of the consent")]
    CarriesOtherKind,
}

impl OutOfScope {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotGranted => "not_granted",
            Self::OutsidePeriod => "outside_period",
            Self::CarriesOtherKind => "carries_other_kind",
        }
    }
}

/// Kinds that say no more than the record they come with: which product, who, where.
const DETAIL: &[&str] = &[
    "Medication",
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "Location",
];

/// Records that are not whole without the Medication they point at.
const MEDICINES: &[&str] = &[
    "MedicationRequest",
    "MedicationStatement",
    "MedicationDispense",
    "MedicationAdministration",
];

/// What would go of the wallet's records (id, summary) if these scopes of the request were granted.
pub fn select(request: &ConsentRequest, granted: &[Scope], records: &[(String, &Summary)]) -> Selection {
    let mut selection = Selection::default();
    let mut products = HashSet::new();
    for (id, summary) in records {
        match judge(granted, request.data_period, summary) {
            Ok(()) => {
                selection.going.push(id.clone());
                if MEDICINES.contains(&summary.resource_type.as_str()) {
                    products.extend(summary.refers_to.iter().flat_map(|reference| meanings(reference)));
                }
            }
            Err(OutOfScope::NotGranted) => {}
            Err(OutOfScope::OutsidePeriod) => selection.withheld.push((id.clone(), Withheld::OutsidePeriod)),
            Err(OutOfScope::CarriesOtherKind) => {
                selection.withheld.push((id.clone(), Withheld::CarriesOtherKind));
            }
        }
    }
    if products.is_empty() {
        return selection;
    }
    let going: HashSet<&String> = selection.going.iter().collect();
    let along = records.iter().filter(|(id, summary)| {
        !going.contains(id)
            && summary.resource_type == "Medication"
            && points_at(&products, summary)
            && light(granted, summary)
    });
    let along = along.map(|(id, _)| id.clone()).collect();
    selection.along = along;
    selection
}

/// A reference as it stands, and as `Type/id` where it ends so.
fn meanings(reference: &str) -> [&str; 2] {
    let whole = reference
        .split_once("/_history/")
        .map_or(reference, |(before, _)| before);
    let tail = whole
        .rmatch_indices('/')
        .nth(1)
        .map_or(whole, |(at, _)| &whole[at + 1..]);
    [whole, tail]
}

/// Whether one of these references can mean this record: by its type and id, or by an id that is a UUID.
fn points_at(references: &HashSet<&str>, summary: &Summary) -> bool {
    let Some(id) = summary.fhir_id.as_deref() else {
        return false;
    };
    references.contains(format!("{}/{id}", summary.resource_type).as_str())
        || references.contains(format!("urn:uuid:{id}").as_str())
}

/// The station's check at each read: is this record, with all that it carries, in scope?
pub fn in_scope(consent: &Consent, record: &Record) -> Result<(), OutOfScope> {
    let summary = &record.summary;
    match judge(&consent.granted, consent.data_period, summary) {
        Err(OutOfScope::NotGranted) if summary.resource_type == "Medication" => {
            let with_medicines = consent
                .granted
                .iter()
                .any(|scope| MEDICINES.contains(&scope.resource_type()));
            if with_medicines && light(&consent.granted, summary) {
                Ok(())
            } else {
                Err(OutOfScope::NotGranted)
            }
        }
        other => other,
    }
}

/// One rule for both sides: what the wallet lets go is what the station may read.
fn judge(granted: &[Scope], data_period: Option<DataPeriod>, summary: &Summary) -> Result<(), OutOfScope> {
    if !granted.iter().any(|scope| scope.matches(summary)) {
        return Err(OutOfScope::NotGranted);
    }
    if data_period.is_some_and(|period| !summary.in_period(period.start, period.end)) {
        return Err(OutOfScope::OutsidePeriod);
    }
    if light(granted, summary) {
        Ok(())
    } else {
        Err(OutOfScope::CarriesOtherKind)
    }
}

/// Carries nothing but details and kinds that are granted without a filter (what is carried can't be filtered).
fn light(granted: &[Scope], summary: &Summary) -> bool {
    let allowed = |kind: &String| {
        DETAIL.contains(&kind.as_str()) || granted.iter().any(|scope| scope.covers_type(kind))
    };
    summary.contained_types.iter().all(allowed)
}

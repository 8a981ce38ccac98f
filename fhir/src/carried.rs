//! What travels inside a record besides its own elements: found by walking all of it once.

use std::collections::BTreeSet;

use crate::{Sensitivity, json::Json, record::type_of_reference, sensitive_codes};

/// What was found.
#[derive(Default)]
pub(crate) struct Carried {
    /// Reference strings, each once, in order.
    pub(crate) refers_to: Vec<String>,
    /// Kinds whose content is in here.
    pub(crate) kinds: BTreeSet<String>,
    pub(crate) sensitive: BTreeSet<Sensitivity>,
}

/// Kinds that a reference's display text says something about. A patient's, practitioner's or organisation's name
/// says no more than who was there; an order's or specimen's no more than the record itself.
const TELLING: &[&str] = &[
    "AdverseEvent",
    "AllergyIntolerance",
    "CarePlan",
    "ClinicalImpression",
    "Condition",
    "DetectedIssue",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "FamilyMemberHistory",
    "Flag",
    "Goal",
    "ImagingStudy",
    "Immunization",
    "Media",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement",
    "MolecularSequence",
    "Observation",
    "Procedure",
    "QuestionnaireResponse",
    "RiskAssessment",
];

/// Elements whose reference is to a diagnosis when it does not say to what (R4: targets Condition first).
const DIAGNOSES: &[&str] = &[
    "reasonReference",
    "condition",
    "addresses",
    "problem",
    "detail",
    "indication",
];

/// Walks a resource of this type.
pub(crate) fn carried(resource: &Json<'_>, resource_type: &str) -> Carried {
    let mut found = Carried::default();
    if resource_type == "MolecularSequence" {
        found.sensitive.insert(Sensitivity::Genetics);
    }
    walk(resource, "", resource_type, true, &mut found);
    if resource_type == "Composition" {
        sections(resource.list("section"), &mut found);
    }
    let mut seen = std::collections::HashSet::new();
    found.refers_to.retain(|reference| seen.insert(reference.clone()));
    found
}

fn walk(value: &Json<'_>, element: &str, resource_type: &str, top: bool, found: &mut Carried) {
    match value {
        Json::Array(items) => items
            .iter()
            .for_each(|item| walk(item, element, resource_type, false, found)),
        Json::Object(members) => {
            let nested = if top {
                None
            } else {
                value.text_at(&["resourceType"])
            };
            if let Some(kind) = nested {
                found.kinds.insert(kind.to_owned());
            }
            let resource_type = nested.unwrap_or(resource_type);
            if let Some(reference) = value.text_at(&["reference"]) {
                found.refers_to.push(reference.to_owned());
                referred(value, reference, element, resource_type, found);
            }
            codes(value, element, resource_type, found);
            if element == "valueAttachment" {
                found.kinds.insert("Attachment".to_owned());
            }
            for (name, member) in members {
                // A tag or a profile says nothing of the content.
                if element == "meta" && name != "security" {
                    continue;
                }
                walk(member, name, resource_type, false, found);
            }
        }
        _ => {}
    }
}

fn referred(value: &Json<'_>, reference: &str, element: &str, resource_type: &str, found: &mut Carried) {
    if value.text_at(&["display"]).is_none() || reference.starts_with('#') {
        return;
    }
    let kind = value.text_at(&["type"]).or_else(|| type_of_reference(reference));
    let kind = kind.or_else(|| DIAGNOSES.contains(&element).then_some("Condition"));
    // A report names its own results.
    let own = resource_type == "DiagnosticReport" && element == "result";
    if let Some(kind) = kind.filter(|kind| TELLING.contains(kind) && *kind != resource_type && !own) {
        found.kinds.insert(kind.to_owned());
    }
}

fn codes(value: &Json<'_>, element: &str, resource_type: &str, found: &mut Carried) {
    let system = value.text_at(&["system"]).unwrap_or_default();
    if let Some(code) = value.text_at(&["code"]) {
        if element == "security" {
            sensitive_codes::of_label(system, code, &mut found.sensitive);
        } else {
            sensitive_codes::of_code(system, code, &mut found.sensitive);
        }
    }
    let words = match element {
        "coding" | "reasonReference" | "medicationReference" => value.text_at(&["display"]),
        // Free text of a CodeableConcept; notes and narratives are prose and say too many words in passing.
        "note" | "text" | "security" => None,
        _ => value.text_at(&["text"]),
    };
    if let Some(words) = words {
        if resource_type.starts_with("Medication") {
            sensitive_codes::of_medicine(words, &mut found.sensitive);
        }
        if !matches!(
            resource_type,
            "AllergyIntolerance" | "Immunization" | "Questionnaire"
        ) {
            sensitive_codes::of_words(words, &mut found.sensitive);
        }
    }
}

/// The narrative of a document's section restates what the section points at.
fn sections(sections: &[Json<'_>], found: &mut Carried) {
    for section in sections {
        if section.text_at(&["text", "div"]).is_some() {
            let code = section.text_at(&["code", "coding", "code"]).unwrap_or_default();
            found
                .kinds
                .extend(of_section(code).iter().map(|kind| (*kind).to_owned()));
            let entries = section
                .list("entry")
                .iter()
                .filter_map(|entry| entry.text_at(&["reference"]));
            found
                .kinds
                .extend(entries.filter_map(type_of_reference).map(str::to_owned));
        }
        self::sections(section.list("section"), found);
    }
}

/// What the sections of an International Patient Summary are about (LOINC; IPS 1.1 composition profile).
fn of_section(code: &str) -> &'static [&'static str] {
    match code {
        "48765-2" => &["AllergyIntolerance"],
        "10160-0" => &["MedicationStatement"],
        "11450-4" | "11348-0" => &["Condition"],
        "11369-6" => &["Immunization"],
        "30954-2" | "8716-3" | "29762-2" | "10162-6" => &["Observation"],
        "47519-4" => &["Procedure"],
        "46264-8" => &["DeviceUseStatement"],
        "18776-5" => &["CarePlan"],
        "42348-3" => &["Consent"],
        _ => &[],
    }
}

//! What a person would call a record.

use crate::{
    json::Json,
    text::{TITLE, narrative, plain, words},
    value::{concept, human_name, named},
};

/// Where a record's name comes from.
pub(crate) struct Title {
    pub(crate) text: String,
    /// The reference to ask for a better name, in the same file.
    pub(crate) ask: Option<String>,
}

/// The element that says what the record is about, by type; the first that has words wins.
pub(crate) fn subject_matter(resource_type: &str) -> &'static [&'static str] {
    match resource_type {
        "Immunization" => &["vaccineCode"],
        "MedicationRequest" | "MedicationStatement" | "MedicationDispense" | "MedicationAdministration" => {
            &["medicationCodeableConcept"]
        }
        "Encounter" => &["type", "serviceType", "reasonCode", "class"],
        "CareTeam" | "Consent" => &["category", "scope"],
        "EpisodeOfCare"
        | "DocumentReference"
        | "Composition"
        | "Specimen"
        | "Device"
        | "Media"
        | "Coverage"
        | "Claim"
        | "ExplanationOfBenefit"
        | "ClaimResponse" => &["type"],
        "FamilyMemberHistory" => &["relationship"],
        "ImagingStudy" => &["procedureCode", "modality", "reasonCode"],
        "ImmunizationRecommendation" => &["recommendation"],
        "Appointment" => &["serviceType", "appointmentType", "reasonCode"],
        "Communication" | "CommunicationRequest" => &["topic", "category", "reasonCode"],
        "Goal" => &["description"],
        "NutritionOrder" => &["oralDiet"],
        "DeviceRequest" => &["codeCodeableConcept"],
        "SupplyRequest" => &["itemCodeableConcept"],
        "AdverseEvent" => &["event"],
        "CarePlan" => &["category"],
        _ => &["code", "type", "category"],
    }
}

pub(crate) fn title(resource: &Json<'_>, resource_type: &str) -> Title {
    let mut ask = None;
    let text = own(resource, resource_type, &mut ask)
        .or_else(|| by_concept(resource, resource_type))
        .or_else(|| plain_member(resource, &["title", "name", "description"]))
        .or_else(|| narrative_line(resource));
    // A name somebody wrote beats a code; a code beats the bare type.
    let text = text.or_else(|| bare_concept(resource, resource_type));
    Title {
        text: text.unwrap_or_else(|| words(resource_type)),
        ask,
    }
}

fn by_concept(resource: &Json<'_>, resource_type: &str) -> Option<String> {
    subject_matter(resource_type)
        .iter()
        .flat_map(|name| resource.list(name))
        .find_map(named)
}

fn bare_concept(resource: &Json<'_>, resource_type: &str) -> Option<String> {
    subject_matter(resource_type)
        .iter()
        .flat_map(|name| resource.list(name))
        .find_map(concept)
}

fn plain_member(resource: &Json<'_>, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| resource.text_at(&[name]).and_then(|text| plain(text, TITLE)))
}

/// The first line of a narrative, where it is short enough to be a name.
fn narrative_line(resource: &Json<'_>) -> Option<String> {
    let text = narrative(resource.text_at(&["text", "div"])?)?;
    text.lines()
        .find(|line| (3..=80).contains(&line.chars().count()))
        .map(str::to_owned)
}

/// Types whose name is not simply a concept.
fn own(resource: &Json<'_>, resource_type: &str, ask: &mut Option<String>) -> Option<String> {
    let member = |names: &[&str]| plain_member(resource, names);
    match resource_type {
        "Patient" | "Practitioner" | "RelatedPerson" | "Person" => human_name(resource.list("name")),
        "MedicationRequest" | "MedicationStatement" | "MedicationDispense" | "MedicationAdministration" => {
            medicine(resource, ask)
        }
        "Medication" => resource
            .get("code")
            .and_then(named)
            .or_else(|| ingredients(resource)),
        "AllergyIntolerance" => resource.get("code").and_then(named).or_else(|| {
            resource
                .list("reaction")
                .iter()
                .find_map(|r| r.get("substance").and_then(named))
        }),
        "Observation" | "Condition" | "Procedure" | "ServiceRequest" => resource.get("code").and_then(named),
        "DocumentReference" => member(&["description"])
            .or_else(|| resource.get("type").and_then(named))
            .or_else(|| {
                resource
                    .text_at(&["content", "attachment", "title"])
                    .and_then(|text| plain(text, TITLE))
            }),
        "Composition" => member(&["title"]),
        "Encounter" => by_concept(resource, resource_type),
        "PractitionerRole" => role(resource, ask),
        "DeviceUseStatement" => pointed(resource.get("device"), resource, ask),
        "Device" => resource
            .list("deviceName")
            .iter()
            .find_map(|name| name.text_at(&["name"]))
            .and_then(|text| plain(text, TITLE))
            .or_else(|| resource.get("type").and_then(named))
            .or_else(|| member(&["modelNumber", "manufacturer"])),
        "FamilyMemberHistory" => {
            let who = resource
                .get("relationship")
                .and_then(named)
                .or_else(|| member(&["name"]))?;
            let what: Vec<String> = resource
                .list("condition")
                .iter()
                .take(3)
                .filter_map(|condition| condition.get("code").and_then(named))
                .collect();
            plain(
                &if what.is_empty() {
                    who
                } else {
                    format!("{who}: {}", what.join(", "))
                },
                TITLE,
            )
        }
        "CarePlan" => member(&["title"])
            .or_else(|| {
                let categories = resource.list("category").iter();
                let worded = categories.filter(|c| c.text_at(&["coding", "code"]) != Some("assess-plan"));
                worded.into_iter().find_map(named)
            })
            .or_else(|| member(&["description"]))
            .or_else(|| {
                resource
                    .list("activity")
                    .iter()
                    .find_map(|a| a.at(&["detail", "code"]).and_then(named))
            }),
        "Claim" | "ExplanationOfBenefit" => bill(resource, resource_type),
        "Coverage" => resource
            .list("payor")
            .iter()
            .find_map(|payor| payor.text_at(&["display"]))
            .and_then(|text| plain(text, TITLE))
            .or_else(|| resource.get("type").and_then(named)),
        "ImagingStudy" => member(&["description"])
            .or_else(|| by_concept(resource, resource_type))
            .or_else(|| {
                resource.list("series").iter().find_map(|series| {
                    let words = series
                        .text_at(&["description"])
                        .and_then(|text| plain(text, TITLE));
                    words
                        .or_else(|| series.get("bodySite").and_then(named))
                        .or_else(|| series.get("modality").and_then(named))
                })
            }),
        "Immunization" => resource.get("vaccineCode").and_then(named),
        "ImmunizationRecommendation" => resource
            .list("recommendation")
            .iter()
            .find_map(|r| r.list("vaccineCode").iter().find_map(named)),
        "ImmunizationEvaluation" => resource
            .get("targetDisease")
            .and_then(concept)
            .map(|disease| format!("Vaccination check: {disease}")),
        "Goal" => resource.get("description").and_then(named),
        "CareTeam" => member(&["name"]),
        "Media" => resource
            .text_at(&["content", "title"])
            .and_then(|text| plain(text, TITLE)),
        "Communication" | "CommunicationRequest" => by_concept(resource, resource_type).or_else(|| {
            resource
                .text_at(&["payload", "contentString"])
                .and_then(|text| plain(text, 80))
        }),
        "MessageHeader" => resource
            .get("eventCoding")
            .and_then(concept)
            .map(|event| format!("Message: {event}")),
        "Provenance" => Some(
            resource
                .get("activity")
                .and_then(named)
                .map_or("Origin of records".to_owned(), |a| format!("Origin: {a}")),
        ),
        "AuditEvent" => resource
            .list("subtype")
            .iter()
            .chain(resource.list("type"))
            .find_map(named)
            .map(|what| format!("Access: {what}")),
        "MolecularSequence" => {
            let kind = resource
                .text_at(&["type"])
                .and_then(|kind| plain(kind, 20))
                .unwrap_or_default();
            let what = resource.at(&["referenceSeq", "referenceSeqId"]).and_then(concept);
            Some(
                format!("Genetic sequence {}", what.unwrap_or_else(|| kind.to_uppercase()))
                    .trim_end()
                    .to_owned(),
            )
        }
        "RiskAssessment" => resource.get("code").and_then(named).or_else(|| {
            resource
                .at(&["prediction", "outcome"])
                .and_then(named)
                .map(|o| format!("Risk: {o}"))
        }),
        "QuestionnaireResponse" => resource
            .list("item")
            .iter()
            .find_map(|item| item.text_at(&["text"]))
            .and_then(|text| plain(text, 80))
            .map(|first| format!("Questionnaire: {first}")),
        "Bundle" => member(&["type"]).map(|kind| format!("Bundle ({kind})")),
        "Binary" => member(&["contentType"]).map(|kind| format!("File ({kind})")),
        _ => None,
    }
}

fn medicine(resource: &Json<'_>, ask: &mut Option<String>) -> Option<String> {
    let written = resource.get("medicationCodeableConcept").and_then(named);
    written.or_else(|| pointed(resource.get("medicationReference"), resource, ask))
}

/// The name of what a reference points at: its display, what is contained, or to be asked for in the file.
fn pointed(reference: Option<&Json<'_>>, resource: &Json<'_>, ask: &mut Option<String>) -> Option<String> {
    let reference = reference?;
    let address = reference.text_at(&["reference"]);
    let contained = address
        .and_then(|address| address.strip_prefix('#'))
        .and_then(|id| {
            let inner = resource
                .list("contained")
                .iter()
                .find(|inner| inner.text_at(&["id"]) == Some(id))?;
            let kind = inner.text_at(&["resourceType"])?;
            Some(title(inner, kind).text).filter(|text| *text != words(kind))
        });
    *ask = address
        .filter(|address| !address.starts_with('#'))
        .map(str::to_owned);
    let display = reference
        .text_at(&["display"])
        .and_then(|text| plain(text, TITLE));
    if display.is_some() {
        *ask = None;
    }
    display.or(contained).or_else(|| {
        reference
            .get("identifier")
            .and_then(|id| id.get("type"))
            .and_then(named)
    })
}

fn ingredients(medication: &Json<'_>) -> Option<String> {
    let names: Vec<String> = medication
        .list("ingredient")
        .iter()
        .take(4)
        .filter_map(|ingredient| {
            let held = ingredient.get("itemCodeableConcept").and_then(named);
            held.or_else(|| {
                ingredient
                    .text_at(&["itemReference", "display"])
                    .and_then(|text| plain(text, TITLE))
            })
        })
        .collect();
    plain(&names.join(" + "), TITLE)
}

fn role(resource: &Json<'_>, ask: &mut Option<String>) -> Option<String> {
    let who = pointed(resource.get("practitioner"), resource, ask);
    let what = resource
        .list("code")
        .iter()
        .chain(resource.list("specialty"))
        .find_map(named);
    match (who, what) {
        (Some(who), Some(what)) => plain(&format!("{who}, {what}"), TITLE),
        (who, what) => who
            .or(what)
            .or_else(|| pointed(resource.get("organization"), resource, ask)),
    }
}

fn bill(resource: &Json<'_>, resource_type: &str) -> Option<String> {
    let kind = if resource_type == "Claim" {
        "Claim"
    } else {
        "Statement of benefits"
    };
    let mut items = resource.list("item").iter();
    let what = items.find_map(|item| item.get("productOrService").and_then(named));
    let what = what.or_else(|| {
        let drug = resource
            .text_at(&["prescription", "display"])
            .and_then(|text| plain(text, TITLE));
        drug.or_else(|| resource.get("type").and_then(concept))
    })?;
    plain(&format!("{kind}: {what}"), TITLE)
}

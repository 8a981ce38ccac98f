//! The one line that says more than a record's name: a value with its unit, a dose, a status.

use crate::{
    json::Json,
    text::{TITLE, plain},
    value::{
        any, concept, named, number, observed, quantity, short_quantity, status as status_word, unit, when,
    },
};

/// The line under the title.
pub(crate) fn detail(resource: &Json<'_>, resource_type: &str) -> Option<String> {
    let status = || {
        resource
            .text_at(&["status"])
            .and_then(|text| plain(text, 60))
            .map(|status| status.replace('-', " "))
    };
    let unless = |usual: &[&str]| status().filter(|status| !usual.contains(&status.as_str()));
    match resource_type {
        "Observation" => observation(resource),
        "Condition" => {
            let status = resource.get("clinicalStatus").and_then(status_word);
            let doubt = resource
                .text_at(&["verificationStatus", "coding", "code"])
                .filter(|code| *code != "confirmed");
            join([
                status,
                doubt.and_then(|text| plain(text, 40)),
                resource.get("severity").and_then(named),
            ])
        }
        "AllergyIntolerance" => {
            let reactions: Vec<String> = resource
                .list("reaction")
                .iter()
                .flat_map(|reaction| reaction.list("manifestation"))
                .take(4)
                .filter_map(named)
                .collect();
            let risk = resource
                .text_at(&["criticality"])
                .filter(|level| *level == "high")
                .map(|_| "high risk".to_owned());
            join([
                risk,
                Some(reactions.join(", ")),
                resource.get("clinicalStatus").and_then(status_word),
            ])
        }
        "MedicationRequest" | "MedicationDispense" => join([
            dose(resource.list("dosageInstruction")),
            unless(&["active", "completed", "unknown"]),
        ]),
        "MedicationStatement" => join([
            dose(resource.list("dosage")),
            unless(&["active", "unknown", "recorded"]),
        ]),
        "MedicationAdministration" => resource.get("dosage").and_then(|dosage| {
            dosage
                .text_at(&["text"])
                .and_then(|t| plain(t, TITLE))
                .or_else(|| dosage.get("dose").and_then(quantity))
        }),
        "Immunization" => {
            let dose = resource.at(&["protocolApplied"]).and_then(|protocol| {
                let number = protocol
                    .get("doseNumberPositiveInt")
                    .or_else(|| protocol.get("doseNumberString"))?;
                any(number).map(|number| format!("dose {number}"))
            });
            join([dose, unless(&["completed"])])
        }
        "Encounter" => join([
            resource.list("reasonCode").iter().find_map(named),
            resource
                .text_at(&["serviceProvider", "display"])
                .and_then(|text| plain(text, TITLE)),
        ]),
        "DiagnosticReport" => resource
            .text_at(&["conclusion"])
            .and_then(|text| plain(text, TITLE))
            .or_else(|| resource.list("conclusionCode").iter().find_map(named))
            .or_else(|| match resource.list("result").len() {
                0 => unless(&["final"]),
                1 => Some("1 result".to_owned()),
                many => Some(format!("{many} results")),
            }),
        "Procedure" => join([
            resource.get("outcome").and_then(named),
            resource.list("reasonCode").iter().find_map(named),
            unless(&["completed"]),
        ]),
        "Patient" => resource
            .text_at(&["birthDate"])
            .and_then(when)
            .map(|day| format!("born {day}")),
        "Claim" => resource.get("total").and_then(any),
        "ExplanationOfBenefit" => resource.at(&["payment", "amount"]).and_then(any),
        "Goal" => resource
            .text_at(&["lifecycleStatus"])
            .and_then(|text| plain(text, 60)),
        "Organization" | "Practitioner" | "Medication" | "Location" | "Device" => None,
        "PractitionerRole" => resource
            .text_at(&["organization", "display"])
            .and_then(|text| plain(text, TITLE)),
        "DocumentReference" => resource
            .text_at(&["content", "attachment", "contentType"])
            .and_then(|t| plain(t, 60)),
        _ => unless(&["final", "active", "completed", "available", "current", "unknown"]),
    }
}

fn join<const N: usize>(parts: [Option<String>; N]) -> Option<String> {
    let parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    plain(&parts.join(", "), TITLE)
}

fn dose(dosages: &[Json<'_>]) -> Option<String> {
    let one = |dosage: &Json<'_>| {
        let written = dosage
            .text_at(&["text"])
            .or_else(|| dosage.text_at(&["patientInstruction"]));
        written.and_then(|text| plain(text, TITLE)).or_else(|| {
            let amount = dosage.at(&["doseAndRate"]).and_then(|rate| {
                let quantity = rate.get("doseQuantity")?;
                let written = short_quantity(quantity)?;
                // A bare number would read as part of the timing after it.
                Some(if unit(quantity).is_none() {
                    format!("dose {written}")
                } else {
                    written
                })
            });
            let amount = amount.or_else(|| {
                dosage
                    .at(&["doseAndRate"])
                    .and_then(|rate| rate.get("doseRange").and_then(any))
            });
            let timing = dosage.get("timing").and_then(|timing| {
                timing
                    .get("code")
                    .and_then(named)
                    .or_else(|| timing.get("repeat").and_then(repeat))
            });
            join([amount, timing, dosage.get("route").and_then(named)])
        })
    };
    dosages.iter().find_map(one)
}

/// `1 × per day` (R4 Timing.repeat).
fn repeat(repeat: &Json<'_>) -> Option<String> {
    let count = |name| repeat.get(name).and_then(any);
    let period = count("period")?;
    let unit = match repeat.text_at(&["periodUnit"])? {
        "s" => "second",
        "min" => "minute",
        "h" => "hour",
        "d" => "day",
        "wk" => "week",
        "mo" => "month",
        "a" => "year",
        _ => return None,
    };
    let times = count("frequency").unwrap_or_else(|| "1".to_owned());
    Some(if matches!(period.as_str(), "1" | "1.0") {
        format!("{times} × per {unit}")
    } else {
        format!("{times} × every {period} {unit}s")
    })
}

fn observation(resource: &Json<'_>) -> Option<String> {
    observed(resource)
        .or_else(|| blood_pressure(resource))
        .or_else(|| {
            let parts: Vec<String> = resource
                .list("component")
                .iter()
                .take(6)
                .filter_map(|part| {
                    Some(format!(
                        "{}: {}",
                        part.get("code").and_then(concept)?,
                        observed(part)?
                    ))
                })
                .collect();
            plain(&parts.join(", "), TITLE)
        })
        .or_else(|| {
            let reason = resource.get("dataAbsentReason").and_then(concept)?;
            plain(&format!("no value: {}", reason.to_lowercase()), TITLE)
        })
}

/// Systolic and diastolic in one: LOINC 8480-6 and 8462-4 (R4 vital signs profile).
fn blood_pressure(resource: &Json<'_>) -> Option<String> {
    let part = |code: &str| {
        let has = |part: &&Json<'_>| {
            part.at(&["code"]).is_some_and(|c| {
                c.list("coding")
                    .iter()
                    .any(|c| c.text_at(&["code"]) == Some(code))
            })
        };
        resource
            .list("component")
            .iter()
            .find(has)
            .and_then(|part| part.get("valueQuantity"))
    };
    let (systolic, diastolic) = (part("8480-6")?, part("8462-4")?);
    let number = |value: &Json<'_>| Some(format!("{}", number(value)?.round()));
    Some(
        format!(
            "{}/{} {}",
            number(systolic)?,
            number(diastolic)?,
            unit(systolic).unwrap_or_default()
        )
        .trim()
        .to_owned(),
    )
}

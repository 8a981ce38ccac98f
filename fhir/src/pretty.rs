//! A record as readable lines.

use std::fmt;

use crate::{
    json::{self, Json, MAX_DEPTH},
    text::{VALUE, narrative, plain, words},
    title,
    value::{any, concept, is_technical, observed, quantity, range},
};

/// The most lines of one record.
const LINES: usize = 200;

/// One line of a detail page: plain text, never HTML.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is, in English.
    pub label: String,
    /// The value.
    pub value: String,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// The fields of a record in words, then its narrative as plain text. Empty when the record can't be read.
pub fn pretty(raw: &str) -> Vec<Line> {
    let Ok(resource) = json::parse(raw.as_bytes(), MAX_DEPTH) else {
        return Vec::new();
    };
    let kind = resource.text_at(&["resourceType"]).unwrap_or_default();
    let mut out = Lines { lines: Vec::new() };
    out.add("Name", Some(title::title(&resource, kind).text));
    out.add("Kind", plain(&words(kind), VALUE));
    for (name, value) in resource.members().iter().filter(|(name, _)| !is_technical(name)) {
        field(kind, name, value, &mut out);
    }
    for inner in resource.list("contained") {
        let kind = inner.text_at(&["resourceType"]).unwrap_or_default();
        out.add(
            "Enclosed",
            plain(
                &format!("{}: {}", words(kind), title::title(inner, kind).text),
                VALUE,
            ),
        );
    }
    out.add("Text", resource.text_at(&["text", "div"]).and_then(narrative));
    out.lines
}

struct Lines {
    lines: Vec<Line>,
}

impl Lines {
    fn add(&mut self, label: &str, value: Option<String>) {
        if let Some(value) = value.filter(|_| self.lines.len() < LINES) {
            self.lines.push(Line {
                label: label.to_owned(),
                value,
            });
        }
    }
}

fn field(kind: &str, name: &str, value: &Json<'_>, out: &mut Lines) {
    match (kind, name) {
        ("Observation", "component") => {
            for part in value.each() {
                let label = part
                    .get("code")
                    .and_then(concept)
                    .unwrap_or_else(|| "Part".to_owned());
                out.add(&label, exact(part));
                out.add(
                    "Reference range",
                    part.list("referenceRange").iter().find_map(range),
                );
            }
        }
        ("Observation", "valueQuantity") => out.add("Value", quantity(value)),
        (_, "referenceRange") => out.add("Reference range", value.each().iter().find_map(range)),
        ("Composition", "section") => {
            for section in value.each() {
                let label = section.text_at(&["title"]).and_then(|text| plain(text, 80));
                let text = section.text_at(&["text", "div"]).and_then(narrative);
                out.add(&label.unwrap_or_else(|| "Section".to_owned()), text);
            }
        }
        _ => {
            let label = label(name);
            match value {
                Json::Array(items) => {
                    for item in items.iter().take(50) {
                        out.add(&label, any(item));
                    }
                }
                one => out.add(&label, any(one)),
            }
        }
    }
}

/// The value of a component with all its digits.
fn exact(part: &Json<'_>) -> Option<String> {
    part.get("valueQuantity")
        .and_then(quantity)
        .or_else(|| observed(part))
}

/// What an element is called on a page.
fn label(name: &str) -> String {
    let own = match name {
        "authoredOn" => "Prescribed on",
        "effectiveDateTime" | "effectivePeriod" | "effectiveInstant" | "performedDateTime"
        | "performedPeriod" | "occurrenceDateTime" | "occurrencePeriod" => "Date",
        "onsetDateTime" | "onsetPeriod" | "onsetAge" | "onsetString" => "Since",
        "abatementDateTime" | "abatementPeriod" | "abatementString" => "Until",
        "medicationCodeableConcept" | "medicationReference" => "Medicine",
        "dosage" | "dosageInstruction" => "Dose",
        "clinicalStatus" => "Status",
        "verificationStatus" => "Certainty",
        "vaccineCode" => "Vaccine",
        "lotNumber" => "Batch",
        "code" => "What",
        "reasonCode" | "reasonReference" => "Reason",
        "telecom" => "Contact",
        "valueCodeableConcept"
        | "valueString"
        | "valueInteger"
        | "valueBoolean"
        | "valueDateTime"
        | "valueRange"
        | "valueRatio"
        | "valuePeriod"
        | "valueTime" => "Value",
        "interpretation" => "Assessment",
        "recordedDate" | "recorded" | "issued" => "Recorded",
        "subject" | "patient" | "beneficiary" => "Person",
        other => return words(other),
    };
    own.to_owned()
}

//! What a credential says, as lines that a person can read.

use carnet_consent::RECEIPT_TYPE;
use serde_json::{Map, Value};

use super::{KeptCredential, views::ClaimLine};
use crate::reads::clean;

/// Most lines of one card.
const LINES: usize = 80;
/// Longest label and value, in characters.
const LABEL: usize = 80;
const VALUE: usize = 500;

/// A type in plain words: `urn:example:InsuranceCard:1` is an "Insurance card".
pub(crate) fn title(kind: &str) -> String {
    if let Some(title) = carnet_eligibility::words::title(kind) {
        return title.to_owned();
    }
    if is_receipt(kind) {
        return "Receipt of a consent".to_owned();
    }
    let number = |part: &str| {
        part.trim_start_matches('v')
            .chars()
            .all(|c| c.is_ascii_digit() || c == '.')
    };
    let name = kind
        .split(['/', '#', ':'])
        .rfind(|part| !part.is_empty() && !number(part))
        .unwrap_or(kind);
    words(
        name.strip_suffix("Credential")
            .filter(|rest| !rest.is_empty())
            .unwrap_or(name),
    )
}

/// What the card says. Of a receipt: what matters of it.
pub(super) fn said(kept: &KeptCredential) -> Vec<ClaimLine> {
    if is_receipt(&kept.kind) {
        let receipt = kept.claims.get("receipt").and_then(Value::as_object);
        return of_receipt(receipt.unwrap_or(&kept.claims));
    }
    lines(&kept.claims)
}

/// Claims as lines.
pub(crate) fn lines(claims: &Map<String, Value>) -> Vec<ClaimLine> {
    let mut lines = Vec::new();
    for (name, value) in claims {
        flatten(&words(name), value, &mut lines);
    }
    lines
}

/// What kinds of claims these are, without a value.
pub(crate) fn labels(claims: &Map<String, Value>) -> Vec<String> {
    let mut labels: Vec<String> = lines(claims).into_iter().map(|line| line.label).collect();
    labels.dedup();
    labels
}

fn is_receipt(kind: &str) -> bool {
    kind == RECEIPT_TYPE || kind == "ConsentReceipt"
}

fn of_receipt(receipt: &Map<String, Value>) -> Vec<ClaimLine> {
    const PROCESSING: &str = "/pii_processing/purposes";
    const EVIDENCE: &str = "/carnet_evidence";
    let Some(record) = receipt.get("consent_record") else {
        return Vec::new();
    };
    let text = |path: String| record.pointer(&path).and_then(Value::as_str).map(str::to_owned);
    let each = |path: String, name: &str| {
        let of = record.pointer(&path).and_then(Value::as_array);
        let texts: Vec<&str> = of
            .into_iter()
            .flatten()
            .filter_map(|one| one.get(name)?.as_str())
            .collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    };
    let event = |state: &str| {
        let events = record.get("events")?.as_array()?;
        let event = events
            .iter()
            .find(|event| event.get("event_state").is_some_and(|is| is == state))?;
        event.get("event_time")?.as_str().map(str::to_owned)
    };
    [
        (
            "Who may see it",
            text("/party_identification/0/party_name".to_owned()),
        ),
        ("To what end", each(PROCESSING.to_owned(), "purpose")),
        (
            "What may be seen",
            each(format!("{PROCESSING}/0/pii_information"), "pii_type"),
        ),
        ("From", text(format!("{EVIDENCE}/valid_from"))),
        ("Until", text(format!("{EVIDENCE}/valid_until"))),
        ("Given", event("consent given")),
        ("Taken back", event("consent withdrawn")),
        ("Copy erased", event("copy erased")),
    ]
    .into_iter()
    .filter_map(|(label, value)| value.map(|value| line(label, &value)))
    .collect()
}

fn flatten(label: &str, value: &Value, lines: &mut Vec<ClaimLine>) {
    if lines.len() >= LINES {
        return;
    }
    match value {
        Value::Null => {}
        Value::Bool(yes) => lines.push(line(label, if *yes { "yes" } else { "no" })),
        Value::Number(number) => lines.push(line(label, &number.to_string())),
        Value::String(text) => lines.push(line(label, text)),
        Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            if let Some(texts) = texts {
                if !texts.is_empty() {
                    lines.push(line(label, &texts.join(", ")));
                }
                return;
            }
            for item in items {
                flatten(label, item, lines);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                flatten(&format!("{label} · {}", words(name)), value, lines);
            }
        }
    }
}

fn line(label: &str, value: &str) -> ClaimLine {
    ClaimLine {
        label: clean(label, LABEL),
        value: clean(value, VALUE),
    }
}

/// `birth_date`, `birthDate` and `birth-date` are each "Birth date".
fn words(name: &str) -> String {
    let mut words = String::new();
    let mut before_lower = false;
    for letter in name.chars() {
        if matches!(letter, '_' | '-' | ' ') {
            words.push(' ');
        } else if letter.is_uppercase() && before_lower {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else {
            words.push(letter);
        }
        before_lower = letter.is_lowercase() || letter.is_ascii_digit();
    }
    let mut letters = words.trim().chars();
    let first = letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect());
    clean(&first.unwrap_or_else(|| name.to_owned()), LABEL)
}

//! One document of a type.

use serde_json::{Map, Value};

use super::{ClaimType, Integrity, MAX_ENTRIES, MAX_LEN, Text, TypeError, Withholding};
use crate::{json, sd_jwt::ClaimPath};

/// What one document says by itself.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) vct: String,
    pub(super) extends: Option<(String, Option<Integrity>)>,
    pub(super) display: Vec<Text>,
    pub(super) claims: Vec<ClaimType>,
}

impl Document {
    pub(super) fn parse(text: &[u8], vct: &str) -> Result<Self, TypeError> {
        let document = json::parse_object(text, MAX_LEN).map_err(TypeError::Json)?;
        if document.get("vct").and_then(Value::as_str) != Some(vct) {
            return Err(TypeError::OtherType);
        }
        let extends = match (document.get("extends"), document.get("extends#integrity")) {
            (None, None) => None,
            (Some(Value::String(extended)), None) => Some((extended.clone(), None)),
            (Some(Value::String(extended)), Some(Value::String(integrity))) => {
                Some((extended.clone(), Some(Integrity::parse(integrity)?)))
            }
            _ => return Err(TypeError::Malformed),
        };
        Ok(Self {
            vct: vct.to_owned(),
            extends,
            display: texts(&document, "name")?,
            claims: entries(&document, "claims")?
                .iter()
                .map(claim)
                .collect::<Result<_, _>>()?,
        })
    }
}

fn entries<'a>(map: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], TypeError> {
    match map.get(name) {
        None => Ok(&[]),
        Some(Value::Array(entries)) if entries.len() <= MAX_ENTRIES => Ok(entries),
        Some(Value::Array(_)) => Err(TypeError::TooLarge),
        Some(_) => Err(TypeError::Malformed),
    }
}

/// The member `display`, where a text for people is under `label`.
fn texts(map: &Map<String, Value>, label: &str) -> Result<Vec<Text>, TypeError> {
    let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
    let one = |entry: &Value| {
        Some(Text {
            // Called `lang` up to draft 12.
            locale: text(entry, "locale").or_else(|| text(entry, "lang"))?,
            label: text(entry, label)?,
            description: text(entry, "description"),
        })
    };
    let all = entries(map, "display")?.iter().map(one).collect::<Option<_>>();
    all.ok_or(TypeError::Malformed)
}

fn claim(entry: &Value) -> Result<ClaimType, TypeError> {
    let entry = entry.as_object().ok_or(TypeError::Malformed)?;
    let path = entry.get("path").and_then(ClaimPath::from_json);
    Ok(ClaimType {
        path: path.ok_or(TypeError::Malformed)?,
        display: texts(entry, "label")?,
        mandatory: match entry.get("mandatory") {
            None => false,
            Some(Value::Bool(mandatory)) => *mandatory,
            Some(_) => return Err(TypeError::Malformed),
        },
        withholding: match entry.get("sd").map(Value::as_str) {
            None | Some(Some("allowed")) => Withholding::Allowed,
            Some(Some("always")) => Withholding::Always,
            Some(Some("never")) => Withholding::Never,
            Some(_) => return Err(TypeError::Malformed),
        },
    })
}

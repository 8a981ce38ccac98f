//! The kinds of cards that this station issues, as data; and the check of what staff enter or import.

use std::sync::LazyLock;

use axum::http::StatusCode;
use carnet_credentials::json::{self, JsonError};
use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::errors::Told;

/// Longest text of a claim, in characters.
const LONGEST: usize = 200;
/// Longest file that claims are imported from, in bytes.
const LONGEST_FILE: usize = 16 * 1024;

/// One kind of card.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Template {
    pub id: String,
    pub title: String,
    /// The credential's type. The same at every station, so that whoever asks for such a card need not know who issues it.
    #[serde(skip_serializing)]
    pub vct: String,
    pub fields: Vec<Field>,
    /// The date in this field ends the card too.
    #[serde(default, skip_serializing)]
    pub ends_with: Option<String>,
    pub valid_days: u16,
    /// Copies at a time.
    pub copies: u32,
    /// More copies may be had later; until then the station keeps what the card says, sealed.
    pub refill: bool,
    /// A second person has to look at it before it is issued.
    pub approval: bool,
}

/// One thing that a card says. The patient can withhold each of them.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Field {
    pub name: String,
    pub label: String,
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    pub required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    Date,
    Number,
    Choice,
}

/// Why a card can't be made of what was entered. Nothing was kept.
#[derive(Debug, thiserror::Error)]
pub enum ClaimsError {
    #[error("There is no such kind of card here.")]
    UnknownTemplate,
    #[error("“{0}” is missing.")]
    Missing(String),
    #[error("“{0}” does not have its form.")]
    IllFormed(String),
    #[error("This kind of card has no “{0}”.")]
    Unexpected(String),
    #[error("The card would be over already.")]
    Over,
    #[error("This file can't be read.")]
    File,
    #[error("This file names one thing twice.")]
    Repeated,
}

impl Told for ClaimsError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownTemplate => "unknown_template",
            Self::Missing(_) => "card_field_missing",
            Self::IllFormed(_) => "card_field_ill_formed",
            Self::Unexpected(_) => "card_field_unexpected",
            Self::Over => "card_over",
            Self::File => "card_file_unreadable",
            Self::Repeated => "card_file_repeated",
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::UnknownTemplate => "Choose one of the list.",
            Self::Missing(_) | Self::IllFormed(_) => "Fill it in and try again. Dates are like 2026-01-31.",
            Self::Unexpected(_) => "Leave it out, or choose another kind of card.",
            Self::Over => "Look at the date until which it is valid.",
            Self::File | Self::Repeated => {
                "Use a JSON object, or CSV with one line of names and one line of values."
            }
        }
    }
    fn status(&self) -> StatusCode {
        StatusCode::UNPROCESSABLE_ENTITY
    }
    fn further(&self) -> Map<String, Value> {
        match self {
            Self::Missing(field) | Self::IllFormed(field) | Self::Unexpected(field) => {
                Map::from_iter([("field".to_owned(), field.as_str().into())])
            }
            _ => Map::new(),
        }
    }
}

static TEMPLATES: LazyLock<Vec<Template>> =
    LazyLock::new(|| serde_json::from_str(include_str!("templates.json")).unwrap_or_default());

/// Every kind of card.
pub fn all() -> &'static [Template] {
    &TEMPLATES
}

/// The kind of this name.
pub fn find(id: &str) -> Result<&'static Template, ClaimsError> {
    let found = TEMPLATES.iter().find(|template| template.id == id);
    found.ok_or(ClaimsError::UnknownTemplate)
}

impl Template {
    /// What the card will say, if everything that is entered has its form.
    pub fn claims(&self, entered: &Map<String, Value>) -> Result<Map<String, Value>, ClaimsError> {
        let known = |name: &String| self.fields.iter().any(|field| field.name == *name);
        if let Some(name) = entered.keys().find(|name| !known(name)) {
            return Err(ClaimsError::Unexpected(name.chars().take(64).collect()));
        }
        let mut claims = Map::new();
        for field in &self.fields {
            match entered.get(&field.name).filter(|value| !is_empty(value)) {
                Some(value) => claims.insert(field.name.clone(), field.claim(value)?),
                None if field.required => return Err(ClaimsError::Missing(field.name.clone())),
                None => None,
            };
        }
        Ok(claims)
    }

    /// Until when a card with these claims is valid: whole days, so that the moment of issue doesn't tell copies of one
    /// person from those of others.
    pub fn until(&self, claims: &Map<String, Value>, today: Timestamp) -> Result<Timestamp, ClaimsError> {
        let longest = today + SignedDuration::from_hours(24 * i64::from(self.valid_days));
        let field = self
            .ends_with
            .as_ref()
            .and_then(|name| claims.get(name)?.as_str());
        let until = match field {
            None => longest,
            Some(date) => {
                let over = || ClaimsError::IllFormed(self.ends_with.clone().unwrap_or_default());
                let date: Date = date.parse().map_err(|_| over())?;
                let end = date
                    .tomorrow()
                    .and_then(|next| next.in_tz("UTC"))
                    .map_err(|_| over())?;
                end.timestamp().min(longest)
            }
        };
        if until > today {
            Ok(until)
        } else {
            Err(ClaimsError::Over)
        }
    }

    /// Reads what a file says about somebody; it is looked over before anything is made of it. Names that this kind of card
    /// doesn't have are left out.
    pub fn import(&self, name: &str, content: &str) -> Result<Map<String, Value>, ClaimsError> {
        let csv = name.to_ascii_lowercase().ends_with(".csv");
        let mut found = if csv { csv_of(content)? } else { json_of(content)? };
        found.retain(|name, _| self.fields.iter().any(|field| field.name == *name));
        Ok(found)
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

impl Field {
    fn claim(&self, value: &Value) -> Result<Value, ClaimsError> {
        let wrong = || ClaimsError::IllFormed(self.name.clone());
        let text = || {
            let text = value.as_str().map(str::trim).ok_or_else(wrong)?;
            if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
                return Err(wrong());
            }
            Ok(text)
        };
        Ok(match self.kind {
            Kind::Text => text()?.into(),
            Kind::Date => {
                let date: Date = text()?.parse().map_err(|_| wrong())?;
                date.to_string().into()
            }
            Kind::Choice => {
                let chosen = text()?;
                let known = self.options.iter().any(|option| option == chosen);
                known.then(|| chosen.into()).ok_or_else(wrong)?
            }
            Kind::Number => match value {
                Value::Number(_) => value.as_i64().ok_or_else(wrong)?.into(),
                _ => text()?.parse::<i64>().map_err(|_| wrong())?.into(),
            },
        })
    }
}

fn json_of(content: &str) -> Result<Map<String, Value>, ClaimsError> {
    json::parse_object(content.as_bytes(), LONGEST_FILE).map_err(|error| match error {
        JsonError::DuplicateMember => ClaimsError::Repeated,
        _ => ClaimsError::File,
    })
}

/// One line of names, one line of values (RFC 4180).
fn csv_of(content: &str) -> Result<Map<String, Value>, ClaimsError> {
    if content.len() > LONGEST_FILE {
        return Err(ClaimsError::File);
    }
    let mut rows = csv_rows(content.trim_start_matches('\u{feff}'))?.into_iter();
    let (Some(names), Some(values), None) = (rows.next(), rows.next(), rows.next()) else {
        return Err(ClaimsError::File);
    };
    if names.len() != values.len() {
        return Err(ClaimsError::File);
    }
    let mut found = Map::new();
    for (name, value) in names.into_iter().zip(values) {
        let name = name.trim().to_lowercase().replace([' ', '-'], "_");
        if found.insert(name, Value::String(value)).is_some() {
            return Err(ClaimsError::Repeated);
        }
    }
    Ok(found)
}

fn csv_rows(content: &str) -> Result<Vec<Vec<String>>, ClaimsError> {
    // European spreadsheets write semicolons.
    let first = content.lines().next().unwrap_or_default();
    let comma = if first.contains(';') && !first.contains(',') {
        ';'
    } else {
        ','
    };
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = content.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            letter if letter == comma && !quoted => row.push(std::mem::take(&mut cell)),
            letter => cell.push(letter),
        }
    }
    if quoted {
        return Err(ClaimsError::File);
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows.retain(|row| row.iter().any(|cell| !cell.trim().is_empty()));
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_template_is_read_and_its_fields_are_its_own() {
        assert!(all().len() >= 5);
        for template in all() {
            let named = |name: &String| template.fields.iter().any(|field| field.name == *name);
            assert!(template.ends_with.as_ref().is_none_or(named), "{}", template.id);
            assert!(
                template
                    .fields
                    .iter()
                    .all(|f| (f.kind == Kind::Choice) != f.options.is_empty())
            );
        }
    }

    #[test]
    fn a_spreadsheet_line_and_a_json_object_say_the_same() {
        let template = find("insurance").unwrap();
        let csv = "Insurer;Plan;Member number;Valid until;Shoe size\r\n\"Sun \"\"rise\"\"\";Family;S-77;2027-12-31;42\r\n";
        let json = r#"{"insurer":"Sun \"rise\"","plan":"Family","member_number":"S-77","valid_until":"2027-12-31","x":1}"#;
        let read = template.import("cards.CSV", csv).unwrap();
        assert_eq!(read, template.import("card.json", json).unwrap());
        assert_eq!(template.claims(&read).unwrap()["insurer"], "Sun \"rise\"");
    }

    #[test]
    fn what_has_not_its_form_is_said_by_field() {
        let template = find("insurance").unwrap();
        let entered = |value: Value| {
            let mut all =
                json!({"insurer": "S", "plan": "F", "member_number": "1", "valid_until": "2027-12-31"});
            for (name, value) in value.as_object().unwrap() {
                all[name] = value.clone();
            }
            template.claims(all.as_object().unwrap())
        };
        assert!(entered(json!({})).is_ok());
        for (value, code) in [
            (json!({"plan": ""}), "card_field_missing"),
            (json!({"valid_until": "31.12.2027"}), "card_field_ill_formed"),
            (json!({"plan": "a\nb"}), "card_field_ill_formed"),
            (json!({"plan": 3}), "card_field_ill_formed"),
            (json!({"cnf": "x"}), "card_field_unexpected"),
        ] {
            assert_eq!(entered(value).unwrap_err().code(), code);
        }
    }
}

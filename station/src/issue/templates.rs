//! The kinds of cards that this station issues, as data; and the check of what staff enter or import.

use std::sync::LazyLock;

use axum::http::StatusCode;
use carnet_credentials::json::{self, JsonError};
use carnet_exchange::issuance;
use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::values::Schema;
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
    #[serde(flatten)]
    pub form: Form,
    pub fields: Vec<Field>,
    /// The date in this field ends the card too.
    #[serde(default)]
    pub ends_with: Option<String>,
    pub valid_days: u16,
    /// Copies at a time.
    pub copies: u32,
    /// More copies may be had later; until then the station keeps what the card says, sealed.
    pub refill: bool,
    /// A second person has to look at it before it is issued.
    pub approval: bool,
}

/// What copies of a card are.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// SD-JWT VCs of this type. The same at every station, so that whoever asks for such a card need not know who issues it.
    Vct(String),
    /// They prove something of a value of this kind, and never show it.
    Eligibility(Schema),
}

impl Form {
    /// In which form the copies are issued.
    pub fn issued(&self) -> issuance::Form {
        match self {
            Self::Vct(_) => issuance::Form::SdJwt,
            Self::Eligibility(_) => issuance::Form::Eligibility,
        }
    }
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
    #[error("“{0}” can't be so large, so small, or so exact.")]
    OutOfRange(String),
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
            Self::OutOfRange(_) => "card_field_out_of_range",
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
            Self::OutOfRange(_) => {
                "Correct it and try again. Days are not before 1900, and what has happened is not to come; amounts have the decimals of their currency."
            }
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
            Self::Missing(field)
            | Self::IllFormed(field)
            | Self::OutOfRange(field)
            | Self::Unexpected(field) => Map::from_iter([("field".to_owned(), field.as_str().into())]),
            _ => Map::new(),
        }
    }
}

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let mut all: Vec<Template> = serde_json::from_str(include_str!("templates.json")).unwrap_or_default();
    for template in &mut all {
        let Form::Eligibility(schema) = template.form else {
            continue;
        };
        for field in template
            .fields
            .iter_mut()
            .filter(|field| field.options.is_empty())
        {
            field.options = schema.options(&field.name);
        }
    }
    all
});

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
    /// What the card will say, if everything that is entered has its form and, where it is to be proven, its range.
    pub fn claims(
        &self,
        entered: &Map<String, Value>,
        today: Timestamp,
    ) -> Result<Map<String, Value>, ClaimsError> {
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
        if let Form::Eligibility(schema) = &self.form {
            schema.values(&claims, today)?;
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
        b';'
    } else {
        b','
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(comma)
        .from_reader(content.as_bytes());
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|_| ClaimsError::File)?;
        if row.iter().any(|cell| !cell.trim().is_empty()) {
            rows.push(row.iter().map(str::to_owned).collect());
        }
    }
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
        assert_eq!(
            template.claims(&read, Timestamp::now()).unwrap()["insurer"],
            "Sun \"rise\""
        );
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
            template.claims(all.as_object().unwrap(), Timestamp::now())
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
    #[test]
    fn every_kind_of_card_that_proves_something_can_be_chosen_whole() {
        let today: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        for (id, entered, values) in [
            ("proof-of-age", json!({"birth_date": "1950-06-01"}), vec![18_413]),
            ("proof-of-age", json!({"birth_date": "1900-01-01"}), vec![0]),
            ("proof-of-age", json!({"birth_date": "2026-11-23"}), vec![46_347]),
            (
                "proof-of-cover",
                json!({"first_day": "2026-01-01", "last_day": "2026-12-31"}),
                vec![46_021, 46_385],
            ),
            (
                "proof-of-income",
                json!({"amount": "41250.5", "currency": "EUR"}),
                vec![4_125_050],
            ),
            (
                "laboratory-value",
                json!({"test": "HbA1c in % (LOINC 4548-4)", "value": "6,8", "taken_on": "2026-11-01"}),
                vec![68, 46_325],
            ),
            (
                "laboratory-value",
                json!({"test": "HbA1c in mmol/mol (LOINC 59261-8)", "value": "51", "taken_on": "2026-11-01"}),
                vec![51, 46_325],
            ),
        ] {
            let template = find(id).unwrap();
            let claims = template.claims(entered.as_object().unwrap(), today).unwrap();
            let Form::Eligibility(schema) = template.form else {
                unreachable!()
            };
            let (kind, numbers) = schema.values(&claims, today).unwrap();
            assert_eq!(numbers, values, "{entered}");
            assert_eq!(kind.schema(), schema.urn());
        }
        let template = find("entitlement").unwrap();
        for option in &template.fields[0].options {
            let entered = json!({ "code": option });
            assert!(template.claims(entered.as_object().unwrap(), today).is_ok());
        }
    }

    #[test]
    fn what_has_no_exact_number_is_refused_when_it_is_entered() {
        let today: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let hba1c = |value: &str, taken: &str| json!({"test": "HbA1c in % (LOINC 4548-4)", "value": value, "taken_on": taken});
        for (id, entered, code, field) in [
            (
                "proof-of-age",
                json!({"birth_date": "1899-12-31"}),
                "card_field_out_of_range",
                "birth_date",
            ),
            (
                "proof-of-age",
                json!({"birth_date": "2026-11-24"}),
                "card_field_out_of_range",
                "birth_date",
            ),
            (
                "proof-of-age",
                json!({"birth_date": "1950-02-29"}),
                "card_field_ill_formed",
                "birth_date",
            ),
            ("proof-of-age", json!({}), "card_field_missing", "birth_date"),
            (
                "proof-of-cover",
                json!({"first_day": "2026-12-31", "last_day": "2026-01-01"}),
                "card_field_out_of_range",
                "last_day",
            ),
            (
                "proof-of-cover",
                json!({"first_day": "2026-12-31", "last_day": "2079-06-07"}),
                "card_field_out_of_range",
                "last_day",
            ),
            (
                "proof-of-income",
                json!({"amount": "41250.505", "currency": "EUR"}),
                "card_field_out_of_range",
                "amount",
            ),
            (
                "proof-of-income",
                json!({"amount": "42949672.96", "currency": "EUR"}),
                "card_field_out_of_range",
                "amount",
            ),
            (
                "proof-of-income",
                json!({"amount": "-1", "currency": "EUR"}),
                "card_field_ill_formed",
                "amount",
            ),
            (
                "proof-of-income",
                json!({"amount": 41250.5, "currency": "EUR"}),
                "card_field_ill_formed",
                "amount",
            ),
            (
                "proof-of-income",
                json!({"amount": "1", "currency": "eur"}),
                "card_field_ill_formed",
                "currency",
            ),
            (
                "laboratory-value",
                hba1c("6.85", "2026-11-01"),
                "card_field_out_of_range",
                "value",
            ),
            (
                "laboratory-value",
                hba1c("six", "2026-11-01"),
                "card_field_ill_formed",
                "value",
            ),
            (
                "laboratory-value",
                hba1c("6.8", "2026-11-24"),
                "card_field_out_of_range",
                "taken_on",
            ),
            (
                "entitlement",
                json!({"code": "E11"}),
                "card_field_ill_formed",
                "code",
            ),
        ] {
            let refused = find(id)
                .unwrap()
                .claims(entered.as_object().unwrap(), today)
                .unwrap_err();
            assert_eq!(refused.code(), code, "{entered}");
            assert_eq!(refused.further()["field"], field, "{entered}");
        }
    }
}

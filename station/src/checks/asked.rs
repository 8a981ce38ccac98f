//! Which statements may be asked, and reading what was entered for one. They are data (`statements.json`), so the page needs to know
//! none of them.

use axum::http::StatusCode;
use carnet_eligibility::{Day, Statement, decimal, kind::Currency, laboratory, list};
use carnet_exchange::eligibility::{AskedStatement, today};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::errors::Told;

/// Why a statement can't be asked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("There is no such check.")]
    Unknown,
    #[error("The field {field} is wrong: {why}.")]
    Field { field: String, why: &'static str },
    #[error("These limits make no sense: {0}.")]
    Limits(#[source] carnet_eligibility::StatementError),
    #[error("The checks built into this station can't be read.")]
    BuiltIn,
}

impl Told for CheckError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown_statement",
            Self::Field { .. } => "invalid_field",
            Self::Limits(_) => "statement_limits",
            Self::BuiltIn => "statements",
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Unknown => "Pick one of those that GET /api/statements lists.",
            Self::Field { .. } => "Correct the field and ask again. Nothing was asked.",
            Self::Limits(_) => "Correct the limits and ask again. Nothing was asked.",
            Self::BuiltIn => "Install this station again.",
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::BuiltIn => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
    fn further(&self) -> Map<String, Value> {
        match self {
            Self::Field { field, .. } => Map::from_iter([("field".to_owned(), field.as_str().into())]),
            _ => Map::new(),
        }
    }
}

/// A statement that the counter may ask.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    id: String,
    title: String,
    says: String,
    fields: Vec<Field>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    name: String,
    label: String,
    kind: FieldKind,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    options: Vec<FieldOption>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<u32>,
    /// What the page begins with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(default = "yes")]
    required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FieldKind {
    Number,
    Date,
    Choice,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldOption {
    value: String,
    label: String,
    /// Of the bundled list.
    #[serde(default, skip_serializing)]
    codes: Vec<String>,
}

fn yes() -> bool {
    true
}

fn built_in(now: Timestamp) -> Result<Vec<Check>, CheckError> {
    let mut all: Vec<Check> =
        serde_json::from_str(include_str!("../statements.json")).map_err(|_| CheckError::BuiltIn)?;
    let families = list::lists()
        .first()
        .map(|list| list.families.as_slice())
        .unwrap_or_default();
    for field in all.iter_mut().flat_map(|check| &mut check.fields) {
        let option = |value: &str, label| FieldOption {
            value: value.to_owned(),
            label,
            codes: Vec::new(),
        };
        match field.name.as_str() {
            "family" => {
                let label =
                    |family: &list::Family| format!("{} ({} to {})", family.name, family.first, family.last);
                let options = families.iter().map(|family| option(&family.first, label(family)));
                field.options = options.collect();
            }
            "test" => {
                let options = laboratory::TESTS
                    .iter()
                    .map(|test| option(test.loinc, test.label()));
                field.options = options.collect();
            }
            _ => {}
        }
        if field.kind == FieldKind::Choice && field.default.is_none() {
            field.default = field.options.first().map(|option| option.value.clone());
        }
        if field.default.as_deref() == Some("today") {
            field.default = today(now).map(|day| day.date().to_string());
        }
    }
    Ok(all)
}

/// What may be asked, for the page and for programs.
pub fn all(now: Timestamp) -> Result<Value, CheckError> {
    serde_json::to_value(built_in(now)?).map_err(|_| CheckError::BuiltIn)
}

/// Reads `{"id","fields"}`.
pub fn statement(body: &Value, now: Timestamp) -> Result<Statement, CheckError> {
    let id = body
        .get("id")
        .and_then(Value::as_str)
        .ok_or(CheckError::Unknown)?;
    let check = built_in(now)?
        .into_iter()
        .find(|check| check.id == id)
        .ok_or(CheckError::Unknown)?;
    let nothing = Map::new();
    let given = match body.get("fields") {
        None => &nothing,
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(wrong("fields", "an object is needed")),
    };
    if let Some(name) = given
        .keys()
        .find(|name| !check.fields.iter().any(|field| field.name == **name))
    {
        return Err(wrong(name, "it is not known here"));
    }
    let statement = Given { check: &check, given }.statement()?;
    let asked = AskedStatement::today(statement.clone(), now).map_err(|_| CheckError::BuiltIn)?;
    let asked = asked.request("limits", &[0; 32]);
    asked.check().map_err(CheckError::Limits)?;
    Ok(statement)
}

struct Given<'a> {
    check: &'a Check,
    given: &'a Map<String, Value>,
}

impl Given<'_> {
    fn statement(&self) -> Result<Statement, CheckError> {
        let built_in = |_| CheckError::BuiltIn;
        let conditions = list::lists().first().ok_or(CheckError::BuiltIn);
        Ok(match self.check.id.as_str() {
            "age-at-least" => Statement::AgeAtLeast {
                years: self.small("years")?,
            },
            "age-between" => Statement::AgeBetween {
                from: self.small("from")?,
                to: self.small("to")?,
            },
            "cover-active" => Statement::CoverActiveOn {
                day: self.day("day")?,
            },
            "income-below" => {
                let currency: Currency = self.choice("currency")?.value.try_into().map_err(built_in)?;
                Statement::IncomeBelow {
                    amount: self.number("amount", currency.decimals())?,
                    currency,
                }
            }
            "lab-in-range" => {
                let test = laboratory::find(&self.choice("test")?.value).ok_or(CheckError::BuiltIn)?;
                Statement::LabInRange {
                    loinc: test.loinc.to_owned().try_into().map_err(built_in)?,
                    unit: test.unit.to_owned().try_into().map_err(built_in)?,
                    scale: test.scale,
                    low: self.number("low", test.scale)?,
                    high: self.number("high", test.scale)?,
                    max_age_days: u16::try_from(self.number("days", 0)?)
                        .map_err(|_| wrong("days", "it is too large"))?,
                }
            }
            "condition-family" => {
                let (list, first) = (conditions?, self.choice("family")?.value);
                let family = list.families.iter().find(|family| family.first == first);
                let family = family.ok_or(CheckError::BuiltIn)?;
                let place = |code| list.place(code).ok_or(CheckError::BuiltIn);
                Statement::CodeIn {
                    list: list.digest,
                    first: place(&family.first)?,
                    last: place(&family.last)?,
                }
            }
            "condition-among" => {
                let (list, chosen) = (conditions?, self.choice("for")?);
                let places = chosen.codes.iter().map(|code| list.place(code));
                Statement::CodeAmong {
                    list: list.digest,
                    places: places.collect::<Option<_>>().ok_or(CheckError::BuiltIn)?,
                }
            }
            _ => return Err(CheckError::BuiltIn),
        })
    }

    fn field(&self, name: &str) -> Result<(&Field, String), CheckError> {
        let field = self.check.fields.iter().find(|field| field.name == name);
        let field = field.ok_or(CheckError::BuiltIn)?;
        let text = match self.given.get(name) {
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Null) | None => String::new(),
            Some(_) => return Err(wrong(name, "a number or a text is needed")),
        };
        if text.is_empty() {
            Err(wrong(name, "it is needed"))
        } else {
            Ok((field, text))
        }
    }

    /// In units of the last of so many decimals.
    fn number(&self, name: &str, decimals: u8) -> Result<u32, CheckError> {
        let (field, text) = self.field(name)?;
        let number = decimal::read(&text, decimals)
            .map_err(|_| wrong(name, "a number is needed, with no more decimals than make sense"))?;
        let fits = field.min.is_none_or(|min| min <= number) && field.max.is_none_or(|max| number <= max);
        if fits {
            Ok(number)
        } else {
            Err(wrong(name, "it is too small or too large"))
        }
    }

    fn small(&self, name: &str) -> Result<u8, CheckError> {
        u8::try_from(self.number(name, 0)?).map_err(|_| wrong(name, "it is too large"))
    }

    fn day(&self, name: &str) -> Result<Day, CheckError> {
        let (_, text) = self.field(name)?;
        let date: Option<jiff::civil::Date> = text.parse().ok();
        date.and_then(|date| Day::try_from(date).ok())
            .ok_or_else(|| wrong(name, "a day like 2026-01-31 is needed"))
    }

    fn choice(&self, name: &str) -> Result<FieldOption, CheckError> {
        let (field, text) = self.field(name)?;
        let chosen = field.options.iter().find(|option| option.value == text);
        chosen
            .cloned()
            .ok_or_else(|| wrong(name, "one of the options is needed"))
    }
}

fn wrong(field: &str, why: &'static str) -> CheckError {
    CheckError::Field {
        field: field.chars().take(80).collect(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T10:00:00Z".parse().unwrap()
    }

    fn says(id: &str, fields: &Value) -> Result<String, CheckError> {
        let statement = statement(&json!({ "id": id, "fields": fields }), now())?;
        Ok(statement.says(today(now()).unwrap()))
    }

    #[test]
    fn every_check_can_be_asked_as_the_page_begins_it() {
        for check in built_in(now()).unwrap() {
            let fields: Map<String, Value> = check
                .fields
                .iter()
                .map(|field| (field.name.clone(), field.default.clone().unwrap().into()))
                .collect();
            let says = says(&check.id, &fields.into()).unwrap();
            assert!(!says.contains("doesn't know"), "{says}");
        }
    }

    #[test]
    fn amounts_are_read_exactly_and_what_can_not_be_is_refused_by_its_field() {
        assert_eq!(
            says("income-below", &json!({"amount": "20000.55", "currency": "EUR"})).unwrap(),
            "income below 20,000.55 EUR a year"
        );
        assert!(
            says(
                "lab-in-range",
                &json!({"test": "4548-4", "low": 4, "high": 7.5, "days": "90"})
            )
            .unwrap()
            .contains("4.0 to 7.5 %")
        );
        for (id, fields, field) in [
            ("age-at-least", json!({"years": 200}), "years"),
            ("age-at-least", json!({"years": "6 5"}), "years"),
            ("age-at-least", json!({"years": -1}), "years"),
            ("age-at-least", json!({"years": 6.5}), "years"),
            ("age-at-least", json!({}), "years"),
            ("age-at-least", json!({"years": 65, "more": 1}), "more"),
            ("cover-active", json!({"day": "tomorrow"}), "day"),
            (
                "income-below",
                json!({"amount": 1, "currency": "XXX"}),
                "currency",
            ),
            (
                "lab-in-range",
                json!({"test": "4548-4", "low": "4.05", "high": 7, "days": 90}),
                "low",
            ),
        ] {
            match says(id, &fields) {
                Err(CheckError::Field { field: named, .. }) => assert_eq!(named, field),
                other => panic!("{id}: {other:?}"),
            }
        }
        let upside_down = says("age-between", &json!({"from": 30, "to": 20})).unwrap_err();
        assert_eq!(upside_down.code(), "statement_limits");
        assert_eq!(
            says("height", &json!({})).unwrap_err().code(),
            "unknown_statement"
        );
    }
}

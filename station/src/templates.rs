//! What the front desk may pick from, and the free form for integrators. The templates themselves are data
//! (`templates.json`).

use axum::http::StatusCode;
use carnet_consent::{Item, Purpose, Scope};
use carnet_eligibility::Statement;
use carnet_exchange::eligibility::today;
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    cards_asked::{self, CardAsked},
    checks::{self, CheckError},
    errors::Told,
};

/// Longest consent, in days (the registry's maximum).
pub const MAX_DAYS: u16 = 90;
const MAX_ITEMS: usize = 32;

/// A question the front desk asks often.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    id: String,
    title: String,
    #[serde(default)]
    purpose: Vec<Purpose>,
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    days: u16,
    #[serde(default)]
    retention_days: u16,
    /// Only records of the last so many months; `null` for all.
    #[serde(default)]
    data_months: Option<u16>,
    #[serde(default)]
    cards: Vec<CardAsked>,
}

/// A question ready to be asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Question {
    /// Template id; none for the free form.
    pub id: Option<String>,
    pub title: String,
    /// Empty where only cards are asked for, as the next one.
    pub purpose: Vec<Purpose>,
    pub items: Vec<Item>,
    /// Days the consent runs; 0 where only cards are asked for, as the next one.
    pub days: u16,
    /// Days the station may keep what was delivered.
    pub retention_days: u16,
    /// Only records from this day on.
    pub data_since: Option<Date>,
    #[serde(default)]
    pub cards: Vec<CardAsked>,
    /// A statement to be shown without its value; then nothing else is asked for.
    #[serde(default)]
    pub statement: Option<StatementAsked>,
}

/// A statement, and whose word counts for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StatementAsked {
    pub statement: Statement,
    /// Stable ids of the issuers that are accepted; empty: every listed one.
    pub issuers: Vec<String>,
}

impl Question {
    /// There is a consent to be given, not only a card to be shown.
    pub fn asks_for_records(&self) -> bool {
        !self.items.is_empty()
    }
}

/// Why a question can't be asked.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    #[error("There is no template of this name.")]
    UnknownTemplate,
    #[error("The field {field} is wrong: {why}.")]
    Field { field: String, why: String },
    #[error(transparent)]
    Statement(#[from] CheckError),
    #[error("The templates built into this station can't be read.")]
    Templates(#[source] serde_json::Error),
}

impl Told for QuestionError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownTemplate => "unknown_template",
            Self::Field { .. } => "invalid_field",
            Self::Statement(error) => error.code(),
            Self::Templates(_) => "templates",
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::UnknownTemplate => "Pick one of those that GET /api/templates lists.",
            Self::Field { .. } => "Correct the field and send the question again. Nothing was asked.",
            Self::Statement(error) => error.next(),
            Self::Templates(_) => "Install this station again.",
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Statement(error) => error.status(),
            Self::Templates(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
    fn further(&self) -> Map<String, Value> {
        let mut further = Map::new();
        match self {
            Self::UnknownTemplate => {
                further.insert("field".into(), "template".into());
            }
            Self::Field { field, .. } => {
                further.insert("field".into(), field.as_str().into());
            }
            Self::Statement(error) => further = error.further(),
            Self::Templates(_) => {}
        }
        further
    }
}

/// All templates, as questions asked today.
pub fn all(now: Timestamp) -> Result<Vec<Question>, QuestionError> {
    let stored: Vec<Stored> =
        serde_json::from_str(include_str!("templates.json")).map_err(QuestionError::Templates)?;
    let today = now.to_zoned(TimeZone::UTC).date();
    Ok(stored
        .into_iter()
        .map(|stored| Question {
            id: Some(stored.id),
            title: stored.title,
            purpose: stored.purpose,
            items: stored.items,
            days: stored.days,
            retention_days: stored.retention_days,
            data_since: stored
                .data_months
                .and_then(|months| today.checked_sub(i32::from(months).months()).ok()),
            cards: stored.cards,
            statement: None,
        })
        .collect())
}

/// Reads `{"template"}` or `{"purpose","items","days"[,"retention_days","data_since","cards"]}`, `{"cards"}` alone, or
/// `{"statement": {"id","fields"[,"issuers"]}}` alone.
pub fn question(body: &Value, now: Timestamp) -> Result<Question, QuestionError> {
    let Some(body) = body.as_object() else {
        return Err(wrong("body", "a JSON object is needed"));
    };
    if let Some(template) = body.get("template") {
        let id = template
            .as_str()
            .ok_or_else(|| wrong("template", "a template's name is needed"))?;
        only(body, &["template"])?;
        return all(now)?
            .into_iter()
            .find(|question| question.id.as_deref() == Some(id))
            .ok_or(QuestionError::UnknownTemplate);
    }
    if let Some(asked) = body.get("statement") {
        only(body, &["statement"])?;
        return check(asked, now);
    }
    only(
        body,
        &[
            "purpose",
            "items",
            "days",
            "retention_days",
            "data_since",
            "cards",
        ],
    )?;
    let cards = body.get("cards").map_or(Ok(Vec::new()), cards_asked::cards)?;
    let no_items = match body.get("items") {
        None => true,
        Some(items) => items.as_array().is_some_and(Vec::is_empty),
    };
    let mut question = Question {
        id: None,
        title: "Free form".into(),
        purpose: Vec::new(),
        items: Vec::new(),
        days: 0,
        retention_days: 0,
        data_since: None,
        cards,
        statement: None,
    };
    if no_items && !question.cards.is_empty() {
        only(body, &["cards", "items"])?;
        if question.cards.iter().all(|card| !card.required) {
            return Err(wrong("cards", "one of them has to be required"));
        }
    } else {
        question.days = number(body, "days")?.ok_or_else(|| wrong("days", "it is needed"))?;
        question.retention_days = number(body, "retention_days")?.unwrap_or(question.days);
        question.purpose = purposes(body)?;
        question.items = items(body)?;
        question.data_since = since(body, now)?;
    }
    cards_asked::query(&question).map_err(|error| wrong("cards", &error.to_string()))?;
    Ok(question)
}

fn check(asked: &Value, now: Timestamp) -> Result<Question, QuestionError> {
    let fields = asked
        .as_object()
        .ok_or_else(|| wrong("statement", "{\"id\",\"fields\"} is needed"))?;
    only_in(fields, &["id", "fields", "issuers"], "statement")?;
    let statement = checks::statement(asked, now)?;
    let issuers = match fields.get("issuers") {
        None => Vec::new(),
        Some(ids) => serde_json::from_value(ids.clone())
            .ok()
            .filter(|ids: &Vec<String>| {
                ids.len() <= MAX_ITEMS && ids.iter().all(|id| (1..=64).contains(&id.len()))
            })
            .ok_or_else(|| wrong("statement.issuers", "a list of ids of the trust list is needed"))?,
    };
    let as_of = today(now).ok_or_else(|| wrong("statement", "the station's clock is wrong"))?;
    Ok(Question {
        id: None,
        title: statement.says(as_of),
        purpose: Vec::new(),
        items: Vec::new(),
        days: 0,
        retention_days: 0,
        data_since: None,
        cards: Vec::new(),
        statement: Some(StatementAsked { statement, issuers }),
    })
}

fn purposes(body: &Map<String, Value>) -> Result<Vec<Purpose>, QuestionError> {
    let read = |value: &Value, field: &str| {
        serde_json::from_value::<Purpose>(value.clone())
            .map_err(|_| wrong(field, "an HL7 v3 ActReason code such as TREAT is needed"))
    };
    let purposes = match body.get("purpose") {
        Some(Value::Array(list)) if !list.is_empty() && list.len() <= 8 => list
            .iter()
            .enumerate()
            .map(|(place, value)| read(value, &format!("purpose[{place}]")))
            .collect::<Result<Vec<_>, _>>()?,
        Some(value @ Value::String(_)) => vec![read(value, "purpose")?],
        _ => return Err(wrong("purpose", "one to eight HL7 v3 ActReason codes are needed")),
    };
    match (1..purposes.len()).find(|&place| purposes[..place].contains(&purposes[place])) {
        Some(place) => Err(wrong(&format!("purpose[{place}]"), "it stands there twice")),
        None => Ok(purposes),
    }
}

fn items(body: &Map<String, Value>) -> Result<Vec<Item>, QuestionError> {
    let list = match body.get("items") {
        Some(Value::Array(list)) if !list.is_empty() && list.len() <= MAX_ITEMS => list,
        _ => return Err(wrong("items", "a list of 1 to 32 items is needed")),
    };
    let mut items: Vec<Item> = Vec::with_capacity(list.len());
    for (place, value) in list.iter().enumerate() {
        let field = format!("items[{place}]");
        let (scope, required) = match value {
            Value::String(scope) => (scope.as_str(), false),
            Value::Object(item) => {
                only_in(item, &["scope", "required"], &field)?;
                let scope = item.get("scope").and_then(Value::as_str);
                let required = match item.get("required") {
                    None => Some(false),
                    Some(value) => value.as_bool(),
                };
                (
                    scope.ok_or_else(|| wrong(&format!("{field}.scope"), "a SMART scope is needed"))?,
                    required.ok_or_else(|| wrong(&format!("{field}.required"), "true or false is needed"))?,
                )
            }
            _ => return Err(wrong(&field, "{\"scope\",\"required\"} is needed")),
        };
        let scope: Scope = scope.parse().map_err(|_| {
            wrong(
                &format!("{field}.scope"),
                "a SMART scope such as patient/Condition.rs is needed",
            )
        })?;
        if scope.asks_to_write() {
            return Err(wrong(
                &format!("{field}.scope"),
                "only reading (.rs) can be asked for",
            ));
        }
        if items.iter().any(|item| item.scope == scope) {
            return Err(wrong(&format!("{field}.scope"), "it stands there twice"));
        }
        items.push(Item { scope, required });
    }
    Ok(items)
}

fn number(body: &Map<String, Value>, field: &str) -> Result<Option<u16>, QuestionError> {
    body.get(field)
        .map(|value| {
            value
                .as_u64()
                .and_then(|days| u16::try_from(days).ok())
                .filter(|days| (1..=MAX_DAYS).contains(days))
                .ok_or_else(|| wrong(field, "a whole number of days from 1 to 90 is needed"))
        })
        .transpose()
}

fn since(body: &Map<String, Value>, now: Timestamp) -> Result<Option<Date>, QuestionError> {
    match body.get("data_since") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_str()
            .and_then(|day| day.parse::<Date>().ok())
            .filter(|day| *day <= now.to_zoned(TimeZone::UTC).date())
            .map(Some)
            .ok_or_else(|| {
                wrong(
                    "data_since",
                    "a day like 2024-01-31, not in the future, is needed",
                )
            }),
    }
}

fn only(body: &Map<String, Value>, known: &[&str]) -> Result<(), QuestionError> {
    only_in(body, known, "")
}

pub(crate) fn only_in(body: &Map<String, Value>, known: &[&str], within: &str) -> Result<(), QuestionError> {
    match body.keys().find(|field| !known.contains(&field.as_str())) {
        None => Ok(()),
        Some(field) if within.is_empty() => Err(wrong(field, "it is not known here")),
        Some(field) => Err(wrong(&format!("{within}.{field}"), "it is not known here")),
    }
}

pub(crate) fn wrong(field: &str, why: &str) -> QuestionError {
    QuestionError::Field {
        field: field.chars().take(80).collect(),
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field_of(body: Value) -> String {
        match question(&body, Timestamp::now()) {
            Err(QuestionError::Field { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_template_can_be_asked() {
        let templates = all(Timestamp::now()).unwrap();
        assert!(templates.len() >= 5);
        for template in templates {
            let needed = template.items.iter().any(|item| item.required)
                || template.cards.iter().any(|card| card.required);
            assert!(needed, "{:?}", template.id);
            assert_eq!(
                (1..=MAX_DAYS).contains(&template.days),
                template.asks_for_records()
            );
            cards_asked::query(&template).unwrap();
        }
    }

    #[test]
    fn a_wrong_field_is_named() {
        let good = json!({"scope": "patient/Condition.rs", "required": true});
        assert_eq!(field_of(json!({"items": [good], "days": 3})), "purpose");
        assert_eq!(
            field_of(json!({"purpose": ["TREAT", "FUN"], "items": [good], "days": 3})),
            "purpose[1]"
        );
        assert_eq!(
            field_of(json!({"purpose": "TREAT", "items": [], "days": 3})),
            "items"
        );
        assert_eq!(
            field_of(json!({"purpose": "TREAT", "items": [good, {"scope": "user/*.cruds"}], "days": 3})),
            "items[1].scope"
        );
        assert_eq!(
            field_of(
                json!({"purpose": "TREAT", "items": [{"scope": "patient/Condition.rs", "required": 1}], "days": 3})
            ),
            "items[0].required"
        );
        assert_eq!(
            field_of(json!({"purpose": "TREAT", "items": [good], "days": 91})),
            "days"
        );
        assert_eq!(
            field_of(json!({"purpose": "TREAT", "items": [good], "days": 3, "onward": "all"})),
            "onward"
        );
        assert_eq!(
            field_of(json!({"purpose": "TREAT", "items": [good], "days": 3, "data_since": "yesterday"})),
            "data_since"
        );
        assert!(matches!(
            question(&json!({"template": "x"}), Timestamp::now()),
            Err(QuestionError::UnknownTemplate)
        ));
    }
}

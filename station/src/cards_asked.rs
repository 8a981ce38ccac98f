//! Cards asked for: what a question says of them, and the query that goes over the wire.

use carnet_exchange::{
    dcql::{LISTED, Query, QueryError},
    eligibility,
    request::holder_query,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::templates::{Question, QuestionError, only_in, wrong};

/// Most cards in one question.
const MOST: usize = 8;

/// A card that is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardAsked {
    /// Names it within the question; not `holder`.
    pub id: String,
    /// For the screen.
    pub title: String,
    /// Type of the credential.
    pub vct: String,
    /// What is to be shown of it: claims paths (OpenID4VP 1.0 section 7). What is not listed is not shown, unless its issuer
    /// made it so that it can't be withheld.
    pub claims: Vec<Value>,
    /// Stable ids of the issuers that are accepted; empty: every listed one.
    #[serde(default)]
    pub issuers: Vec<String>,
    /// Without it there is no answer.
    #[serde(default = "yes")]
    pub required: bool,
}

fn yes() -> bool {
    true
}

/// Reads `"cards": [{"id","vct","claims"[,"title","issuers","required"]}]`. A claim is a name or a path.
pub fn cards(list: &Value) -> Result<Vec<CardAsked>, QuestionError> {
    let list = list
        .as_array()
        .filter(|list| list.len() <= MOST)
        .ok_or_else(|| wrong("cards", "a list of at most 8 cards is needed"))?;
    let each = list.iter().enumerate();
    each.map(|(place, value)| card(value, &format!("cards[{place}]")))
        .collect()
}

fn card(value: &Value, field: &str) -> Result<CardAsked, QuestionError> {
    let card = value
        .as_object()
        .ok_or_else(|| wrong(field, "{\"id\",\"vct\",\"claims\"} is needed"))?;
    only_in(
        card,
        &["id", "title", "vct", "claims", "issuers", "required"],
        field,
    )?;
    let text = |name: &str| -> Result<String, QuestionError> {
        let text = card
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| wrong(&format!("{field}.{name}"), "a text is needed"))?;
        Ok(text.to_owned())
    };
    let id = text("id")?;
    let claims = match card.get("claims") {
        None => Vec::new(),
        Some(Value::Array(claims)) => claims
            .iter()
            .map(|claim| match claim {
                Value::String(name) => json!([name]),
                path => path.clone(),
            })
            .collect(),
        Some(_) => return Err(wrong(&format!("{field}.claims"), "a list of claims is needed")),
    };
    let issuers = match card.get("issuers") {
        None => Vec::new(),
        Some(issuers) => serde_json::from_value(issuers.clone()).map_err(|_| {
            wrong(
                &format!("{field}.issuers"),
                "a list of ids of the trust list is needed",
            )
        })?,
    };
    let required = card.get("required").map_or(Some(true), Value::as_bool);
    Ok(CardAsked {
        title: if card.contains_key("title") {
            text("title")?
        } else {
            in_words(&id)
        },
        id,
        vct: text("vct")?,
        claims,
        issuers,
        required: required.ok_or_else(|| wrong(&format!("{field}.required"), "true or false is needed"))?,
    })
}

/// The query of a question: a statement, or proof of the holder key where records are asked for, and the cards.
pub fn query(question: &Question) -> Result<Query, QueryError> {
    if let Some(asked) = &question.statement {
        return Ok(Query {
            credentials: vec![eligibility::query(&asked.issuers)],
            sets: Vec::new(),
        });
    }
    let mut query = json!({ "credentials": question.cards.iter().map(credential).collect::<Vec<_>>() });
    if question.cards.iter().any(|card| !card.required) {
        let mut needed: Vec<&str> = question
            .cards
            .iter()
            .filter(|card| card.required)
            .map(|card| card.id.as_str())
            .collect();
        if question.asks_for_records() {
            needed.insert(0, "holder");
        }
        let mut sets = vec![json!({ "options": [needed] })];
        let optional = question.cards.iter().filter(|card| !card.required);
        sets.extend(optional.map(|card| json!({ "options": [[card.id]], "required": false })));
        query["credential_sets"] = sets.into();
    }
    if question.asks_for_records() {
        let mut with_holder = Query {
            credentials: vec![holder_query()],
            sets: Vec::new(),
        }
        .to_json();
        if let (Some(all), Some(cards)) = (
            with_holder["credentials"].as_array_mut(),
            query["credentials"].as_array(),
        ) {
            all.extend(cards.iter().cloned());
        }
        query["credentials"] = with_holder["credentials"].take();
    }
    Query::read(&query)
}

fn credential(card: &CardAsked) -> Value {
    let mut credential = Map::new();
    credential.insert("id".into(), card.id.as_str().into());
    credential.insert("format".into(), "dc+sd-jwt".into());
    credential.insert("meta".into(), json!({ "vct_values": [card.vct] }));
    if !card.claims.is_empty() {
        let claims = card.claims.iter().map(|path| json!({ "path": path }));
        credential.insert("claims".into(), claims.collect());
    }
    if !card.issuers.is_empty() {
        credential.insert(
            "trusted_authorities".into(),
            json!([{ "type": LISTED, "values": card.issuers }]),
        );
    }
    Value::Object(credential)
}

/// A claim's name in words: the last name on the way to it.
pub fn label(path: &Value) -> String {
    let steps = path.as_array().map(Vec::as_slice).unwrap_or_default();
    in_words(steps.iter().rev().find_map(Value::as_str).unwrap_or_default())
}

/// `member_number` and `memberNumber` are each "Member number".
pub fn in_words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars().filter(|letter| !letter.is_control()).take(80) {
        if matches!(letter, '_' | '-' | '.') {
            words.push(' ');
        } else if letter.is_uppercase() && words.ends_with(|before: char| before.is_lowercase()) {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else if words.is_empty() {
            words.extend(letter.to_uppercase());
        } else {
            words.push(letter);
        }
    }
    words
}

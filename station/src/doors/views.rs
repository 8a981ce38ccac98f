//! What the staff page and programs get to see, as JSON.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use carnet_fhir::{Group, Record, person_of};
use carnet_ledger::{LedgerError, Status};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    app::App,
    ask,
    cards_asked::{in_words, label},
    cards_shown, checks,
    read::Readable,
    rows::{Asked, Given, State},
    templates::Question,
    trust,
};

pub(super) fn template(question: &Question) -> Value {
    json!({
        "id": question.id,
        "title": question.title,
        "purpose": question.purpose,
        "items": question.items,
        "days": question.days,
        "retention_days": question.retention_days,
        "data_since": question.data_since,
        "cards": cards_of(question),
    })
}

fn cards_of(question: &Question) -> Vec<Value> {
    let cards = question.cards.iter();
    cards
        .map(|card| {
            let claims: Vec<String> = card.claims.iter().map(label).collect();
            json!({ "id": card.id, "title": card.title, "claims": claims, "required": card.required })
        })
        .collect()
}

fn shown(app: &App, asked: &Asked) -> Vec<Value> {
    let title = |id: &str| {
        let card = asked.question.cards.iter().find(|card| card.id == id);
        card.map(|card| card.title.clone())
    };
    let cards = cards_shown::open(app, asked);
    cards
        .iter()
        .map(|card| {
            let mut claims = Vec::new();
            for (name, value) in &card.claims {
                flatten(&in_words(name), value, &mut claims);
            }
            json!({
                "id": card.id,
                "title": title(&card.id),
                "issuer": card.issuer,
                // One that is not is refused.
                "issuer_listed": true,
                "claims": claims,
                "until": card.until,
                "status": card.status,
            })
        })
        .collect()
}

/// A claim in words, and what stands inside it.
fn flatten(label: &str, value: &Value, lines: &mut Vec<Value>) {
    let mut line = |value: &str| lines.push(json!({ "label": label, "value": value }));
    match value {
        Value::Null => {}
        Value::Bool(yes) => line(if *yes { "yes" } else { "no" }),
        Value::Number(number) => line(&number.to_string()),
        Value::String(text) => line(text),
        Value::Array(items) => items.iter().for_each(|item| flatten(label, item, lines)),
        Value::Object(members) => {
            for (name, value) in members {
                flatten(&format!("{label} · {}", in_words(name)), value, lines);
            }
        }
    }
}

pub(super) fn request(app: &App, asked: &Asked) -> Value {
    let state = asked.state(app.clock.now());
    json!({
        "id": asked.id,
        "state": state,
        "template": asked.question.id,
        "title": asked.question.title,
        "purpose": asked.question.purpose,
        "days": asked.question.days,
        "created": asked.created,
        "expires": asked.expires,
        "by": asked.by.name(),
        "uri": matches!(state, State::Waiting | State::Opened).then(|| ask::link(app, asked)),
        "grant_id": asked.grant_id,
        "decision": asked.decision,
        "asked": asked.question.items,
        "granted": asked.granted,
        "tries_left": asked.tries_left,
        "renewed": asked.renewed,
        "check": check(app, asked),
        "cards_asked": cards_of(&asked.question),
        // What a card said can be read once the person is confirmed, as records can.
        "cards_shown": match state {
            State::Confirmed => shown(app, asked),
            _ => Vec::new(),
        },
    })
}

fn check(app: &App, asked: &Asked) -> Value {
    if asked.statement.is_none() {
        return Value::Null;
    }
    let now = app.clock.now();
    let outcome = checks::outcome(asked, now);
    // Whose word will count, as long as there is no answer.
    let list_issued = match outcome {
        None => trust::show(&app.trust_list, now).ok().map(|list| list.issued),
        Some(_) => None,
    };
    checks::view(&asked.question.title, outcome.as_ref(), list_issued)
}

/// How long the ledger is asked for one list: what it hasn't said by then is not known.
const ASKING: Duration = Duration::from_secs(3);

pub(super) fn consents(app: &App, all: &[Given]) -> Vec<Value> {
    let begun = Instant::now();
    let mut reached = true;
    let mut ledger = |given: &Given| {
        if !reached || begun.elapsed() >= ASKING {
            return None;
        }
        let said = app.ledger.status(&App::ledger_id(&given.grant_id));
        reached = !matches!(said, Err(LedgerError::Unreachable(_)));
        said.ok()
    };
    all.iter().map(|given| consent(app, given, &mut ledger)).collect()
}

fn consent(app: &App, given: &Given, ledger: impl FnMut(&Given) -> Option<Status>) -> Value {
    let now = app.clock.now();
    json!({
        "grant_id": given.grant_id,
        "request": given.request_id,
        "state": state(app, given, now, ledger),
        "decision": given.decision,
        "granted": given.granted,
        "purpose": given.purpose,
        "period": given.period,
        "until": given.until(),
        "confirmed_by": given.confirmed.as_ref().map(|confirmed| &confirmed.by),
        "delivered": given.delivered.is_some(),
        "records": given.records,
        "exported": given.exported,
    })
}

/// As a read would find it now. Where the ledger doesn't say: `stale`.
fn state(
    app: &App,
    given: &Given,
    now: Timestamp,
    mut ledger: impl FnMut(&Given) -> Option<Status>,
) -> &'static str {
    if given.revoked.is_some() {
        return "revoked";
    }
    if given.ended.is_some() || now >= given.until() {
        return "expired";
    }
    match ledger(given) {
        Some(Status::Revoked) => "revoked",
        Some(Status::Expired) => "expired",
        Some(Status::Active) if app.clock.is_behind() => "stale",
        Some(Status::Active) if given.confirmed.is_none() => "unconfirmed",
        Some(Status::Active) => "active",
        Some(Status::None | Status::Pending) | None => "stale",
    }
}

/// Records grouped by kind, newest first, in words.
pub(super) fn readable(readable: &Readable) -> Value {
    let mut groups: BTreeMap<Group, Vec<&Record>> = BTreeMap::new();
    for record in &readable.records {
        groups.entry(record.summary.group).or_default().push(record);
    }
    let person = readable.records.iter().find_map(person_of);
    let groups: Vec<Value> = groups
        .into_iter()
        .map(|(group, mut records)| {
            records.sort_by(|a, b| b.summary.date.cmp(&a.summary.date));
            let records: Vec<Value> = records.into_iter().map(line).collect();
            json!({ "group": group, "label": group.title(), "records": records })
        })
        .collect();
    json!({
        "person": person.map(|person| json!({
            "name": person.name, "birth_date": person.birth_date, "gender": person.gender,
        })),
        "groups": groups,
        "withheld": readable.withheld,
    })
}

fn line(record: &Record) -> Value {
    let summary = &record.summary;
    json!({
        "id": summary.fhir_id,
        "type": summary.resource_type,
        "title": summary.title,
        "detail": summary.detail,
        "date": summary.date.as_ref().map(ToString::to_string),
        "sensitive": summary.sensitive,
        "measurement": summary.measurement,
    })
}

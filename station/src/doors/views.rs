//! What the staff page and programs get to see, as JSON.

use std::collections::BTreeMap;

use carnet_fhir::{Group, Record, person_of};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    app::App,
    ask,
    read::Readable,
    rows::{Asked, Given, State},
    templates::Question,
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
    })
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
    })
}

pub(super) fn consent(app: &App, given: &Given) -> Value {
    let now = app.clock.now();
    json!({
        "grant_id": given.grant_id,
        "request": given.request_id,
        "state": state(app, given, now),
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

/// As a read would find it now.
fn state(app: &App, given: &Given, now: Timestamp) -> &'static str {
    use carnet_ledger::Status;
    if given.revoked.is_some() {
        return "revoked";
    }
    if given.ended.is_some() || now >= given.until() {
        return "expired";
    }
    match app.ledger.status(&App::ledger_id(&given.grant_id)) {
        Ok(Status::Revoked) => "revoked",
        Ok(Status::Expired) => "expired",
        Ok(Status::Active) if app.clock.is_behind() => "stale",
        Ok(Status::Active) if given.confirmed.is_none() => "unconfirmed",
        Ok(Status::Active) => "active",
        Ok(Status::None | Status::Pending) | Err(_) => "stale",
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

//! Taking a proof: yes, or nothing is known.

use carnet_consent::{GrantId, code};
use carnet_exchange::{
    TrustList,
    answer::{self, AnswerError, CheckedStatement, GrantTuple, Opened, Session},
    eligibility::AskedStatement,
};
use jiff::Timestamp;

use super::{Line, Outcome};
use crate::{
    answer::{TakeError, forget_keys},
    app::App,
    cards_asked,
    db::Change,
    errors::Told as _,
    rows::{Asked, State},
    trust,
};

/// A proof: yes, or nothing is known. What was refused leaves the question open for a better answer.
pub fn take(
    app: &App,
    mut asked: Asked,
    statement: &AskedStatement,
    opened: Opened,
) -> Result<Option<String>, TakeError> {
    let now = app.clock.now();
    let list = trust::show(&app.trust_list, now).map_err(TakeError::Trust);
    let list_issued = list.as_ref().ok().map(|list| list.issued);
    let checked = list.and_then(|list| check_statement(app, &asked, statement, (opened, &list), now));
    let outcome = match &checked {
        Ok(checked) => {
            let digits = code(&asked.request_digest.0, &checked.thumbprint, &[0; 32]);
            Outcome::yes(checked, digits.to_string(), list_issued, now)
        }
        Err(error) => Outcome::cannot_check(error.code(), list_issued, now),
    };
    let mut change = Change::default();
    change.put(&Line::key(&asked.id), &Line::of(&asked, &outcome))?;
    asked.check = Some(outcome);
    if checked.is_ok() {
        asked.become_state(State::Answered);
        change.delete(&Asked::signed_key(&asked.id));
    } else {
        asked.answer = None;
    }
    change.put(&Asked::key(&asked.id), &asked)?;
    app.db.commit(change)?;
    app.events.request(&asked.id);
    checked?;
    forget_keys(app, &asked.id);
    Ok(None)
}

fn check_statement(
    app: &App,
    asked: &Asked,
    statement: &AskedStatement,
    (opened, list): (Opened, &TrustList),
    now: Timestamp,
) -> Result<CheckedStatement, TakeError> {
    let query = cards_asked::query(&asked.question).map_err(TakeError::Query)?;
    let session = Session {
        client_id: &app.client_id,
        nonce: &asked.nonce,
        state: &asked.id,
        request_digest: asked.request_digest.0,
        query: &query,
        consent: None,
        statement: Some(statement),
        list: Some(list),
    };
    let no_grant = |_: &GrantTuple| GrantId([0; 32]);
    let checked = answer::check(opened, &session, no_grant, now).map_err(TakeError::Refused)?;
    checked
        .statement
        .ok_or(TakeError::Refused(AnswerError::Incomplete))
}

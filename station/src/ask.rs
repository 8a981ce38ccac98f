//! Ask: a one-time question, signed, with keys of its own, shown as a code for five minutes.

use std::io;

use axum::http::StatusCode;
use carnet_consent::{
    ConsentId, ConsentRequest, DataPeriod, Endpoint, Manage, Onward, Period, Recipient, Retention,
};
use carnet_exchange::{
    eligibility::AskedStatement,
    jwe::EncryptionKey,
    link::{RequestLink, RequestUriMethod},
    request::{RequestParts, sign},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    accounts::Caller,
    app::App,
    cards_asked,
    db::{Change, DbError},
    delivery_keys::DeliveryKeys,
    errors::Told,
    folder::write_private,
    keys::{make_id, make_secret_key},
    limits,
    rows::{Asked, State, is_id},
    templates::Question,
};

/// How long a code is valid.
pub const LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How often a code is renewed on a screen that somebody left open (an hour in all).
const RENEWALS: u8 = 12;

/// Why nothing could be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("There is no such question here.")]
    Unknown,
    #[error("The question's keys could not be kept.")]
    Keys(#[source] io::Error),
    #[error("The system gave no randomness.")]
    Randomness(#[from] getrandom::Error),
    #[error("The question could not be put into its form.")]
    Form(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Told for AskError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Keys(_) => "storage",
            Self::Randomness(_) => "unavailable",
            Self::Form(_) => "form",
            Self::Db(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Unknown => "Look at the list of questions.",
            Self::Keys(_) | Self::Randomness(_) => "Nothing was asked. Look at the machine, then try again.",
            Self::Form(_) => "Nothing was asked. Check the question and the station's name.",
            Self::Db(error) => error.next(),
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Keys(_) | Self::Randomness(_) | Self::Form(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Db(error) => error.status(),
        }
    }
}

/// Makes and keeps a question.
pub fn ask(app: &App, by: &Caller, question: Question) -> Result<Asked, AskError> {
    make(app, by, question, 0)
}

fn make(app: &App, by: &Caller, question: Question, renewals: u8) -> Result<Asked, AskError> {
    let id = make_id::<16>()?;
    let nonce = make_id::<32>()?;
    let answer_key = make_secret_key()?;
    let delivery_keys = DeliveryKeys::make()?;
    // Times on the wire are whole seconds.
    let now =
        Timestamp::from_second(app.clock.now().as_second()).map_err(|error| AskError::Form(error.into()))?;
    let expires = now + LIFE;

    let query = cards_asked::query(&question).map_err(|error| AskError::Form(error.into()))?;
    let consent = if question.asks_for_records() {
        let delivery = delivery_keys.endpoint(app, &id)?;
        Some(consent_request(app, &question, delivery, now)?)
    } else {
        None
    };
    let statement = question
        .statement
        .as_ref()
        .map(|asked| AskedStatement::today(asked.statement.clone(), now))
        .transpose()
        .map_err(|error| AskError::Form(error.into()))?;
    let signed = sign(
        &RequestParts {
            response_uri: &app.public(&format!("/oid4vp/response/{id}")),
            nonce: &nonce,
            state: &id,
            issued: now,
            expires,
            encryption_key: &EncryptionKey::new(answer_key.public_key(), Some("answer".into())),
            query: &query,
            consent: consent.as_ref(),
            statement: statement.as_ref(),
        },
        &app.keys.identity,
        app.identity.asking_as(),
    );

    // Keys first: a crash before the row leaves files that nothing names; the next start destroys them.
    write_private(&app.answer_key(&id), &answer_key.to_bytes()).map_err(AskError::Keys)?;
    write_private(&app.delivery_key(&id), delivery_keys.to_bytes()).map_err(AskError::Keys)?;
    let mut asked = Asked::new(
        id,
        now,
        expires,
        by.clone(),
        question,
        nonce,
        signed.transaction_data.filter(|_| consent.is_some()),
        &signed.compact,
        limits::TRIES,
    );
    asked.renewals = renewals;
    asked.statement = statement;
    let mut change = Change::default();
    change.put(&Asked::key(&asked.id), &asked)?;
    change.put(&Asked::signed_key(&asked.id), &signed.compact)?;
    app.db.commit(change)?;
    app.events.request(&asked.id);
    Ok(asked)
}

fn consent_request(
    app: &App,
    question: &Question,
    delivery: Endpoint,
    now: Timestamp,
) -> Result<ConsentRequest, AskError> {
    let form = |error: jiff::Error| AskError::Form(error.into());
    let start = Timestamp::from_second(now.as_second() - now.as_second().rem_euclid(3600)).map_err(form)?;
    Ok(ConsentRequest {
        consent_id: ConsentId(uuid::Uuid::new_v4()),
        credential_ids: vec!["holder".into()],
        purpose: question.purpose.clone(),
        items: question.items.clone(),
        data_period: question.data_since.map(|start| DataPeriod {
            start: Some(start),
            end: None,
        }),
        period: Period {
            start,
            end: start + SignedDuration::from_hours(24 * i64::from(question.days)),
        },
        recipient: Recipient {
            client_id: app.client_id.clone(),
            name: app.name.clone(),
            policy_uri: app.public("/policy"),
        },
        retention: Retention::from_days(question.retention_days.into())
            .map_err(|error| AskError::Form(error.into()))?,
        onward: Onward::None,
        delivery,
        manage: Manage {
            uri: app.public("/manage"),
        },
        ledger: app.ledger_ref(),
    })
}

/// The link that the code shows.
pub fn link(app: &App, asked: &Asked) -> String {
    request_link(app, asked).to_string()
}

/// Who asks, and where the question is.
pub fn request_link(app: &App, asked: &Asked) -> RequestLink {
    RequestLink {
        client_id: app.client_id.clone(),
        request_uri: app.public(&format!("/oid4vp/request/{}", asked.id)),
        // A wallet that can't post fetches by GET all the same.
        method: RequestUriMethod::Post,
    }
}

/// The code as a picture.
pub fn picture(link: &str) -> Result<String, AskError> {
    carnet_qr::svg(link).map_err(|error| AskError::Form(error.into()))
}

/// One question.
pub fn find(app: &App, id: &str) -> Result<Asked, AskError> {
    if !is_id(id) {
        return Err(AskError::Unknown);
    }
    app.db.get(&Asked::key(id))?.ok_or(AskError::Unknown)
}

/// The newest questions, at most so many.
pub fn newest(app: &App, most: usize) -> Result<Vec<Asked>, AskError> {
    let mut all = app.db.all::<Asked>("request/")?;
    all.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    all.truncate(most);
    Ok(all)
}

/// As [`find`], for a person looking at the screen: a code that ran out unanswered is replaced by a new one.
pub fn find_or_renew(app: &App, by: &Caller, id: &str) -> Result<Asked, AskError> {
    let asked = find(app, id)?;
    let renewable = |asked: &Asked| {
        asked.state(app.clock.now()) == State::Expired
            && asked.renewed.is_none()
            && asked.by == *by
            && asked.renewals < RENEWALS
            // Somebody is still looking: not a question of last week.
            && app.clock.now().duration_since(asked.expires) < LIFE
    };
    if !by.is_person() || !renewable(&asked) {
        return Ok(asked);
    }
    let gate = app.gates.of(id);
    let _turn = gate.enter();
    let mut asked = find(app, id)?;
    if renewable(&asked) {
        let fresh = make(app, by, asked.question.clone(), asked.renewals + 1)?;
        asked.renewed = Some(fresh.id);
        app.db.put(&Asked::key(id), &asked)?;
        app.events.request(id);
    }
    Ok(asked)
}

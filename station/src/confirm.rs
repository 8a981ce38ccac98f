//! Confirm: staff type the four digits that the patient reads out. Three tries, each counted durably before it is
//! looked at; then the question is locked and what was delivered is unreadable for good.

use axum::http::StatusCode;
use carnet_consent::{Code, code};
use carnet_ledger::{LedgerError, Status};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use crate::{
    accounts::Caller,
    app::App,
    cards_shown::forget,
    db::{Change, DbError},
    end::{EndError, let_go},
    errors::Told,
    rows::{Asked, Confirmed, Given, State, is_id},
};

/// Why a consent is not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    #[error("There is no such question here.")]
    Unknown,
    #[error("Four digits are needed.")]
    NotACode,
    #[error("This question has no answer to confirm.")]
    NotAnswered,
    #[error("This consent is confirmed already, with another code.")]
    AlreadyConfirmed,
    #[error("These are not the digits on the patient's screen.")]
    Wrong { tries_left: u8 },
    #[error("Three codes were wrong. This answer can't be read any more.")]
    Locked,
    #[error("The patient has taken this consent back.")]
    Revoked,
    #[error("This consent has run out.")]
    Expired,
    #[error("What was shown could not be destroyed.")]
    Forget(#[source] std::io::Error),
    #[error("The ledger can't be read.")]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    End(#[from] EndError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Told for ConfirmError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotACode => "invalid_field",
            Self::NotAnswered => "not_answered",
            Self::AlreadyConfirmed => "already_confirmed",
            Self::Wrong { .. } => "wrong_code",
            Self::Locked => "code_locked",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Forget(_) => "storage",
            Self::Ledger(error) => error.code(),
            Self::End(error) => error.code(),
            Self::Db(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Unknown => "Look at the list of questions.",
            Self::NotACode => "Ask the patient for the four digits on their screen.",
            Self::NotAnswered => "Wait until the patient has answered.",
            Self::AlreadyConfirmed => "Open the records.",
            Self::Wrong { .. } => "Ask the patient to read the digits again.",
            Self::Locked | Self::Expired => "Show a new code and ask again.",
            Self::Revoked => "Talk with the patient. Only a new consent opens anything.",
            Self::Forget(_) | Self::Ledger(_) => "Wait a moment and try again.",
            Self::End(error) => error.next(),
            Self::Db(error) => error.next(),
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::NotACode => StatusCode::BAD_REQUEST,
            Self::NotAnswered | Self::AlreadyConfirmed => StatusCode::CONFLICT,
            Self::Wrong { .. } | Self::Locked | Self::Revoked | Self::Expired => StatusCode::FORBIDDEN,
            Self::Forget(_) | Self::Ledger(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::End(error) => error.status(),
            Self::Db(error) => error.status(),
        }
    }
    fn further(&self) -> Map<String, Value> {
        let mut further = Map::new();
        match self {
            Self::Wrong { tries_left } => {
                further.insert("tries_left".into(), (*tries_left).into());
            }
            Self::Locked => {
                further.insert("tries_left".into(), 0.into());
            }
            Self::NotACode => {
                further.insert("field".into(), "code".into());
            }
            _ => {}
        }
        further
    }
}

/// Confirms the answer to a question by its four digits.
pub fn confirm(app: &App, by: &Caller, id: &str, typed: &str) -> Result<(), ConfirmError> {
    if !is_id(id) {
        return Err(ConfirmError::Unknown);
    }
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if typed.len() != 4 || !typed.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ConfirmError::NotACode);
    }
    let gate = app.gates.of(id);
    let _turn = gate.enter();
    let mut asked: Asked = app.db.get(&Asked::key(id))?.ok_or(ConfirmError::Unknown)?;
    let state = asked.state(app.clock.now());
    match state {
        State::Answered | State::Confirmed => {}
        State::Locked => return Err(ConfirmError::Locked),
        State::Waiting | State::Opened | State::Recording | State::Denied | State::Expired => {
            return Err(ConfirmError::NotAnswered);
        }
    }
    let Some(grant_id) = asked.grant_id else {
        return confirm_cards(app, asked, &typed);
    };
    let mut given: Given = app
        .db
        .get(&Given::key(&grant_id))?
        .ok_or(ConfirmError::NotAnswered)?;
    let expected = code(&asked.request_digest.0, &given.holder.0, &grant_id.0);
    let right = || is(expected, &typed);
    if state == State::Confirmed {
        return if right() {
            Ok(())
        } else {
            Err(ConfirmError::AlreadyConfirmed)
        };
    }
    match app.ledger.status(&App::ledger_id(&grant_id))? {
        Status::Active | Status::Pending => {}
        Status::Expired => return Err(ConfirmError::Expired),
        Status::Revoked | Status::None => return Err(ConfirmError::Revoked),
    }
    if given.ended.is_some() {
        return Err(if given.revoked.is_some() {
            ConfirmError::Revoked
        } else {
            ConfirmError::Expired
        });
    }

    // The try is used up before the code is looked at: pulling the plug buys no further one.
    asked.tries_left -= 1;
    app.db.put(&Asked::key(id), &asked)?;
    if right() {
        asked.become_state(State::Confirmed);
        asked.tries_left = asked.tries_left.max(1);
        given.confirmed = Some(Confirmed {
            by: by.name(),
            at: app.clock.now(),
        });
        let mut change = Change::default();
        change.put(&Asked::key(id), &asked)?;
        change.put(&Given::key(&grant_id), &given)?;
        app.db.commit(change)?;
        app.events.request(id);
        app.events.consent(grant_id);
        return Ok(());
    }
    if asked.tries_left > 0 {
        app.events.request(id);
        return Err(ConfirmError::Wrong {
            tries_left: asked.tries_left,
        });
    }
    asked.become_state(State::Locked);
    app.db.put(&Asked::key(id), &asked)?;
    let_go(app, &gate, &mut given, None)?;
    Err(ConfirmError::Locked)
}

/// The same where only cards were shown: nothing was granted, so nothing is taken back.
fn confirm_cards(app: &App, mut asked: Asked, typed: &str) -> Result<(), ConfirmError> {
    let shown_by = asked.shown_by.ok_or(ConfirmError::NotAnswered)?;
    let right = is(code(&asked.request_digest.0, &shown_by.0, &[0; 32]), typed);
    if asked.state(app.clock.now()) == State::Confirmed {
        return if right {
            Ok(())
        } else {
            Err(ConfirmError::AlreadyConfirmed)
        };
    }
    asked.tries_left -= 1;
    app.db.put(&Asked::key(&asked.id), &asked)?;
    let tries_left = asked.tries_left;
    if right {
        asked.become_state(State::Confirmed);
        asked.tries_left = tries_left.max(1);
    } else if tries_left == 0 {
        asked.become_state(State::Locked);
        asked.cards = None;
        forget(app, &asked.id).map_err(ConfirmError::Forget)?;
    }
    app.db.put(&Asked::key(&asked.id), &asked)?;
    app.events.request(&asked.id);
    match (right, tries_left) {
        (true, _) => Ok(()),
        (false, 0) => Err(ConfirmError::Locked),
        (false, tries_left) => Err(ConfirmError::Wrong { tries_left }),
    }
}

fn is(expected: Code, typed: &str) -> bool {
    expected.to_string().as_bytes().ct_eq(typed.as_bytes()).into()
}

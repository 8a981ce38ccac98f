//! Manage: what the holder of a consent asks for (who read, take it back, the deletion receipt), and what anybody
//! may ask the ledger. A consent of somebody else and one that never was look the same.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use axum::http::StatusCode;
use carnet_consent::{Digest32, GrantId, LedgerStatus};
use carnet_exchange::{
    answer::GrantTuple,
    limits::EVENTS_PAGE,
    manage::{self, ManageError as RequestError, ManageReply, ManageRequest, Op, OpResult},
    promise::Operation,
    registry::{EventsPage, GrantStatus, RegistryError, RegistryEvent, RevocationProof, RevocationRequest},
};
use carnet_ledger::{Event, EventKind, Grant, LedgerError, Proof, Status, grant_id};
use carnet_log::entry::on_the_hour;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    answer::ledger_grant,
    app::App,
    db::DbError,
    end::{self, EndError},
    errors::Told,
    evidence::reads::ReadsLogError,
    limits::Buckets,
    read,
    rows::Given,
};

/// Seconds for which a request is remembered, so that it is not taken twice.
const REMEMBERED: i64 = 130;

/// Why a whole request is refused.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    #[error("The request was refused: {0}.")]
    Request(#[from] RequestError),
    #[error("This request came before.")]
    Repeated,
    #[error("Too many requests came from there.")]
    TooMany,
    #[error("The revocation was refused: {0}.")]
    Registry(#[from] RegistryError),
    #[error("The ledger can't be read.")]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Reads(#[from] ReadsLogError),
    #[error(transparent)]
    End(#[from] EndError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Told for ManageError {
    fn code(&self) -> &'static str {
        match self {
            Self::Request(error) => error.code(),
            Self::Repeated => "manage_repeated",
            Self::TooMany => "too_many_requests",
            Self::Registry(error) => error.code(),
            Self::Ledger(error) => error.code(),
            Self::Reads(error) => error.code(),
            Self::End(error) => error.code(),
            Self::Db(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Request(_) | Self::Repeated => "Nothing was done. Make a new request and send it.",
            Self::TooMany => "Nothing was done. Wait a few seconds, then try again.",
            Self::Registry(_) => "Nothing was done. Check the grant and the proof.",
            Self::Ledger(_) | Self::Reads(_) => "Try again in a moment.",
            Self::End(error) => error.next(),
            Self::Db(error) => error.next(),
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Request(RequestError::Signature(_) | RequestError::NoKey) => StatusCode::UNAUTHORIZED,
            Self::Request(_) | Self::Registry(_) => StatusCode::BAD_REQUEST,
            Self::Repeated => StatusCode::CONFLICT,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Ledger(_) | Self::Reads(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::End(error) => error.status(),
            Self::Db(error) => error.status(),
        }
    }
}

/// Requests of the last two minutes, and how often each key asks.
#[derive(Debug)]
pub struct Seen {
    requests: Mutex<HashMap<(Digest32, String), i64>>,
    holders: Buckets<Digest32>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            requests: Mutex::default(),
            // One patient, however many addresses they come from.
            holders: Buckets::new(60.0, 1.0),
        }
    }
}

impl Seen {
    /// `false` when this key sent this one before.
    fn first(&self, holder: Digest32, jti: &str, now: Timestamp) -> bool {
        let mut seen = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_second();
        seen.retain(|_, at| (now - *at).abs() <= REMEMBERED);
        seen.insert((holder, jti.to_owned()), now).is_none()
    }
}

/// Answers a signed request, operation by operation: the padded body.
pub fn answer(app: &App, compact: &str) -> Result<String, ManageError> {
    let now = app.clock.now();
    let (key, request): (_, ManageRequest) = manage::verify(compact, app.public("/manage").as_str(), now)?;
    let holder = Digest32(key.thumbprint());
    if !app.seen.holders.take(holder, Instant::now()) {
        return Err(ManageError::TooMany);
    }
    if !app.seen.first(holder, &request.jti, now) {
        return Err(ManageError::Repeated);
    }
    let results = request
        .ops
        .into_iter()
        .map(|op| operate(app, holder, op))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(ManageReply { results }.to_json()?)
}

fn operate(app: &App, holder: Digest32, op: Op) -> Result<OpResult, ManageError> {
    let id = *op.grant_id();
    let refused = |code: &str| {
        Ok(OpResult::Refused {
            grant_id: id,
            code: code.to_owned(),
        })
    };
    let given = app
        .db
        .get::<Given>(&Given::key(&id))?
        .filter(|given| given.holder == holder);
    match op {
        Op::Reads { .. } => match given {
            Some(_) => Ok(OpResult::Reads {
                grant_id: id,
                reads: read::reads_for_holder(app, &id)?,
            }),
            None => refused("unknown"),
        },
        Op::Receipt { .. } => match given {
            Some(given) => Ok(OpResult::Receipt {
                grant_id: id,
                receipt: given.ended.map(|ended| ended.receipt),
            }),
            None => refused("unknown"),
        },
        Op::Revoke { grant, proof, .. } => {
            let grant = ledger_grant(&grant);
            if GrantId(grant_id(&app.ledger.domain(), &grant)) != id {
                return refused("wrong_grant");
            }
            let by_holder = given.is_some();
            match end::revoke(app, &grant, &proof_of(proof), by_holder) {
                Ok(revoked) => Ok(OpResult::Revoked {
                    grant_id: id,
                    promise: revoked.promise,
                    receipt: revoked.receipt.filter(|_| by_holder),
                }),
                Err(error) => refused(error.code()),
            }
        }
    }
}

/// A revocation by whoever has the subject's signature or the secret: the promise. The same again gets the same.
pub fn revocation(app: &App, request: RevocationRequest) -> Result<String, ManageError> {
    let revoked = end::revoke(
        app,
        &ledger_grant(&request.grant),
        &proof_of(request.proof),
        false,
    )?;
    revoked
        .promise
        .ok_or_else(|| ManageError::End(EndError::NotRecorded))
}

/// Where a grant stands on the ledger, to anybody who knows its name.
pub fn ledger_status(app: &App, id: &GrantId) -> Result<Value, ManageError> {
    let reading = app.ledger.read(&id.0)?;
    let registry = app.ledger_ref();
    let status = GrantStatus {
        grant_id: *id,
        status: match reading.status {
            Status::None => LedgerStatus::None,
            Status::Pending => LedgerStatus::Pending,
            Status::Active => LedgerStatus::Active,
            Status::Revoked => LedgerStatus::Revoked,
            Status::Expired => LedgerStatus::Expired,
        },
        as_of: reading.as_of,
        chain_id: registry.chain_id,
        registry: registry.registry,
    };
    Ok(serde_json::to_value(status).unwrap_or_default())
}

/// What the ledger has written down after this operation, for a restored wallet that looks for its own. Nobody is asked
/// for whom.
pub fn events(app: &App, after: u64) -> Result<EventsPage, ManageError> {
    let found = app.ledger.events(after, EVENTS_PAGE)?;
    let registry = app.ledger_ref();
    // Everybody may ask. The blocks of a chain are public to the second; what only this station knows is told to the hour.
    let public = |time| {
        if app.registry.is_some() {
            on_the_hour(time)
        } else {
            time
        }
    };
    let event = |event: &Event| RegistryEvent {
        operation: match event.kind {
            EventKind::Granted => Operation::Grant,
            EventKind::Revoked => Operation::Revoke,
        },
        sequence: event.recorded.sequence,
        time: public(event.recorded.time),
        grant: tuple(&event.grant),
    };
    Ok(EventsPage {
        chain_id: registry.chain_id,
        registry: registry.registry,
        after,
        last: found.last,
        events: found.events.iter().map(event).collect(),
    })
}

fn tuple(grant: &Grant) -> GrantTuple {
    GrantTuple {
        subject: grant.subject.0,
        commitment: grant.commitment,
        not_before: grant.not_before,
        expiry: grant.expiry,
        revoke_hash: grant.revoke_hash,
    }
}

fn proof_of(proof: RevocationProof) -> Proof {
    match proof {
        RevocationProof::Signature(bytes) => Proof::Signature(bytes),
        RevocationProof::Secret(bytes) => Proof::Secret(bytes),
    }
}

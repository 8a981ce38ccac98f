//! End: from here on nothing more is handed out, the key of what was stored is destroyed, and a signed receipt
//! says so.

use std::{io, time::Instant};

use axum::http::StatusCode;
use carnet_consent::GrantId;
use carnet_exchange::{
    manage::{DeletionReceipt, ReceiptError, sign_receipt},
    promise::{Operation, Promise, PromiseError, sign as sign_promise},
};
use carnet_ledger::{Grant, LedgerError, Proof, Recorded, Status, grant_id};
use jiff::Timestamp;

use crate::{
    app::App,
    cards_shown::forget,
    db::DbError,
    errors::Told,
    folder::{destroy, remove},
    gates::Gate,
    rows::{Ended, Given, Sent},
};

/// Why a consent could not be taken back or let go.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    #[error("The ledger did not take the revocation.")]
    Ledger(#[from] LedgerError),
    #[error("The key of the stored records could not be destroyed yet.")]
    Destroy(#[source] io::Error),
    #[error("The promise could not be signed.")]
    Promise(#[from] PromiseError),
    #[error("The receipt could not be signed.")]
    Receipt(#[from] ReceiptError),
    #[error("The ledger's time can't be right.")]
    Time,
    #[error(
        "This station has brought as many revocations of unknown grants to the chain as it does in an hour."
    )]
    TooMany,
    #[error("Reading is denied, but the ledger has not taken the revocation yet.")]
    NotRecorded,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Told for EndError {
    fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            Self::Destroy(_) => "destroy",
            Self::Promise(_) | Self::Receipt(_) => "sign",
            Self::Time => "ledger_time",
            Self::TooMany => "too_many_requests",
            Self::NotRecorded => "not_recorded",
            Self::Db(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Ledger(error) if error.is_outage() => CONFIRM,
            Self::NotRecorded => CONFIRM,
            Self::TooMany => "Nothing was recorded. Send it to another relayer, or here again later.",
            Self::Ledger(_) => "Check the grant and the proof, then send it again.",
            Self::Destroy(_) | Self::Promise(_) | Self::Receipt(_) | Self::Time => {
                "Reading is denied already. Send it again for the receipt."
            }
            Self::Db(error) => error.next(),
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Ledger(error) if error.is_outage() => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotRecorded => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Ledger(_) => StatusCode::BAD_REQUEST,
            Self::Destroy(_) | Self::Promise(_) | Self::Receipt(_) | Self::Time => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Db(error) => error.status(),
        }
    }
}

/// What to do until a revocation is confirmed.
const CONFIRM: &str = "Send the revocation again, here or at another relayer, until it is confirmed.";

/// What became of a revocation.
#[derive(Debug)]
pub struct Revoked {
    pub grant_id: GrantId,
    /// Signed by the log key; none while the ledger can't take it.
    pub promise: Option<String>,
    /// Signed by the log key; none when this station never held the consent.
    pub receipt: Option<String>,
}

/// Takes a grant back: ledger first, then the key, then the receipt. The same again gives the same.
///
/// `by_holder`: the holder of the consent asks, so reading ends even while the ledger can't be written.
pub fn revoke(app: &App, grant: &Grant, proof: &Proof, by_holder: bool) -> Result<Revoked, EndError> {
    let id = GrantId(grant_id(&app.ledger.domain(), grant));
    let Some(given) = app.db.get::<Given>(&Given::key(&id))? else {
        // Never answered here: a tombstone, so that it can't be given any more either.
        may_bring(app, &id)?;
        let recorded = app.ledger.revoke(grant, proof)?;
        if app.db.get::<Given>(&Given::key(&id))?.is_some() {
            // An answer was at work: it wrote the consent down after the look above and may have asked the ledger before this
            // revocation stood there. One of the two sees the other, whichever came first.
            return revoke(app, grant, proof, by_holder);
        }
        let promise = Some(promise(app, &id, Operation::Revoke, recorded)?);
        return Ok(Revoked {
            grant_id: id,
            promise,
            receipt: None,
        });
    };
    let gate = app.gates.of(&given.request_id);
    let _turn = gate.enter();
    let recorded = match app.ledger.revoke(grant, proof) {
        Ok(recorded) => Some(recorded),
        Err(error) if by_holder && error.is_outage() => None,
        Err(error) => return Err(error.into()),
    };
    // From here on no reading begins and none under way goes on, whatever fails below.
    gate.close();
    let promise = recorded
        .map(|recorded| promise(app, &id, Operation::Revoke, recorded))
        .transpose()?;
    let at = recorded.map_or_else(|| Ok(app.clock.now()), time_of)?;
    let mut given = app.db.get::<Given>(&Given::key(&id))?.unwrap_or(given);
    let receipt = let_go(app, &gate, &mut given, Some(at))?;
    Ok(Revoked {
        grant_id: id,
        promise,
        receipt: Some(receipt),
    })
}

/// On a chain each revocation is a transaction that this station pays, and anybody can make up a grant and revoke it. So what the
/// ledger knows, and what this station has brought there itself, is always taken; of all else a few each hour.
fn may_bring(app: &App, id: &GrantId) -> Result<(), EndError> {
    let own = app.registry.is_some() || Sent::is_known(app, id)?;
    if own || app.ledger.status(&App::ledger_id(id))? != Status::None {
        return Ok(());
    }
    if app.tombstones.take((), Instant::now()) {
        Ok(())
    } else {
        Err(EndError::TooMany)
    }
}

/// Destroys the key of what was stored and keeps the receipt. The gate's turn must be held.
pub fn let_go(
    app: &App,
    gate: &Gate,
    given: &mut Given,
    revoked: Option<Timestamp>,
) -> Result<String, EndError> {
    gate.close();
    if let Some(ended) = &given.ended
        && (revoked.is_none() || given.revoked.is_some())
    {
        return Ok(ended.receipt.clone());
    }
    destroy(&app.delivery_key(&given.request_id)).map_err(EndError::Destroy)?;
    destroy(&app.answer_key(&given.request_id)).map_err(EndError::Destroy)?;
    forget(app, &given.request_id).map_err(EndError::Destroy)?;
    remove(&app.delivery(&given.request_id)).map_err(EndError::Destroy)?;
    given.revoked = given.revoked.or(revoked);
    given.sealed.clear();
    let receipt = if let Some(ended) = &given.ended {
        ended.receipt.clone()
    } else {
        let at = app.clock.now();
        let time = u64::try_from(at.as_second()).map_err(|_| EndError::Time)?;
        let receipt = DeletionReceipt {
            grant_id: given.grant_id,
            time,
            exported: given.exported,
        };
        let receipt = sign_receipt(&receipt, &app.keys.log)?;
        given.ended = Some(Ended {
            at,
            receipt: receipt.clone(),
        });
        receipt
    };
    app.db.put(&Given::key(&given.grant_id), given)?;
    app.events.consent(given.grant_id);
    app.events.request(&given.request_id);
    Ok(receipt)
}

/// The station's word that an operation is on the ledger.
pub fn promise(
    app: &App,
    id: &GrantId,
    operation: Operation,
    recorded: Recorded,
) -> Result<String, EndError> {
    let ledger = app.ledger_ref();
    let promise = Promise {
        grant_id: *id,
        operation,
        sequence: recorded.sequence,
        time: recorded.time,
        chain_id: ledger.chain_id,
        registry: ledger.registry,
    };
    Ok(sign_promise(&promise, &app.keys.log)?)
}

fn time_of(recorded: Recorded) -> Result<Timestamp, EndError> {
    let seconds = i64::try_from(recorded.time).map_err(|_| EndError::Time)?;
    Timestamp::from_second(seconds).map_err(|_| EndError::Time)
}

/// Lets go of a consent whose time is over, by this station's clock alone: no ledger is asked, so nothing that can't be reached
/// keeps a key alive.
pub fn let_go_if_run_out(app: &App, grant_id: &GrantId) -> Result<bool, EndError> {
    let Some(given) = held(app, grant_id)? else {
        return Ok(false);
    };
    if app.clock.now() < given.until() {
        return Ok(false);
    }
    let_go_in_turn(app, &given, None)
}

/// Lets go of a consent that the ledger says is over: its revocation came by another way, or before a crash. What the ledger said
/// once of that stays true, so the gate is not held while it is asked.
pub fn let_go_if_ended_elsewhere(app: &App, grant_id: &GrantId) -> Result<bool, EndError> {
    let Some(given) = held(app, grant_id)? else {
        return Ok(false);
    };
    match app.ledger.status(&App::ledger_id(grant_id))? {
        Status::Revoked => let_go_in_turn(app, &given, Some(app.clock.now())),
        Status::Expired => let_go_in_turn(app, &given, None),
        Status::None | Status::Pending | Status::Active => Ok(false),
    }
}

fn held(app: &App, grant_id: &GrantId) -> Result<Option<Given>, DbError> {
    let given = app.db.get::<Given>(&Given::key(grant_id))?;
    Ok(given.filter(|given| given.ended.is_none()))
}

fn let_go_in_turn(app: &App, given: &Given, revoked: Option<Timestamp>) -> Result<bool, EndError> {
    let gate = app.gates.of(&given.request_id);
    let _turn = gate.enter();
    let Some(mut given) = held(app, &given.grant_id)? else {
        return Ok(false);
    };
    let_go(app, &gate, &mut given, revoked)?;
    Ok(true)
}

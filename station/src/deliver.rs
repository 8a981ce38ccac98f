//! Deliver: the sealed records, and only those that the answer promised, only while the grant holds. They stay
//! sealed on disk.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use axum::http::StatusCode;
use carnet_consent::{ConsentRequest, GrantId};
use carnet_exchange::{limits::DELIVERY_BYTES, media};
use carnet_ledger::{LedgerError, Status};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{
    app::App,
    db::DbError,
    errors::Told,
    folder::{create_private, keep},
    keys::make_id,
    rows::{Asked, Given, State, is_id},
};

/// Why a delivery was not taken. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    #[error("There is nothing to deliver here.")]
    Unknown,
    #[error("This is not the delivery that the answer promised.")]
    NotPromised,
    #[error("The delivery is sealed in a weaker way than was agreed.")]
    Downgraded,
    #[error("This is not a sealed delivery.")]
    ContentType,
    #[error("The consent has ended.")]
    Ended,
    #[error("The delivery is too large.")]
    TooLarge,
    #[error("The delivery broke off.")]
    BrokenOff,
    #[error("The ledger can't be read.")]
    Ledger(#[from] LedgerError),
    #[error("The delivery could not be kept.")]
    Keep(#[source] io::Error),
    #[error("The system gave no randomness.")]
    Randomness(#[from] getrandom::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Told for DeliverError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotPromised => "not_promised",
            Self::Downgraded => "delivery_downgraded",
            Self::ContentType => "ill_formed",
            Self::Ended => "ended",
            Self::TooLarge => "too_large",
            Self::BrokenOff => "broken_off",
            Self::Ledger(error) => error.code(),
            Self::Keep(_) => "storage",
            Self::Randomness(_) => "unavailable",
            Self::Db(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Unknown => "Check the address.",
            Self::Downgraded => "Seal it to the HPKE key of the question, and answer a new code.",
            Self::ContentType => "Check its content type.",
            Self::NotPromised => "Send the delivery whose digest the answer carried.",
            Self::Ended => "Nothing was kept. Only a new consent can be delivered for.",
            Self::TooLarge => "Share fewer records at a time.",
            _ => "Nothing was kept. Send it again.",
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::NotPromised => StatusCode::FORBIDDEN,
            Self::Downgraded | Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Ended => StatusCode::GONE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BrokenOff => StatusCode::BAD_REQUEST,
            Self::Ledger(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Keep(_) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Randomness(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Db(error) => error.status(),
        }
    }
}

/// A delivery that is coming in. Dropped half-way it leaves nothing.
#[derive(Debug)]
pub struct Arriving {
    grant_id: GrantId,
    request_id: String,
    path: PathBuf,
    file: Option<std::fs::File>,
    digest: Sha256,
    size: usize,
}

/// Begins a delivery where one is awaited (or came before: the same may come again).
pub fn begin(app: &App, id: &str, content_type: &str) -> Result<Arriving, DeliverError> {
    if !is_id(id) {
        return Err(DeliverError::Unknown);
    }
    let asked: Asked = app.db.get(&Asked::key(id))?.ok_or(DeliverError::Unknown)?;
    if !matches!(
        asked.state(app.clock.now()),
        State::Answered | State::Confirmed | State::Locked
    ) {
        return Err(DeliverError::Unknown);
    }
    let grant_id = asked.grant_id.ok_or(DeliverError::Unknown)?;
    // What was offered stands in the question that the patient's consent is about.
    let asked_for = asked.transaction_data.as_deref().ok_or(DeliverError::Unknown)?;
    let offered = ConsentRequest::from_transaction_data(asked_for)
        .map_err(|_| DeliverError::Unknown)?
        .delivery
        .hpke;
    let wanted = match offered {
        Some(_) => media::DELIVERY_HPKE,
        None => media::DELIVERY,
    };
    if !media::is(content_type, wanted) {
        return Err(if media::is(content_type, media::DELIVERY) {
            DeliverError::Downgraded
        } else {
            DeliverError::ContentType
        });
    }
    let path = app
        .folder
        .deliveries()
        .join(format!("{id}.{}.part", make_id::<6>()?));
    let file = create_private(&path).map_err(DeliverError::Keep)?;
    Ok(Arriving {
        grant_id,
        request_id: asked.id,
        path,
        file: Some(file),
        digest: Sha256::new(),
        size: 0,
    })
}

impl Arriving {
    /// The next piece.
    pub fn take(&mut self, piece: &[u8]) -> Result<(), DeliverError> {
        self.size += piece.len();
        if self.size > DELIVERY_BYTES {
            return Err(DeliverError::TooLarge);
        }
        self.digest.update(piece);
        match &mut self.file {
            Some(file) => file.write_all(piece).map_err(DeliverError::Keep),
            None => Err(DeliverError::BrokenOff),
        }
    }

    /// The end: kept if it is what was promised and the grant still holds.
    pub fn finish(mut self, app: &App) -> Result<(), DeliverError> {
        let digest: [u8; 32] = std::mem::take(&mut self.digest).finalize().into();
        let Some(file) = self.file.take() else {
            return Err(DeliverError::BrokenOff);
        };
        let gate = app.gates.of(&self.request_id);
        let _turn = gate.enter();
        let mut given: Given = app
            .db
            .get(&Given::key(&self.grant_id))?
            .ok_or(DeliverError::Unknown)?;
        if !bool::from(digest.ct_eq(&given.delivery_digest.0)) {
            return Err(DeliverError::NotPromised);
        }
        let holds = app.ledger.status(&App::ledger_id(&self.grant_id))? == Status::Active;
        if given.ended.is_some() || !holds || app.clock.now() >= given.until() {
            return Err(DeliverError::Ended);
        }
        if given.delivered.is_some() {
            return Ok(());
        }
        file.sync_all().map_err(DeliverError::Keep)?;
        drop(file);
        keep(&self.path, &app.delivery(&self.request_id)).map_err(DeliverError::Keep)?;
        given.delivered = Some(app.clock.now());
        app.db.put(&Given::key(&given.grant_id), &given)?;
        app.events.consent(given.grant_id);
        app.events.request(&given.request_id);
        Ok(())
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.file = None;
        // Gone already when it was kept.
        let _ = std::fs::remove_file(&self.path);
    }
}

//! Anchors: what this station's logs hold is said in the registry, now and then, for all to see. A log that is rewritten
//! afterwards no longer fits. Beside everything else: nothing waits for it, and a registry that can't be reached is asked again.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use carnet_ledger::{Address, Anchor, LedgerError, log_id};
use carnet_log::verifier_key;
use serde::Serialize;

use crate::{
    app::App,
    errors::Told,
    evidence::{Book, EvidenceError},
    serve::GRACE,
};

/// Between two looks whether the logs have grown, where nothing else is asked for: an anchor is a transaction that is paid.
pub const EVERY: Duration = Duration::from_hours(1);
/// An anchor that failed is tried again after this, if that comes sooner.
const AGAIN: Duration = Duration::from_mins(5);

/// Why a log was not anchored, or its anchor is not known.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    #[error("This is no log's id, or no account's address.")]
    Malformed,
    #[error("The work was interrupted.")]
    Interrupted,
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Told for AnchorError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Interrupted => "interrupted",
            Self::Evidence(error) => error.code(),
            Self::Ledger(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Malformed => "Give 0x and 64 lower-case hex digits, and 0x and 40.",
            Self::Ledger(LedgerError::NoAnchors) => "Consents are not affected. A newer registry can anchor.",
            _ => "Nothing is lost. Ask again later.",
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Ledger(LedgerError::NoAnchors) => StatusCode::NOT_FOUND,
            Self::Ledger(error) if error.is_outage() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Evidence(error) => error.status(),
            Self::Ledger(_) | Self::Interrupted => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// What the registry knows of a log by one sender.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// The account that this station anchors from.
    pub sender: Address,
    /// Where the log was never anchored by the account asked about: none.
    pub anchor: Option<Anchor>,
}

/// What an account has said last of a log, of this station's or any other's on the same registry.
///
/// # Errors
/// [`AnchorError`].
pub fn of(app: &App, log: &str, by: Option<&str>) -> Result<Said, AnchorError> {
    let log = read_id(log).ok_or(AnchorError::Malformed)?;
    let sender = app.ledger.sender();
    let by = match by {
        Some(by) => by.parse().map_err(|_| AnchorError::Malformed)?,
        None => sender,
    };
    let anchor = app.ledger.anchor_of(&log, by)?;
    Ok(Said { sender, anchor })
}

/// Anchors the newest states of this station's logs, where they have grown since. One that fails doesn't hold up the other.
///
/// # Errors
/// The first [`AnchorError`], after all were tried.
pub fn now(app: &App) -> Result<(), AnchorError> {
    let mut first = Ok(());
    for book in Book::ALL {
        first = first.and(anchor(app, book));
    }
    first
}

fn anchor(app: &App, book: Book) -> Result<(), AnchorError> {
    let head = match book.signed(app) {
        Err(EvidenceError::OnChain) => return Ok(()),
        head => head?,
    };
    if head.size() == 0 {
        return Ok(());
    }
    let key = verifier_key(head.origin(), &app.keys.checkpoint.verifying_key());
    let log = log_id(&key);
    let before = app.ledger.anchor_of(&log, app.ledger.sender())?;
    if before.is_some_and(|before| (before.size, before.root) == (head.size(), head.root().0)) {
        return Ok(());
    }
    Ok(app.ledger.anchor(&log, head.size(), &head.root().0)?)
}

/// Anchors now and then until the station stops.
pub async fn keep_anchoring(app: Arc<App>, every: Duration) {
    let (mut told, mut pause) = ("", every);
    loop {
        tokio::time::sleep(pause).await;
        let error = match at_once(Arc::clone(&app)).await {
            // What is under way is paid for and goes on by itself.
            Ok(()) | Err(AnchorError::Ledger(LedgerError::NotFinal)) => {
                (told, pause) = ("", every);
                continue;
            }
            Err(error) => error,
        };
        // That a registry can't anchor is what one node said: another may know better, but not so soon.
        pause = match &error {
            AnchorError::Ledger(LedgerError::NoAnchors) => every,
            _ => every.min(AGAIN),
        };
        // Once for each reason, not each time.
        if told != error.code() {
            told = error.code();
            eprintln!("carnet-station: the logs could not be anchored; it is tried again: {error}");
        }
    }
}

/// Once more when the station stops; what isn't final by then goes on at the next start.
pub async fn at_the_end(app: Arc<App>) {
    let (done, is_done) = tokio::sync::oneshot::channel();
    // A thread of its own: the end does not wait for what a slow chain holds up.
    std::thread::spawn(move || {
        let result = now(&app);
        // The folder is free when this is told.
        drop(app);
        let _ = done.send(result);
    });
    match tokio::time::timeout(GRACE, is_done).await {
        Ok(Ok(Ok(()) | Err(AnchorError::Ledger(LedgerError::NoAnchors)))) => {}
        Ok(Ok(Err(error))) => eprintln!("carnet-station: the logs could not be anchored at the end: {error}"),
        Ok(Err(_)) | Err(_) => eprintln!("carnet-station: the logs' last anchor is not final yet"),
    }
}

/// As [`now`], from where nothing may block.
async fn at_once(app: Arc<App>) -> Result<(), AnchorError> {
    let done = tokio::task::spawn_blocking(move || now(&app)).await;
    done.unwrap_or(Err(AnchorError::Interrupted))
}

fn read_id(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix("0x")?;
    if digits.bytes().any(|digit| digit.is_ascii_uppercase()) {
        return None;
    }
    let mut id = [0; 32];
    hex::decode_to_slice(digits, &mut id).ok()?;
    Some(id)
}

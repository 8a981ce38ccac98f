//! Receipt: what this station was given, to what end and until when, in the very form that the patient's wallet writes.

use axum::http::StatusCode;
use carnet_consent::{Consent, ConsentRequest, GrantId, Receipt, ReceiptFacts, RequestError};
use carnet_exchange::{
    manage::{self, ReceiptError as DeletionError, read_kept_receipt},
    promise::{PromiseError, read_kept},
};
use jiff::Timestamp;

use crate::{
    app::App,
    db::DbError,
    errors::Told,
    rows::{Asked, Given},
};

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    #[error("There is no such consent here.")]
    Unknown,
    #[error("The question of this consent can't be read any more.")]
    Question(#[source] RequestError),
    #[error("The promise given for this consent can't be read any more.")]
    Promise(#[source] PromiseError),
    #[error("The deletion receipt of this consent can't be read any more.")]
    Deletion(#[source] DeletionError),
    #[error("A time in what was signed for this consent can't be right.")]
    Time,
    #[error("{0}")]
    Paper(#[from] carnet_paper::PaperError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Told for ReceiptError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Question(error) => error.code(),
            Self::Promise(error) => error.code(),
            Self::Deletion(error) => error.code(),
            Self::Time => "ledger_time",
            Self::Paper(error) => error.code(),
            Self::Db(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Unknown => "Look at the list of consents.",
            Self::Paper(error) => error.next(),
            Self::Db(error) => error.next(),
            _ => "The consent itself is not touched. Look at the station's log.",
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Db(error) => error.status(),
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The receipt of a consent that was given here, over or not. It needs nothing that is destroyed at the end.
pub fn receipt(app: &App, grant_id: &GrantId) -> Result<Receipt, ReceiptError> {
    let given: Given = app.db.get(&Given::key(grant_id))?.ok_or(ReceiptError::Unknown)?;
    let asked: Asked = app
        .db
        .get(&Asked::key(&given.request_id))?
        .ok_or(ReceiptError::Unknown)?;
    let request =
        ConsentRequest::from_transaction_data(asked.transaction_data.as_deref().unwrap_or_default())
            .map_err(ReceiptError::Question)?;
    // What the wallet answered was checked to be this, word for word, when it was taken.
    let consent = Consent::from_request(
        &request,
        &given.granted,
        asked.request_digest,
        given.holder.to_string(),
        given.delivery_digest,
    );
    let promise = asked.promise.as_deref().ok_or(ReceiptError::Unknown)?;
    let promise = read_kept(promise).map_err(ReceiptError::Promise)?;
    let deleted: Option<manage::DeletionReceipt> = given
        .ended
        .as_ref()
        .map(|ended| read_kept_receipt(&ended.receipt))
        .transpose()
        .map_err(ReceiptError::Deletion)?;
    Ok(Receipt::of(&ReceiptFacts {
        consent: &consent,
        grant_id: *grant_id,
        recipient: &app.name,
        given: time(promise.time)?,
        withdrawn: given.revoked,
        erased: deleted.map(|deleted| time(deleted.time)).transpose()?,
    }))
}

fn time(seconds: u64) -> Result<Timestamp, ReceiptError> {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or(ReceiptError::Time)
}

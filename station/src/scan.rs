//! Scan: what a patient's code means at this desk. A pass opens its consent; an offer waits for a question, which is then
//! laid, sealed, where that patient's wallet looks for it.

use axum::http::StatusCode;
use carnet_consent::GrantId;
use carnet_exchange::{
    RequestLink,
    code::{self, CodeError, offer::Offer, pass::Pass},
    counter::{answer::is_answer, challenge::is_challenge},
};
use carnet_qr::PictureError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    accounts::Caller,
    app::App,
    ask::{self, AskError},
    db::{Change, DbError},
    errors::Told,
    keys::{make_bytes, make_secret_key},
    rows::{Asked, Given, is_id},
    templates::Question,
};

/// Offers that wait for a question at the same time.
const MOST: u64 = 1_000;

/// Why a scanned code led to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("The code can't be used: {0}.")]
    Code(#[from] CodeError),
    #[error("This is a code that a desk shows, not a patient.")]
    Question,
    #[error("This is a revocation slip. It is not used at this desk.")]
    Slip,
    #[error("This pass is for no consent that is active here.")]
    NoConsent,
    #[error(
        "This code is not waiting for a question here: it was never scanned, has run out, or was asked already."
    )]
    NotWaiting,
    #[error("Too many codes are waiting for a question.")]
    Full,
    #[error("The question could not be sealed.")]
    Seal(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("The system gave no randomness.")]
    Randomness(#[from] getrandom::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Told for ScanError {
    fn code(&self) -> &'static str {
        match self {
            Self::Picture(error) => error.code(),
            Self::Ask(error) => error.code(),
            Self::Code(error) => error.code(),
            Self::Question => "scanned_question",
            Self::Slip => "scanned_slip",
            Self::NoConsent => "scanned_no_consent",
            Self::NotWaiting => "offer_not_waiting",
            Self::Full => "offers_full",
            Self::Seal(_) => "form",
            Self::Randomness(_) => "unavailable",
            Self::Db(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Picture(error) => error.next(),
            Self::Ask(error) => error.next(),
            Self::Code(_) | Self::NotWaiting => "Ask the patient to show a new code, and scan that.",
            Self::Question => "Let the patient scan it, or scan the code that the patient shows.",
            Self::Slip => "Give it back. The patient can use it with any Carnet wallet to end that consent.",
            Self::NoConsent => "Look at the list of consents, or ask the patient anew.",
            Self::Full => "Wait five minutes, or show the patient a code of this desk.",
            Self::Seal(_) | Self::Randomness(_) => "Nothing was asked. Try again.",
            Self::Db(error) => error.next(),
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Code(CodeError::Expired) | Self::NotWaiting => StatusCode::GONE,
            Self::Ask(error) => error.status(),
            Self::Picture(_) | Self::Code(_) | Self::Question | Self::Slip => StatusCode::BAD_REQUEST,
            Self::NoConsent => StatusCode::NOT_FOUND,
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::Seal(_) | Self::Randomness(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Db(error) => error.status(),
        }
    }
}

/// An offer that was scanned here.
#[derive(Debug, Serialize, Deserialize)]
struct KeptOffer {
    /// As scanned.
    text: String,
    expires: Timestamp,
    /// The sealed question, once it was asked.
    question: Option<String>,
}

fn row(id: &str) -> String {
    format!("offer/{id}")
}

/// What a scanned or typed text is: `{"kind":"offer","id"}`, `{"kind":"pass","grant_id"}` or `{"kind":"answer"}`.
pub fn scan(app: &App, text: &str) -> Result<Value, ScanError> {
    let now = app.clock.now();
    let text = text.trim();
    if text.parse::<RequestLink>().is_ok() || is_challenge(text) {
        return Err(ScanError::Question);
    }
    // What it answers, the page that asked knows.
    if is_answer(text) {
        return Ok(json!({ "kind": "answer" }));
    }
    if text.starts_with("carnet:slip") {
        return Err(ScanError::Slip);
    }
    match Pass::parse(text, now) {
        Ok(pass) => return passed(app, &pass, now),
        Err(CodeError::NotACode) => {}
        Err(error) => return Err(error.into()),
    }
    let offer = Offer::parse(text, now)?;
    let id = offer.id_text();
    if app.db.get::<KeptOffer>(&row(&id))?.is_none() {
        if app.db.count("offer/")? >= MOST {
            return Err(ScanError::Full);
        }
        let kept = KeptOffer {
            text: text.to_owned(),
            expires: offer.made + code::LIFE,
            question: None,
        };
        app.db.put(&row(&id), &kept)?;
    }
    Ok(json!({ "kind": "offer", "id": id, "expires": offer.made + code::LIFE }))
}

fn passed(app: &App, pass: &Pass, now: Timestamp) -> Result<Value, ScanError> {
    let found = app.db.all::<Given>("consent/")?.into_iter().find(|given| {
        given.ended.is_none()
            && now < given.until()
            && pass.is_of(&given.grant_id, &given.delivery_digest, &given.holder)
    });
    let grant_id: GrantId = found.ok_or(ScanError::NoConsent)?.grant_id;
    Ok(json!({ "kind": "pass", "grant_id": grant_id }))
}

/// The offer that a question is for, taken out of what was sent.
pub fn take_offer(question: &mut Value) -> Result<Option<String>, ScanError> {
    match question
        .as_object_mut()
        .and_then(|question| question.remove("offer"))
    {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) => Ok(Some(id)),
        Some(_) => Err(ScanError::NotWaiting),
    }
}

/// Makes a question and lays it where the offer says.
pub fn ask(app: &App, by: &Caller, question: Question, offer: &str) -> Result<Asked, ScanError> {
    waiting(app, offer)?;
    let asked = ask::ask(app, by, question)?;
    lay(app, offer, &ask::request_link(app, &asked))?;
    Ok(asked)
}

/// The text of the code in a picture.
pub fn read_picture(picture: &[u8]) -> Result<String, ScanError> {
    let texts = carnet_qr::read(picture)?;
    // A bystander's poster beside the patient's code does not win.
    let ours = texts
        .iter()
        .find(|text| text.starts_with("carnet:") || is_answer(text));
    ours.or(texts.first())
        .cloned()
        .ok_or(ScanError::Picture(PictureError::NoCode))
}

fn waiting(app: &App, id: &str) -> Result<KeptOffer, ScanError> {
    if !is_id(id) {
        return Err(ScanError::NotWaiting);
    }
    app.db
        .get::<KeptOffer>(&row(id))?
        .filter(|kept| kept.question.is_none() && app.clock.now() < kept.expires)
        .ok_or(ScanError::NotWaiting)
}

fn lay(app: &App, id: &str, link: &RequestLink) -> Result<(), ScanError> {
    let gate = app.gates.of(id);
    let _turn = gate.enter();
    let mut kept = waiting(app, id)?;
    let offer = Offer::parse(&kept.text, app.clock.now())?;
    let sealed = offer.seal(link, &make_secret_key()?, make_bytes()?);
    kept.question = Some(sealed.map_err(|error| ScanError::Seal(error.into()))?);
    Ok(app.db.put(&row(id), &kept)?)
}

/// The sealed question for whoever knows the offer's id. What is unknown and what waits look the same.
pub fn laid(app: &App, id: &str) -> Result<Option<String>, ScanError> {
    if !is_id(id) {
        return Ok(None);
    }
    let kept = app.db.get::<KeptOffer>(&row(id))?;
    Ok(kept
        .filter(|kept| app.clock.now() < kept.expires)
        .and_then(|kept| kept.question))
}

/// Forgets offers that have run out.
pub fn sweep(app: &App) -> Result<(), DbError> {
    let mut change = Change::default();
    for (id, kept) in app.db.named::<KeptOffer>("offer/")? {
        if app.clock.now() >= kept.expires {
            change.delete(&row(&id));
        }
    }
    app.db.commit(change)
}

//! A code and a PIN for one person, and taking a card back.

use axum::http::StatusCode;
use carnet_exchange::issuance::offer::{CredentialOffer, OfferLink, PreAuthorized, SignIn, TxCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::{
    identifier,
    rows::{CardOffer, State},
    sealed::{self, SealError, Secret},
    statuses::{self, StatusesError},
    templates::{self, ClaimsError, Template},
};
use crate::{
    accounts::Caller,
    app::App,
    db::{Change, DbError},
    errors::Told,
    keys::{make_bytes, make_id},
    rows::{digest_hex, is_id},
};

/// How long a code is valid.
pub const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// PINs that may be typed.
pub const TRIES: u8 = 5;
/// Digits of a PIN.
const DIGITS: u32 = 6;

/// Why nothing was offered or changed.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    #[error("There is no such offer here.")]
    Unknown,
    #[error("This station does not issue cards.")]
    NotAnIssuer,
    #[error("This card has nothing that somebody would have to look at.")]
    NothingToApprove,
    #[error("Whoever made the offer can't be the one who looks at it.")]
    SamePerson,
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    #[error("The offer could not be sealed.")]
    Seal(#[from] SealError),
    #[error("The card's status could not be changed.")]
    Statuses(#[from] StatusesError),
    #[error("The offer's key could not be destroyed.")]
    Key(#[from] std::io::Error),
    #[error("The system gave no randomness.")]
    Randomness(#[from] getrandom::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Told for OfferError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotAnIssuer => "not_an_issuer",
            Self::NothingToApprove => "nothing_to_approve",
            Self::SamePerson => "same_person",
            Self::Claims(error) => error.code(),
            Self::Seal(_) | Self::Statuses(_) | Self::Key(_) => "storage",
            Self::Randomness(_) => "unavailable",
            Self::Db(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Unknown => "Look at the list of offers.",
            Self::NotAnIssuer => "Start the station with --role clinic,issuer.",
            Self::NothingToApprove => "You need do nothing.",
            Self::SamePerson => "Ask a colleague to sign in and look at it.",
            Self::Claims(error) => error.next(),
            Self::Db(error) => error.next(),
            _ => "Nothing was half-done. Look at the machine, then try again.",
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::NotAnIssuer | Self::SamePerson => StatusCode::FORBIDDEN,
            Self::NothingToApprove => StatusCode::CONFLICT,
            Self::Claims(error) => error.status(),
            Self::Seal(_) | Self::Statuses(_) | Self::Key(_) | Self::Randomness(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Db(error) => error.status(),
        }
    }
    fn further(&self) -> Map<String, Value> {
        match self {
            Self::Claims(error) => error.further(),
            _ => Map::new(),
        }
    }
}

/// An offer with its PIN, for whoever shows both.
#[derive(Debug)]
pub struct Made {
    pub offer: CardOffer,
    pub pin: String,
}

/// Makes and keeps an offer of a card that says what was entered.
pub fn make(
    app: &App,
    by: &Caller,
    (template, sign_in): (&str, bool),
    entered: &Map<String, Value>,
) -> Result<Made, OfferError> {
    let template = templates::find(template)?;
    let now = app.clock.now();
    let claims = template.claims(entered, today(now))?;
    let until = template.until(&claims, today(now))?;
    let id = make_id::<16>()?;
    let code = format!("{id}.{}", make_id::<32>()?);
    let pin = make_pin()?;
    let secret = Secret {
        claims,
        pin: Some(pin.clone()),
        code: Some(code.clone()),
    };
    let offer = CardOffer {
        // The key first: a crash before the row leaves a file that nothing names.
        sealed: sealed::seal(app, &id, &secret)?,
        id,
        template: template.id.clone(),
        title: template.title.clone(),
        by: by.clone(),
        created: now,
        expires: now + LIFE,
        until,
        state: State::Waiting,
        tries_left: TRIES,
        code_digest: digest_hex(code.as_bytes()),
        statuses: Vec::new(),
        copies: 0,
        sign_in,
        approved: None,
    };
    app.db.put(&CardOffer::key(&offer.id), &offer)?;
    app.events.card(&offer.id);
    Ok(Made { offer, pin })
}

/// The day on which `now` is, at its beginning: everybody's cards of one day have the same times.
pub(super) fn today(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(24 * 3600)).unwrap_or(now)
}

/// Six digits, each number as likely as any other.
fn make_pin() -> Result<String, getrandom::Error> {
    let numbers = 10u32.pow(DIGITS);
    let fair = u32::MAX - u32::MAX % numbers;
    loop {
        let drawn = u32::from_be_bytes(make_bytes()?);
        if drawn < fair {
            return Ok(format!("{:06}", drawn % numbers));
        }
    }
}

/// One offer.
pub fn find(app: &App, id: &str) -> Result<CardOffer, OfferError> {
    if !is_id(id) {
        return Err(OfferError::Unknown);
    }
    app.db.get(&CardOffer::key(id))?.ok_or(OfferError::Unknown)
}

/// The newest offers, at most so many.
pub fn newest(app: &App, most: usize) -> Result<Vec<CardOffer>, OfferError> {
    let mut all = app.db.all::<CardOffer>(CardOffer::TABLE)?;
    all.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    all.truncate(most);
    Ok(all)
}

/// The link that the code shows.
pub fn link(app: &App, offer: &CardOffer) -> String {
    OfferLink::Reference(app.public(&format!("/issue/offers/{}", offer.id))).to_string()
}

/// The PIN, as long as it can be typed.
pub fn pin(app: &App, offer: &CardOffer) -> Option<String> {
    if !matches!(offer.state(app.clock.now()), State::Waiting | State::Opened) {
        return None;
    }
    sealed::open(app, &offer.id, &offer.sealed).ok()?.pin.clone()
}

/// What the link leads to, while it can be taken. Fetching it is noted.
pub fn fetch(app: &App, id: &str) -> Result<Value, OfferError> {
    find(app, id)?;
    let gate = app.gates.of(id);
    let _turn = gate.enter();
    let mut offer = find(app, id)?;
    if !matches!(offer.state(app.clock.now()), State::Waiting | State::Opened) {
        return Err(OfferError::Unknown);
    }
    let secret = sealed::open(app, id, &offer.sealed)?;
    let code = secret.code.clone().ok_or(OfferError::Unknown)?;
    if offer.state == State::Waiting {
        offer.state = State::Opened;
        app.db.put(&CardOffer::key(id), &offer)?;
        app.events.card(id);
    }
    let offer = CredentialOffer {
        credential_issuer: identifier(app),
        configuration_ids: vec![offer.template],
        pre_authorized: (!offer.sign_in).then(|| PreAuthorized {
            code: code.clone(),
            tx_code: Some(TxCode {
                digits: true,
                length: Some(DIGITS),
                description: Some("The PIN that the desk gave you".to_owned()),
            }),
            authorization_server: None,
        }),
        authorization_code: offer.sign_in.then(|| SignIn {
            issuer_state: Some(code.clone()),
            authorization_server: None,
        }),
    };
    Ok(offer.to_value())
}

/// Takes a card back: nobody gets copies of it any more, and each copy that is out counts as revoked. Once more changes
/// nothing.
pub fn revoke(app: &App, id: &str) -> Result<CardOffer, OfferError> {
    find(app, id)?;
    let gate = app.gates.of(id);
    let _turn = gate.enter();
    let mut offer = find(app, id)?;
    let _lists = app.cards.statuses();
    let mut change = Change::default();
    statuses::revoke(app, &mut change, &offer.statuses)?;
    offer.state = State::Revoked;
    offer.sealed = String::new();
    change.put(&CardOffer::key(id), &offer)?;
    app.db.commit(change)?;
    sealed::forget(app, id)?;
    app.events.card(id);
    Ok(offer)
}

/// A second person has looked at it, and it may be issued.
pub fn approve(app: &App, by: &Caller, id: &str) -> Result<CardOffer, OfferError> {
    find(app, id)?;
    let gate = app.gates.of(id);
    let _turn = gate.enter();
    let mut offer = find(app, id)?;
    let over = !matches!(
        offer.state(app.clock.now()),
        State::Waiting | State::Opened | State::Redeemed
    );
    if over || !template(&offer)?.approval || offer.approved.is_some() {
        return Err(OfferError::NothingToApprove);
    }
    if offer.by == *by {
        return Err(OfferError::SamePerson);
    }
    offer.approved = Some(by.name());
    app.db.put(&CardOffer::key(id), &offer)?;
    app.events.card(id);
    Ok(offer)
}

/// The kind of card that is offered.
pub(super) fn template(offer: &CardOffer) -> Result<&'static Template, ClaimsError> {
    templates::find(&offer.template)
}

//! Cards shown: asked of their issuers whether they still hold, kept sealed for the desk, forgotten with the session.

use std::time::Duration;

use carnet_credentials::{
    issuer::Issuer,
    status::token::{MAX_LEN, Reference, Status, StatusError, StatusList},
};
use carnet_exchange::{
    EncryptionKey, Entry, TrustList,
    answer::CheckedCard,
    client_id_of, jwe,
    limits::{ANSWER_BYTES, CLOCK_LEEWAY},
    media,
};
use carnet_fetch::Limits;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

use crate::{
    answer::{TakeError, secret_key},
    app::App,
    folder::{destroy, write_private},
    keys::{make_bytes, make_secret_key},
    rows::Asked,
    web::web,
};

/// How long what a card said stays on the desk.
pub const KEPT: SignedDuration = SignedDuration::from_hours(1);
const STATUS_LIST: &str = "application/statuslist+jwt";
/// How long an issuer's answer is waited for, all cards together having less than a wallet waits.
const STATUS_WAIT: Duration = Duration::from_secs(4);
/// A list that its issuer signed longer ago says nothing any more.
const OLDEST_LIST: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Why a card's status is not known, or not good. Either way the card is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum CardStatusError {
    /// Its list is kept where its issuer has no address, can't be reached, or is no list.
    #[error("whether the card was taken back can't be found out")]
    Unknown,
    /// The list says so, or doesn't hold.
    #[error("{0}")]
    Refused(#[from] StatusError),
}

impl CardStatusError {
    /// Stable, snake_case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "card_status_unknown",
            Self::Refused(error) => error.code(),
        }
    }
}

/// A card as the desk sees it.
#[derive(Clone, Serialize, Deserialize)]
pub struct ShownCard {
    /// Id of the query.
    pub id: String,
    /// Name in the trust list.
    pub issuer: String,
    pub claims: Map<String, Value>,
    pub until: Option<Timestamp>,
    /// `valid` as of the answer, or `none`: it can't be taken back.
    pub status: String,
}

impl std::fmt::Debug for ShownCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ShownCard(…)")
    }
}

/// The cards of an answer, once their issuers were asked.
pub fn looked_up(app: &App, list: &TrustList, cards: &[CheckedCard]) -> Result<Vec<ShownCard>, TakeError> {
    cards
        .iter()
        .map(|card| {
            let entry = list.by_id(&card.issuer_id).ok_or(CardStatusError::Unknown)?;
            let status = match &card.status {
                None => "none",
                Some(reference) => {
                    ask_issuer(app, list, (&card.issuer, entry), reference)?;
                    "valid"
                }
            };
            Ok(ShownCard {
                id: card.query.clone(),
                issuer: entry.name.clone(),
                claims: card.claims.clone(),
                until: card.until,
                status: status.to_owned(),
            })
        })
        .collect()
}

/// Fetches the whole list, so that the issuer doesn't learn which card was shown.
fn ask_issuer(
    app: &App,
    list: &TrustList,
    (issuer, entry): (&str, &Entry),
    reference: &Reference,
) -> Result<(), CardStatusError> {
    let address = Url::parse(reference.uri()).map_err(|_| CardStatusError::Unknown)?;
    if !entry.covers_origin(&address) {
        return Err(CardStatusError::Unknown);
    }
    let web = web(Some(list), false).map_err(|_| CardStatusError::Unknown)?;
    let limits = Limits::bytes(MAX_LEN).within(STATUS_WAIT);
    let response = tokio::runtime::Handle::current()
        .block_on(web.get(&address, limits))
        .map_err(|_| CardStatusError::Unknown)?;
    if response.status != 200 || !media::is(&response.content_type, STATUS_LIST) {
        return Err(CardStatusError::Unknown);
    }
    let text = String::from_utf8(response.body).map_err(|_| CardStatusError::Unknown)?;
    let now = app.clock.now();
    let known = |chain: &[Vec<u8>]| {
        let leaf = chain.first().map(|leaf| client_id_of(leaf));
        leaf.is_some_and(|client_id| entry.client_ids.contains(&client_id))
    };
    let ways = std::iter::once(Issuer::Certificate { trusted: &known }).chain(
        entry
            .issuer_keys
            .iter()
            .map(|key| Issuer::Key { iss: issuer, key }),
    );
    let mut outcome = Err(CardStatusError::Unknown);
    for way in ways {
        outcome = StatusList::check(&text, reference.uri(), &way, now, CLOCK_LEEWAY).map_err(Into::into);
        if outcome.is_ok() {
            break;
        }
    }
    match outcome?.status(reference, now, OLDEST_LIST)? {
        Status::Valid => Ok(()),
        Status::Invalid => Err(StatusError::Revoked.into()),
        Status::Suspended => Err(StatusError::Suspended.into()),
        Status::Other(_) => Err(CardStatusError::Unknown),
    }
}

/// Seals what was shown to a key of its own, in a file that is destroyed when the desk is done.
pub fn seal(app: &App, request_id: &str, cards: &[ShownCard]) -> Result<Option<String>, TakeError> {
    if cards.is_empty() {
        return Ok(None);
    }
    let text = Zeroizing::new(serde_json::to_vec(cards).map_err(|error| TakeError::Seal(error.into()))?);
    let key = make_secret_key()?;
    write_private(&app.cards_key(request_id), &key.to_bytes()).map_err(TakeError::Key)?;
    let to = EncryptionKey::new(key.public_key(), None);
    jwe::encrypt(&text, &to, &make_secret_key()?, make_bytes()?, Map::new())
        .map(Some)
        .map_err(|error| TakeError::Seal(error.into()))
}

/// What was shown, while it is still there.
pub fn open(app: &App, asked: &Asked) -> Vec<ShownCard> {
    let opened = || {
        let kept = asked.cards.as_ref()?;
        if app.clock.now().duration_since(kept.at) >= KEPT {
            return None;
        }
        let key = secret_key(&app.cards_key(&asked.id)).ok()?;
        let (_, text) = jwe::decrypt(&kept.sealed, &key, 4 * ANSWER_BYTES).ok()?;
        serde_json::from_slice(&text).ok()
    };
    opened().unwrap_or_default()
}

/// Makes it unreadable for good.
pub fn forget(app: &App, request_id: &str) -> std::io::Result<()> {
    destroy(&app.cards_key(request_id))
}

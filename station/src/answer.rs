//! Answer: everything is checked, the grant goes on the ledger, all of it is kept, and only then is the promise
//! given. The same answer again gets the same promise.

use std::{fs, io};

use axum::http::StatusCode;
use carnet_consent::{Consent, ConsentRequest, Digest32, GrantId, RequestError};
use carnet_exchange::{
    answer::{self, AnswerError, AskedOf, CheckedAnswer, CheckedConsent, GrantTuple, Opened, Session},
    dcql::QueryError,
    jwe::{self, EncryptionKey},
    promise::Operation,
    request::{self, holder_query, sign_for_wallet},
};
use carnet_ledger::{Address, Grant, LedgerError, Status, grant_id};
use jiff::Timestamp;
use p256::SecretKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    app::App,
    cards_asked,
    cards_shown::{self, CardStatusError, ShownCard},
    checks::{self, Line, Outcome},
    db::{Change, DbError},
    delivery_keys,
    end::{self, EndError},
    errors::Told,
    folder::destroy,
    gates::Gate,
    keys::{make_bytes, make_secret_key},
    rows::{Asked, Given, SealedCards, Sent, State, digest_hex, is_id},
    trust::{self, AuthorityError},
};

/// Why there is no promise: nothing may be delivered. An answer that is refused never came before the ledger. Where the ledger was
/// asked, and from [`Ledger`](Self::Ledger) on, the grant may stand there or be on its way; the same answer again tells.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    #[error("There is no such question here.")]
    Unknown,
    #[error("This question was answered already.")]
    Used,
    #[error("This question has run out.")]
    Expired,
    #[error("The answer does not fit the question: {0}.")]
    Refused(#[source] AnswerError),
    #[error("The question kept here can't be read.")]
    Question(#[source] RequestError),
    #[error("The wallet's nonce can't be used.")]
    WalletNonce(#[source] request::RequestError),
    #[error("The card was not accepted: {0}.")]
    CardStatus(#[from] CardStatusError),
    #[error("The cards asked for can't be read.")]
    Query(#[source] QueryError),
    #[error("The list of trusted organisations can't be read.")]
    Trust(#[source] AuthorityError),
    #[error("The ledger did not take the grant.")]
    Ledger(#[from] LedgerError),
    #[error("The key for this answer could not be read.")]
    Key(#[source] io::Error),
    #[error("What has to be kept could not be sealed.")]
    Seal(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("The system gave no randomness.")]
    Randomness(#[from] getrandom::Error),
    #[error(transparent)]
    End(#[from] EndError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Told for TakeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Used => "request_used",
            Self::Expired => "request_expired",
            Self::Refused(error) => error.code(),
            Self::WalletNonce(error) => error.code(),
            Self::CardStatus(error) => error.code(),
            Self::Question(_)
            | Self::Query(_)
            | Self::Trust(_)
            | Self::Key(_)
            | Self::Seal(_)
            | Self::Randomness(_) => "unavailable",
            Self::Ledger(error) => error.code(),
            Self::End(error) => error.code(),
            Self::Db(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Unknown => "Check the address.",
            Self::Used | Self::Expired => "Nothing was shared. Ask for a new code.",
            Self::WalletNonce(_) => "Send 1 to 256 visible characters, or fetch by GET.",
            Self::Refused(_) => "Nothing was shared. Read the code again.",
            Self::CardStatus(_) => "Nothing was shared. Ask for another card, or ask its issuer.",
            Self::Ledger(LedgerError::Revoked) => "It was taken back and stays so. Ask for a new code.",
            _ => "Nothing was shared. Send the same answer again.",
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Used | Self::Expired => StatusCode::GONE,
            Self::Ledger(error) if error.is_outage() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Ledger(LedgerError::Revoked) => StatusCode::CONFLICT,
            Self::Refused(_) | Self::WalletNonce(_) | Self::CardStatus(_) | Self::Ledger(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::End(error) => error.status(),
            Self::Db(error) => error.status(),
            Self::Question(_)
            | Self::Query(_)
            | Self::Trust(_)
            | Self::Key(_)
            | Self::Seal(_)
            | Self::Randomness(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// What only the delivery's key may open.
#[derive(Serialize, Deserialize)]
pub struct Evidence {
    pub consent: Consent,
    pub salt: carnet_consent::Salt,
    pub grant: Grant,
    #[serde(with = "serde_signature")]
    pub signature: [u8; 65],
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Evidence(…)")
    }
}

/// The signed question, served until it is answered or has run out. With a wallet's nonce it is signed anew for that
/// wallet. Only what was served last can be answered.
pub fn signed_request(app: &App, id: &str, wallet_nonce: Option<&str>) -> Result<String, TakeError> {
    if !is_id(id) {
        return Err(TakeError::Unknown);
    }
    let gate = app.gates.of(id);
    let _turn = gate.enter();
    let mut asked: Asked = app.db.get(&Asked::key(id))?.ok_or(TakeError::Unknown)?;
    match asked.state(app.clock.now()) {
        State::Waiting | State::Opened => {}
        State::Expired => return Err(TakeError::Expired),
        _ => return Err(TakeError::Used),
    }
    let compact: String = app.db.get(&Asked::signed_key(id))?.ok_or(TakeError::Used)?;
    let served = match wallet_nonce {
        None => compact,
        Some(nonce) => sign_for_wallet(&compact, nonce, &app.keys.identity, app.identity.asking_as())
            .map_err(TakeError::WalletNonce)?,
    };
    let first = asked.state(app.clock.now()) == State::Waiting;
    let digest = Digest32(request::digest(&served));
    if first || asked.request_digest != digest {
        asked.become_state(State::Opened);
        asked.request_digest = digest;
        app.db.put(&Asked::key(id), &asked)?;
    }
    if first {
        app.events.request(id);
    }
    Ok(served)
}

/// Takes the wallet's answer: the promise, or none for a "no".
pub fn take(app: &App, id: &str, jwe: &str) -> Result<Option<String>, TakeError> {
    if !is_id(id) {
        return Err(TakeError::Unknown);
    }
    let gate = app.gates.of(id);
    let _turn = gate.enter();
    let mut asked: Asked = app.db.get(&Asked::key(id))?.ok_or(TakeError::Unknown)?;
    let digest = digest_hex(jwe.as_bytes());
    // It came in time, however long the ledger takes.
    let now = asked.came.unwrap_or_else(|| app.clock.now());
    match asked.state(app.clock.now()) {
        State::Waiting | State::Opened => {}
        State::Expired => return Err(TakeError::Expired),
        // The same answer again: perhaps the ledger has confirmed it by now.
        State::Recording if asked.answer.as_ref() == Some(&digest) => {}
        // The same answer again, from a wallet that did not hear of the first. A card alone is shown once; of a proof nothing is
        // told to whoever sends it, so once more is no more.
        _ if asked.answer.as_ref() == Some(&digest) && asked.shown_by.is_none() => {
            if let Some(grant_id) = &asked.grant_id {
                unless_taken_back(app, &gate, grant_id)?;
            }
            return Ok(asked.promise);
        }
        _ => return Err(TakeError::Used),
    }

    let key = secret_key(&app.answer_key(id)).map_err(TakeError::Key)?;
    let opened = answer::open(jwe, &key).map_err(TakeError::Refused)?;
    asked.answer = Some(digest);
    let Opened::Answer { .. } = &opened else {
        return deny(app, asked, &opened);
    };
    if let Some(statement) = asked.statement.clone() {
        return checks::take(app, asked, &statement, opened);
    }
    let (checked, shown) = check(app, &asked, opened, now)?;
    let shown_by = checked.cards.first().map(|card| Digest32(card.thumbprint));
    if asked.came.is_none() {
        asked.cards = cards_shown::seal(app, id, &shown)?.map(|sealed| SealedCards { sealed, at: now });
    }
    let Some(checked) = checked.consent else {
        asked.shown_by = shown_by;
        return close(app, asked, State::Answered, Change::default());
    };

    // On the ledger first. A crash from here to the commit below leaves a grant that this station does not
    // know: nothing can be read by it, and the same answer, sent again, finds its way.
    let grant = ledger_grant(&checked.grant);
    if app.registry.is_none() {
        Sent::keep(app, &checked.grant_id)?;
    }
    let recorded = match app.ledger.grant(&grant, &checked.signature) {
        Err(LedgerError::NotFinal) => {
            wait_for_ledger(app, asked, now)?;
            return Err(LedgerError::NotFinal.into());
        }
        Err(error) if asked.came.is_some() && !error.is_outage() => {
            // Taken back meanwhile, or too late: nothing can come of it any more.
            cards_shown::forget(app, id).map_err(TakeError::Key)?;
            asked.cards = None;
            close(app, asked, State::Expired, Change::default())?;
            return Err(error.into());
        }
        recorded => recorded?,
    };
    let promise = end::promise(app, &checked.grant_id, Operation::Grant, recorded)?;
    let given = given(app, &asked, &checked, grant, now)?;

    asked.promise = Some(promise.clone());
    asked.grant_id = Some(given.grant_id);
    asked.decision = Some(given.decision);
    asked.granted.clone_from(&given.granted);
    if let Some(cards) = &mut asked.cards {
        cards.at = app.clock.now();
    }
    asked.become_state(State::Answered);
    let mut change = Change::default();
    change.put(&Asked::key(id), &asked)?;
    change.put(&Given::key(&given.grant_id), &given)?;
    change.delete(&Asked::signed_key(id));
    app.db.commit(change)?;
    forget_answer_key(app, id);
    app.events.request(id);
    app.events.consent(given.grant_id);

    unless_taken_back(app, &gate, &given.grant_id)?;
    Ok(Some(promise))
}

/// Taken back by another way in the meantime: then this station must not promise that it holds. Each time before a promise is
/// given. The gate's turn must be held.
fn unless_taken_back(app: &App, gate: &Gate, grant_id: &GrantId) -> Result<(), TakeError> {
    let Some(mut given) = app.db.get::<Given>(&Given::key(grant_id))? else {
        return Ok(());
    };
    if given.revoked.is_none() && app.ledger.status(&App::ledger_id(grant_id))? != Status::Revoked {
        return Ok(());
    }
    end::let_go(app, gate, &mut given, Some(app.clock.now()))?;
    Err(LedgerError::Revoked.into())
}

fn deny(app: &App, mut asked: Asked, opened: &Opened) -> Result<Option<String>, TakeError> {
    if !matches!(opened, Opened::Denied { state } if state.as_ref() == Some(&asked.id)) {
        return Err(TakeError::Refused(AnswerError::WrongState));
    }
    let mut change = Change::default();
    if asked.statement.is_some() {
        let outcome = Outcome::not_shown(app.clock.now());
        change.put(&Line::key(&asked.id), &Line::of(&asked, &outcome))?;
        asked.check = Some(outcome);
    }
    close(app, asked, State::Denied, change)
}

/// Nothing was granted: it is answered, nothing is to be delivered, and no promise is given.
fn close(app: &App, mut asked: Asked, state: State, mut change: Change) -> Result<Option<String>, TakeError> {
    asked.become_state(state);
    change.put(&Asked::key(&asked.id), &asked)?;
    change.delete(&Asked::signed_key(&asked.id));
    app.db.commit(change)?;
    forget_keys(app, &asked.id);
    app.events.request(&asked.id);
    Ok(None)
}

/// The grant is on its way and goes on: from now on this answer can be sent again, and no other.
fn wait_for_ledger(app: &App, mut asked: Asked, came: Timestamp) -> Result<(), DbError> {
    let first = asked.came.is_none();
    asked.came = Some(came);
    asked.become_state(State::Recording);
    app.db.put(&Asked::key(&asked.id), &asked)?;
    if first {
        app.events.request(&asked.id);
    }
    Ok(())
}

/// Cards are judged once, when the answer comes, and kept: its grant is on its way then, and what an issuer or the list says later
/// does not call it back.
fn check(
    app: &App,
    asked: &Asked,
    mut opened: Opened,
    now: Timestamp,
) -> Result<(CheckedAnswer, Vec<ShownCard>), TakeError> {
    let holder = holder_query();
    let mut question = asked.question.clone();
    if let (Some(_), Opened::Answer { presentations, .. }) = (asked.came, &mut opened) {
        question.cards.clear();
        presentations.retain(|query, _| *query == holder.id);
    }
    let consent_request = asked
        .transaction_data
        .as_deref()
        .map(ConsentRequest::from_transaction_data)
        .transpose()
        .map_err(TakeError::Question)?;
    let query = cards_asked::query(&question).map_err(TakeError::Query)?;
    // Where no card is asked for, nobody else's word is needed.
    let list = match question.cards.as_slice() {
        [] => None,
        _ => Some(trust::show(&app.trust_list, now).map_err(TakeError::Trust)?),
    };
    let session = Session {
        client_id: &app.client_id,
        nonce: &asked.nonce,
        state: &asked.id,
        request_digest: asked.request_digest.0,
        query: &query,
        consent: consent_request
            .as_ref()
            .zip(asked.transaction_data.as_deref())
            .map(|(request, transaction_data)| AskedOf {
                holder_query: &holder.id,
                transaction_data,
                request,
            }),
        statement: None,
        list: list.as_ref(),
    };
    let domain = app.ledger.domain();
    let id_of = |tuple: &GrantTuple| GrantId(grant_id(&domain, &ledger_grant(tuple)));
    let checked = answer::check(opened, &session, id_of, now).map_err(TakeError::Refused)?;
    let shown = match &list {
        Some(list) => cards_shown::looked_up(app, list, &checked.cards)?,
        None => Vec::new(),
    };
    Ok((checked, shown))
}

fn given(
    app: &App,
    asked: &Asked,
    checked: &CheckedConsent,
    grant: Grant,
    now: Timestamp,
) -> Result<Given, TakeError> {
    let evidence = Evidence {
        consent: checked.consent.clone(),
        salt: checked.salt.clone(),
        grant,
        signature: checked.signature,
    };
    let evidence =
        Zeroizing::new(serde_json::to_vec(&evidence).map_err(|error| TakeError::Seal(error.into()))?);
    let key = delivery_keys::read(&app.delivery_key(&asked.id))
        .map_err(TakeError::Key)?
        .p256;
    let sealed = jwe::encrypt(
        &evidence,
        &EncryptionKey::new(key.public_key(), None),
        &make_secret_key()?,
        make_bytes()?,
        serde_json::Map::new(),
    )
    .map_err(|error| TakeError::Seal(error.into()))?;
    let consent = &checked.consent;
    Ok(Given {
        grant_id: checked.grant_id,
        request_id: asked.id.clone(),
        created: now,
        decision: consent.decision,
        granted: consent.granted.clone(),
        purpose: consent.purpose.clone(),
        period: consent.period,
        data_period: consent.data_period,
        retention_days: asked.question.retention_days,
        holder: Digest32(checked.holder_thumbprint),
        delivery_digest: consent.delivery_digest,
        sealed,
        confirmed: None,
        delivered: None,
        records: None,
        exported: false,
        revoked: None,
        ended: None,
    })
}

/// The ledger's own type of the five fields.
pub fn ledger_grant(tuple: &GrantTuple) -> Grant {
    Grant {
        subject: Address(tuple.subject),
        commitment: tuple.commitment,
        not_before: tuple.not_before,
        expiry: tuple.expiry,
        revoke_hash: tuple.revoke_hash,
    }
}

/// A one-time key from its file.
pub fn secret_key(path: &std::path::Path) -> io::Result<SecretKey> {
    let bytes = Zeroizing::new(fs::read(path)?);
    SecretKey::from_slice(&bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not a key"))
}

/// Nothing is delivered after this answer.
pub(crate) fn forget_keys(app: &App, id: &str) {
    forget_answer_key(app, id);
    if let Err(error) = destroy(&app.delivery_key(id)) {
        eprintln!("carnet-station: a key that is not needed stays until the next start: {error}");
    }
}

fn forget_answer_key(app: &App, id: &str) {
    if let Err(error) = destroy(&app.answer_key(id)) {
        eprintln!("carnet-station: the key of an answer stays until the next sweep: {error}");
    }
}

mod serde_signature {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 65], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 65], D::Error> {
        let mut bytes = [0; 65];
        hex::decode_to_slice(String::deserialize(from)?, &mut bytes).map_err(D::Error::custom)?;
        Ok(bytes)
    }
}

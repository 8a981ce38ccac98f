//! Copies of a card, now or after a second person's look; and what became of them.

use carnet_credentials::jwk::PublicKey;
use carnet_exchange::issuance::{
    credential::{
        CredentialError, CredentialRequest, CredentialResponse, Event, Wanted, read_deferred_request,
        read_notification,
    },
    proof::{self, ProofError},
};
use jiff::SignedDuration;

use super::{
    identifier,
    offer::template,
    refused::Refused,
    rows::{CardOffer, Deferred, Notice, State},
    sealed,
    signed::Signing,
    statuses,
    templates::{Form, Template},
    token::bearer,
};
use crate::{app::App, db::Change, keys::make_id};

/// How long the wallet may take to say what became of copies.
const NOTICE: SignedDuration = SignedDuration::from_hours(24 * 7);
/// How long a wallet waits between two questions, in seconds.
const INTERVAL: u64 = 5;
/// How long copies that were asked for wait for a second person.
const WAITS: SignedDuration = SignedDuration::from_hours(72);

/// Who asks: the headers of a request that needs a token.
#[derive(Debug, Clone, Default)]
pub struct Asking {
    pub authorization: Option<String>,
    pub dpop: Option<String>,
}

/// Where copies are asked for.
pub const PATH: &str = "/issue/credential";
/// Where copies are fetched that a second person had to look at.
pub const DEFERRED_PATH: &str = "/issue/deferred";
/// Where the station is told what became of them.
pub const NOTIFICATION_PATH: &str = "/issue/notification";

/// Issues one copy for each key that is proven, all in one or none.
pub fn issue(app: &App, asking: &Asking, body: &[u8]) -> Result<CredentialResponse, Refused> {
    let token = bearer(app, asking.authorization.as_deref(), asking.dpop.as_deref(), PATH)?;
    let request = CredentialRequest::parse(body).map_err(|error| match error {
        CredentialError::Unsupported => Refused::Proof,
        CredentialError::Malformed | CredentialError::WrongNumber => Refused::CredentialRequest,
    })?;
    let gate = app.gates.of(&token.offer);
    let _turn = gate.enter();
    let mut offer = issuable(app, &token.offer)?;
    let template = template(&offer).map_err(|_| Refused::Configuration)?;
    if request.wanted != Wanted::Configuration(template.id.clone()) {
        return Err(Refused::Configuration);
    }
    if request.proofs.len() > template.copies as usize {
        return Err(Refused::CredentialRequest);
    }
    let now = app.clock.now();
    let (keys, nonce) = proof::check(&request.proofs, &identifier(app), template.form.issued(), now)
        .map_err(|error| match error {
            ProofError::Nonce => Refused::Nonce,
            _ => Refused::Proof,
        })?;
    if !app.cards.nonces.take(&nonce, now) {
        return Err(Refused::Nonce);
    }
    if !app
        .cards
        .batches
        .take(offer.id.clone(), std::time::Instant::now())
    {
        return Err(Refused::TooMany);
    }
    if template.approval && offer.approved.is_none() {
        let transaction_id = make_id::<32>()?;
        let deferred = Deferred {
            offer: offer.id.clone(),
            thumbprint: token.thumbprint,
            keys: keys.iter().map(PublicKey::to_jwk).collect(),
            expires: now + WAITS,
        };
        app.db.put(&Deferred::key(&transaction_id), &deferred)?;
        app.events.card(&offer.id);
        return Ok(CredentialResponse::Later {
            transaction_id,
            interval: INTERVAL,
        });
    }
    hand_out(
        app,
        &mut offer,
        template,
        &token.thumbprint,
        &keys,
        Change::default(),
    )
}

/// Fetches copies that were asked for before.
pub fn fetch(app: &App, asking: &Asking, body: &[u8]) -> Result<CredentialResponse, Refused> {
    let token = bearer(
        app,
        asking.authorization.as_deref(),
        asking.dpop.as_deref(),
        DEFERRED_PATH,
    )?;
    let transaction_id = read_deferred_request(body).map_err(|_| Refused::CredentialRequest)?;
    let gate = app.gates.of(&token.offer);
    let _turn = gate.enter();
    let key = Deferred::key(&transaction_id);
    let deferred: Deferred = app.db.get(&key)?.ok_or(Refused::Transaction)?;
    let own = deferred.offer == token.offer && deferred.thumbprint == token.thumbprint;
    if !own || app.clock.now() >= deferred.expires {
        return Err(Refused::Transaction);
    }
    let mut offer = issuable(app, &token.offer)?;
    if offer.approved.is_none() {
        return Ok(CredentialResponse::Later {
            transaction_id,
            interval: INTERVAL,
        });
    }
    let template = template(&offer).map_err(|_| Refused::Transaction)?;
    let keys: Result<Vec<PublicKey>, _> = deferred.keys.iter().map(PublicKey::from_jwk).collect();
    let keys = keys.map_err(|_| Refused::Transaction)?;
    // A transaction is fetched once (section 9.1).
    let mut change = Change::default();
    change.delete(&key);
    hand_out(app, &mut offer, template, &token.thumbprint, &keys, change)
}

/// Takes the wallet's word on what became of copies. What it refused counts as revoked: nobody holds it.
pub fn note(app: &App, asking: &Asking, body: &[u8]) -> Result<(), Refused> {
    let token = bearer(
        app,
        asking.authorization.as_deref(),
        asking.dpop.as_deref(),
        NOTIFICATION_PATH,
    )?;
    let (id, event) = read_notification(body).map_err(|_| Refused::Notification)?;
    let gate = app.gates.of(&token.offer);
    let _turn = gate.enter();
    let notice: Notice = app.db.get(&Notice::key(&id))?.ok_or(Refused::Notification)?;
    if notice.offer != token.offer || notice.thumbprint != token.thumbprint {
        return Err(Refused::Notification);
    }
    let mut offer: CardOffer = app
        .db
        .get(&CardOffer::key(&token.offer))?
        .ok_or(Refused::Notification)?;
    let _lists = app.cards.statuses();
    let mut change = Change::default();
    match event {
        Event::Accepted => {
            if offer.state == State::Issued {
                offer.state = State::Accepted;
            }
        }
        Event::Failure | Event::Deleted => statuses::revoke(app, &mut change, &notice.statuses)?,
    }
    change.put(&CardOffer::key(&offer.id), &offer)?;
    app.db.commit(change)?;
    app.events.card(&offer.id);
    Ok(())
}

fn issuable(app: &App, id: &str) -> Result<CardOffer, Refused> {
    let offer: CardOffer = app.db.get(&CardOffer::key(id))?.ok_or(Refused::Denied)?;
    match offer.state(app.clock.now()) {
        State::Redeemed | State::Issued | State::Accepted if !offer.sealed.is_empty() => Ok(offer),
        _ => Err(Refused::Denied),
    }
}

/// Signs the copies, and keeps what has to be known of them before they leave.
fn hand_out(
    app: &App,
    offer: &mut CardOffer,
    template: &Template,
    thumbprint: &str,
    keys: &[PublicKey],
    mut change: Change,
) -> Result<CredentialResponse, Refused> {
    let secret = sealed::open(app, &offer.id, &offer.sealed)?;
    let now = app.clock.now();
    let notification_id = make_id::<32>()?;
    {
        let _lists = app.cards.statuses();
        let signing = Signing {
            app,
            offer,
            template,
            claims: &secret.claims,
            now,
        };
        let (credentials, places) = match &template.form {
            Form::Vct(vct) => {
                let places = statuses::take(app, &mut change, keys.len())?;
                (signing.cards(vct, keys, &places)?, places)
            }
            // They have no status: they are over in a few days, and no more are given out once the card is taken back.
            Form::Eligibility(schema) => (signing.proofs(*schema, keys)?, Vec::new()),
        };
        let notice = Notice {
            offer: offer.id.clone(),
            thumbprint: thumbprint.to_owned(),
            statuses: places.clone(),
            expires: now + NOTICE,
        };
        offer.statuses.extend(places);
        let issued = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        offer.copies = offer.copies.saturating_add(issued);
        if offer.state == State::Redeemed {
            offer.state = State::Issued;
        }
        if !template.refill {
            offer.sealed = String::new();
        }
        change.put(&Notice::key(&notification_id), &notice)?;
        change.put(&CardOffer::key(&offer.id), offer)?;
        app.db.commit(change)?;
        if !template.refill {
            sealed::forget(app, &offer.id)?;
        }
        app.events.card(&offer.id);
        Ok(CredentialResponse::Now {
            credentials,
            notification_id: Some(notification_id),
        })
    }
}

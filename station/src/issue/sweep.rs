//! What has run out of cards and offers is let go.

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use super::{
    rows::{CardOffer, Deferred, Notice, State, Token},
    sealed,
    sign_in::SignIn,
};
use crate::{
    app::App,
    db::{Change, DbError},
};

/// Offers that led to nothing are forgotten after this.
const FORGET: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Cards are forgotten so long after their own end.
const FORGET_CARD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Why a sweep broke off; the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum CardSweepError {
    #[error("a card's key could not be destroyed")]
    Key(#[from] std::io::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Once, before any door is open: keys that no offer has use of were left by a crash.
pub fn after_a_crash(app: &App) -> Result<(), CardSweepError> {
    let offers = app.db.all::<CardOffer>(CardOffer::TABLE)?;
    sealed::forget_others(app, &|id| {
        offers
            .iter()
            .any(|offer| offer.id == id && !offer.sealed.is_empty())
    })?;
    now(app)
}

/// Lets go of what is over.
pub fn now(app: &App) -> Result<(), CardSweepError> {
    let time = app.clock.now();
    for offer in app.db.all::<CardOffer>(CardOffer::TABLE)? {
        match offer.state(time) {
            State::Expired | State::Locked | State::Revoked | State::Ended => let_go(app, &offer.id)?,
            State::Waiting | State::Opened | State::Redeemed | State::Issued | State::Accepted => {}
        }
    }
    let mut change = Change::default();
    forget::<Token>(app, &mut change, Token::TABLE, time, |token| token.expires)?;
    forget::<Notice>(app, &mut change, Notice::TABLE, time, |notice| notice.expires)?;
    forget::<Deferred>(app, &mut change, Deferred::TABLE, time, |deferred| {
        deferred.expires
    })?;
    forget::<SignIn>(app, &mut change, SignIn::TABLE, time, |sign_in| sign_in.expires)?;
    Ok(app.db.commit(change)?)
}

fn forget<T: DeserializeOwned>(
    app: &App,
    change: &mut Change,
    table: &str,
    now: Timestamp,
    expires: fn(&T) -> Timestamp,
) -> Result<(), DbError> {
    for (id, row) in app.db.named::<T>(table)? {
        if now >= expires(&row) {
            change.delete(&format!("{table}{id}"));
        }
    }
    Ok(())
}

fn let_go(app: &App, id: &str) -> Result<(), CardSweepError> {
    let gate = app.gates.of(id);
    let _turn = gate.enter();
    let time = app.clock.now();
    let Some(mut offer) = app.db.get::<CardOffer>(&CardOffer::key(id))? else {
        return Ok(());
    };
    let state = offer.state(time);
    if !matches!(
        state,
        State::Expired | State::Locked | State::Revoked | State::Ended
    ) {
        return Ok(());
    }
    if !offer.sealed.is_empty() {
        offer.sealed = String::new();
        app.db.put(&CardOffer::key(id), &offer)?;
        app.events.card(id);
    }
    sealed::forget(app, id)?;
    let never_issued = offer.issued() == 0;
    let over = time.duration_since(offer.expires) > FORGET && never_issued
        || time.duration_since(offer.until) > FORGET_CARD;
    if over {
        let mut change = Change::default();
        change.delete(&CardOffer::key(id));
        app.db.commit(change)?;
    }
    Ok(())
}

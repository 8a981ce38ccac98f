//! Cards that an organisation issues into this wallet (OpenID4VCI 1.0).
//!
//! - [`open_code`]: one door for every code that is scanned, pasted or opened
//! - [`offer`]: who offers which card, shown before anything is asked for
//! - [`accept`]: taking it; [`check`] looks at every copy before one is kept
//! - [`refill`]: more copies of a card
//! - [`deferred`]: copies that the issuer sends later
//! - [`notify`]: telling the issuer what became of them
//! - [`burn`]: copies that may have been shown before a restore
//! - [`issuer`]: the conversation with the issuer

mod accept;
pub(crate) mod burn;
mod check;
mod deferred;
mod error;
mod issuer;
mod notify;
mod offer;
mod open_code;
mod refill;
pub(crate) mod views;

pub use check::RefusedCopies;
pub use error::{CardOfferError, TakeCardError};
pub use open_code::OpenCodeError;

use std::fmt;

use carnet_exchange::issuance::{credential::Event, source::Source};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::credentials::CopyKey;

/// One offer, and what came of it (table `Issuances`, id is the first half of the SHA-256 of what the code said).
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptIssuance {
    pub(super) source: Source,
    pub(super) cards: Vec<OfferedCard>,
    pub(super) read: Timestamp,
    pub(super) stage: Stage,
    /// What the offer is taken with; gone once it was tried with success, or declined.
    pub(super) code: Option<Code>,
    /// What the tokens are bound to.
    pub(super) dpop: Option<CopyKey>,
    /// For the issuer's endpoints; runs out soon.
    pub(super) access: Option<String>,
    /// For more copies.
    pub(super) refresh: Option<String>,
    /// Copies that were asked for and come later.
    pub(super) waiting: Vec<Waiting>,
    /// What the issuer has still to be told.
    pub(super) tell: Vec<Tell>,
}

/// How far an offer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Read, shown, neither taken nor declined.
    Offered,
    /// Copies came, or come later.
    Taken,
    Declined,
    /// What came was refused, and nothing of it was kept.
    Refused,
    /// The issuer gives no more copies.
    Ended,
}

/// One card of an offer.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct OfferedCard {
    /// As the issuer's metadata names it.
    pub(super) configuration: String,
    pub(super) vct: String,
    pub(super) title: String,
    pub(super) describes: Vec<String>,
}

/// What an offer is taken with.
#[derive(Serialize, Deserialize)]
pub(crate) struct Code {
    pub(super) pre_authorized: String,
    pub(super) pin: Option<Pin>,
}

/// What the PIN looks like.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Pin {
    pub(super) digits: bool,
    pub(super) length: Option<u32>,
    pub(super) hint: Option<String>,
}

/// Copies that come later.
#[derive(Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// Which of the cards.
    pub(super) card: usize,
    pub(super) transaction_id: String,
    pub(super) not_before: Timestamp,
    pub(super) keys: Vec<CopyKey>,
}

/// What became of some copies.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Tell {
    pub(super) notification_id: String,
    pub(super) accepted: bool,
}

impl Tell {
    fn event(&self) -> Event {
        if self.accepted {
            Event::Accepted
        } else {
            Event::Failure
        }
    }

    fn body(&self) -> Value {
        carnet_exchange::issuance::credential::notification(&self.notification_id, self.event())
    }
}

macro_rules! says_nothing {
    ($($kept:ident)*) => {$(
        impl fmt::Debug for $kept {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($kept))
            }
        }
    )*};
}
says_nothing!(KeptIssuance OfferedCard Code Pin Waiting Tell);

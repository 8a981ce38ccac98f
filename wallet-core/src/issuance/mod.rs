//! Cards that an organisation issues into this wallet (OpenID4VCI 1.0).
//!
//! - [`open_code`]: one door for every code that is scanned, pasted or opened
//! - [`offer`]: who offers which card, shown before anything is asked for
//! - [`sign_in`]: taking it by signing in at the issuer's page
//! - [`accept`]: taking it with a PIN; [`check`] and [`check_eligibility`] look at every copy before one is kept
//! - [`refill`]: more copies of a card
//! - [`deferred`]: copies that the issuer sends later
//! - [`notify`]: telling the issuer what became of them
//! - [`burn`]: copies that may have been shown before a restore
//! - [`issuer`]: the conversation with the issuer

mod accept;
pub(crate) mod burn;
mod check;
mod check_eligibility;
mod deferred;
mod error;
mod issuer;
mod notify;
mod offer;
mod open_code;
mod refill;
mod sign_in;
pub(crate) mod views;

pub use check::RefusedCopies;
pub use error::{CardOfferError, TakeCardError};
pub use open_code::OpenCodeError;

use std::fmt;

use carnet_exchange::issuance::{Form, credential::Event, source::Source};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::credentials::{CopyKey, HolderKey};

/// One offer, and what came of it (table `Issuances`, id is the first half of the SHA-256 of what the code said).
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptIssuance {
    pub(super) source: Source,
    pub(super) cards: Vec<OfferedCard>,
    pub(super) read: Timestamp,
    pub(super) stage: Stage,
    /// What the offer is taken with; gone once it was tried with success, or declined.
    pub(super) code: Option<Code>,
    /// It can be taken by signing in, with this state of the issuer's.
    #[serde(default)]
    pub(super) sign_in: Option<IssuerState>,
    /// A sign-in under way.
    #[serde(default)]
    pub(super) began: Option<Began>,
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
    /// `vct`, or the schema of the value that it proves something of.
    #[serde(rename = "vct")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) form: Form,
    /// OAuth scope.
    #[serde(default)]
    pub(super) scope: Option<String>,
    pub(super) title: String,
    pub(super) describes: Vec<String>,
}

/// What an offer is taken with.
#[derive(Serialize, Deserialize)]
pub(crate) struct Code {
    pub(super) pre_authorized: String,
    pub(super) pin: Option<Pin>,
}

/// Goes back to the issuer with a sign-in.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct IssuerState(pub(super) Option<String>);

/// A sign-in under way: what nobody else can know of it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Began {
    pub(super) verifier: String,
    pub(super) state: String,
    pub(super) redirect_uri: String,
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
    pub(super) keys: Vec<HolderKey>,
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
says_nothing!(KeptIssuance OfferedCard Code IssuerState Began Pin Waiting Tell);

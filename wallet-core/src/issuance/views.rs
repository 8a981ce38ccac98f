//! What a screen or a terminal may see of offers. Times are RFC 3339 strings in UTC.

use serde::Serialize;
use specta::Type;

use crate::{credentials::views::CardLine, views::VerifierView};

/// What a code was.
#[derive(Debug, Clone, Serialize, Type)]
pub struct OpenedCode {
    /// `question`, `challenge` or `card_offer`.
    pub kind: String,
    /// Of the question, of the counter's question or of the offer.
    pub id: String,
}

/// An offer of cards, from a listed issuer.
#[derive(Debug, Clone, Serialize, Type)]
pub struct CardOfferView {
    pub offer_id: String,
    pub issuer: VerifierView,
    pub cards: Vec<OfferedCardView>,
    /// A PIN is needed that came by another way.
    pub pin: Option<PinView>,
    /// It can be taken by signing in at the issuer's page; without a `pin`, only so.
    pub sign_in: bool,
    /// Until when the code counts, if the issuer says so.
    pub expires: Option<String>,
    /// The list of organisations is one for trying out.
    pub development: bool,
}

/// One card of an offer.
#[derive(Debug, Clone, Serialize, Type)]
pub struct OfferedCardView {
    pub title: String,
    /// Its type, as the issuer names it.
    pub kind: String,
    /// What it will say, in the issuer's words.
    pub describes: Vec<String>,
    /// It comes as several copies, each shown once.
    pub single_use: bool,
    /// It shows that something holds, and not the value. Its copies are over after a few days and are fetched anew.
    pub proves: bool,
}

/// What the PIN looks like.
#[derive(Debug, Clone, Serialize, Type)]
pub struct PinView {
    pub digits: bool,
    pub length: Option<u32>,
    /// The issuer's words on where to find it.
    pub hint: Option<String>,
}

/// A sign-in that was begun.
#[derive(Debug, Clone, Serialize, Type)]
pub struct SignInView {
    /// The issuer's page, to be opened in the system's browser.
    pub url: String,
}

/// What became of an offer that was taken.
#[derive(Debug, Clone, Serialize, Type)]
pub struct AcceptedView {
    pub cards: Vec<CardLine>,
    /// Something comes later.
    pub waiting: bool,
}

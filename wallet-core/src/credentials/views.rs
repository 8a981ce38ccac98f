//! What a screen or a terminal may see of the cards. Times are RFC 3339 strings in UTC.

use serde::Serialize;
use specta::Type;

use super::CredentialForm;

/// A card in a list: one or more copies of the same credential.
#[derive(Debug, Clone, Serialize, Type)]
pub struct CardLine {
    pub id: String,
    /// What it is, in plain English.
    pub title: String,
    /// Its type, as the issuer names it.
    pub kind: String,
    pub issuer: IssuerView,
    /// `valid`, `expired`, `not_yet`. Expired and `refillable`: all copies are over, and new ones can be fetched.
    pub validity: String,
    pub from: Option<String>,
    pub until: Option<String>,
    pub status: CardStatus,
    /// Copies that can still be shown today.
    pub copies: u32,
    /// Of a card that proves something: the value that it proves something of ("born 1 June 1950"), for nobody but its holder.
    pub says: Option<String>,
    /// Each copy is shown once and never again.
    pub single_use: bool,
    /// Few copies are left, or none.
    pub low: bool,
    /// The issuer gives more copies.
    pub refillable: bool,
}

/// Who issued a card.
#[derive(Debug, Clone, Serialize, Type)]
pub struct IssuerView {
    /// As the list of organisations has it. `None`: not on the list.
    pub name: Option<String>,
    /// This wallet itself.
    pub own: bool,
}

/// Whether a card was taken back by its issuer.
#[derive(Debug, Clone, Serialize, Type)]
pub struct CardStatus {
    /// `valid`, `suspended`, `revoked`, as the issuer said at `as_of`; `ended`: what it speaks of is over; `none`: it can't be
    /// taken back; `not_checked`: nobody was asked since `as_of`.
    pub state: String,
    pub as_of: Option<String>,
}

/// A card whole.
#[derive(Debug, Clone, Serialize, Type)]
pub struct CardView {
    pub line: CardLine,
    /// What it says, in plain words.
    pub claims: Vec<ClaimLine>,
    /// Shown only by this wallet's key; if not, by whoever has a copy.
    pub bound: bool,
    pub added: String,
    pub form: CredentialForm,
    /// The issuer's own name of itself: DID or address.
    pub issuer_id: String,
    /// What it says, as JSON, indented.
    pub json: String,
}

/// One thing that a card says.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ClaimLine {
    pub label: String,
    pub value: String,
}

/// What became of an import.
#[derive(Debug, Clone, Serialize, Type)]
pub struct TakenCardView {
    pub card: CardLine,
    /// This very copy was here before.
    pub already_here: bool,
}

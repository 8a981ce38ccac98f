//! What the station keeps of an offer of a card. What the card says, and the PIN, stand in `sealed` alone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{accounts::Caller, rows::digest_hex};

/// How far an offer came. Whether it has run out is a matter of time, see [`CardOffer::state`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Shown as a code, fetched by nobody.
    Waiting,
    /// Fetched.
    Opened,
    /// The PIN was right; the wallet has not its copies yet.
    Redeemed,
    /// Copies were sent.
    Issued,
    /// The wallet says that it keeps them.
    Accepted,
    /// Too many wrong PINs.
    Locked,
    /// Taken back, with every copy.
    Revoked,
    /// Nobody took it in time.
    Expired,
    /// The card's own time is over.
    Ended,
}

impl State {
    /// As staff see it.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Opened | Self::Redeemed => "opened",
            Self::Issued => "issued",
            Self::Accepted => "accepted",
            Self::Locked => "locked",
            Self::Revoked => "revoked",
            Self::Expired | Self::Ended => "expired",
        }
    }
}

/// A card that was offered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CardOffer {
    pub id: String,
    pub template: String,
    pub title: String,
    pub by: Caller,
    pub created: Timestamp,
    /// When the code runs out.
    pub expires: Timestamp,
    /// When the card itself ends.
    pub until: Timestamp,
    pub(super) state: State,
    /// PINs that may still be typed. Counted before they are looked at.
    pub tries_left: u8,
    /// SHA-256 of the pre-authorized code, hex.
    pub code_digest: String,
    /// What the card says, with PIN and code: a JWE to a key in a file of its own; empty once that is destroyed.
    pub sealed: String,
    /// The status of each copy that was issued, where copies have one.
    pub statuses: Vec<StatusPlace>,
    /// Copies that were issued.
    #[serde(default)]
    pub copies: u32,
    /// The PIN is typed on a page of the station, and not in the wallet.
    #[serde(default)]
    pub sign_in: bool,
    /// Who looked at it, where a second person has to.
    pub approved: Option<String>,
}

/// A place in one of the station's status lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusPlace {
    pub list: u32,
    pub index: u32,
}

impl CardOffer {
    pub(super) const TABLE: &str = "card-offer/";

    pub(super) fn key(id: &str) -> String {
        format!("{}{id}", Self::TABLE)
    }

    /// Copies that were issued. Before they were counted, each had a status.
    pub fn issued(&self) -> usize {
        self.statuses.len().max(self.copies as usize)
    }

    /// Where the offer stands now. A station killed while it looked at the last PIN has used up that try.
    pub fn state(&self, now: Timestamp) -> State {
        match self.state {
            State::Waiting | State::Opened if self.tries_left == 0 => State::Locked,
            State::Waiting | State::Opened if now >= self.expires => State::Expired,
            State::Redeemed | State::Issued | State::Accepted if now >= self.until => State::Ended,
            state => state,
        }
    }
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// The issuer's endpoints.
    Access,
    /// More access tokens.
    Refresh,
}

/// A token, known by its digest alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Token {
    pub offer: String,
    pub kind: TokenKind,
    /// RFC 7638 thumbprint of the key that it is bound to, base64url.
    pub thumbprint: String,
    pub expires: Timestamp,
}

impl Token {
    pub(super) const TABLE: &str = "card-token/";

    pub(super) fn key(token: &str) -> String {
        format!("{}{}", Self::TABLE, digest_hex(token.as_bytes()))
    }
}

/// Copies that were sent, until the wallet says what became of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Notice {
    pub offer: String,
    pub thumbprint: String,
    pub statuses: Vec<StatusPlace>,
    pub expires: Timestamp,
}

impl Notice {
    pub(super) const TABLE: &str = "card-notice/";

    pub(super) fn key(id: &str) -> String {
        format!("{}{}", Self::TABLE, digest_hex(id.as_bytes()))
    }
}

/// Copies that were asked for and wait for a second person's look.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deferred {
    pub offer: String,
    pub thumbprint: String,
    /// The wallet's public keys.
    pub keys: Vec<serde_json::Value>,
    pub expires: Timestamp,
}

impl Deferred {
    pub(super) const TABLE: &str = "card-deferred/";

    pub(super) fn key(id: &str) -> String {
        format!("{}{}", Self::TABLE, digest_hex(id.as_bytes()))
    }
}

/// One of the station's status lists.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StatusRow {
    #[serde(with = "bits")]
    pub(super) used: Vec<u8>,
    #[serde(with = "bits")]
    pub(super) revoked: Vec<u8>,
    pub(super) count: u32,
}

impl StatusRow {
    pub(super) fn key(list: u32) -> String {
        format!("card-statuses/{list}")
    }
}

/// Bytes as base64url.
mod bits {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        BASE64_URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom)
    }
}

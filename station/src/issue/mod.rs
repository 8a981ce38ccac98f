//! Issue cards into wallets (OpenID4VCI 1.0, pre-authorized code with a PIN; HAIP 1.0 where it applies).
//!
//! | what happens | file |
//! |---|---|
//! | the kinds of cards, and what staff enter | [`templates`], [`values`] |
//! | a code and a PIN for one person; taking a card back | [`offer`] |
//! | what the station says of itself as an issuer | [`metadata`] |
//! | the PIN for a token that is bound to the wallet's key | [`token`] |
//! | the PIN on a page of the station instead | [`sign_in`] |
//! | copies, now or after a second person's look; what became of them | [`copies`], [`signed`] |
//! | whether a copy still counts | [`statuses`] |
//! | nonces, and proofs seen before | [`nonces`] |
//!
//! What a card says is kept sealed under a key in a file of its own, and only as long as copies may still be had of it.

pub mod copies;
pub mod metadata;
pub mod nonces;
pub mod offer;
pub mod refused;
pub mod rows;
mod sealed;
pub mod sign_in;
mod signed;
pub mod statuses;
pub mod sweep;
pub mod templates;
pub mod token;
pub mod values;

use std::sync::Mutex;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use crate::{app::App, limits::Buckets};

/// What issuing shares while the station runs.
#[derive(Debug)]
pub struct Cards {
    nonces: nonces::Nonces,
    seen: nonces::Seen,
    statuses: Mutex<()>,
    /// Batches of one offer: a few at once, then one an hour.
    batches: Buckets<String>,
}

impl Cards {
    pub fn new() -> Result<Self, getrandom::Error> {
        Ok(Self {
            nonces: nonces::Nonces::new()?,
            seen: nonces::Seen::default(),
            statuses: Mutex::new(()),
            batches: Buckets::new(4.0, 1.0 / 3600.0),
        })
    }
}

impl Cards {
    /// A fresh nonce for proofs of keys.
    pub fn nonce(&self, now: jiff::Timestamp) -> Result<String, getrandom::Error> {
        self.nonces.make(now)
    }
}

/// The issuer's identifier: the public door's origin.
pub fn identifier(app: &App) -> String {
    app.public_url.origin().ascii_serialization()
}

/// Who signed: the certificate whose hash the trust list has (HAIP 1.0 section 6.1.1).
fn header(app: &App) -> Map<String, Value> {
    Map::from_iter([(
        "x5c".to_owned(),
        json!([BASE64_STANDARD.encode(&app.keys.certificate)]),
    )])
}

//! The patient shows, the desk asks: the code names a place and a key, nothing else. The desk lays its question there,
//! sealed to that key, and the wallet fetches it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::jwk::PublicKey;
use jiff::Timestamp;
use p256::{SecretKey, elliptic_curve::sec1::ToSec1Point};
use serde_json::{Map, json};

use super::{CodeError, bytes_of, check_time, seconds, text_of, time};
use crate::{
    EncryptionKey, RequestLink,
    jwe::{self, JweError},
    limits::REPLY_BYTES,
};

const BEGINNING: &str = "carnet:offer?d=";
const VERSION: u8 = 1;
const CONTENT: &str = "carnet-question";
/// Path below the clinic's origin; the id is one more segment.
pub const PATH: [&str; 2] = ["oid4vp", "offers"];

/// A code that says "ask me".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Where the question is laid; random.
    pub id: [u8; 16],
    /// What it is sealed to; made for this one code.
    pub key: EncryptionKey,
    /// When the code was made, to the second.
    pub made: Timestamp,
}

impl Offer {
    /// Reads a scanned or typed code.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, CodeError> {
        let bytes: [u8; 16 + 33 + 5] = bytes_of(text, BEGINNING, VERSION)?;
        let (id, rest) = bytes.split_first_chunk::<16>().ok_or(CodeError::Damaged)?;
        let (key, made) = rest.split_first_chunk::<33>().ok_or(CodeError::Damaged)?;
        let key = p256::PublicKey::from_sec1_bytes(key).map_err(|_| CodeError::Damaged)?;
        let made = time(made.try_into().map_err(|_| CodeError::Damaged)?)?;
        check_time(made, now)?;
        Ok(Self {
            id: *id,
            key: EncryptionKey::new(key, None),
            made,
        })
    }

    /// What the code says; at most 95 characters.
    pub fn text(&self) -> String {
        let PublicKey::P256(key) = self.key.public_key() else {
            return String::new();
        };
        let key = key.to_sec1_point(true);
        text_of(
            BEGINNING,
            VERSION,
            &[&self.id, key.as_bytes(), &seconds(self.made)],
        )
    }

    /// The id as it stands in the address.
    pub fn id_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.id)
    }

    /// The desk's question, for the wallet behind this code alone. `ephemeral` and `iv` must be fresh.
    pub fn seal(&self, link: &RequestLink, ephemeral: &SecretKey, iv: [u8; 12]) -> Result<String, JweError> {
        let header = Map::from_iter([("cty".to_owned(), json!(CONTENT))]);
        jwe::encrypt(link.to_string().as_bytes(), &self.key, ephemeral, iv, header)
    }
}

/// The link that was laid there. Who asks is yet to be checked.
pub fn open(compact: &str, key: &SecretKey) -> Result<RequestLink, CodeError> {
    let (header, link) = jwe::decrypt(compact, key, REPLY_BYTES).map_err(|_| CodeError::NotForThis)?;
    if header.get("cty") != Some(&json!(CONTENT)) {
        return Err(CodeError::NotForThis);
    }
    let link = std::str::from_utf8(&link).map_err(|_| CodeError::NotForThis)?;
    link.parse().map_err(|_| CodeError::NotForThis)
}

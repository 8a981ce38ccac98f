//! An entry that a party signs for itself, for patients who add it by hand: nobody vouches for it but the paper that the
//! patient compares it with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{jwk::PublicKey, jws, signature::Signer};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Entry, Role, TrustError};
use crate::limits::ENTRY_BYTES;

const TYP: &str = "carnet-entry+jwt";
const MEMBER: &str = "carnet_entry";
/// Digests in a row: who looks for another file with the same fingerprint pays for each try.
const ROUNDS: u32 = 50_000;
/// Five bits each; without those that are read for one another (0 and o, 1 and l).
const LETTERS: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";
const GROUPS: usize = 8;
const GROUP: usize = 4;

/// An entry as its party signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnEntry {
    /// What it says of itself. Its id is made of its key: it can't be a listed one.
    pub entry: Entry,
    /// Eight groups of four characters, for comparing with the party's paper.
    pub fingerprint: String,
}

/// The file of a party's own entry.
pub fn sign_own(entry: &Entry, key: &dyn Signer) -> Result<String, TrustError> {
    entry.check()?;
    let payload = serde_json::to_vec(entry).map_err(|_| TrustError::Malformed)?;
    let header = Map::from_iter([("jwk".to_owned(), key.public().to_jwk())]);
    Ok(json!({ MEMBER: jws::sign(TYP, header, &payload, key) }).to_string())
}

/// Reads such a file.
pub fn open_own(file: &str) -> Result<OwnEntry, TrustError> {
    if file.len() > ENTRY_BYTES {
        return Err(TrustError::Malformed);
    }
    let outer = carnet_credentials::json::parse_object(file.as_bytes(), ENTRY_BYTES)
        .map_err(|_| TrustError::NotAnEntry)?;
    let compact = outer
        .get(MEMBER)
        .and_then(Value::as_str)
        .filter(|_| outer.len() == 1)
        .ok_or(TrustError::NotAnEntry)?;
    let unverified = jws::parse(compact, ENTRY_BYTES)?;
    unverified.check_header(TYP)?;
    let key = unverified.header().get("jwk").ok_or(TrustError::NoRootKey)?;
    let key = PublicKey::from_jwk(key).map_err(|_| TrustError::NoRootKey)?;
    let payload = unverified.verify(TYP, &key)?.payload;
    let mut entry: Entry =
        serde_json::from_value(Value::Object(payload)).map_err(|_| TrustError::Malformed)?;
    entry.id = format!("{ADDED}{}", URL_SAFE_NO_PAD.encode(&key.thumbprint()[..12]));
    entry
        .roles
        .retain(|role| !matches!(role, Role::Spender | Role::Witness));
    entry.check()?;
    Ok(OwnEntry {
        entry,
        fingerprint: fingerprint(compact),
    })
}

/// What the id of every party begins with that a patient added by hand.
pub const ADDED: &str = "added:";

/// Of the whole signed text, so that nothing in it can be another.
fn fingerprint(compact: &str) -> String {
    let mut digest = Sha256::digest(compact.as_bytes());
    for _ in 0..ROUNDS {
        digest = Sha256::digest(digest);
    }
    let mut text = String::with_capacity(GROUPS * (GROUP + 1));
    let (mut bits, mut held) = (0u32, 0u32);
    let mut bytes = digest.iter();
    for place in 0..GROUPS * GROUP {
        if held < 5 {
            bits = (bits << 8) | u32::from(bytes.next().copied().unwrap_or_default());
            held += 8;
        }
        held -= 5;
        if place > 0 && place % GROUP == 0 {
            text.push(' ');
        }
        text.push(char::from(LETTERS[(bits >> held & 31) as usize]));
        bits &= (1 << held) - 1;
    }
    text
}

//! Signing a trust list and taking one.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{jwk::PublicKey, jws};
use jiff::Timestamp;
use p256::ecdsa::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{TrustError, TrustList};
use crate::limits::{CLOCK_LEEWAY, TRUST_LIST_BYTES};

const TYP: &str = "carnet-trust+jwt";

/// The pinned root: RFC 7638 thumbprint of the key that signs the list. Base64url without padding in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RootKey(pub [u8; 32]);

impl RootKey {
    /// Sixteen hexadecimal digits in groups of four, for people to compare.
    pub fn fingerprint(&self) -> String {
        let digits = hex::encode(&self.0[..8]);
        format!(
            "{} {} {} {}",
            &digits[..4],
            &digits[4..8],
            &digits[8..12],
            &digits[12..]
        )
    }
}

impl From<&PublicKey> for RootKey {
    fn from(key: &PublicKey) -> Self {
        Self(key.thumbprint())
    }
}

impl fmt::Display for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl From<RootKey> for String {
    fn from(root: RootKey) -> Self {
        root.to_string()
    }
}

impl TryFrom<String> for RootKey {
    type Error = TrustError;

    fn try_from(text: String) -> Result<Self, TrustError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TrustError::NoRootKey)?;
        bytes.try_into().map(Self).map_err(|_| TrustError::NoRootKey)
    }
}

/// Signs a list that is well formed: a compact JWS with the root key in its header.
pub fn sign(list: &TrustList, root: &SigningKey) -> Result<String, TrustError> {
    list.check()?;
    let payload = serde_json::to_vec(list).map_err(|_| TrustError::Malformed)?;
    let header = Map::from_iter([("jwk".to_owned(), PublicKey::from(root).to_jwk())]);
    Ok(jws::sign(TYP, header, &payload, root))
}

/// Takes a first list. The caller shows the root's fingerprint and pins it.
pub fn verify_first(compact: &str, now: Timestamp) -> Result<(TrustList, RootKey), TrustError> {
    let (list, root) = open(compact, None)?;
    in_time(&list, now)?;
    Ok((list, root))
}

/// Takes a list that shall replace the one held, whose version is `current`.
pub fn verify_update(
    compact: &str,
    root: &RootKey,
    current: u64,
    now: Timestamp,
) -> Result<TrustList, TrustError> {
    let (list, _) = open(compact, Some(root))?;
    match list.version.cmp(&current) {
        std::cmp::Ordering::Less => return Err(TrustError::Rollback),
        std::cmp::Ordering::Equal => return Err(TrustError::NotNewer),
        std::cmp::Ordering::Greater => {}
    }
    in_time(&list, now)?;
    Ok(list)
}

/// Reads any list whose signature holds, whoever signed it and whenever. For looking at it.
pub fn open_any(compact: &str) -> Result<(TrustList, RootKey), TrustError> {
    open(compact, None)
}

/// Reads the list held, which was taken before. It may have expired since: see [`TrustList::is_expired`].
pub fn open_held(compact: &str, root: &RootKey) -> Result<TrustList, TrustError> {
    open(compact, Some(root)).map(|(list, _)| list)
}

fn open(compact: &str, pinned: Option<&RootKey>) -> Result<(TrustList, RootKey), TrustError> {
    let unverified = jws::parse(compact, TRUST_LIST_BYTES)?;
    unverified.check_header(TYP)?;
    let key = unverified.header().get("jwk").ok_or(TrustError::NoRootKey)?;
    let key = PublicKey::from_jwk(key).map_err(|_| TrustError::NoRootKey)?;
    let root = RootKey::from(&key);
    if pinned.is_some_and(|pinned| *pinned != root) {
        return Err(TrustError::WrongRoot);
    }
    let payload = unverified.verify(TYP, &key)?.payload;
    let list: TrustList =
        serde_json::from_value(Value::Object(payload)).map_err(|_| TrustError::Malformed)?;
    list.check()?;
    Ok((list, root))
}

fn in_time(list: &TrustList, now: Timestamp) -> Result<(), TrustError> {
    if list.issued.duration_since(now) > CLOCK_LEEWAY {
        return Err(TrustError::NotYetValid);
    }
    if list.is_expired(now) {
        Err(TrustError::Expired)
    } else {
        Ok(())
    }
}

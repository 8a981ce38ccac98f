//! Nonces that need no memory until they are used, and what was used already.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::keys::make_bytes;

/// How long a nonce is good.
const LIFE: SignedDuration = SignedDuration::from_mins(5);
const MAC: usize = 16;

/// Time, randomness and a keyed digest over both. Whoever asks for many fills nothing; the key lives as long as the process.
#[derive(Debug)]
pub struct Nonces {
    key: [u8; 32],
    used: Seen,
}

impl Nonces {
    pub fn new() -> Result<Self, getrandom::Error> {
        Ok(Self {
            key: make_bytes()?,
            used: Seen::default(),
        })
    }

    /// A fresh one.
    pub fn make(&self, now: Timestamp) -> Result<String, getrandom::Error> {
        let body = [now.as_second().to_be_bytes(), make_bytes::<8>()?].concat();
        let mac = self.mac(&body);
        Ok(BASE64_URL_SAFE_NO_PAD.encode([body, mac].concat()))
    }

    /// Whether it is from here, still good, and never used before; it is used now.
    pub fn take(&self, nonce: &str, now: Timestamp) -> bool {
        let Ok(bytes) = BASE64_URL_SAFE_NO_PAD.decode(nonce) else {
            return false;
        };
        let Some((body, mac)) = bytes.split_at_checked(MAC).filter(|(_, mac)| mac.len() == MAC) else {
            return false;
        };
        let Some(made) = body.first_chunk::<8>().map(|first| i64::from_be_bytes(*first)) else {
            return false;
        };
        let own = bool::from(self.mac(body).ct_eq(mac));
        let age = now.as_second().saturating_sub(made);
        own && (0..LIFE.as_secs()).contains(&age) && self.used.first_time(nonce.to_owned(), now)
    }

    /// Key and body have fixed lengths, so a plain hash of both is a sound code.
    fn mac(&self, body: &[u8]) -> Vec<u8> {
        let digest = Sha256::new().chain_update(self.key).chain_update(body).finalize();
        digest.iter().copied().take(MAC).collect()
    }
}

/// What was seen in the last minutes. Only what came with a good token is noted, so strangers can't fill it.
#[derive(Debug, Default)]
pub struct Seen(Mutex<HashMap<String, i64>>);

impl Seen {
    const ROOM: usize = 65_536;

    /// Notes it; `false` if it was here before, or if there is no more room.
    pub fn first_time(&self, what: String, now: Timestamp) -> bool {
        let now = now.as_second();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= Self::ROOM {
            seen.retain(|_, until| *until > now);
            if seen.len() >= Self::ROOM {
                return false;
            }
        }
        seen.insert(what, now.saturating_add(LIFE.as_secs()))
            .is_none_or(|until| until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_once_for_five_minutes_and_only_where_it_was_made() {
        let nonces = Nonces::new().unwrap();
        let now = Timestamp::now();
        let nonce = nonces.make(now).unwrap();
        assert!(!Nonces::new().unwrap().take(&nonce, now));
        assert!(nonces.take(&nonce, now + SignedDuration::from_secs(299)));
        assert!(!nonces.take(&nonce, now));
        let old = nonces.make(now).unwrap();
        assert!(!nonces.take(&old, now + LIFE));
        for other in ["", "AAAA", "!", &old[1..], &format!("{old}AA")] {
            assert!(!nonces.take(other, now));
        }
    }
}

//! 20-byte addresses, of a ledger key or of a registry.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::hex_bytes;

/// The last 20 bytes of the Keccak-256 of a public key, or a contract's place. Written `0x` and 40 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address(#[serde(with = "hex_bytes")] pub [u8; 20]);

/// Not `0x` and 40 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address is 0x and 40 lower-case hex digits")]
pub struct AddressError;

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        hex_bytes::decode(text).map(Self).ok_or(AddressError)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex_bytes::encode(&self.0))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

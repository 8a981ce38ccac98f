//! What the registry keeps of a log: how long its keeper said it was, and what stood in it then.

use serde::{Deserialize, Serialize};

use crate::{Address, eip712::keccak, hex_bytes};

/// The newest that one sender said of one log. Speaks for that sender alone: anybody can anchor anything, under any name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// Which log: its [`log_id`].
    #[serde(with = "hex_bytes")]
    pub log: [u8; 32],
    /// Who said so: the account that paid. In a station's own registry always the same one.
    pub by: Address,
    /// Entries in the log; never 0.
    pub size: u64,
    /// Root of the log's tree (RFC 6962) at this size.
    #[serde(with = "hex_bytes")]
    pub root: [u8; 32],
}

/// What a log is called in the registry: Keccak-256 of its verifier key `name+hash+key` (c2sp.org/signed-note), so of its
/// name and of the key that signs it.
pub fn log_id(verifier_key: &str) -> [u8; 32] {
    keccak(&[verifier_key.as_bytes()])
}

//! What is granted, and what takes it back.

use serde::{Deserialize, Serialize};

use crate::{Address, hex_bytes};

/// The longest period a registry of ours is made for: 90 days, in seconds.
pub const MAX_PERIOD_SECONDS: u64 = 90 * 24 * 60 * 60;

/// How far a grant's start may lie from the ledger's time when it is recorded, either way: one day, in seconds.
pub const MAX_START_SKEW_SECONDS: u64 = 24 * 60 * 60;

/// The five fields of a grant. Nothing in it names a person, a clinic or a kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// Address of the ledger key made for this one consent.
    pub subject: Address,
    /// Salted hash of the consent.
    #[serde(with = "hex_bytes")]
    pub commitment: [u8; 32],
    /// First second at which it holds, Unix time.
    pub not_before: u64,
    /// First second at which it no longer holds, Unix time.
    pub expiry: u64,
    /// [`revoke_hash`](crate::revoke_hash) of this grant's own secret.
    #[serde(with = "hex_bytes")]
    pub revoke_hash: [u8; 32],
}

/// What entitles to revoke a grant.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// The subject's signature of the [`revocation_digest`](crate::revocation_digest): r ‖ s ‖ v, low s, v 27 or 28.
    Signature([u8; 65]),
    /// The secret behind `revoke_hash`; needs no key. Worth nothing to anybody else, as it revokes only this grant.
    Secret([u8; 32]),
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Signature(_) => "Signature(…)",
            Self::Secret(_) => "Secret(…)",
        })
    }
}

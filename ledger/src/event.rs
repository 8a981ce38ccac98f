//! What the ledger has written down.

use serde::{Deserialize, Serialize};

use crate::{Grant, hex_bytes};

/// Place and time of an operation. Asking for the same operation again gives the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Counts the registry's operations, from 1, without gaps.
    pub sequence: u64,
    /// The ledger's time then, Unix seconds.
    pub time: u64,
}

/// What happened to a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// It was given.
    Granted,
    /// It was taken back, perhaps before it arrived (then it can no longer be given).
    Revoked,
}

/// One operation. Recovery looks among all of them for its keys' addresses; it must drop those whose `revoke_hash` is not
/// of its own secret: anybody can revoke, ahead of time, a grant he made up for a stranger's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Given or taken back.
    pub kind: EventKind,
    /// Which grant.
    #[serde(with = "hex_bytes")]
    pub grant_id: [u8; 32],
    /// Its five fields.
    pub grant: Grant,
    /// Where and when it was written.
    #[serde(flatten)]
    pub recorded: Recorded,
}

/// A stretch of everything recorded. Nothing recorded is ever left out, changed or moved, so a stretch asked for again
/// is the same, and may only have grown at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// In order of sequence, without gaps.
    pub events: Vec<Event>,
    /// Sequence of the newest operation of the whole registry; 0 when there is none.
    pub last: u64,
}

//! The one door to every engine.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Address, Anchor, Domain, Events, Grant, LedgerError, Proof, Recorded};

/// Gives the time, Unix seconds.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Where a grant stands. `Revoked` is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Never heard of it.
    None,
    /// Given, its period has not begun.
    Pending,
    /// Given, and it holds now.
    Active,
    /// Taken back, or taken back before it arrived.
    Revoked,
    /// Its period is over.
    Expired,
}

/// A status and the moment it was true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Where the grant stands.
    pub status: Status,
    /// The ledger's time of this reading, Unix seconds. Whoever relies on an old reading relies on nothing.
    pub as_of: u64,
}

/// A consent registry. An operation that has returned `Ok` is durable and is seen by every later reading.
pub trait Ledger: Send + Sync {
    /// Which registry this is.
    fn domain(&self) -> Domain;

    /// Records a grant signed by its subject. The same grant again returns the same [`Recorded`].
    ///
    /// # Errors
    /// [`LedgerError`]. A refusal records nothing; an [outage](LedgerError::is_outage) says nothing of what becomes of it.
    fn grant(&self, grant: &Grant, signature: &[u8; 65]) -> Result<Recorded, LedgerError>;

    /// Takes a grant back for good; one that has not arrived yet can't be given any more. The same again, by either
    /// proof, returns the same [`Recorded`].
    ///
    /// # Errors
    /// [`LedgerError`]. A refusal records nothing; an [outage](LedgerError::is_outage) says nothing of what becomes of it.
    fn revoke(&self, grant: &Grant, proof: &Proof) -> Result<Recorded, LedgerError>;

    /// Where this grant stands, and when that was so. Writes nothing.
    ///
    /// # Errors
    /// [`LedgerError`] when it can't be known; deny then.
    fn read(&self, grant_id: &[u8; 32]) -> Result<Reading, LedgerError>;

    /// Where this grant stands now. Writes nothing.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn status(&self, grant_id: &[u8; 32]) -> Result<Status, LedgerError> {
        self.read(grant_id).map(|reading| reading.status)
    }

    /// What was recorded after this sequence, at most `limit` operations. There is no question after one subject: it would
    /// tell whoever keeps the registry which grants are one person's.
    ///
    /// # Errors
    /// [`LedgerError`] when it can't be known.
    fn events(&self, after: u64, limit: usize) -> Result<Events, LedgerError>;

    /// Who anchors here: the account that [`anchor`](Self::anchor) speaks for.
    fn sender(&self) -> Address;

    /// Says, for all to see, that this log has so many entries and this root. Never less than before; the same again changes
    /// nothing. It is no operation: it has no place in the registry's sequence.
    ///
    /// # Errors
    /// [`LedgerError::WouldShrink`], [`LedgerError::OtherRoot`], [`LedgerError::NoAnchors`], or that it can't be done now.
    fn anchor(&self, log: &[u8; 32], size: u64, root: &[u8; 32]) -> Result<(), LedgerError>;

    /// The newest that this sender said of this log, where that is final; `None` before the first.
    ///
    /// # Errors
    /// [`LedgerError`] when it can't be known, [`LedgerError::NoAnchors`] where it can't be said.
    fn anchor_of(&self, log: &[u8; 32], by: Address) -> Result<Option<Anchor>, LedgerError>;
}

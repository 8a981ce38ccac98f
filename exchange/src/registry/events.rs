//! Everything a registry has recorded, in order: `GET …/events?after=N`. Whoever looks for grants of his own reads all of
//! it, so that the registry learns nothing of who looks or for what.

use carnet_consent::LedgerRef;
use serde::{Deserialize, Serialize};

use super::{RegistryError, read_within};
use crate::{
    answer::GrantTuple,
    limits::{EVENTS_BYTES, EVENTS_PAGE},
    promise::Operation,
};

/// One recorded operation. A revocation can stand under anybody's address: who looks for his own must hash his own
/// secret again and compare it with `revoke_hash`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryEvent {
    /// What.
    pub operation: Operation,
    /// Its place in the registry; counts from 1, without gaps.
    pub sequence: u64,
    /// When it was recorded, Unix seconds.
    pub time: u64,
    /// The whole tuple.
    pub grant: GrantTuple,
}

/// At most [`EVENTS_PAGE`] operations after one. The operations of a full page never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsPage {
    /// Decimal.
    pub chain_id: String,
    /// The contract, `0x` and 40 lower-case hex digits.
    pub registry: String,
    /// Sequence after which the page begins, as asked.
    pub after: u64,
    /// Sequence of the registry's newest operation when the page was made.
    pub last: u64,
    /// In order, without gaps.
    pub events: Vec<RegistryEvent>,
}

impl EventsPage {
    /// Reads the page that was asked for, of this registry: nothing skipped, nothing doubled, and never empty before
    /// the end, so that following it comes to one.
    pub fn read(body: &[u8], after: u64, ledger: &LedgerRef) -> Result<Self, RegistryError> {
        let page: Self = read_within(body, EVENTS_BYTES)?;
        if page.chain_id != ledger.chain_id || page.registry != ledger.registry {
            return Err(RegistryError::WrongRegistry);
        }
        let mut until = after;
        for event in &page.events {
            if until.checked_add(1) != Some(event.sequence) {
                return Err(RegistryError::Malformed);
            }
            until = event.sequence;
        }
        let whole = page.events.len() == EVENTS_PAGE || until >= page.last;
        if page.after != after || page.events.len() > EVENTS_PAGE || !whole {
            Err(RegistryError::Malformed)
        } else {
            Ok(page)
        }
    }

    /// Where the next page begins; `None` when this one reaches the end.
    pub fn next(&self) -> Option<u64> {
        let until = self.events.last()?.sequence;
        (until < self.last).then_some(until)
    }

    /// Whether the page has as many operations as fit: nothing is added to them any more. `last` grows with the registry.
    pub fn is_full(&self) -> bool {
        self.events.len() >= EVENTS_PAGE
    }
}

//! What was asked for and is not final yet: kept until it is, over any restart.
//!
//! Keys under `network/`: `t` grant id, operation → [`Sending`], or `t` log, 2, size (8 bytes), root → [`Sending`].

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use alloy_primitives::{B256, Bytes};
use carnet_store::{Batch, Store};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{anchors::Asked, node::Fault};
use crate::{EventKind, LedgerError, Recorded};

const PREFIX: &[u8] = b"network/t";

/// More grants and anchors than these don't wait.
const MOST: usize = 10_000;

/// Nor more revocations. Their room is their own: a consent can be taken back whatever else waits.
const MOST_REVOCATIONS: usize = 100_000;

/// Where it was recorded; an anchor has no place.
pub(super) type Answer = Result<Option<Recorded>, LedgerError>;

/// Which operation: one grant is given once and taken back once, by whatever proof. Or which anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    Grant([u8; 32]),
    Revocation([u8; 32]),
    Anchor(Asked),
}

/// What tells them apart in a key.
const GRANT: u8 = 0;
const REVOCATION: u8 = 1;
const ANCHOR: u8 = 2;

impl Name {
    pub(super) fn of(grant_id: [u8; 32], kind: EventKind) -> Self {
        match kind {
            EventKind::Granted => Self::Grant(grant_id),
            EventKind::Revoked => Self::Revocation(grant_id),
        }
    }

    /// Of which grant, and what becomes of it; `None` for an anchor.
    pub(super) fn operation(&self) -> Option<(&[u8; 32], EventKind)> {
        match self {
            Self::Grant(grant_id) => Some((grant_id, EventKind::Granted)),
            Self::Revocation(grant_id) => Some((grant_id, EventKind::Revoked)),
            Self::Anchor(_) => None,
        }
    }

    pub(super) fn anchor(&self) -> Option<Asked> {
        match self {
            Self::Anchor(asked) => Some(*asked),
            Self::Grant(_) | Self::Revocation(_) => None,
        }
    }

    pub(super) fn is_revocation(&self) -> bool {
        matches!(self, Self::Revocation(_))
    }

    fn key(&self) -> Vec<u8> {
        match self {
            Self::Grant(grant_id) => [PREFIX, grant_id, &[GRANT]].concat(),
            Self::Revocation(grant_id) => [PREFIX, grant_id, &[REVOCATION]].concat(),
            Self::Anchor(Asked { log, size, root }) => {
                [PREFIX, log, &[ANCHOR], &size.to_be_bytes(), root].concat()
            }
        }
    }

    fn from_key(key: &[u8]) -> Option<Self> {
        let (id, rest) = key.strip_prefix(PREFIX)?.split_first_chunk()?;
        match rest {
            [GRANT] => Some(Self::Grant(*id)),
            [REVOCATION] => Some(Self::Revocation(*id)),
            [ANCHOR, rest @ ..] => {
                let (size, root) = rest.split_first_chunk()?;
                Some(Self::Anchor(Asked {
                    log: *id,
                    size: u64::from_be_bytes(*size),
                    root: root.try_into().ok()?,
                }))
            }
            _ => None,
        }
    }
}

/// How far an operation is on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sending {
    /// What the contract is told.
    pub(super) call: Bytes,
    /// Most gas it may use.
    pub(super) gas: u64,
    /// Its place among the relayer's transactions; none while it was not sent.
    pub(super) nonce: Option<u64>,
    /// Most it pays for each gas, and to whoever includes it; wei.
    pub(super) fee: u128,
    pub(super) tip: u128,
    /// Hashes of the transactions that were sent for this nonce; one of them is included at most.
    pub(super) hashes: Vec<B256>,
    /// How often in a row it was included in vain, lost, or refused by every node.
    pub(super) failures: u32,
    /// When it was sent last, by this process, or put off.
    #[serde(skip)]
    pub(super) sent: Option<Instant>,
    /// It was seen in this block, which was not yet final.
    #[serde(skip)]
    pub(super) included: Option<u64>,
    /// Since when its nonce is used and its transaction not found.
    #[serde(skip)]
    pub(super) missing: Option<Instant>,
    /// The contract, which would have taken it, was seen to refuse it.
    #[serde(skip)]
    pub(super) refused: bool,
}

impl Sending {
    fn new(call: Bytes, gas: u64) -> Self {
        Self {
            call,
            gas,
            nonce: None,
            fee: 0,
            tip: 0,
            hashes: Vec::new(),
            failures: 0,
            sent: None,
            included: None,
            missing: None,
            refused: false,
        }
    }

    /// As if it had not been sent.
    pub(super) fn begin_anew(&mut self) {
        (self.nonce, self.sent, self.included, self.missing) = (None, None, None, None);
        self.hashes.clear();
    }

    /// Not to be looked at again before a while is over.
    pub(super) fn put_off(&mut self) {
        self.sent = Some(Instant::now());
    }
}

#[derive(Debug)]
struct Entry {
    sending: Sending,
    /// It stands in the store. Before that it is nobody's but whoever writes it down.
    kept: bool,
    waiting: Vec<oneshot::Sender<Answer>>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Outbox {
    store: Arc<dyn Store>,
    entries: Mutex<BTreeMap<Name, Entry>>,
}

impl Outbox {
    pub(super) fn open(store: Arc<dyn Store>) -> Result<Self, LedgerError> {
        let mut entries = BTreeMap::new();
        let mut readable = true;
        let visited = store.scan(PREFIX, &mut |key, value| {
            let sending = serde_json::from_slice::<Sending>(value).ok();
            if let Some((name, sending)) = Name::from_key(key).zip(sending) {
                let entry = Entry {
                    sending,
                    kept: true,
                    waiting: Vec::new(),
                };
                entries.insert(name, entry);
                ControlFlow::Continue(())
            } else {
                readable = false;
                ControlFlow::Break(())
            }
        });
        visited.map_err(|error| LedgerError::Store(Arc::new(error)))?;
        if !readable {
            return Err(LedgerError::Damaged("a record is not readable"));
        }
        let entries = Mutex::new(entries);
        Ok(Self { store, entries })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    pub(super) fn holds(&self, name: &Name) -> bool {
        self.entries().contains_key(name)
    }

    /// Puts an operation here, if it isn't yet, writes it down, and waits for what becomes of it. Whatever its caller is told
    /// from now on, it goes on over any restart.
    pub(super) fn wait(&self, name: Name, call: Bytes, gas: u64) -> Result<oneshot::Receiver<Answer>, Fault> {
        let (answer, waiting) = oneshot::channel();
        let new = {
            let mut entries = self.entries();
            let is_new = !entries.contains_key(&name);
            if is_new && is_crowded(&entries, &name) {
                return Err(Fault::Crowded);
            }
            let entry = entries.entry(name).or_insert_with(|| Entry {
                sending: Sending::new(call, gas),
                kept: false,
                waiting: Vec::new(),
            });
            entry.waiting.retain(|waiting| !waiting.is_closed());
            entry.waiting.push(answer);
            is_new.then(|| entry.sending.clone())
        };
        if let Some(sending) = new
            && let Err(fault) = self.keep(&[(name, sending)])
        {
            self.forget(name, &Err(fault.clone().into()));
            return Err(fault);
        }
        Ok(waiting)
    }

    /// All, those with a nonce first and in its order.
    pub(super) fn all(&self) -> Vec<(Name, Sending)> {
        let mut all: Vec<_> = self
            .entries()
            .iter()
            .filter(|(_, entry)| entry.kept)
            .map(|(name, entry)| (*name, entry.sending.clone()))
            .collect();
        all.sort_by_key(|(name, sending)| (sending.nonce.unwrap_or(u64::MAX), !name.is_revocation()));
        all
    }

    /// Writes down how far some of them are, before they are sent.
    pub(super) fn keep(&self, some: &[(Name, Sending)]) -> Result<(), Fault> {
        let mut batch = Batch::new();
        for (name, sending) in some {
            batch.put(
                name.key(),
                serde_json::to_vec(sending).map_err(|_| Fault::Garbled)?,
            );
        }
        self.commit(batch)?;
        let mut entries = self.entries();
        for (name, sending) in some {
            if let Some(entry) = entries.get_mut(name) {
                (entry.sending, entry.kept) = (sending.clone(), true);
            }
        }
        Ok(())
    }

    /// What only this process needs to know.
    pub(super) fn note(&self, name: &Name, sending: Sending) {
        if let Some(entry) = self.entries().get_mut(name) {
            entry.sending = sending;
        }
    }

    /// Tells those who wait, and goes on.
    pub(super) fn tell(&self, name: &Name, answer: &Answer) {
        if let Some(entry) = self.entries().get_mut(name) {
            tell(&mut entry.waiting, answer);
        }
    }

    /// Tells those who wait; the operation is done with.
    pub(super) fn finish(&self, done: Vec<(Name, Answer)>) -> Result<(), Fault> {
        if done.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        for (name, _) in &done {
            batch.delete(name.key());
        }
        self.commit(batch)?;
        for (name, answer) in done {
            self.forget(name, &answer);
        }
        Ok(())
    }

    /// Whoever comes before it is gone hears the answer; whoever comes after begins anew.
    fn forget(&self, name: Name, answer: &Answer) {
        let gone = self.entries().remove(&name);
        if let Some(mut gone) = gone {
            tell(&mut gone.waiting, answer);
        }
    }

    fn commit(&self, batch: Batch) -> Result<(), Fault> {
        self.store
            .commit(batch)
            .map_err(|error| Fault::Store(Arc::new(error)))
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<Name, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_crowded(entries: &BTreeMap<Name, Entry>, name: &Name) -> bool {
    let is_one = name.is_revocation();
    let most = if is_one { MOST_REVOCATIONS } else { MOST };
    // Few wait nearly always; then nobody has to count.
    entries.len() >= most
        && entries
            .keys()
            .filter(|name| name.is_revocation() == is_one)
            .count()
            >= most
}

fn tell(waiting: &mut Vec<oneshot::Sender<Answer>>, answer: &Answer) {
    for waiting in waiting.drain(..) {
        let _ = waiting.send(answer.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revocation_has_room_when_grants_have_none() {
        let mut entries = BTreeMap::new();
        let mut fill = |most: usize, name: fn([u8; 32]) -> Name| {
            for n in 0..most {
                let mut id = [0; 32];
                id[..8].copy_from_slice(&n.to_be_bytes());
                let entry = Entry {
                    sending: Sending::new(Bytes::new(), 0),
                    kept: true,
                    waiting: Vec::new(),
                };
                entries.insert(name(id), entry);
            }
            [Name::Grant([255; 32]), Name::Revocation([255; 32])].map(|name| is_crowded(&entries, &name))
        };
        assert_eq!(fill(MOST - 1, Name::Grant), [false, false]);
        assert_eq!(fill(MOST, Name::Grant), [true, false]);
        assert_eq!(fill(MOST_REVOCATIONS, Name::Revocation), [true, true]);
    }
}

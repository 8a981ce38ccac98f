//! The station's own registry, behind a ledger that a test can cut off: to the station it is one on a chain.

use std::{
    sync::{Arc, Mutex},
    thread::{self, ThreadId},
};

use carnet_ledger::{
    Address, Anchor, Domain, Events, Grant, Ledger, LedgerError, Proof, Reading, Recorded, embedded::Embedded,
};

/// What the station asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    Grant,
    Revoke,
    Read([u8; 32]),
    Events,
    Anchor,
    AnchorOf,
}

type Trouble = Arc<dyn Fn(Asks) -> Option<LedgerError> + Send + Sync>;

pub(crate) struct Watched {
    pub(crate) own: Arc<Embedded>,
    trouble: Mutex<Trouble>,
    asked: Mutex<Vec<(ThreadId, Asks)>>,
}

impl Watched {
    pub(crate) fn new(own: Arc<Embedded>) -> Self {
        Self {
            own,
            trouble: Mutex::new(Arc::new(|_| None)),
            asked: Mutex::default(),
        }
    }

    /// From now on this decides what fails. It may keep whoever asks waiting.
    pub(crate) fn fails(&self, with: impl Fn(Asks) -> Option<LedgerError> + Send + Sync + 'static) {
        *self.trouble.lock().unwrap() = Arc::new(with);
        self.asked.lock().unwrap().clear();
    }

    pub(crate) fn is_cut_off(&self) {
        self.fails(|_| Some(unreachable()));
    }

    pub(crate) fn is_well(&self) {
        self.fails(|_| None);
    }

    /// What was asked since [`fails`](Self::fails), by anybody.
    pub(crate) fn asked(&self) -> Vec<Asks> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(_, asks)| *asks).collect()
    }

    /// The same, by this thread alone: the station sweeps on its own.
    pub(crate) fn asked_here(&self) -> Vec<Asks> {
        let (asked, here) = (self.asked.lock().unwrap(), thread::current().id());
        let here = asked.iter().filter(|(thread, _)| *thread == here);
        here.map(|(_, asks)| *asks).collect()
    }

    fn ask(&self, what: Asks) -> Result<&Embedded, LedgerError> {
        self.asked.lock().unwrap().push((thread::current().id(), what));
        let trouble = Arc::clone(&self.trouble.lock().unwrap());
        trouble(what).map_or(Ok(&self.own), Err)
    }
}

pub(crate) fn unreachable() -> LedgerError {
    LedgerError::Unreachable(Arc::new(std::io::Error::other("no node answers")))
}

impl Ledger for Watched {
    fn domain(&self) -> Domain {
        self.own.domain()
    }

    fn grant(&self, grant: &Grant, signature: &[u8; 65]) -> Result<Recorded, LedgerError> {
        self.ask(Asks::Grant)?.grant(grant, signature)
    }

    fn revoke(&self, grant: &Grant, proof: &Proof) -> Result<Recorded, LedgerError> {
        self.ask(Asks::Revoke)?.revoke(grant, proof)
    }

    fn read(&self, grant_id: &[u8; 32]) -> Result<Reading, LedgerError> {
        self.ask(Asks::Read(*grant_id))?.read(grant_id)
    }

    fn events(&self, after: u64, limit: usize) -> Result<Events, LedgerError> {
        self.ask(Asks::Events)?.events(after, limit)
    }

    fn sender(&self) -> Address {
        self.own.sender()
    }

    fn anchor(&self, log: &[u8; 32], size: u64, root: &[u8; 32]) -> Result<(), LedgerError> {
        self.ask(Asks::Anchor)?.anchor(log, size, root)
    }

    fn anchor_of(&self, log: &[u8; 32], by: Address) -> Result<Option<Anchor>, LedgerError> {
        self.ask(Asks::AnchorOf)?.anchor_of(log, by)
    }
}

//! A store in memory that counts its commits and can be made to fail.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use carnet_store::{Batch, Export, Store, StoreError, Visit};

/// How the next commits end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disk {
    Well,
    /// Nothing is written.
    Refuses,
    /// It can be read, but the call fails: as when the last fsync fails.
    WritesAndFails,
}

#[derive(Debug)]
pub(crate) struct MemoryStore {
    pub(crate) pairs: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    pub(crate) disk: Mutex<Disk>,
    /// How the very next commit ends, if otherwise.
    next: Mutex<Option<Disk>>,
    /// Commits wait while somebody has this.
    gate: Mutex<()>,
    commits: AtomicUsize,
    readings: AtomicUsize,
}

impl MemoryStore {
    pub(crate) fn new() -> Self {
        Self {
            pairs: Mutex::default(),
            disk: Mutex::new(Disk::Well),
            next: Mutex::default(),
            gate: Mutex::default(),
            commits: AtomicUsize::new(0),
            readings: AtomicUsize::new(0),
        }
    }

    /// Commits that were tried.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }

    /// Values that were asked for.
    pub(crate) fn readings(&self) -> usize {
        self.readings.load(Ordering::SeqCst)
    }

    /// Holds up the next commit, which ends like this, and those behind it, until the guard is dropped.
    pub(crate) fn hold_up(&self, next: Disk) -> MutexGuard<'_, ()> {
        let gate = self.gate.lock().unwrap();
        *self.next.lock().unwrap() = Some(next);
        gate
    }

    pub(crate) fn becomes(&self, disk: Disk) {
        *self.disk.lock().unwrap() = disk;
    }
}

impl Store for MemoryStore {
    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        drop(self.gate.lock().unwrap());
        let next = self.next.lock().unwrap().take();
        let disk = next.unwrap_or(*self.disk.lock().unwrap());
        let mut pairs = self.pairs.lock().unwrap();
        if disk != Disk::Refuses {
            for (key, value) in batch.into_changes() {
                match value {
                    Some(value) => pairs.insert(key, value),
                    None => pairs.remove(&key),
                };
            }
        }
        match disk {
            Disk::Well => Ok(()),
            _ => Err(StoreError::Io {
                doing: "writing",
                source: io::Error::other("injected"),
            }),
        }
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.readings.fetch_add(1, Ordering::SeqCst);
        Ok(self.pairs.lock().unwrap().get(key).cloned())
    }

    fn scan(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let pairs = self.pairs.lock().unwrap();
        for (key, value) in pairs
            .range(prefix.to_vec()..)
            .take_while(|(key, _)| key.starts_with(prefix))
        {
            if visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn compact(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn export(&self, visit: &mut Export<'_>) -> Result<(), StoreError> {
        let pairs = self.pairs.lock().unwrap();
        pairs.iter().try_for_each(|(key, value)| visit(key, value))
    }
}

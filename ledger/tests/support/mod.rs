//! A store in memory that counts its commits and can be made to fail.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Mutex,
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
    commits: AtomicUsize,
}

impl MemoryStore {
    pub(crate) fn new() -> Self {
        Self {
            pairs: Mutex::default(),
            disk: Mutex::new(Disk::Well),
            commits: AtomicUsize::new(0),
        }
    }

    /// Commits that were tried.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }

    pub(crate) fn becomes(&self, disk: Disk) {
        *self.disk.lock().unwrap() = disk;
    }
}

impl Store for MemoryStore {
    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        let disk = *self.disk.lock().unwrap();
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

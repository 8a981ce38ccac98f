//! A folder with a store in it, whichever engine keeps the pairs.
//!
//! It holds `lock`, `format` (version, and which engine folder counts), `head` (how many batches were acknowledged),
//! `sled-N/` or `redb-N/` (the engine), `values/` (large values) and, when it was closed in order, `clean`.
//!
//! No engine is believed: a count and a sum over all pairs is part of every batch and checked at opening, as is the
//! number of batches against `head`. Whatever rewrites everything (compaction, another engine, an opening after a kill)
//! makes a new engine folder, checks it, and only then names it in `format`: a kill leaves the old one or the new one.

mod check;
mod clean;
mod commit;
mod format;
mod head;
mod lock;
mod moments;
mod open;
mod read;
mod rebuild;
mod tally;
mod values;

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::PathBuf,
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

pub use check::check;
#[cfg(feature = "faults")]
pub use open::open_on;
pub use open::{open, open_existing};
#[cfg(feature = "faults")]
pub use rebuild::convert_on;
pub use rebuild::{Progressing, convert};

use self::{
    format::Place,
    head::Head,
    lock::FolderLock,
    moments::Moments,
    tally::Progress,
    values::{Digest, References, ValueFiles},
};
use crate::{
    Batch, Checked, EngineKind, Store, StoreError,
    disk::Disk,
    engine::{Engine, guarded},
    store::{Export, Visit},
};

/// First byte of the keys of entries.
const ENTRY: u8 = b'k';
/// The key of the [`Progress`] that every batch writes.
const PROGRESS: &[u8] = b"p";

/// An open folder. Closed, and free for another opener, when dropped.
///
/// Lock order: `writer`, `synced`, `current`, `moments`.
pub struct FolderStore {
    disk: Disk,
    dir: PathBuf,
    values: ValueFiles,
    /// Empty only after an exchange of the engine failed.
    current: RwLock<Option<Arc<Current>>>,
    writer: Mutex<Writer>,
    synced: Mutex<Synced>,
    /// Number of the newest batch that reads can see.
    applied: AtomicU64,
    /// A write failed and nobody knows how far it came: no further one before the next opening.
    broken: AtomicBool,
    /// Held for reading by whoever may read a large value, so that its file isn't removed meanwhile.
    reading: RwLock<()>,
    /// What long reads that are under way still have to see.
    moments: Mutex<Moments>,
    /// Dropped last.
    _lock: FolderLock,
}

/// The engine in use, and where it is.
struct Current {
    engine: Box<dyn Engine>,
    place: Place,
}

/// How far the disk is.
struct Synced {
    /// Number of the newest batch that is on the disk.
    number: u64,
    head: Head,
}

/// What one committer at a time works on.
struct Writer {
    progress: Progress,
    references: References,
    /// Large values that nothing refers to any more since the batch of this number.
    unreferenced: BTreeMap<Digest, u64>,
}

impl Store for FolderStore {
    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let number = self.apply(batch)?;
        self.make_durable(number)?;
        self.remove_unreferenced();
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let _reading = self.reading.read();
        let stored = self.with_engine(|engine| engine.get(&entry_key(key)))?;
        stored.map(|stored| self.value(stored)).transpose()
    }

    fn scan(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.visit_values(prefix, visit)
    }

    fn scan_keys(
        &self,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], u64) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.visit_lengths(prefix, visit)
    }

    fn compact(&self) -> Result<(), StoreError> {
        self.rebuild(self.kind()?, &mut |_, _| ControlFlow::Continue(()))
    }

    fn export(&self, visit: &mut Export<'_>) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        self.scan(&[], &mut |key, value| {
            outcome = visit(key, value);
            if outcome.is_ok() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        outcome
    }

    fn check(&self) -> Result<Checked, StoreError> {
        self.look_over()
    }
}

impl FolderStore {
    /// Which engine keeps the pairs.
    pub fn kind(&self) -> Result<EngineKind, StoreError> {
        let current = self.current.read().map_err(|_| StoreError::Broken)?;
        Ok(current.as_ref().ok_or(StoreError::Broken)?.place.kind)
    }

    /// Bytes that the engine takes on the disk, and bytes of the pairs that it keeps.
    pub fn space(&self) -> Result<(u64, u64), StoreError> {
        let live = self
            .writer
            .lock()
            .map_err(|_| StoreError::Broken)?
            .progress
            .tally
            .bytes();
        let current = self.current.read().map_err(|_| StoreError::Broken)?;
        let place = current.as_ref().ok_or(StoreError::Broken)?.place;
        let taken = self
            .disk
            .size_of(&place.folder(&self.dir))
            .map_err(StoreError::io("measuring"))?;
        Ok((taken, live))
    }

    fn with_engine<T>(
        &self,
        work: impl FnOnce(&dyn Engine) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let current = self.current.read().map_err(|_| StoreError::Broken)?;
        let current = current.as_ref().ok_or(StoreError::Broken)?;
        guarded(|| work(current.engine.as_ref()))
    }

    fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    fn break_off(&self) {
        self.broken.store(true, Ordering::Release);
    }
}

impl Drop for FolderStore {
    fn drop(&mut self) {
        // The lock of the folder is given back after this, when the engine's threads are gone.
        let Ok(Some(current)) = self.current.get_mut().map(Option::take) else {
            return;
        };
        let Some(Current { engine, place }) = Arc::into_inner(current) else {
            return;
        };
        if guarded(|| engine.close()).is_ok() && !self.is_broken() {
            clean::mark(&self.disk, &self.dir, place);
        }
    }
}

impl std::fmt::Debug for FolderStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FolderStore").finish_non_exhaustive()
    }
}

fn entry_key(key: &[u8]) -> Vec<u8> {
    [&[ENTRY], key].concat()
}

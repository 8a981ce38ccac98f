//! sled 0.34.7, made durable.
//!
//! As shipped it does not fsync on Linux (`sync_file_range` only), writes pages over 128 KiB as "blobs" that it never
//! syncs, stumbles over a half-written snapshot, and may open silently with entries missing. Therefore:
//! no background flushing; each batch is one transaction, then `flush`, then `sync_all` of new blobs and of the
//! database file, and only then acknowledged; `snap.*.generating` is deleted before opening; a count and sum over all
//! pairs is part of every batch and checked at opening, as is the number of batches against the file `head`; large values are files beside it. Never another major version:
//! sled 1.0-alpha lost acknowledged writes.
//!
//! One folder holds `lock`, `format`, `head`, `db/` (sled), `values/` (large values) and, after damage, `damaged-N/`.

mod compact;
mod engine;
mod open;

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::PathBuf,
    sync::{
        Arc, Mutex, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use engine::{ENTRY, Engine, PROGRESS, Pairs, reference_key};
pub use open::open_sled;

use crate::{
    Batch, Store, StoreError,
    head::Head,
    lock::FolderLock,
    store::{Export, Visit},
    tally::Progress,
    values::{Digest, LARGEST_INLINE, Stored, ValueFiles},
};

const LONGEST_KEY: usize = 1024;

/// A folder opened with sled. Closed, and the folder free for another opener, when dropped.
///
/// Lock order: `writer`, `synced`, `engine`.
pub struct SledStore {
    dir: PathBuf,
    values: ValueFiles,
    /// Empty only while the files are being exchanged by `compact`, or after that failed.
    engine: RwLock<Option<Arc<Engine>>>,
    writer: Mutex<Writer>,
    synced: Mutex<Synced>,
    /// Number of the newest batch that reads can see.
    applied: AtomicU64,
    /// A write failed and nobody knows how far it came: no further one before the next opening.
    broken: AtomicBool,
    /// Held for reading by whoever may read a large value, so that its file isn't removed meanwhile.
    reading: RwLock<()>,
    /// Dropped last.
    _lock: FolderLock,
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
    /// Large values that nothing refers to any more since the batch of this number.
    unreferenced: BTreeMap<Digest, u64>,
}

impl Store for SledStore {
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
        stored.map(|stored| self.value(&stored)).transpose()
    }

    fn scan(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let _reading = self.reading.read();
        for (key, stored) in self.pairs(prefix)? {
            let flow = match Stored::parse(&stored)? {
                Stored::Inline(value) => visit(&key[1..], value),
                Stored::File(digest, _) => visit(&key[1..], &self.values.read(&digest)?),
            };
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn scan_keys(
        &self,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], u64) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        for (key, stored) in self.pairs(prefix)? {
            if visit(&key[1..], Stored::parse(&stored)?.len()).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn compact(&self) -> Result<(), StoreError> {
        self.rebuild()
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
}

impl SledStore {
    /// Writes large values, then applies the batch in one transaction. Returns the batch's number.
    fn apply(&self, batch: Batch) -> Result<u64, StoreError> {
        let mut writer = self.writer.lock().map_err(|_| StoreError::Broken)?;
        if self.broken.load(Ordering::Acquire) {
            return Err(StoreError::Broken);
        }
        let Progress { mut tally, batches } = writer.progress;
        let mut references: BTreeMap<Digest, i64> = BTreeMap::new();
        let mut writes = Vec::new();
        for (key, value) in batch.into_changes() {
            if key.len() > LONGEST_KEY {
                return Err(StoreError::KeyTooLong);
            }
            let key = entry_key(&key);
            if let Some(old) = self.with_engine(|engine| engine.get(&key))? {
                tally.subtract(&key, &old);
                if let Stored::File(digest, _) = Stored::parse(&old)? {
                    *references.entry(digest).or_default() -= 1;
                }
            }
            let stored = match value {
                Some(value) if value.len() > LARGEST_INLINE => {
                    let digest = self.values.write(&value)?;
                    *references.entry(digest).or_default() += 1;
                    Some(Stored::File(digest, value.len() as u64).to_bytes())
                }
                Some(value) => Some(Stored::Inline(&value).to_bytes()),
                None => None,
            };
            if let Some(stored) = &stored {
                tally.add(&key, stored);
            }
            writes.push((key, stored));
        }
        let mut unreferenced = Vec::new();
        for (digest, change) in &references {
            let key = reference_key(digest);
            let before = self.with_engine(|engine| engine.count(&key))?;
            let after = before.saturating_add_signed(*change);
            if after == 0 {
                unreferenced.push(*digest);
            }
            writes.push((key, (after > 0).then(|| after.to_be_bytes().to_vec())));
        }
        let progress = Progress {
            batches: batches + 1,
            tally,
        };
        writes.push((PROGRESS.to_vec(), Some(progress.to_bytes())));

        // Reads wait while the transaction runs, so that a scan never sees half of it.
        let applied = match self.engine.write().map_err(|_| StoreError::Broken)?.as_ref() {
            Some(engine) => engine.apply(writes),
            None => Err(StoreError::Broken),
        };
        if let Err(error) = applied {
            self.broken.store(true, Ordering::Release);
            return Err(error);
        }
        writer.progress = progress;
        let number = progress.batches;
        self.applied.store(number, Ordering::Release);
        for digest in references.keys() {
            writer.unreferenced.remove(digest);
        }
        writer
            .unreferenced
            .extend(unreferenced.into_iter().map(|digest| (digest, number)));
        Ok(number)
    }

    /// Waits until the batch is on the disk. Whoever comes first syncs for all that were applied by then.
    fn make_durable(&self, number: u64) -> Result<(), StoreError> {
        let mut synced = self.synced.lock().map_err(|_| StoreError::Broken)?;
        if synced.number >= number {
            return Ok(());
        }
        if self.broken.load(Ordering::Acquire) {
            return Err(StoreError::Broken);
        }
        let newest = self.applied.load(Ordering::Acquire);
        // Outside the lock of the engine: others go on reading and applying while the disk works.
        let engine = self.with_engine(|engine| Ok(Arc::clone(engine)))?;
        // After a failed fsync nobody knows what is on the disk: trying again could report success for lost data.
        engine
            .make_durable()
            .inspect_err(|_| self.broken.store(true, Ordering::Release))?;
        synced.number = newest;
        synced.head.write(newest);
        Ok(())
    }

    /// Removes the files of large values once the loss of their last reference is on the disk.
    fn remove_unreferenced(&self) {
        let Ok(mut writer) = self.writer.lock() else {
            return;
        };
        if writer.unreferenced.is_empty() {
            return;
        }
        // Somebody reads: the next commit, or the next opening, sees to it.
        let Ok(_nobody_reads) = self.reading.try_write() else {
            return;
        };
        let Ok(synced) = self.synced.lock().map(|synced| synced.number) else {
            return;
        };
        writer.unreferenced.retain(|digest, number| {
            let keep = *number > synced;
            if !keep {
                self.values.remove(digest);
            }
            keep
        });
    }

    fn pairs(&self, prefix: &[u8]) -> Result<Pairs, StoreError> {
        self.with_engine(|engine| engine.pairs(&entry_key(prefix)))
    }

    fn value(&self, stored: &[u8]) -> Result<Vec<u8>, StoreError> {
        match Stored::parse(stored)? {
            Stored::Inline(value) => Ok(value.to_vec()),
            Stored::File(digest, _) => self.values.read(&digest),
        }
    }

    fn with_engine<T>(
        &self,
        work: impl FnOnce(&Arc<Engine>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let engine: RwLockReadGuard<'_, _> = self.engine.read().map_err(|_| StoreError::Broken)?;
        work(engine.as_ref().ok_or(StoreError::Broken)?)
    }
}

impl std::fmt::Debug for SledStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SledStore").finish_non_exhaustive()
    }
}

fn entry_key(key: &[u8]) -> Vec<u8> {
    [&[ENTRY], key].concat()
}

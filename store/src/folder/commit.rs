//! Committing: large values first, then the batch in one piece, then fsync, then the acknowledgement.

use std::sync::{Arc, MutexGuard, atomic::Ordering};

use super::{
    FolderStore, PROGRESS, Writer, entry_key,
    tally::Progress,
    values::{Digest, LARGEST_INLINE, Stored},
};
use crate::{Batch, StoreError, engine::guarded};

const LONGEST_KEY: usize = 1024;

/// A batch as it goes to the engine.
struct Prepared {
    progress: Progress,
    /// New values under the engine's keys, with what was there before.
    changes: Vec<Change>,
    lost: Vec<Digest>,
    gained: Vec<(Digest, u64)>,
}

struct Change {
    key: Vec<u8>,
    before: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
}

impl FolderStore {
    /// Writes large values, then applies the batch in one piece. Returns the batch's number.
    pub(super) fn apply(&self, batch: Batch) -> Result<u64, StoreError> {
        let mut writer = self.writer()?;
        if self.is_broken() {
            return Err(StoreError::Broken);
        }
        let mut written = Vec::new();
        let prepared = self.prepare(&writer, batch, &mut written).inspect_err(|_| {
            // Nothing refers to these: a full disk gets its space back.
            for digest in &written {
                if !writer.references.contains(digest) && !writer.unreferenced.contains_key(digest) {
                    self.values.remove(digest);
                }
            }
        })?;
        let number = prepared.progress.batches;
        self.put_in(&prepared)?;

        writer.progress = prepared.progress;
        for (digest, length) in prepared.gained {
            writer.references.add(digest, length);
            writer.unreferenced.remove(&digest);
        }
        for digest in prepared.lost {
            if writer.references.subtract(digest) {
                writer.unreferenced.insert(digest, number);
            }
        }
        Ok(number)
    }

    fn prepare(
        &self,
        writer: &Writer,
        batch: Batch,
        written: &mut Vec<Digest>,
    ) -> Result<Prepared, StoreError> {
        let Progress { mut tally, batches } = writer.progress;
        let mut changes = Vec::new();
        let mut lost = Vec::new();
        let mut gained = Vec::new();
        for (key, value) in batch.into_changes() {
            if key.len() > LONGEST_KEY {
                return Err(StoreError::KeyTooLong);
            }
            let key = entry_key(&key);
            let before = self.with_engine(|engine| engine.get(&key))?;
            if let Some(before) = &before {
                tally.subtract(&key, before);
                if let Stored::File(digest, _) = Stored::parse(before)? {
                    lost.push(digest);
                }
            }
            let after = match value {
                Some(value) if value.len() > LARGEST_INLINE => {
                    let (digest, length) = (super::ValueFiles::digest(&value), value.len() as u64);
                    written.push(digest);
                    self.values.write(&digest, &value)?;
                    gained.push((digest, length));
                    Some(Stored::File(digest, length).to_bytes())
                }
                Some(value) => Some(Stored::Inline(&value).to_bytes()),
                None => None,
            };
            if let Some(after) = &after {
                tally.add(&key, after);
            }
            changes.push(Change { key, before, after });
        }
        if !written.is_empty() {
            self.values.sync()?;
        }
        Ok(Prepared {
            progress: Progress {
                batches: batches + 1,
                tally,
            },
            changes,
            lost,
            gained,
        })
    }

    /// Reads wait meanwhile, so that nobody sees half of it.
    fn put_in(&self, prepared: &Prepared) -> Result<(), StoreError> {
        let writes = prepared
            .changes
            .iter()
            .map(|change| (change.key.clone(), change.after.clone()))
            .chain([(PROGRESS.to_vec(), Some(prepared.progress.to_bytes()))])
            .collect();
        let current = self.current.write().map_err(|_| StoreError::Broken)?;
        let engine = &current.as_ref().ok_or(StoreError::Broken)?.engine;
        guarded(|| engine.apply(writes)).inspect_err(|_| self.break_off())?;
        let number = prepared.progress.batches;
        let mut moments = self.moments.lock().map_err(|_| StoreError::Broken)?;
        for change in &prepared.changes {
            moments.keep(number, &change.key, change.before.as_deref());
        }
        self.applied.store(number, Ordering::Release);
        Ok(())
    }

    /// Waits until the batch is on the disk. Whoever comes first syncs for all that were applied by then.
    pub(super) fn make_durable(&self, number: u64) -> Result<(), StoreError> {
        let mut synced = self.synced.lock().map_err(|_| StoreError::Broken)?;
        if synced.number >= number {
            return Ok(());
        }
        if self.is_broken() {
            return Err(StoreError::Broken);
        }
        let newest = self.applied.load(Ordering::Acquire);
        // Outside the lock of the engine: others go on reading and applying while the disk works.
        let current = {
            let current = self.current.read().map_err(|_| StoreError::Broken)?;
            Arc::clone(current.as_ref().ok_or(StoreError::Broken)?)
        };
        // After a failed fsync nobody knows what is on the disk: trying again could report success for lost data.
        guarded(|| current.engine.make_durable()).inspect_err(|_| self.break_off())?;
        synced.number = newest;
        synced.head.write(newest);
        Ok(())
    }

    /// Removes the files of large values once the loss of their last reference is on the disk.
    pub(super) fn remove_unreferenced(&self) {
        let Ok(mut writer) = self.writer() else {
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

    pub(super) fn writer(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        self.writer.lock().map_err(|_| StoreError::Broken)
    }
}

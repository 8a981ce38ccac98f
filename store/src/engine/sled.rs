//! sled 0.34.7, made durable.
//!
//! As shipped it does not fsync on Linux (`sync_file_range` only), writes pages over 128 KiB as "blobs" that it never
//! syncs, stumbles over a half-written snapshot, and may open silently with entries missing. Therefore: no background
//! flushing; each batch is one transaction, made durable by `flush` and then fsync of new blobs and of the database
//! file; `snap.*.generating` is deleted before opening. What it lost without a word is found out by the folder around
//! it. Never another major version: sled 1.0-alpha lost acknowledged writes.

use std::{
    collections::HashSet,
    fs::File,
    io,
    ops::Bound,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use sled::transaction::{ConflictableTransactionError, TransactionError};

use super::{Engine, Page, Writes};
use crate::{StoreError, disk::Disk};

const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// sled's background threads let go of the file a moment after it is closed.
const CLOSING: Duration = Duration::from_secs(5);
const READING: &str = "reading";

pub(super) struct Sled {
    disk: Disk,
    path: PathBuf,
    db: sled::Db,
    /// A second handle on sled's file: fsync concerns the file, whoever asks for it.
    file: File,
    /// Names of blobs that are on the disk already.
    synced_blobs: Mutex<HashSet<String>>,
}

impl Sled {
    pub(super) fn open(disk: &Disk, path: &Path) -> Result<Self, StoreError> {
        const OPENING: &str = "opening the database";
        disk.create_dir(path).map_err(StoreError::io("making a folder"))?;
        remove_unfinished_snapshots(disk, path).map_err(StoreError::io("clearing an unfinished snapshot"))?;
        wait_until_closed(path);
        let db = sled::Config::new()
            .path(path)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None)
            .open()
            .map_err(|error| refusal(OPENING, error))?;
        let engine = Self {
            disk: disk.clone(),
            path: path.to_owned(),
            db,
            file: File::open(path.join("db")).map_err(StoreError::io(OPENING))?,
            synced_blobs: Mutex::default(),
        };
        engine.make_durable()?;
        disk.sync_dir(path).map_err(StoreError::io(OPENING))?;
        Ok(engine)
    }

    /// sled writes pages over 128 KiB as files of their own, never changes them, and doesn't sync them.
    fn sync_blobs(&self) -> io::Result<()> {
        let mut synced = self
            .synced_blobs
            .lock()
            .map_err(|_| io::Error::other("poisoned"))?;
        let mut present = HashSet::new();
        let mut any_new = false;
        let blobs = self.path.join("blobs");
        for blob in self.disk.list(&blobs)? {
            if !synced.contains(&blob.name) {
                match File::open(&blob.path) {
                    Ok(file) => self.disk.sync(&file)?,
                    // Replaced by a newer page in the meantime.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
                any_new = true;
            }
            present.insert(blob.name);
        }
        *synced = present;
        if any_new {
            self.disk.sync_dir(&blobs)
        } else {
            Ok(())
        }
    }
}

impl Engine for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.db.get(key).map_err(|error| refusal(READING, error))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn page(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Page, StoreError> {
        let start = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let pairs = self.db.range::<&[u8], _>((start, Bound::Unbounded));
        Page::fill(
            prefix,
            pairs.map(|pair| pair.map_err(|error| refusal(READING, error))),
        )
    }

    fn apply(&self, writes: Writes) -> Result<(), StoreError> {
        let writes: Vec<(sled::IVec, Option<sled::IVec>)> = writes
            .into_iter()
            .map(|(key, value)| (key.into(), value.map(Into::into)))
            .collect();
        self.db
            .transaction(|tree| {
                for (key, value) in &writes {
                    match value {
                        Some(value) => tree.insert(key, value)?,
                        None => tree.remove(key)?,
                    };
                }
                Ok::<_, ConflictableTransactionError<()>>(())
            })
            .map_err(|error| match error {
                TransactionError::Storage(error) => refusal("writing", error),
                TransactionError::Abort(()) => StoreError::Broken,
            })
    }

    fn make_durable(&self) -> Result<(), StoreError> {
        const DOING: &str = "making a change durable";
        self.db.flush().map_err(|error| refusal(DOING, error))?;
        self.sync_blobs().map_err(StoreError::io(DOING))?;
        self.disk.sync(&self.file).map_err(StoreError::io(DOING))
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        let outcome = self.make_durable();
        let Self { path, db, file, .. } = *self;
        drop((db, file));
        wait_until_closed(&path);
        outcome
    }
}

/// A `snap.*.generating` is a snapshot that was being written when the process ended; sled takes it for a whole one.
fn remove_unfinished_snapshots(disk: &Disk, path: &Path) -> io::Result<()> {
    for file in disk.list(path)? {
        if file.name.starts_with("snap.") && file.name.ends_with(".generating") {
            disk.remove_file(&file.path)?;
        }
    }
    Ok(())
}

/// Waits for the threads of an engine that was open on `path` in this process, or in one that has just been killed.
fn wait_until_closed(path: &Path) {
    let started = Instant::now();
    while let Ok(file) = File::open(path.join("db")) {
        if file.try_lock().is_ok() || started.elapsed() > CLOSING {
            return;
        }
        drop(file);
        thread::sleep(Duration::from_millis(1));
    }
}

fn refusal(doing: &'static str, error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(source) => StoreError::io(doing)(source),
        sled::Error::Corruption { .. } => StoreError::Damaged {
            what: "a checksum of the engine is wrong",
        },
        sled::Error::CollectionNotFound(_) | sled::Error::Unsupported(_) => StoreError::Damaged {
            what: "the engine does not know its own file",
        },
        sled::Error::ReportableBug(_) => StoreError::Damaged {
            what: "the engine contradicts itself",
        },
    }
}

//! One open sled folder: transactions, and what makes them durable.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs::{self, File},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use sled::transaction::{ConflictableTransactionError, TransactionError};

use crate::{
    StoreError, durable,
    tally::{Progress, Tally},
    values::{Digest, Stored},
};

/// First byte of the keys of entries.
pub(super) const ENTRY: u8 = b'k';
/// First byte of the keys that count how many entries refer to a large value.
pub(super) const REFERENCES: u8 = b'r';
/// The key of the [`Progress`] that every batch writes.
pub(super) const PROGRESS: &[u8] = b"p";

const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// sled's background threads let go of the file a moment after it is closed.
const CLOSING: Duration = Duration::from_secs(5);

pub(super) type Pairs = Vec<(sled::IVec, sled::IVec)>;

/// What is in an engine.
pub(super) struct Found {
    /// As the last batch wrote it.
    pub(super) progress: Option<Progress>,
    /// As counted now.
    pub(super) tally: Tally,
    /// Large values that entries refer to, with their lengths.
    pub(super) referred: HashSet<(Digest, u64)>,
}

pub(super) struct Engine {
    db: sled::Db,
    /// A second handle on sled's file: fsync concerns the file, whoever asks for it.
    file: File,
    blobs: PathBuf,
    /// Names of blobs that are on the disk already.
    synced_blobs: Mutex<HashSet<OsString>>,
}

impl Engine {
    /// Opens or makes the folder `path`. Only one engine may be open on it.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        durable::create_dir(path).map_err(StoreError::io("making a folder"))?;
        remove_unfinished_snapshots(path).map_err(StoreError::io("clearing an unfinished snapshot"))?;
        let config = sled::Config::new()
            .path(path)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None);
        wait_until_closed(path);
        // sled has assertions on the way that damaged files can reach.
        let db = catch_unwind(AssertUnwindSafe(|| config.open()))
            .map_err(|_| StoreError::Damaged {
                what: "the engine gave up on its file",
                copy: None,
            })?
            .map_err(|error| refusal("opening the database", error))?;
        let engine = Self {
            db,
            file: File::open(path.join("db")).map_err(StoreError::io("opening the database"))?,
            blobs: path.join("blobs"),
            synced_blobs: Mutex::default(),
        };
        engine.make_durable()?;
        durable::sync_dir(path).map_err(StoreError::io("opening the database"))?;
        Ok(engine)
    }

    /// Closes; returns when the files are no longer in use.
    pub(super) fn close(self, path: &Path) {
        drop(self);
        wait_until_closed(path);
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        self.db.get(key).map_err(|error| refusal("reading", error))
    }

    /// A number kept under `key`; 0 if there is none.
    pub(super) fn count(&self, key: &[u8]) -> Result<u64, StoreError> {
        Ok(self
            .get(key)?
            .and_then(|bytes| bytes.as_ref().try_into().ok())
            .map_or(0, u64::from_be_bytes))
    }

    pub(super) fn pairs(&self, prefix: &[u8]) -> Result<Pairs, StoreError> {
        self.db
            .scan_prefix(prefix)
            .collect::<Result<_, _>>()
            .map_err(|error| refusal("reading", error))
    }

    /// All or nothing, but not yet durable.
    pub(super) fn apply(&self, writes: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Result<(), StoreError> {
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

    /// Everything applied so far is on the disk when it returns `Ok`.
    pub(super) fn make_durable(&self) -> Result<(), StoreError> {
        const DOING: &str = "making a change durable";
        self.db.flush().map_err(|error| refusal(DOING, error))?;
        self.sync_blobs().map_err(StoreError::io(DOING))?;
        self.file.sync_all().map_err(StoreError::io(DOING))
    }

    /// sled writes pages over 128 KiB as files of their own, never changes them, and doesn't sync them.
    fn sync_blobs(&self) -> io::Result<()> {
        let mut synced = self
            .synced_blobs
            .lock()
            .map_err(|_| io::Error::other("poisoned"))?;
        let mut present = HashSet::new();
        let mut any_new = false;
        for entry in fs::read_dir(&self.blobs)? {
            let name = entry?.file_name();
            if !synced.contains(&name) {
                match File::open(self.blobs.join(&name)) {
                    Ok(file) => file.sync_all()?,
                    // Replaced by a newer page in the meantime.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
                any_new = true;
            }
            present.insert(name);
        }
        *synced = present;
        if any_new {
            durable::sync_dir(&self.blobs)
        } else {
            Ok(())
        }
    }

    /// Goes over everything once.
    pub(super) fn look_through(&self) -> Result<Found, StoreError> {
        let mut found = Found {
            progress: self.get(PROGRESS)?.and_then(|bytes| Progress::from_bytes(&bytes)),
            tally: Tally::default(),
            referred: HashSet::new(),
        };
        for pair in self.db.scan_prefix([ENTRY]) {
            let (key, stored) = pair.map_err(|error| refusal("reading", error))?;
            found.tally.add(&key, &stored);
            if let Stored::File(digest, length) = Stored::parse(&stored)? {
                found.referred.insert((digest, length));
            }
        }
        Ok(found)
    }

    /// Copies every pair, bookkeeping included, into an empty engine.
    pub(super) fn copy_into(&self, target: &Self) -> Result<(), StoreError> {
        const PAIRS_AT_ONCE: usize = 1000;
        let mut writes = Vec::with_capacity(PAIRS_AT_ONCE);
        for pair in self.db.iter() {
            let (key, value) = pair.map_err(|error| refusal("reading", error))?;
            writes.push((key.to_vec(), Some(value.to_vec())));
            if writes.len() == PAIRS_AT_ONCE {
                target.apply(std::mem::take(&mut writes))?;
            }
        }
        target.apply(writes)?;
        target.make_durable()
    }
}

pub(super) fn reference_key(digest: &Digest) -> Vec<u8> {
    [&[REFERENCES], digest.as_slice()].concat()
}

/// A `snap.*.generating` is a snapshot that was being written when the process ended; sled takes it for a whole one.
fn remove_unfinished_snapshots(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path())?;
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
            copy: None,
        },
        sled::Error::CollectionNotFound(_) | sled::Error::Unsupported(_) => StoreError::Damaged {
            what: "the engine does not know its own file",
            copy: None,
        },
        sled::Error::ReportableBug(_) => StoreError::Damaged {
            what: "the engine contradicts itself",
            copy: None,
        },
    }
}

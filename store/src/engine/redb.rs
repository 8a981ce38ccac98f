//! redb 4: a copy-on-write tree with a checksum on every page.
//!
//! A batch is a commit without durability; what makes all of them durable is an empty durable commit, so that batches of
//! several threads share one fsync. All file access goes through [`Disk`].

use std::{fs::File, io, ops::Bound, path::Path, sync::RwLock};

use redb::{Database, Durability, ReadableDatabase, StorageBackend, TableDefinition};

use super::{Engine, Page, Writes};
use crate::{StoreError, disk::Disk};

const PAIRS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("pairs");
const CACHE_BYTES: usize = 64 * 1024 * 1024;
const OPENING: &str = "opening the database";
const READING: &str = "reading";
const WRITING: &str = "writing";

type Pairs = redb::ReadOnlyTable<&'static [u8], &'static [u8]>;

pub(super) struct Redb {
    db: Database,
    /// What is read from until the next change: beginning to read costs more than a reading. Making durable changes nothing, and
    /// is not waited for.
    reading: RwLock<Option<Pairs>>,
}

impl Redb {
    pub(super) fn open(disk: &Disk, path: &Path) -> Result<Self, StoreError> {
        disk.create_dir(path).map_err(StoreError::io("making a folder"))?;
        let file = disk
            .open_or_create(&path.join("redb"))
            .and_then(|file| disk.sync_dir(path).map(|()| file))
            .map_err(StoreError::io(OPENING))?;
        let db = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create_with_backend(OnDisk {
                disk: disk.clone(),
                file,
            })
            .map_err(|error| refusal(OPENING, error))?;
        let engine = Self {
            db,
            reading: RwLock::default(),
        };
        engine.write(OPENING, Durability::Immediate, Vec::new())?;
        Ok(engine)
    }

    fn write(&self, doing: &'static str, durability: Durability, writes: Writes) -> Result<(), StoreError> {
        let mut transaction = self.db.begin_write().map_err(|error| refusal(doing, error))?;
        transaction
            .set_durability(durability)
            .map_err(|_| StoreError::Broken)?;
        {
            let mut pairs = transaction
                .open_table(PAIRS)
                .map_err(|error| refusal(doing, error))?;
            for (key, value) in &writes {
                match value {
                    Some(value) => pairs.insert(key.as_slice(), value.as_slice()),
                    None => pairs.remove(key.as_slice()),
                }
                .map_err(|error| refusal(doing, error))?;
            }
        }
        transaction.commit().map_err(|error| refusal(doing, error))
    }

    /// Reads from the pairs as they are since the last change.
    fn reading<T>(&self, read: impl FnOnce(&Pairs) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if let Some(pairs) = &*self.reading.read().map_err(|_| StoreError::Broken)? {
            return read(pairs);
        }
        let mut reading = self.reading.write().map_err(|_| StoreError::Broken)?;
        let pairs = match reading.take() {
            Some(pairs) => pairs,
            None => self
                .db
                .begin_read()
                .map_err(|error| refusal(READING, error))?
                .open_table(PAIRS)
                .map_err(|error| refusal(READING, error))?,
        };
        read(reading.insert(pairs))
    }
}

impl Engine for Redb {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.reading(|pairs| {
            let found = pairs.get(key).map_err(|error| refusal(READING, error))?;
            Ok(found.map(|value| value.value().to_vec()))
        })
    }

    fn page(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Page, StoreError> {
        let start = after.map_or(Bound::Included(prefix), Bound::Excluded);
        self.reading(|pairs| {
            let range = pairs
                .range::<&[u8]>((start, Bound::Unbounded))
                .map_err(|error| refusal(READING, error))?;
            Page::fill(
                prefix,
                range.map(|pair| {
                    let (key, value) = pair.map_err(|error| refusal(READING, error))?;
                    Ok((key.value().to_vec(), value.value().to_vec()))
                }),
            )
        })
    }

    fn apply(&self, writes: Writes) -> Result<(), StoreError> {
        let mut reading = self.reading.write().map_err(|_| StoreError::Broken)?;
        *reading = None;
        self.write(WRITING, Durability::None, writes)
    }

    fn make_durable(&self) -> Result<(), StoreError> {
        self.write("making a change durable", Durability::Immediate, Vec::new())
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        drop(self.reading);
        self.db
            .close()
            .map_err(|error| refusal("closing the database", error))
    }
}

/// redb's file.
#[derive(Debug)]
struct OnDisk {
    disk: Disk,
    file: File,
}

impl StorageBackend for OnDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.read_at(&self.file, offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.set_length(&self.file, len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.sync(&self.file)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.write_at(&self.file, offset, data)
    }
}

fn refusal(doing: &'static str, error: impl Into<redb::Error>) -> StoreError {
    match error.into() {
        redb::Error::Io(source) if source.kind() == io::ErrorKind::InvalidData => StoreError::Damaged {
            what: "the engine does not know its own file",
        },
        redb::Error::Io(source) => StoreError::io(doing)(source),
        // It refuses everything after a failed operation, as we do.
        redb::Error::PreviousIo | redb::Error::DatabaseClosed => StoreError::Broken,
        redb::Error::DatabaseAlreadyOpen => StoreError::InUse,
        redb::Error::Corrupted(_) => StoreError::Damaged {
            what: "a checksum of the engine is wrong",
        },
        _ => StoreError::Damaged {
            what: "the engine contradicts itself",
        },
    }
}

//! The log of what this station's people have read. Each reading enters it in the very change that writes the reading down, as
//! a salted hash: only the holder of the consent is told what stands behind it. Nothing is ever taken out of it.
//!
//! Rows: `reads-log/size` → entries so far · `reads-log/e` place (8 bytes) → entry · `reads-log/t` level (1 byte), index
//! (8 bytes) → tile.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use carnet_log::{Place, Tiles, Tree, TreeError, tree::leaf};

use crate::db::{Change, Db, DbError};

const SIZE: &str = "reads-log/size";

/// Why the log can't be read or grown. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ReadsLogError {
    #[error("The log of readings can't be grown or read.")]
    Log(#[from] TreeError),
    #[error("A reading is not where it is kept.")]
    Misplaced,
    #[error("The system gave no randomness.")]
    Randomness(#[from] getrandom::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl ReadsLogError {
    /// Stable, `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Log(error) => error.code(),
            Self::Misplaced => "storage",
            Self::Randomness(_) => "randomness",
            Self::Db(error) => crate::errors::Told::code(error),
        }
    }
}

/// The log, open.
#[derive(Debug)]
pub struct ReadsLog {
    db: Db,
    /// One at a time: each one's place is the end of what was there.
    turn: Mutex<()>,
    /// Entries that are known to be on disk: what is shown to anybody can't be gone after a power cut.
    durable: AtomicU64,
}

impl ReadsLog {
    /// The log in these rows, as far as it is there.
    pub fn open(db: Db) -> Result<Self, ReadsLogError> {
        let size = size(&db)?.unwrap_or(0);
        Ok(Self {
            db,
            turn: Mutex::default(),
            durable: AtomicU64::new(size),
        })
    }

    /// Whether nothing was ever written down in it, not even that it is empty.
    pub fn is_new(&self) -> Result<bool, ReadsLogError> {
        Ok(size(&self.db)?.is_none())
    }

    /// Adds readings at its end, together with the rows that `rows` makes of the first one's place: all or nothing, and durable
    /// when this returns.
    pub fn add<E: From<ReadsLogError>>(
        &self,
        entries: &[[u8; 32]],
        rows: impl FnOnce(u64) -> Result<Change, E>,
    ) -> Result<(), E> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let first = size(&self.db)?.unwrap_or(0);
        let mut tree = Tree::of(first).map_err(ReadsLogError::from)?;
        let leaves: Vec<_> = entries.iter().map(|entry| leaf(entry)).collect();
        let tiles = tree.append(&leaves, self).map_err(ReadsLogError::from)?;
        let mut change = rows(first)?;
        for (place, tile) in tiles {
            change.put_bytes(tile_key(place), tile);
        }
        for (place, entry) in (first..).zip(entries) {
            change.put_bytes(entry_key(place), entry.to_vec());
        }
        change.put(SIZE, &tree.size()).map_err(ReadsLogError::from)?;
        self.db.commit(change).map_err(ReadsLogError::from)?;
        self.durable.fetch_max(tree.size(), Ordering::AcqRel);
        Ok(())
    }

    /// The log as far as it is durable. Its tiles are read through this.
    pub fn tree(&self) -> Result<Tree, TreeError> {
        Tree::of(self.durable.load(Ordering::Acquire))
    }

    /// So many entries from this one on.
    pub fn entries(&self, first: u64, many: u32) -> Result<Vec<Vec<u8>>, ReadsLogError> {
        let one = |place| self.db.bytes(&entry_key(place))?.ok_or(TreeError::Missing.into());
        (first..first.saturating_add(u64::from(many))).map(one).collect()
    }
}

impl Tiles for ReadsLog {
    fn read(&self, place: Place) -> Result<Option<Vec<u8>>, TreeError> {
        self.db.bytes(&tile_key(place)).map_err(|_| TreeError::Unreadable)
    }
}

fn size(db: &Db) -> Result<Option<u64>, ReadsLogError> {
    Ok(db.get(SIZE)?)
}

fn tile_key(place: Place) -> Vec<u8> {
    [b"reads-log/t", &[place.level][..], &place.index.to_be_bytes()].concat()
}

fn entry_key(place: u64) -> Vec<u8> {
    [&b"reads-log/e"[..], &place.to_be_bytes()].concat()
}

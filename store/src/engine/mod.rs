//! What an engine has to do, so that everything else is the same for each.

mod redb;
mod sled;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use crate::{StoreError, disk::Disk};

/// Which engine keeps the pairs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EngineKind {
    /// sled 0.34.7, a log: many small commits are cheap.
    #[default]
    Sled,
    /// redb 4, a copy-on-write tree: takes less space.
    Redb,
}

impl EngineKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Sled, Self::Redb];

    /// `sled` or `redb`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sled => "sled",
            Self::Redb => "redb",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Opens or makes an engine in the folder `path`. Only one may be open on it.
    pub(crate) fn open(self, disk: &Disk, path: &Path) -> Result<Box<dyn Engine>, StoreError> {
        guarded(|| match self {
            Self::Sled => Ok(Box::new(sled::Sled::open(disk, path)?) as _),
            Self::Redb => Ok(Box::new(redb::Redb::open(disk, path)?) as _),
        })
    }

    /// Files that only shorten opening: where they are damaged the engine does without.
    pub(crate) fn is_shortcut(self, file: &str) -> bool {
        self == Self::Sled && file.starts_with("snap.")
    }

    /// Where shortcuts exist, it is worth trying again without them.
    pub(crate) fn has_shortcuts(self) -> bool {
        self == Self::Sled
    }
}

/// New values for keys; `None` removes.
pub(crate) type Writes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Some pairs in key order.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) pairs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether there may be more behind them.
    pub(crate) more: bool,
}

const PAIRS_IN_A_PAGE: usize = 256;
const BYTES_IN_A_PAGE: usize = 512 * 1024;

impl Page {
    /// Takes pairs until they run out, leave the prefix, or the page is full.
    fn fill<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        prefix: &[u8],
        pairs: impl Iterator<Item = Result<(K, V), StoreError>>,
    ) -> Result<Self, StoreError> {
        let mut page = Self::default();
        let mut bytes = 0;
        for pair in pairs {
            let (key, value) = pair?;
            let (key, value) = (key.as_ref(), value.as_ref());
            if !key.starts_with(prefix) {
                break;
            }
            bytes += key.len() + value.len();
            page.pairs.push((key.to_vec(), value.to_vec()));
            if page.pairs.len() == PAIRS_IN_A_PAGE || bytes >= BYTES_IN_A_PAGE {
                page.more = true;
                break;
            }
        }
        Ok(page)
    }
}

/// Pairs on a disk. One writer at a time; reads may go on beside it.
pub(crate) trait Engine: Send + Sync {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The first pairs with this prefix, or the next ones `after` a key.
    fn page(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Page, StoreError>;

    /// All or nothing, but not yet durable.
    fn apply(&self, writes: Writes) -> Result<(), StoreError>;

    /// Everything applied so far is on the disk when it returns `Ok`.
    fn make_durable(&self) -> Result<(), StoreError>;

    /// Returns when the files are no longer in use. `Ok` if all is on the disk and in order.
    fn close(self: Box<Self>) -> Result<(), StoreError>;
}

/// Engines have assertions on the ways that damaged files can reach.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(StoreError::Damaged {
        what: "the engine gave up on its file",
    }))
}

//! The tree (RFC 6962, section 2.1) kept as tiles of 256 hashes (c2sp.org/tlog-tiles).
//!
//! A tile is named by its level and its place on it. The tile at a level's right edge grows; every other one has 256 hashes
//! and never changes again.

use std::{
    cell::RefCell,
    collections::{HashMap, hash_map::Entry},
};

pub use tlog_tiles::Hash;
use tlog_tiles::{
    HASH_SIZE, HashReader, Tile, check_record, check_tree, prove_record, prove_tree, record_hash,
    stored_hash_index, stored_hashes_for_record_hash, tree_hash,
};

use crate::limits::{ENTRIES, PROOF_HASHES};

/// Height of a tile: 2⁸ hashes.
const HEIGHT: u8 = 8;

/// Which tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// 0 is that of the entries' own hashes; each further one summarises 256 of the one below.
    pub level: u8,
    /// From the left, from 0.
    pub index: u64,
}

/// What somebody asks for by its path under the log (c2sp.org/tlog-tiles): `tile/0/x001/234.p/5`, `tile/entries/000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// So many hashes of a tile.
    Hashes(Place, u32),
    /// So many entries from this one on.
    Entries(u64, u32),
}

impl Part {
    /// Reads a path. `None`: there can be no such part.
    pub fn of(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("tile/")?;
        // The library writes the height first and calls entries data.
        let rest = rest
            .strip_prefix("entries/")
            .map_or_else(|| rest.to_owned(), |rest| format!("data/{rest}"));
        let tile = Tile::from_path(&format!("tile/{HEIGHT}/{rest}")).ok()?;
        if tile.level_index() > ENTRIES >> HEIGHT {
            return None;
        }
        Some(if tile.is_data() {
            Self::Entries(tile.level_index() << HEIGHT, tile.width())
        } else {
            let place = Place {
                level: tile.level(),
                index: tile.level_index(),
            };
            Self::Hashes(place, tile.width())
        })
    }
}

/// Entries as they travel: each after its length in two bytes, big-endian. `None`: one is longer than 65,535 bytes.
pub fn bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut bundle = Vec::new();
    for entry in entries {
        bundle.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
        bundle.extend(entry);
    }
    Some(bundle)
}

/// Where tiles are kept.
pub trait Tiles {
    /// A tile as it was last written, or none. What can't be read is an error, never none.
    ///
    /// # Errors
    /// [`TreeError::Unreadable`].
    fn read(&self, place: Place) -> Result<Option<Vec<u8>>, TreeError>;
}

/// Why the tree can't be read, grown, or why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The tiles' keeper failed.
    #[error("a part of the log can't be read")]
    Unreadable,
    /// A tile is missing or too short.
    #[error("a part of the log is missing")]
    Missing,
    /// An entry or a size that the log doesn't have.
    #[error("the log is not that long")]
    OutOfRange,
    /// No log grows to this.
    #[error("the log is longer than any can be")]
    TooLarge,
    /// It does not lead to the checkpoint's root.
    #[error("the proof does not hold")]
    DoesNotHold,
}

impl TreeError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "log_unreadable",
            Self::Missing => "log_part_missing",
            Self::OutOfRange => "log_out_of_range",
            Self::TooLarge => "log_too_large",
            Self::DoesNotHold => "log_proof",
        }
    }
}

/// Hash of an entry: SHA-256(0 ‖ entry).
pub fn leaf(entry: &[u8]) -> Hash {
    record_hash(entry)
}

/// A log of so many entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tree {
    size: u64,
}

impl Tree {
    /// The log when it had this many entries.
    ///
    /// # Errors
    /// [`TreeError::TooLarge`].
    pub fn of(size: u64) -> Result<Self, TreeError> {
        if size > ENTRIES {
            return Err(TreeError::TooLarge);
        }
        Ok(Self { size })
    }

    /// How many entries it has.
    pub fn size(self) -> u64 {
        self.size
    }

    /// Adds entries, given by their hashes. The tiles that changed are to be written, all or none, before anybody is told;
    /// each replaces the one at its place.
    ///
    /// # Errors
    /// [`TreeError`]; the tree is as it was.
    pub fn append(&mut self, leaves: &[Hash], tiles: &dyn Tiles) -> Result<Vec<(Place, Vec<u8>)>, TreeError> {
        let new = Self::of(self.size.saturating_add(leaves.len() as u64))?;
        let mut reader = Reader::new(tiles, self.size);
        for (leaf, n) in leaves.iter().zip(self.size..) {
            let hashes = stored_hashes_for_record_hash(n, *leaf, &reader).map_err(|_| reader.why())?;
            let first = stored_hash_index(0, n);
            reader.added.extend((first..).zip(hashes));
            reader.size = n + 1;
        }
        let mut changed = Vec::new();
        for tile in Tile::new_tiles(HEIGHT, self.size, new.size) {
            let place = Place {
                level: tile.level(),
                index: tile.level_index(),
            };
            changed.push((place, tile.read_data(&reader).map_err(|_| reader.why())?));
        }
        *self = new;
        Ok(changed)
    }

    /// The root: what a checkpoint signs.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn root(self, tiles: &dyn Tiles) -> Result<Hash, TreeError> {
        let reader = Reader::new(tiles, self.size);
        tree_hash(self.size, &reader).map_err(|_| reader.why())
    }

    /// So many hashes of a tile, as they travel. `None` where the log is not that long.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn hashes(self, place: Place, width: u32, tiles: &dyn Tiles) -> Result<Option<Vec<u8>>, TreeError> {
        let on_level = self
            .size
            .checked_shr(u32::from(HEIGHT) * u32::from(place.level))
            .unwrap_or(0);
        let end = (place.index << HEIGHT).saturating_add(u64::from(width));
        if end > on_level {
            return Ok(None);
        }
        let mut tile = tiles.read(place)?.ok_or(TreeError::Missing)?;
        let wanted = width as usize * HASH_SIZE;
        if tile.len() < wanted {
            return Err(TreeError::Missing);
        }
        tile.truncate(wanted);
        Ok(Some(tile))
    }

    /// Proof that the entry at `index` is in it.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn prove_entry(self, index: u64, tiles: &dyn Tiles) -> Result<Vec<Hash>, TreeError> {
        if index >= self.size {
            return Err(TreeError::OutOfRange);
        }
        let reader = Reader::new(tiles, self.size);
        prove_record(self.size, index, &reader).map_err(|_| reader.why())
    }

    /// Proof that it begins with what it was at size `earlier`. Nothing needs proof of an empty log.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn prove_growth(self, earlier: u64, tiles: &dyn Tiles) -> Result<Vec<Hash>, TreeError> {
        if earlier > self.size {
            return Err(TreeError::OutOfRange);
        }
        if earlier == 0 {
            return Ok(Vec::new());
        }
        let reader = Reader::new(tiles, self.size);
        prove_tree(self.size, earlier, &reader).map_err(|_| reader.why())
    }
}

/// Whether this entry is at this place of the log with this root.
///
/// # Errors
/// [`TreeError::OutOfRange`], [`TreeError::DoesNotHold`].
pub fn check_entry(
    proof: &[Hash],
    (size, root): (u64, Hash),
    index: u64,
    entry: &[u8],
) -> Result<(), TreeError> {
    if index >= size || size > ENTRIES {
        return Err(TreeError::OutOfRange);
    }
    if proof.len() > PROOF_HASHES {
        return Err(TreeError::DoesNotHold);
    }
    check_record(&proof.to_vec(), size, root, index, leaf(entry)).map_err(|_| TreeError::DoesNotHold)
}

/// Whether the later log begins with the earlier one.
///
/// # Errors
/// [`TreeError::OutOfRange`], [`TreeError::DoesNotHold`].
pub fn check_growth(
    proof: &[Hash],
    (earlier, earlier_root): (u64, Hash),
    (later, later_root): (u64, Hash),
) -> Result<(), TreeError> {
    if earlier > later || later > ENTRIES {
        return Err(TreeError::OutOfRange);
    }
    if proof.len() > PROOF_HASHES {
        return Err(TreeError::DoesNotHold);
    }
    if earlier == 0 {
        let holds = proof.is_empty()
            && earlier_root == tlog_tiles::EMPTY_HASH
            && (later > 0 || later_root == tlog_tiles::EMPTY_HASH);
        return if holds {
            Ok(())
        } else {
            Err(TreeError::DoesNotHold)
        };
    }
    check_tree(&proof.to_vec(), later, later_root, earlier, earlier_root).map_err(|_| TreeError::DoesNotHold)
}

/// Hashes out of tiles and out of what was just added; each tile is read once.
struct Reader<'a> {
    tiles: &'a dyn Tiles,
    size: u64,
    added: HashMap<u64, Hash>,
    read: RefCell<HashMap<Place, Vec<u8>>>,
    failed: RefCell<Option<TreeError>>,
}

impl<'a> Reader<'a> {
    fn new(tiles: &'a dyn Tiles, size: u64) -> Self {
        Self {
            tiles,
            size,
            added: HashMap::new(),
            read: RefCell::default(),
            failed: RefCell::default(),
        }
    }

    /// The library's errors are its own; ours was noted on the way.
    fn why(&self) -> TreeError {
        self.failed.borrow().unwrap_or(TreeError::Missing)
    }

    fn hash(&self, index: u64) -> Result<Hash, TreeError> {
        if let Some(hash) = self.added.get(&index) {
            return Ok(*hash);
        }
        if index >= stored_hash_index(0, self.size) {
            return Err(TreeError::Missing);
        }
        let tile = Tile::from_index(HEIGHT, index);
        let place = Place {
            level: tile.level(),
            index: tile.level_index(),
        };
        let mut read = self.read.borrow_mut();
        let data = match read.entry(place) {
            Entry::Occupied(tile) => tile.into_mut(),
            Entry::Vacant(none) => none.insert(self.tiles.read(place)?.ok_or(TreeError::Missing)?),
        };
        if data.len() < tile.width() as usize * HASH_SIZE {
            return Err(TreeError::Missing);
        }
        tile.hash_at_index(data, index).map_err(|_| TreeError::Missing)
    }
}

impl HashReader for Reader<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let hashes: Result<Vec<Hash>, TreeError> = indexes.iter().map(|index| self.hash(*index)).collect();
        hashes.map_err(|error| {
            *self.failed.borrow_mut() = Some(error);
            tlog_tiles::Error::IndexesNotInTree
        })
    }
}

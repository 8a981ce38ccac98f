//! The append-only log of the registry's operations, grown in the very batch that records them. Entry n is operation n + 1.
//!
//! Keys under `ledger/`: `t` level (1 byte), index (8 bytes) → tile.

use carnet_log::{Hash, Place, Tiles, Tree, TreeError, entry, tree::leaf};

use super::{
    records,
    state::{State, StateError, key},
};
use crate::{Event, EventKind};

/// Operations that are caught up with in one batch.
const STRETCH: usize = 4_096;

impl Tiles for State<'_> {
    fn read(&self, place: Place) -> Result<Option<Vec<u8>>, TreeError> {
        self.get(&tile_key(place)).map_err(|_| TreeError::Unreadable)
    }
}

/// An operation as it stands in the log.
pub fn entry_of(event: &Event) -> Vec<u8> {
    let operation = match event.kind {
        EventKind::Granted => entry::Operation::Grant,
        EventKind::Revoked => entry::Operation::Revoke,
    };
    let grant_id = hex::encode(event.grant_id);
    entry::operation(operation, &grant_id, event.recorded.sequence, event.recorded.time)
}

pub(super) fn leaf_of(event: &Event) -> Hash {
    leaf(&entry_of(event))
}

/// Adds operations to the log of the first `size` ones.
pub(super) fn append(state: &mut State<'_>, size: u64, leaves: &[Hash]) -> Result<(), StateError> {
    let changed = Tree::of(size)
        .and_then(|mut tree| tree.append(leaves, state))
        .map_err(damaged)?;
    for (place, tile) in changed {
        state.put(tile_key(place), tile);
    }
    Ok(())
}

/// How many of the first `size` operations are not in the log yet: a registry that was kept before there was a log.
pub(super) fn is_behind(state: &State<'_>, size: u64) -> Result<bool, StateError> {
    let Some(last) = size.checked_sub(1) else {
        return Ok(false);
    };
    let place = Place {
        level: 0,
        index: last >> 8,
    };
    let width = 32 * ((last & 255) as usize + 1);
    Ok(state.get(&tile_key(place))?.is_none_or(|tile| tile.len() < width))
}

/// Adds the operations after the first `size` ones, at most [`STRETCH`], up to `last`. Gives how many are in it now.
pub(super) fn catch_up(state: &mut State<'_>, size: u64, last: u64) -> Result<u64, StateError> {
    let missing = records::between(state, size, last, STRETCH)?;
    let leaves: Vec<Hash> = missing.iter().map(leaf_of).collect();
    append(state, size, &leaves)?;
    Ok(size + leaves.len() as u64)
}

pub(super) fn damaged(error: TreeError) -> StateError {
    StateError::Damaged(match error {
        TreeError::Unreadable => "the log of operations can't be read",
        TreeError::Missing => "a part of the log of operations is missing",
        TreeError::OutOfRange | TreeError::DoesNotHold => "the log of operations is not that long",
        TreeError::TooLarge => "the log of operations is full",
    })
}

fn tile_key(place: Place) -> Vec<u8> {
    key(b't', &[&[place.level], &place.index.to_be_bytes()])
}

//! What shows a log's contradiction to anybody, with nobody to ask. A proof that fails shows nothing by itself: whoever complains
//! could have spoilt it. These proofs hold, and lead elsewhere than the keeper signed before.

use tlog_tiles::{check_record, node_hash};

use crate::{
    Hash,
    limits::{ENTRIES, PROOF_HASHES},
};

/// Root and size of a log.
type Head = (u64, Hash);

/// What the keeper itself says the later log begins with: the root of its first `earlier` entries. `None`: this way does not
/// lead to the later log's root, so it says nothing.
///
/// The way is a proof of growth (RFC 6962, section 2.1.2), which begins with the hash of the largest whole part of the earlier
/// log also where that is all of it.
pub fn beginning(way: &[Hash], earlier: u64, (later, root): Head) -> Option<Hash> {
    if earlier == 0 || earlier >= later || later > ENTRIES || way.len() > PROOF_HASHES + 1 {
        return None;
    }
    let (begins, all) = roots(way, 0, later, earlier)?;
    (all == root).then_some(begins)
}

/// Roots of the first entries up to `size`, and of all from `from` to `to`.
fn roots(way: &[Hash], from: u64, to: u64, size: u64) -> Option<(Hash, Hash)> {
    let (last, before) = way.split_last()?;
    if size == to {
        return before.is_empty().then_some((*last, *last));
    }
    let half = from + (to - from).next_power_of_two() / 2;
    if size <= half {
        let (begins, all) = roots(before, from, half, size)?;
        Some((begins, node_hash(all, *last)))
    } else {
        let (begins, all) = roots(before, half, to, size)?;
        Some((node_hash(*last, begins), node_hash(*last, all)))
    }
}

/// The way of [`beginning`] from what the keeper gives out: a proof of growth from `earlier`, and the proof of the entry that
/// came next, which holds the hash that the first leaves out. `None`: they don't lead to the later log's root.
pub fn way(growth: &[Hash], next: &[Hash], earlier: u64, later: Head) -> Option<Vec<Hash>> {
    let with = |first: &Hash| [&[*first], growth].concat();
    let complete = std::iter::once(growth.to_vec());
    complete
        .chain(next.iter().map(with))
        .find(|way| beginning(way, earlier, later).is_some())
}

/// Whether the entry at this place of the log has this hash.
pub fn stands(proof: &[Hash], (size, root): Head, index: u64, leaf: Hash) -> bool {
    index < size
        && size <= ENTRIES
        && proof.len() <= PROOF_HASHES
        && check_record(&proof.to_vec(), size, root, index, leaf).is_ok()
}

/// The hash of the entry at this place, by its proof and by that of its neighbour ([`neighbour`]), which holds it. `None`: they
/// don't lead to the log's root.
pub fn entry_at(proof: &[Hash], neighbours: &[Hash], head: Head, index: u64) -> Option<Hash> {
    let alone = std::iter::once(head.1);
    alone
        .chain(neighbours.iter().copied())
        .find(|leaf| stands(proof, head, index, *leaf))
}

/// The place whose proof holds the hash of the entry at this one. `None` where it is the only one.
pub fn neighbour(index: u64, size: u64) -> Option<u64> {
    if index ^ 1 < size {
        Some(index ^ 1)
    } else {
        index.checked_sub(1)
    }
}

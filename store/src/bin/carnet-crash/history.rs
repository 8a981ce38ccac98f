//! What the writers write: numbered batches whose whole effect can be computed, so that what is found can be judged.

use std::{collections::BTreeMap, ops::ControlFlow};

use carnet_store::{Batch, Store, StoreError};

/// Writers that commit at the same time.
pub(crate) const WRITERS: u64 = 2;

/// Number of the last batch of each writer.
pub(crate) type Lasts = [u64; WRITERS as usize];

/// Batch `n` (from 1) of a writer: some entries, of which every third batch has large ones; an entry that each batch
/// overwrites; and deletes of what earlier batches put.
pub(crate) fn batch(writer: u64, n: u64) -> Batch {
    let mut batch = Batch::new();
    for part in 0..PARTS {
        batch.put(key(writer, n, part), value(writer, n, part));
        if let Some(earlier) = n.checked_sub(life(part)).filter(|earlier| *earlier > 0) {
            batch.delete(key(writer, earlier, part));
        }
    }
    batch.put(newest(writer), n.to_be_bytes());
    batch
}

/// Which batches are there: whole, by what each writer wrote last.
pub(crate) fn lasts(store: &dyn Store) -> Result<Lasts, StoreError> {
    let mut lasts = Lasts::default();
    for (writer, last) in (0..).zip(&mut lasts) {
        if let Some(bytes) = store.get(&newest(writer))? {
            *last = bytes.try_into().map_or(0, u64::from_be_bytes);
        }
    }
    Ok(lasts)
}

/// What was wrong with what was found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Acknowledged batches that are missing, or entries of them.
    pub(crate) lost: u64,
    /// Batches that are there in part.
    pub(crate) torn: u64,
    /// Entries with an older or another value.
    pub(crate) stale: u64,
}

impl Verdict {
    pub(crate) fn is_good(self) -> bool {
        self == Self::default()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.torn += other.torn;
        self.stale += other.stale;
    }
}

/// Compares all that is there with what must be there. Each writer may have one batch more than was acknowledged.
pub(crate) fn judge(store: &dyn Store, acknowledged: Lasts) -> Result<(Lasts, Verdict), StoreError> {
    let found = lasts(store)?;
    let mut verdict = Verdict::default();
    for (last, acknowledged) in found.into_iter().zip(acknowledged) {
        verdict.lost += acknowledged.saturating_sub(last);
        verdict.torn += u64::from(last > acknowledged + 1);
    }
    let mut expected = after(found);
    store.scan(b"", &mut |key, value| {
        match expected.remove(key) {
            Some(expected) if expected == value => {}
            Some(_) => verdict.stale += 1,
            None => verdict.torn += 1,
        }
        ControlFlow::Continue(())
    })?;
    verdict.lost += expected.len() as u64;
    Ok((found, verdict))
}

const PARTS: u64 = 4;

/// After how many batches an entry is deleted.
fn life(part: u64) -> u64 {
    [40, 25, 5, 2][part as usize % 4]
}

/// All entries once each writer has written so many batches.
fn after(lasts: Lasts) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut entries = BTreeMap::new();
    for (writer, last) in (0..).zip(lasts) {
        if last > 0 {
            entries.insert(newest(writer), last.to_be_bytes().to_vec());
        }
        for part in 0..PARTS {
            for n in last.saturating_sub(life(part)) + 1..=last {
                entries.insert(key(writer, n, part), value(writer, n, part));
            }
        }
    }
    entries
}

fn newest(writer: u64) -> Vec<u8> {
    format!("newest/{writer}").into_bytes()
}

fn key(writer: u64, n: u64, part: u64) -> Vec<u8> {
    // In no order, as hidden names are.
    let scattered = mix(writer << 56 | n << 8 | part);
    format!("{scattered:016x}/{writer}/{n}/{part}").into_bytes()
}

fn value(writer: u64, n: u64, part: u64) -> Vec<u8> {
    let seed = mix(n << 8 | part);
    // The large ones of part 1 are the same for all writers: they share a file.
    let owner = if part == 1 { 0 } else { writer };
    let length = if n.is_multiple_of(3) && part < 2 {
        66_000 + seed % 60_000
    } else {
        seed % [9_000, 200, 2_000, 30][part as usize % 4]
    };
    let mut state = mix(seed ^ owner << 60);
    (0..length.div_ceil(8))
        .flat_map(|_| {
            state = mix(state);
            state.to_le_bytes()
        })
        .take(length as usize)
        .collect()
}

/// SplitMix64.
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

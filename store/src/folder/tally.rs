//! A count and a sum over all pairs: an engine that lost one of them without a word is found out at the next opening.
//!
//! It stands against accidents, not against people: whoever can write the files can write the sum as well.

use sha2::{Digest, Sha256};

/// Number of pairs, their bytes, and the sum (mod 2¹²⁸) of the first 16 bytes of SHA-256 of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    entries: u64,
    bytes: u64,
    sum: u128,
}

impl Tally {
    pub(super) fn add(&mut self, key: &[u8], stored: &[u8]) {
        self.entries = self.entries.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add((key.len() + stored.len()) as u64);
        self.sum = self.sum.wrapping_add(element(key, stored));
    }

    pub(super) fn subtract(&mut self, key: &[u8], stored: &[u8]) {
        self.entries = self.entries.wrapping_sub(1);
        self.bytes = self.bytes.wrapping_sub((key.len() + stored.len()) as u64);
        self.sum = self.sum.wrapping_sub(element(key, stored));
    }

    /// Number of pairs.
    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    /// Bytes of all keys and of what is kept for them in the engine.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// The tally after a batch, and how many batches there have been.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) batches: u64,
    pub(super) tally: Tally,
}

impl Progress {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let Tally { entries, bytes, sum } = self.tally;
        [
            self.batches.to_be_bytes().as_slice(),
            &entries.to_be_bytes(),
            &bytes.to_be_bytes(),
            &sum.to_be_bytes(),
        ]
        .concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (batches, rest) = bytes.split_first_chunk()?;
        let (entries, rest) = rest.split_first_chunk()?;
        let (bytes, sum) = rest.split_first_chunk()?;
        Some(Self {
            batches: u64::from_be_bytes(*batches),
            tally: Tally {
                entries: u64::from_be_bytes(*entries),
                bytes: u64::from_be_bytes(*bytes),
                sum: u128::from_be_bytes(sum.try_into().ok()?),
            },
        })
    }
}

fn element(key: &[u8], stored: &[u8]) -> u128 {
    let digest = Sha256::new()
        .chain_update((key.len() as u64).to_be_bytes())
        .chain_update(key)
        .chain_update(stored)
        .finalize();
    digest[..16]
        .iter()
        .fold(0, |number, byte| number << 8 | u128::from(*byte))
}

//! The authenticated count and root over everything in the vault.
//!
//! The root is a multiset hash: the sum mod 2²⁵⁶ of a keyed hash of each entry and body (MSet-Add-Hash of Clarke et al.,
//! "Incremental multiset hash functions", 2003). It changes with each batch without reading the others, and is kept sealed,
//! so nobody without the vault key learns a term or a sum of it. It finds out entries that are missing, added, exchanged or
//! older than the rest. A whole folder replaced by an older copy of itself is not found out by it.

use std::ops::ControlFlow;

use carnet_store::Store;
use sha2::{Digest, Sha256};

use super::{
    error::VaultError,
    profile::ProfileId,
    seal::{self, Kind, Place, Sealer},
    table::SCHEMA,
};

/// The key of the sealed root in the store.
pub(super) const KEY: [u8; 1] = [seal::ROOT];

/// Stands for the root among the associated data; no table has the number.
const PLACE: Place = Place {
    table: 0xff,
    profile: ProfileId::NOBODY,
    hidden: [0; 16],
};

/// How many entries and bodies there are, and the sum of their elements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Root {
    /// Number of changes since the vault was made.
    pub(super) epoch: u64,
    count: u64,
    /// Mod 2²⁵⁶, high half first.
    sum: (u128, u128),
}

impl Root {
    pub(super) fn add(&mut self, element: [u8; 32]) {
        let (high, low) = halves(element);
        let (sum, carry) = self.sum.1.overflowing_add(low);
        self.sum = (self.sum.0.wrapping_add(high).wrapping_add(u128::from(carry)), sum);
        self.count = self.count.wrapping_add(1);
    }

    pub(super) fn subtract(&mut self, element: [u8; 32]) {
        let (high, low) = halves(element);
        let (sum, borrow) = self.sum.1.overflowing_sub(low);
        self.sum = (
            self.sum.0.wrapping_sub(high).wrapping_sub(u128::from(borrow)),
            sum,
        );
        self.count = self.count.wrapping_sub(1);
    }

    /// Nothing yet, counted on from another root's changes.
    pub(super) fn after(other: Self) -> Self {
        Self {
            epoch: other.epoch,
            ..Self::default()
        }
    }

    /// Entries and bodies.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Stands for the root where it must be told apart from others; the root itself stays inside.
    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"carnet-vault-v1 root mark")
            .chain_update(self.to_bytes())
            .finalize()
            .into()
    }

    fn to_bytes(self) -> Vec<u8> {
        [
            self.epoch.to_be_bytes().as_slice(),
            &self.count.to_be_bytes(),
            &self.sum.0.to_be_bytes(),
            &self.sum.1.to_be_bytes(),
        ]
        .concat()
    }

    /// Goes over everything that is in the store. Large values are counted, not read.
    pub(super) fn count_up(store: &dyn Store, sealer: &Sealer, epoch: u64) -> Result<Self, VaultError> {
        let mut root = Self {
            epoch,
            ..Self::default()
        };
        let mut outcome = Ok(());
        let mut take = |element: Result<[u8; 32], VaultError>| match element {
            Ok(element) => {
                root.add(element);
                ControlFlow::Continue(())
            }
            Err(error) => {
                outcome = Err(error);
                ControlFlow::Break(())
            }
        };
        store.scan(&[seal::ENTRY], &mut |key, sealed| {
            take(sealer.element(key, sealed))
        })?;
        store.scan_keys(&[seal::BODY], &mut |key, length| {
            take(sealer.body_element(key, length))
        })?;
        outcome.map(|()| root)
    }

    pub(super) fn seal(&self, sealer: &Sealer) -> Result<Vec<u8>, VaultError> {
        sealer.seal(PLACE, Kind::Whole, (SCHEMA, self.epoch), &self.to_bytes())
    }

    /// The root as it was last sealed.
    pub(super) fn open(store: &dyn Store, sealer: &Sealer) -> Result<Self, VaultError> {
        let sealed = store.get(&KEY)?.ok_or(VaultError::Damaged)?;
        let content = sealer.open(PLACE, Kind::Whole, &sealed)?;
        let read = || {
            let (epoch, rest) = content.split_first_chunk()?;
            let (count, rest) = rest.split_first_chunk()?;
            let (high, low) = halves(rest.try_into().ok()?);
            Some(Self {
                epoch: u64::from_be_bytes(*epoch),
                count: u64::from_be_bytes(*count),
                sum: (high, low),
            })
        };
        read().ok_or(VaultError::Damaged)
    }
}

fn halves(bytes: [u8; 32]) -> (u128, u128) {
    let number = |half: &[u8]| {
        half.iter()
            .fold(0, |number, byte| number << 8 | u128::from(*byte))
    };
    (number(&bytes[..16]), number(&bytes[16..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_what_is_taken_away_is_gone() {
        let elements = [[0xff; 32], [1; 32], std::array::from_fn(|byte| byte as u8 * 7)];
        let mut root = Root::default();
        for element in elements {
            root.add(element);
        }
        let mut other = Root::default();
        for element in elements.into_iter().rev() {
            other.add(element);
        }
        assert_eq!(root, other);
        root.add([9; 32]);
        assert_ne!(root, other);
        for element in elements {
            root.subtract(element);
        }
        root.subtract([9; 32]);
        assert_eq!(root, Root::default());
    }
}

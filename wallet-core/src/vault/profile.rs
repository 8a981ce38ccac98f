//! Whose part of the vault: several people (a parent, a child) may share one, each with keys and entries of their own.

use serde::{Deserialize, Serialize};

/// One person of the vault, by number: the first person is 0. Never given to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProfileId(u32);

impl ProfileId {
    /// The person whom the vault was made for.
    pub const FIRST: Self = Self(0);
    /// Owns what concerns the vault as a whole.
    pub(super) const NOBODY: Self = Self(u32::MAX);
    /// How many people one vault takes at most.
    pub const MOST: u32 = 100;

    /// The person of this number, if a vault can have one.
    pub fn new(number: u32) -> Option<Self> {
        (number < Self::MOST).then_some(Self(number))
    }

    /// Counted from 0.
    pub fn number(self) -> u32 {
        self.0
    }

    /// Anybody, or nobody.
    pub(super) fn from_bytes(bytes: [u8; 4]) -> Option<Self> {
        match u32::from_be_bytes(bytes) {
            u32::MAX => Some(Self::NOBODY),
            number => Self::new(number),
        }
    }

    pub(super) fn to_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

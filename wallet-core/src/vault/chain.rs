//! The log: entries that each carry the hash of the one before, so that none can be left out, exchanged or inserted unseen.
//!
//! `hash = SHA-256("carnet-log-v1" ‖ number 8 ‖ hash of the one before 32 ‖ body)`; before the first stand 32 zero bytes. The
//! numbers are big-endian and count from 0.

use sha2::{Digest, Sha256};

use super::{Table, Vault, VaultError};

const DOMAIN: &[u8] = b"carnet-log-v1";

/// Where the log ends: how many entries there are, and the hash of the last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChainHead {
    pub count: u64,
    pub hash: [u8; 32],
}

/// One entry of the log.
#[derive(Clone, PartialEq, Eq)]
pub struct Chained {
    /// Counted from 0.
    pub number: u64,
    /// The hash of the entry before.
    pub before: [u8; 32],
    pub body: Vec<u8>,
}

impl ChainHead {
    /// The head once `body` stands at the end.
    #[must_use]
    pub fn after(self, body: &[u8]) -> Self {
        Self {
            count: self.count + 1,
            hash: Sha256::new()
                .chain_update(DOMAIN)
                .chain_update(self.count.to_be_bytes())
                .chain_update(self.hash)
                .chain_update(body)
                .finalize()
                .into(),
        }
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        [self.count.to_be_bytes().as_slice(), &self.hash].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (count, hash) = bytes.split_first_chunk()?;
        Some(Self {
            count: u64::from_be_bytes(*count),
            hash: hash.try_into().ok()?,
        })
    }
}

impl Chained {
    /// The hash of this entry.
    pub fn hash(&self) -> [u8; 32] {
        ChainHead {
            count: self.number,
            hash: self.before,
        }
        .after(&self.body)
        .hash
    }

    pub(super) fn id(number: u64) -> String {
        format!("{number:020}")
    }
}

impl std::fmt::Debug for Chained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chained({})", self.number)
    }
}

impl Vault {
    /// Where the log ends.
    pub fn chain_head(&self) -> Result<ChainHead, VaultError> {
        Ok(self.writing()?.chain)
    }

    /// Every entry of the log, in order, as it stands there; nothing is checked but the seals.
    pub fn chain(&self) -> Result<Vec<Chained>, VaultError> {
        let head = self.chain_head()?;
        let mut chain = Vec::new();
        for number in 0..head.count {
            let bytes = self
                .get_bytes(Table::Activity, &Chained::id(number))?
                .ok_or(VaultError::Damaged)?;
            let (before, body) = bytes.split_first_chunk().ok_or(VaultError::Damaged)?;
            chain.push(Chained {
                number,
                before: *before,
                body: body.to_vec(),
            });
        }
        Ok(chain)
    }
}

//! The sealed vault: one folder, nothing in it readable without the passphrase or the 24 words.
//!
//! ```text
//! DIR/vault/header.json   what is needed before the passphrase; the vault key, wrapped by passphrase and by words
//! DIR/vault/store/        everything else, each entry sealed in its place, with an authenticated count and root over all
//! DIR/vault/store-N/      the same once the vault key was exchanged; the header says which one it is
//! ```
//! An older copy of the whole folder, put back in its place, is whole in itself: only what the device's keychain remembers of
//! the vault tells it from the newest one.

mod backup;
mod chain;
mod change;
mod change_passphrase;
mod check;
mod contents;
mod convert;
mod create;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod header;
#[cfg(test)]
mod header_tests;
mod hex_bytes;
mod kdf;
mod keychain;
mod one_writer;
mod opened;
mod passphrase;
mod profile;
mod replace;
mod root;
mod rotate;
mod seal;
mod table;
#[cfg(test)]
mod tests;
mod unlock;

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock},
};

pub use carnet_store::EngineKind as StoreEngine;
use carnet_store::{FolderStore, StoreError};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

pub use backup::{BackupError, BackupSecret, Contents, RestoreError, Restored};
pub use chain::{ChainHead, Chained};
pub use change::Change;
pub use check::Checked;
pub use create::Mark;
pub use error::{
    CheckError, ConvertError, CreateError, PassphraseError, RotateError, UnlockError, VaultError,
};
pub use kdf::KdfChoice;
pub use keychain::{
    Absent, Keychain, MemoryKeychain, NoKeychain, Remembered, SystemKeychain, keychain_from_env,
};
pub use passphrase::{Passphrase, SHORTEST_PASSPHRASE};
pub use profile::ProfileId;
pub use table::Table;

use self::{keychain::Witness, root::Root, seal::Sealer};
use crate::{
    keys::{Keys, RootKey},
    words::Words,
};

const VAULT: &str = "vault";
const STORE: &str = "store";

/// What the vault keeps for itself.
mod internal {
    pub(super) const TABLE: u8 = 0;
    /// The 256 bits behind the words.
    pub(super) const ROOT_SEED: &str = "root-seed";
    /// Consent numbers of one person below this one are used up.
    pub(super) const NUMBERS: &str = "consent-numbers-below";
    /// Where the log ends.
    pub(super) const CHAIN: &str = "log-head";
}

/// An open vault as one of its people sees it; clones share what is open. Locked when the last one is dropped: keys are
/// wiped, and the folder is free for another opener.
#[derive(Clone)]
pub struct Vault {
    opened: Arc<Opened>,
    profile: ProfileId,
    keys: Keys,
}

/// What is open.
struct Opened {
    /// The folder that the vault is in.
    dir: PathBuf,
    id: [u8; 16],
    store: FolderStore,
    sealer: Sealer,
    root: RootKey,
    writing: Mutex<Writing>,
    /// The next consent number of each person, where it isn't the one in `writing`: some are taken and not yet used up.
    taken: Mutex<BTreeMap<ProfileId, u64>>,
    /// Keeps the keychain in step, where there is one.
    witness: OnceLock<Witness>,
}

/// An entry as it was put.
struct Entry {
    id: String,
    value: Zeroizing<Vec<u8>>,
}

/// What one writer at a time carries on.
#[derive(Default)]
struct Writing {
    root: Root,
    numbers_below: BTreeMap<ProfileId, u64>,
    chain: ChainHead,
}

impl Vault {
    /// Random; names this vault on this device.
    pub fn id(&self) -> [u8; 16] {
        self.opened.id
    }

    /// Whose entries and keys these are.
    pub fn profile(&self) -> ProfileId {
        self.profile
    }

    /// The same open vault as somebody else in it sees it.
    #[must_use]
    pub fn as_profile(&self, profile: ProfileId) -> Self {
        Self {
            opened: Arc::clone(&self.opened),
            profile,
            keys: Keys::new(self.opened.root.derive_profile(profile)),
        }
    }

    /// A short local name of this vault, the same on every device that the words brought it to. Never sent.
    pub fn fingerprint(&self) -> String {
        Keys::new(self.opened.root.clone()).fingerprint()
    }

    /// This person's keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The 24 words again.
    pub fn words(&self) -> Words {
        Words::from_entropy(Zeroizing::new(*self.opened.root.bytes()))
    }

    /// The value of an entry.
    pub fn get<T: DeserializeOwned>(&self, table: Table, id: &str) -> Result<Option<T>, VaultError> {
        let Some(bytes) = self.get_bytes(table, id)? else {
            return Ok(None);
        };
        Ok(Some(
            serde_json::from_slice(&bytes).map_err(|_| VaultError::UnknownForm)?,
        ))
    }

    /// The bytes of an entry, exactly as they were put.
    pub fn get_bytes(&self, table: Table, id: &str) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        self.opened.read(table.number(), table.owner(self.profile), id)
    }

    /// All entries of a table with their ids, in the order of the ids.
    pub fn all<T: DeserializeOwned>(&self, table: Table) -> Result<Vec<(String, T)>, VaultError> {
        let mut entries: Vec<(String, T)> = Vec::new();
        let mut known = true;
        self.opened
            .visit(table, table.owner(self.profile), &mut |id, value| {
                if let Ok(value) = serde_json::from_slice(&value) {
                    entries.push((id.to_owned(), value));
                    ControlFlow::Continue(())
                } else {
                    known = false;
                    ControlFlow::Break(())
                }
            })?;
        if !known {
            return Err(VaultError::UnknownForm);
        }
        entries.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Ok(entries)
    }

    /// The ids of a table's entries, in their order.
    pub fn ids(&self, table: Table) -> Result<Vec<String>, VaultError> {
        let mut ids = Vec::new();
        self.opened
            .visit(table, table.owner(self.profile), &mut |id, _| {
                ids.push(id.to_owned());
                ControlFlow::Continue(())
            })?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// Sets one entry, durably.
    pub fn put<T: Serialize + ?Sized>(&self, table: Table, id: &str, value: &T) -> Result<(), VaultError> {
        let mut change = self.change();
        change.put(table, id, value);
        change.commit()
    }

    /// Sets one entry to these bytes, durably.
    pub fn put_bytes(&self, table: Table, id: &str, bytes: &[u8]) -> Result<(), VaultError> {
        let mut change = self.change();
        change.put_bytes(table, id, bytes);
        change.commit()
    }

    /// Removes one entry, durably.
    pub fn delete(&self, table: Table, id: &str) -> Result<(), VaultError> {
        let mut change = self.change();
        change.delete(table, id);
        change.commit()
    }

    /// Begins a batch.
    pub fn change(&self) -> Change<'_> {
        Change::new(self)
    }

    fn around(opened: Opened) -> Self {
        Self {
            profile: ProfileId::FIRST,
            keys: Keys::new(opened.root.derive_profile(ProfileId::FIRST)),
            opened: Arc::new(opened),
        }
    }

    fn writing(&self) -> Result<MutexGuard<'_, Writing>, VaultError> {
        self.opened
            .writing
            .lock()
            .map_err(|_| VaultError::Store(StoreError::Broken))
    }

    fn take_consent_number(&self) -> Result<u64, VaultError> {
        let below = match self.writing()?.numbers_below.get(&self.profile) {
            Some(below) => *below,
            None => self.opened.numbers_below(self.profile)?,
        };
        let mut taken = self.opened.taken.lock().map_err(|_| StoreError::Broken)?;
        let next = taken.entry(self.profile).or_insert(below);
        let number = (*next).max(below);
        *next = number.saturating_add(1);
        Ok(number)
    }
}

/// Fresh randomness, wiped when dropped.
fn make_bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, VaultError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| VaultError::NoRandomness)?;
    Ok(bytes)
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({})", self.profile.number())
    }
}

//! What is remembered of a vault outside of its folder, so that an older copy put in its place is noticed.
//!
//! The system's keychain keeps one small line for each vault: how many changes it has seen, and a digest of its root. It says
//! nothing of what is in it. No key is kept there: that would be right only where each look at it demands the person's
//! presence, and where it does not (Secret Service), any program of the same user could open the vault with it.

mod memory;
mod system;
mod witness;

use std::{fmt, sync::Arc};

pub use memory::MemoryKeychain;
pub use system::SystemKeychain;

pub(super) use self::witness::Witness;
use super::{UnlockError, Vault, VaultError};

/// What a keychain remembers of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// Number of changes since the vault was made.
    pub epoch: u64,
    /// Stands for everything in it after that change.
    pub root: [u8; 32],
}

/// The keychain can't be reached, or holds something that nobody here wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The keychain of this device can't be reached. An older copy of the wallet would not be noticed.")]
pub struct NoKeychain;

/// A place outside of the vault that outlasts it. Calls may take seconds, never longer.
pub trait Keychain: Send + Sync + fmt::Debug {
    /// What was last remembered of the vault with this id.
    fn remembered(&self, vault: [u8; 16]) -> Result<Option<Remembered>, NoKeychain>;

    /// Remembers this from now on, in place of what was remembered before.
    fn remember(&self, vault: [u8; 16], what: Remembered) -> Result<(), NoKeychain>;
}

/// Where there is none: nothing is remembered, and nothing noticed.
#[derive(Debug, Clone, Copy)]
pub struct Absent;

impl Keychain for Absent {
    fn remembered(&self, _: [u8; 16]) -> Result<Option<Remembered>, NoKeychain> {
        Err(NoKeychain)
    }

    fn remember(&self, _: [u8; 16], _: Remembered) -> Result<(), NoKeychain> {
        Err(NoKeychain)
    }
}

/// The keychain that `CARNET_KEYCHAIN` names: `system` (also when it is not set, as far as there is one), `memory` (as long as
/// this process lives) or `none`.
pub fn keychain_from_env() -> Arc<dyn Keychain> {
    match std::env::var("CARNET_KEYCHAIN").as_deref() {
        Ok("none") => Arc::new(Absent),
        Ok("memory") => Arc::new(MemoryKeychain::default()),
        _ => SystemKeychain::of_this_device()
            .map_or_else(|| Arc::new(Absent) as _, |system| Arc::new(system) as _),
    }
}

impl Vault {
    /// Refuses the vault if the keychain remembers a later state of it; from here on the keychain is kept in step, beside the
    /// changes. Where it can't be reached, the vault opens all the same: see [`Vault::is_witnessed`].
    pub fn witnessed(self, keychain: &Arc<dyn Keychain>) -> Result<Self, UnlockError> {
        if self.is_older_than_remembered(keychain.as_ref())? {
            return Err(UnlockError::OlderCopy);
        }
        Ok(self.remember_in(keychain)?)
    }

    /// The same without the refusal: whatever was remembered, this copy is the vault from now on.
    pub fn witnessed_anew(self, keychain: &Arc<dyn Keychain>) -> Result<Self, VaultError> {
        self.remember_in(keychain)
    }

    /// Whether an older copy put in this vault's place would be noticed.
    pub fn is_witnessed(&self) -> bool {
        self.opened.witness.get().is_some_and(Witness::is_in_step)
    }

    /// As far as anybody remembers.
    pub(super) fn is_older_than_remembered(&self, keychain: &dyn Keychain) -> Result<bool, UnlockError> {
        let now = self.writing()?.root;
        Ok(match keychain.remembered(self.opened.id) {
            Ok(Some(then)) => {
                now.epoch < then.epoch || (now.epoch == then.epoch && now.digest() != then.root)
            }
            Ok(None) | Err(NoKeychain) => false,
        })
    }

    fn remember_in(self, keychain: &Arc<dyn Keychain>) -> Result<Self, VaultError> {
        if keychain.remembered(self.opened.id).is_ok() {
            // Held while it begins, so that no change falls between.
            let writing = self.writing()?;
            let witness = Witness::begin(Arc::clone(keychain), self.opened.id);
            witness.tell(&writing.root);
            drop(writing);
            let _ = self.opened.witness.set(witness);
        }
        Ok(self)
    }
}

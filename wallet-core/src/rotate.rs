//! A fresh key under everything, when somebody may know the old one.

use std::path::Path;

use thiserror::Error;

use crate::{
    Described, Device, Facts, Wallet, Watch,
    activity::Happened,
    vault::{self, KdfChoice, Passphrase, Vault, VaultError},
};

#[derive(Debug, Error)]
pub enum RotateError {
    #[error(transparent)]
    Vault(#[from] vault::RotateError),
    #[error("Your wallet is sealed under a new key. It did not open afterwards.")]
    NotOpened(#[source] VaultError),
}

impl Described for RotateError {
    fn facts(&self) -> Facts {
        match self {
            Self::Vault(vault::RotateError::Unlock(error)) => crate::unlock::facts(error),
            Self::Vault(error @ vault::RotateError::Cancelled) => Facts::expected(error.code(), error.next()),
            Self::Vault(error) => Facts::critical(error.code(), error.next()),
            Self::NotOpened(error) => Facts::critical(error.code(), error.next()),
        }
    }
}

impl Wallet {
    /// Seals the closed vault in `dir` under a fresh key, entry by entry, and opens it. `watch` is told how far it is, and
    /// may stop it; the vault is then as it was. Words, identities and passphrase stay the same.
    pub fn rotate_key(
        dir: &Path,
        passphrase: &Passphrase,
        kdf: KdfChoice,
        device: impl Into<Device>,
        watch: &mut Watch<'_>,
    ) -> Result<Self, RotateError> {
        let device = device.into();
        let vault = Vault::rotate_key(dir, passphrase, kdf, &device.keychain, watch)?;
        let wallet = Self::opened(vault, device.clock).map_err(RotateError::NotOpened)?;
        wallet
            .note(Happened::KeyRotated)
            .map_err(RotateError::NotOpened)?;
        Ok(wallet)
    }
}

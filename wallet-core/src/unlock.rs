//! Opening a wallet, and what is known before.

use std::path::Path;

use thiserror::Error;

use crate::{
    Clock, Described, Device, Facts, Wallet,
    vault::{self, Passphrase, Vault, VaultError},
    views::VaultView,
    words::Words,
};

#[derive(Debug, Error)]
pub enum UnlockError {
    #[error(transparent)]
    Vault(#[from] vault::UnlockError),
    #[error(transparent)]
    Settle(#[from] VaultError),
}

impl Described for UnlockError {
    fn facts(&self) -> Facts {
        match self {
            Self::Vault(error) => facts(error),
            Self::Settle(error) => crate::error::vault_facts(error),
        }
    }
}

/// What is said about a vault that did not open.
pub(crate) fn facts(error: &vault::UnlockError) -> Facts {
    match error {
        vault::UnlockError::NoVault
        | vault::UnlockError::WrongPassphrase
        | vault::UnlockError::WrongWords
        | vault::UnlockError::InUse
        | vault::UnlockError::OutOfMemory => Facts::expected(error.code(), error.next()),
        _ => Facts::critical(error.code(), error.next()),
    }
}

impl Wallet {
    /// What can be said about a folder without opening anything.
    pub fn look(dir: &Path) -> VaultView {
        VaultView {
            exists: Vault::exists(dir),
            unlocked: false,
            demo: false,
            fingerprint: None,
            rollback_detected: false,
        }
    }

    /// Opens the vault in `dir`. Takes the passphrase's cost. An answer that was interrupted before its promise came is
    /// marked as failed here; call [`Wallet::sync`] next, which brings the rest to its end.
    ///
    /// An older copy than the one that the device's keychain remembers is refused; [`Wallet::accept_older_copy`] takes it.
    pub fn unlock(
        dir: &Path,
        passphrase: &Passphrase,
        device: impl Into<Device>,
    ) -> Result<Self, UnlockError> {
        let device = device.into();
        let vault = Vault::unlock(dir, passphrase)?.witnessed(&device.keychain)?;
        Ok(Self::opened(vault, device.clock)?)
    }

    /// A vault just opened, with what was interrupted in it brought to an end.
    pub(crate) fn opened(vault: Vault, clock: Clock) -> Result<Self, VaultError> {
        let wallet = Self::around(vault, clock);
        wallet.burn_after_restore()?;
        for (profile, _) in wallet.kept_profiles()? {
            wallet.acting_as(profile).settle()?;
        }
        Ok(wallet)
    }

    /// Whether this is the passphrase that opens the vault. Takes its cost: before words are shown or things are removed.
    pub fn prove(&self, passphrase: &Passphrase) -> Result<(), UnlockError> {
        Ok(self.vault.prove(passphrase)?)
    }

    pub fn vault_view(&self) -> VaultView {
        VaultView {
            exists: true,
            unlocked: true,
            demo: false,
            fingerprint: Some(self.fingerprint()),
            rollback_detected: self.vault.is_witnessed(),
        }
    }

    /// Local name of this wallet, never sent.
    pub fn fingerprint(&self) -> String {
        self.vault.fingerprint()
    }

    /// The 24 words again. Ask for the passphrase before showing them.
    pub fn words(&self) -> Words {
        self.vault.words()
    }
}

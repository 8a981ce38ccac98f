//! Another passphrase: because the patient wants one, or because the old one is forgotten.

use std::path::Path;

use thiserror::Error;

use crate::{
    Described, Device, Facts, Wallet,
    activity::{Entry, Happened},
    vault::{self, KdfChoice, Passphrase, Vault, VaultError},
    words::Words,
};

#[derive(Debug, Error)]
pub enum PassphraseError {
    #[error(transparent)]
    Vault(#[from] vault::PassphraseError),
    #[error(
        "The new passphrase holds, and opens your wallet. Only the line in your log could not be written."
    )]
    NotLogged(#[source] VaultError),
    #[error(
        "The passphrase was not the right one and stays as it is. This could not be written into your log."
    )]
    RefusalNotLogged(#[source] VaultError),
    #[error(
        "The new passphrase holds. Your wallet did not open: what was under way in it could not be brought to an end."
    )]
    NotSettled(#[source] VaultError),
}

impl Described for PassphraseError {
    fn facts(&self) -> Facts {
        match self {
            Self::Vault(vault::PassphraseError::Unlock(error)) => crate::unlock::facts(error),
            Self::Vault(error @ vault::PassphraseError::Io(_)) => Facts::critical(error.code(), error.next()),
            Self::Vault(error) => Facts::expected(error.code(), error.next()),
            Self::NotLogged(error) => Facts::critical("passphrase_not_logged", error.next()),
            Self::RefusalNotLogged(error) | Self::NotSettled(error) => {
                Facts::critical(error.code(), error.next())
            }
        }
    }
}

impl Wallet {
    /// From now on `new` opens this wallet and `old` doesn't; the words stay as they are. Takes the cost of both passphrases:
    /// not for a thread that draws. A copy or backup made before still opens with the old one. A wrong `old` is logged:
    /// somebody tried it while the wallet stood open.
    pub fn change_passphrase(
        &self,
        old: &Passphrase,
        new: &Passphrase,
        kdf: KdfChoice,
    ) -> Result<(), PassphraseError> {
        if let Err(error) = self.vault.change_passphrase(old, new, kdf) {
            if matches!(error, vault::PassphraseError::WrongOldPassphrase) {
                self.note(Happened::PassphraseRefused)
                    .map_err(PassphraseError::RefusalNotLogged)?;
            }
            return Err(error.into());
        }
        self.note(Happened::PassphraseChanged)
            .map_err(PassphraseError::NotLogged)
    }

    /// Opens the vault in `dir` with its 24 words, for a forgotten passphrase; from now on `new` opens it. Takes the
    /// passphrase's cost.
    pub fn unlock_with_words(
        dir: &Path,
        words: &Words,
        new: &Passphrase,
        kdf: KdfChoice,
        device: impl Into<Device>,
    ) -> Result<Self, PassphraseError> {
        let device = device.into();
        let vault = Vault::reset_passphrase(dir, words, new, kdf, &device.keychain)?;
        let wallet = Self::opened(vault, device.clock).map_err(PassphraseError::NotSettled)?;
        wallet
            .note(Happened::PassphraseReset)
            .map_err(PassphraseError::NotLogged)?;
        Ok(wallet)
    }

    /// Writes one line into the log.
    pub(crate) fn note(&self, what: Happened) -> Result<(), VaultError> {
        let mut change = self.vault.change();
        Entry::new(self.clock.now(), what).put(&mut change);
        change.commit()
    }
}

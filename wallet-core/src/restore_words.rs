//! A new, empty vault of the same 24 words: the identities are back at once, the consents after a look at the ledgers.

use std::path::Path;

use thiserror::Error;

use crate::{
    CreateError, Described, Device, Facts, Wallet,
    activity::{Entry, Happened},
    kept::WORDS_SEEN,
    recover::Begun,
    vault::{KdfChoice, Passphrase, Table, Vault, VaultError},
    words::Words,
};

/// Why no vault was made of the words.
#[derive(Debug, Error)]
pub enum RestoreWordsError {
    #[error(transparent)]
    Create(#[from] CreateError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for RestoreWordsError {
    fn facts(&self) -> Facts {
        match self {
            Self::Create(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// Makes a vault in `dir` whose keys come of these words, under a new passphrase. Take the list of organisations next,
    /// then [`Wallet::scan`]: nothing can be granted before.
    pub fn restore_from_words(
        dir: &Path,
        words: &Words,
        passphrase: &Passphrase,
        kdf: KdfChoice,
        device: impl Into<Device>,
    ) -> Result<Self, RestoreWordsError> {
        let device = device.into();
        let recovery = Begun::now(&device.clock)?;
        let vault = Vault::create_from_words(dir, words, passphrase, kdf, &recovery.mark())
            .map_err(CreateError::from)?;
        let wallet = Self::around(vault.witnessed_anew(&device.keychain)?, device.clock);
        wallet.burn_after_restore()?;
        let mut change = wallet.vault.change();
        // Whoever typed them has them.
        change.put(Table::Meta, WORDS_SEEN, &true);
        Entry::new(wallet.clock.now(), Happened::Restored).put(&mut change);
        change.commit()?;
        Ok(wallet)
    }
}

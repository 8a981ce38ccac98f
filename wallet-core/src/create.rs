//! Making a wallet.

use std::path::Path;

use thiserror::Error;

use crate::{
    Described, Device, Facts, Wallet,
    vault::{self, KdfChoice, Passphrase, Vault},
    words::Words,
};

/// A wallet just made. The words are shown now; [`Wallet::words`] gives them again.
#[derive(Debug)]
pub struct Created {
    pub wallet: Wallet,
    pub words: Words,
}

#[derive(Debug, Error)]
pub enum CreateError {
    #[error(transparent)]
    Vault(#[from] vault::CreateError),
}

impl Described for CreateError {
    fn facts(&self) -> Facts {
        match self {
            Self::Vault(error) => Facts::expected(error.code(), error.next()),
        }
    }
}

impl Wallet {
    /// Makes a vault in `dir`. Takes the passphrase's cost (about a second): not for a thread that draws.
    pub fn create(
        dir: &Path,
        passphrase: &Passphrase,
        kdf: KdfChoice,
        device: impl Into<Device>,
    ) -> Result<Created, CreateError> {
        let device = device.into();
        let (vault, words) = Vault::create(dir, passphrase, kdf)?;
        let vault = vault
            .witnessed(&device.keychain)
            .map_err(vault::CreateError::from)?;
        Ok(Created {
            wallet: Self::around(vault, device.clock),
            words,
        })
    }
}

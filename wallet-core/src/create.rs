//! Making a wallet.

use std::path::Path;

use thiserror::Error;

use crate::{
    Clock, Described, Facts, Wallet,
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
        clock: Clock,
    ) -> Result<Created, CreateError> {
        let (vault, words) = Vault::create(dir, passphrase, kdf)?;
        Ok(Created {
            wallet: Self::around(vault, clock),
            words,
        })
    }
}

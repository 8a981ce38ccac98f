//! Another storage engine under the vault.

use std::path::Path;

use thiserror::Error;

use crate::{
    Described, Facts, UnlockError, Wallet, Watch,
    vault::{self, StoreEngine, Vault},
};

#[derive(Debug, Error)]
pub enum ConvertError {
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    #[error("Stopped. Your vault is as it was.")]
    Cancelled,
}

impl Described for ConvertError {
    fn facts(&self) -> Facts {
        match self {
            Self::Unlock(error) => error.facts(),
            Self::Cancelled => Facts::expected("cancelled", "Begin again when it suits you."),
        }
    }
}

impl Wallet {
    /// Has another engine keep the closed vault in `dir`; everything in it stays sealed as it is.
    pub fn convert_store(dir: &Path, to: StoreEngine, watch: &mut Watch<'_>) -> Result<(), ConvertError> {
        Vault::convert(dir, to, watch).map_err(|error| match error {
            vault::ConvertError::Unlock(error) => ConvertError::Unlock(error.into()),
            vault::ConvertError::Cancelled => ConvertError::Cancelled,
        })
    }
}

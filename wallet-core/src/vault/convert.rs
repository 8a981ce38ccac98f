//! Another storage engine for a closed vault.

use std::path::Path;

use carnet_store::{EngineKind, StoreError};

use super::{
    VAULT, Vault,
    error::{ConvertError, UnlockError},
    one_writer,
    unlock::read_header,
};
use crate::progress::{Progress, Watch};

impl Vault {
    /// Has the engine `to` keep the closed vault in `dir`. Nothing is unsealed, so no passphrase is needed. Killed at any
    /// moment, the vault is with the one engine or the other, whole.
    pub fn convert(dir: &Path, to: EngineKind, watch: &mut Watch<'_>) -> Result<(), ConvertError> {
        let header = read_header(dir)?;
        let _alone = one_writer::take(dir)
            .map_err(UnlockError::Io)?
            .ok_or(UnlockError::InUse)?;
        let store = dir.join(VAULT).join(header.store_folder());
        carnet_store::convert(&store, to, &mut |done, total| watch(Progress { done, total })).map_err(
            |error| match error {
                StoreError::Stopped => ConvertError::Cancelled,
                StoreError::Missing => ConvertError::Unlock(UnlockError::NotAVault),
                other => ConvertError::Unlock(other.into()),
            },
        )
    }
}

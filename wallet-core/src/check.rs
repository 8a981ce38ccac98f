//! Is everything still as it was put in?

use thiserror::Error;

use crate::{Described, Facts, LogError, Wallet, Watch, vault, views::VaultCheckView};

#[derive(Debug, Error)]
pub enum CheckError {
    #[error(transparent)]
    Vault(#[from] vault::CheckError),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Described for CheckError {
    fn facts(&self) -> Facts {
        match self {
            Self::Vault(vault::CheckError::Vault(error)) => crate::unlock::facts(error),
            Self::Vault(error @ vault::CheckError::Cancelled) => Facts::expected(error.code(), error.next()),
            Self::Log(error) => error.facts(),
        }
    }
}

impl Wallet {
    /// Checks the header, the root over everything, every entry of everybody, and the log. Takes as long as reading all of it.
    pub fn check(&self, watch: &mut Watch<'_>) -> Result<VaultCheckView, CheckError> {
        let checked = self.vault.check(watch)?;
        let log = self.verify_log()?;
        let mut records = 0;
        for (profile, _) in self.kept_profiles().map_err(vault::CheckError::from)? {
            records += self
                .acting_as(profile)
                .count_records()
                .map_err(vault::CheckError::from)?;
        }
        let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(VaultCheckView {
            records,
            entries: count(checked.entries),
            bodies: count(checked.bodies),
            bytes: checked.bytes.to_string(),
            epoch: checked.epoch.to_string(),
            root: hex::encode(checked.root),
            log_entries: log.entries,
            log_hash: log.hash,
        })
    }
}

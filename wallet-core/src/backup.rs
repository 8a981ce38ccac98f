//! A copy for the day when this device is lost.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::{
    Described, Facts, Wallet, Watch,
    activity::{Entry, Happened, to_the_second},
    kept::LAST_BACKUP,
    vault::{self, KdfChoice, Passphrase, Table, VaultError},
    views::{BackupState, BackupView},
};

/// After this long without a backup the wallet reminds of one.
const REMIND_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Debug, Error)]
pub enum BackupError {
    #[error(transparent)]
    Backup(#[from] vault::BackupError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for BackupError {
    fn facts(&self) -> Facts {
        use vault::BackupError as E;
        match self {
            Self::Backup(E::Vault(error)) | Self::Vault(error) => crate::error::vault_facts(error),
            Self::Backup(error @ (E::NotReadable | E::NotWritable)) => {
                Facts::critical(error.code(), error.next())
            }
            Self::Backup(error) => Facts::expected(error.code(), error.next()),
        }
    }
}

impl Wallet {
    /// Writes everything, of everybody in the vault, into one sealed file that the passphrase given here or the 24 words open.
    /// It is read again before it counts. Takes the passphrase's cost twice over, and a second for each few hundred MB.
    pub fn back_up(
        &self,
        path: &Path,
        passphrase: &Passphrase,
        kdf: KdfChoice,
        watch: &mut Watch<'_>,
    ) -> Result<BackupView, BackupError> {
        let contents = self.vault.back_up(path, (passphrase, kdf), watch)?;
        let now = self.clock.now();
        let mut change = self.vault.change();
        change.put(Table::Meta, LAST_BACKUP, &now);
        Entry::new(now, Happened::BackupMade).put(&mut change);
        change.commit()?;
        let mut records = 0;
        for (profile, _) in self.kept_profiles()? {
            records += self.acting_as(profile).count_records()?;
        }
        Ok(BackupView {
            path: path.display().to_string(),
            bytes: contents.bytes as f64,
            records,
        })
    }

    /// When the last backup was made, and whether it is time for another one.
    pub fn backup_state(&self) -> Result<BackupState, VaultError> {
        let last: Option<Timestamp> = self.vault.get(Table::Meta, LAST_BACKUP)?;
        let now = self.clock.now();
        let something_to_lose = self.vault.chain_head()?.count > 0;
        Ok(BackupState {
            due: something_to_lose && last.is_none_or(|last| now.duration_since(last) > REMIND_AFTER),
            last: last.map(to_the_second),
            suggested_path: format!("carnet-backup-{}.carnet", now.strftime("%Y-%m-%d")),
        })
    }
}

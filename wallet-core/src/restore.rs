//! A wallet from a backup, on this device or another one.

use std::path::Path;

use thiserror::Error;

use crate::{
    Described, Device, Facts, ProfilesError, Wallet, Watch,
    activity::{Entry, Happened},
    recover::Begun,
    vault::{self, BackupSecret, KdfChoice, Passphrase, Vault, VaultError},
    views::RestoredView,
};

#[derive(Debug, Error)]
pub enum RestoreError {
    #[error(transparent)]
    Restore(#[from] vault::RestoreError),
    #[error(transparent)]
    Profiles(#[from] ProfilesError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for RestoreError {
    fn facts(&self) -> Facts {
        use vault::RestoreError as E;
        match self {
            Self::Restore(E::Vault(error)) | Self::Vault(error) => crate::error::vault_facts(error),
            Self::Restore(error @ (E::Damaged | E::KdfCostRefused)) => {
                Facts::critical(error.code(), error.next())
            }
            Self::Restore(error) => Facts::expected(error.code(), error.next()),
            Self::Profiles(error) => error.facts(),
        }
    }
}

impl Wallet {
    /// Makes a wallet in `dir` of a backup, under a passphrase of its own. A wallet that is there must be locked; it stays
    /// until the new one was checked. What was given since the backup is looked for on the ledgers before anything new is.
    pub fn restore(
        dir: &Path,
        file: &Path,
        secret: &BackupSecret<'_>,
        (passphrase, kdf): (&Passphrase, KdfChoice),
        device: impl Into<Device>,
        watch: &mut Watch<'_>,
    ) -> Result<(Self, RestoredView), RestoreError> {
        let device = device.into();
        let recovery = Begun::now(&device.clock)?;
        let restored = Vault::restore(dir, file, secret, (passphrase, kdf), &recovery.mark(), watch)?;
        let wallet = Self::around(restored.vault.witnessed_anew(&device.keychain)?, device.clock);
        wallet.burn_after_restore()?;
        let mut change = wallet.vault.change();
        Entry::new(wallet.clock.now(), Happened::Restored).put(&mut change);
        change.commit()?;
        let people = wallet.profiles()?;
        let mut consents = 0;
        for person in &people {
            let own = wallet.as_profile(person.number)?;
            own.settle()?;
            consents += own.kept_consents()?.len();
        }
        let view = RestoredView {
            records: people.iter().map(|person| person.records).sum(),
            people: people.len() as u32,
            consents: consents as u32,
            fingerprint: wallet.fingerprint(),
        };
        Ok((wallet, view))
    }
}

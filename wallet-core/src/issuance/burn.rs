//! After a restore nobody knows which copies were shown since the backup was made. So none of the single-use ones is shown
//! again: their keys are destroyed, and the card waits for new copies.

use crate::{
    Wallet,
    credentials::KeptCredential,
    kept::RECOVERY,
    vault::{Table, VaultError},
};

impl Wallet {
    /// Spends every single-use copy of everybody, once after each restore: before anything else is done with the vault, and at
    /// the next opening if this one is cut off.
    pub(crate) fn burn_after_restore(&self) -> Result<(), VaultError> {
        let Some(mut recovery) = self.kept_recovery()?.filter(|recovery| !recovery.burnt) else {
            return Ok(());
        };
        for (profile, _) in self.kept_profiles()? {
            self.acting_as(profile).burn_copies()?;
        }
        recovery.burnt = true;
        self.vault.put(Table::Meta, RECOVERY, &recovery)
    }

    fn burn_copies(&self) -> Result<(), VaultError> {
        let mut change = self.vault.change();
        for (id, mut kept) in self.vault.all::<KeptCredential>(Table::Credentials)? {
            if kept.single_use && kept.is_left() {
                kept.spend();
                change.put(Table::Credentials, &id, &kept);
            }
        }
        change.commit()
    }
}

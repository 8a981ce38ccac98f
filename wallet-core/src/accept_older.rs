//! An older copy of the vault stands where the newer one was, and the patient wants to go on with it.

use std::path::Path;

use crate::{
    Device, UnlockError, Wallet,
    activity::{Entry, Happened},
    recover::Begun,
    vault::{Passphrase, Vault},
};

impl Wallet {
    /// Opens the vault in `dir` although this device remembers a newer state of it. What came after this copy is gone from
    /// here: records taken in since, and consents given since, which still hold at the clinics. So every ledger is searched
    /// for them ([`Wallet::scan`]) before anything new can be granted.
    pub fn accept_older_copy(
        dir: &Path,
        passphrase: &Passphrase,
        device: impl Into<Device>,
    ) -> Result<Self, UnlockError> {
        let device = device.into();
        let vault = Vault::unlock(dir, passphrase)?;
        let begun = Begun::now(&device.clock)?;
        let mark = begun.mark();
        let mut change = vault.change();
        change.put_bytes(mark.table, mark.id, mark.value);
        Entry::new(device.clock.now(), Happened::OlderCopyAccepted).put(&mut change);
        change.commit()?;
        let vault = vault.witnessed_anew(&device.keychain)?;
        Ok(Self::opened(vault, device.clock)?)
    }
}

//! Is everything in the vault as it was sealed?

use super::{
    Vault,
    contents::Ended,
    error::{CheckError, UnlockError, VaultError},
    root::Root,
};
use crate::progress::Watch;

/// What a check found whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Everything that stands under a name: records, consents, log entries, settings.
    pub entries: u64,
    /// Values so large that they stand in a body of their own.
    pub bodies: u64,
    /// Bytes of all values, opened.
    pub bytes: u64,
    /// Number of changes since the vault was made.
    pub epoch: u64,
    /// Stands for all of it; says nothing about what it is.
    pub root: [u8; 32],
}

impl Vault {
    /// Checks the header's seal and the root over everything, then opens every entry and body. Takes as long as reading the
    /// whole vault; others may go on reading and writing.
    pub fn check(&self, watch: &mut Watch<'_>) -> Result<Checked, CheckError> {
        self.own_header()?;
        let before = {
            let writing = self.writing()?;
            let store = &self.opened.store;
            let sealer = &self.opened.sealer;
            if Root::open(store, sealer)? != writing.root
                || Root::count_up(store, sealer, writing.root.epoch)? != writing.root
            {
                return Err(VaultError::Damaged.into());
            }
            writing.root
        };
        let mut checked = Checked {
            entries: 0,
            bodies: 0,
            bytes: 0,
            epoch: before.epoch,
            root: before.digest(),
        };
        self.opened.each(before.count(), watch, &mut |entry| {
            checked.entries += 1;
            checked.bodies += u64::from(entry.has_body);
            checked.bytes += entry.value.len() as u64;
            Ok::<_, CheckError>(())
        })?;
        // Counted against the root only if nobody changed anything in between.
        let unchanged = self.writing()?.root == before;
        if unchanged && checked.entries + checked.bodies != before.count() {
            return Err(VaultError::Damaged.into());
        }
        Ok(checked)
    }
}

impl From<Ended<Self>> for CheckError {
    fn from(ended: Ended<Self>) -> Self {
        match ended {
            Ended::Cancelled => Self::Cancelled,
            Ended::Because(error) => error,
        }
    }
}

impl From<VaultError> for CheckError {
    fn from(error: VaultError) -> Self {
        Self::Vault(UnlockError::Content(error))
    }
}

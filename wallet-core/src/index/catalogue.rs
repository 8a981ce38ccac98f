//! The small entry that says how much there is.

use carnet_fhir::Group;
use serde::{Deserialize, Serialize};

use crate::vault::{Table, Vault, VaultError};

/// Id in table `Pages`.
const CATALOGUE: &str = "catalogue";

/// How many records of which group there are, and in how many packs.
#[derive(Default, Clone, Serialize, Deserialize)]
pub(crate) struct Catalogue {
    pub(crate) records: u32,
    pub(crate) groups: Vec<(Group, u32)>,
    /// Packs are numbered from 0.
    pub(super) packs: u32,
    /// Taken in by an import that has not come to its end: the log does not tell of them yet.
    pub(super) unlogged: Vec<(Group, u32)>,
}

impl Catalogue {
    pub(crate) fn of(vault: &Vault) -> Result<Self, VaultError> {
        Ok(vault.get(Table::Pages, CATALOGUE)?.unwrap_or_default())
    }

    pub(super) fn put(&self, change: &mut crate::vault::Change<'_>) {
        change.put(Table::Pages, CATALOGUE, self);
    }

    pub(super) fn count(&mut self, group: Group) {
        self.records += 1;
        for counts in [&mut self.groups, &mut self.unlogged] {
            match counts.iter_mut().find(|(counted, _)| *counted == group) {
                Some((_, count)) => *count += 1,
                None => counts.push((group, 1)),
            }
        }
    }
}

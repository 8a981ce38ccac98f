//! Where the index stands while the wallet is open.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Catalogue, Index,
    page::{self, ROWS},
};
use crate::vault::{Table, Vault, VaultError};

/// The index of one person's records, once somebody asked for it.
#[derive(Default)]
pub(crate) struct Shelf {
    index: Mutex<Option<Arc<Index>>>,
    /// Held for as long as an import takes.
    importing: Mutex<()>,
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shelf")
    }
}

impl Shelf {
    pub(crate) fn index(&self, vault: &Vault) -> Result<Arc<Index>, VaultError> {
        Ok(Arc::clone(loaded(&mut self.held(), vault)?))
    }

    /// The records are gone.
    pub(crate) fn forget(&self) {
        *self.held() = None;
    }

    /// One import at a time.
    pub(super) fn importing(&self) -> MutexGuard<'_, ()> {
        self.importing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a record of this id is here.
    pub(super) fn has(&self, vault: &Vault, id: &[u8; 16]) -> Result<bool, VaultError> {
        Ok(loaded(&mut self.held(), vault)?.has(id))
    }

    /// Changes the index together with the vault. If that fails, it is read anew next time.
    pub(super) fn change<T>(
        &self,
        vault: &Vault,
        change: impl FnOnce(&mut Index) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let mut held = self.held();
        let outcome = change(Arc::make_mut(loaded(&mut held, vault)?));
        if outcome.is_err() {
            *held = None;
        }
        outcome
    }

    fn held(&self) -> MutexGuard<'_, Option<Arc<Index>>> {
        self.index.lock().unwrap_or_else(|poisoned| {
            // Whoever panicked may have left half a change.
            let mut held = poisoned.into_inner();
            *held = None;
            held
        })
    }
}

fn loaded<'h>(held: &'h mut Option<Arc<Index>>, vault: &Vault) -> Result<&'h mut Arc<Index>, VaultError> {
    let index = match held.take() {
        Some(index) => index,
        None => Arc::new(load(vault)?),
    };
    Ok(held.insert(index))
}

fn load(vault: &Vault) -> Result<Index, VaultError> {
    let records = Catalogue::of(vault)?.records as usize;
    let mut index = Index::default();
    for number in 0..records.div_ceil(ROWS) {
        let page = vault
            .get_bytes(Table::Pages, &page_id(number))?
            .ok_or(VaultError::Damaged)?;
        for row in page::read(&page, &mut index.texts)? {
            index.push(row);
        }
    }
    if index.rows.len() == records {
        Ok(index)
    } else {
        Err(VaultError::Damaged)
    }
}

pub(super) fn page_id(number: usize) -> String {
    format!("p{number:08x}")
}

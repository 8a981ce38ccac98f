//! The bytes of records, many to an entry.

use zeroize::Zeroizing;

use super::Held;
use crate::{
    RecordsError,
    vault::{Table, Vault},
};

/// Reads records; whoever reads those of one pack after each other opens it once.
pub(crate) struct Packs<'w> {
    vault: &'w Vault,
    open: Option<(u32, Zeroizing<Vec<u8>>)>,
}

impl<'w> Packs<'w> {
    pub(crate) fn of(vault: &'w Vault) -> Self {
        Self { vault, open: None }
    }

    /// A record's bytes, exactly as imported.
    pub(crate) fn raw(&mut self, held: &Held<'_>) -> Result<&str, RecordsError> {
        let (number, at, length) = held.place();
        if self.open.as_ref().is_none_or(|(open, _)| *open != number) {
            // Never two at a time: each may be large.
            self.open = None;
            let pack = self.vault.get_bytes(Table::Packs, &pack_id(number))?;
            self.open = Some((number, pack.ok_or(RecordsError::Missing)?));
        }
        let bytes = self.open.as_ref().and_then(|(_, pack)| {
            let end = at.checked_add(length)?;
            pack.get(at as usize..end as usize)
        });
        std::str::from_utf8(bytes.ok_or(RecordsError::Missing)?).map_err(|_| RecordsError::Missing)
    }

    /// Several records' bytes, in their order; each pack is opened once.
    pub(crate) fn raws(&mut self, held: &[Held<'_>]) -> Result<Vec<Zeroizing<String>>, RecordsError> {
        let mut by_place: Vec<usize> = (0..held.len()).collect();
        by_place.sort_unstable_by_key(|n| held[*n].place());
        let mut raws = vec![Zeroizing::default(); held.len()];
        for n in by_place {
            raws[n] = Zeroizing::new(self.raw(&held[n])?.to_owned());
        }
        Ok(raws)
    }
}

pub(super) fn pack_id(number: u32) -> String {
    format!("{number:08x}")
}

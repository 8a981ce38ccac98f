//! Going over everything in the vault, one entry after another, each opened and its tag checked.

use std::{collections::HashMap, ops::ControlFlow};

use carnet_store::Store;
use sha2::{Digest, Sha256};

use super::{
    Opened, ProfileId, VaultError,
    root::Root,
    seal::{self, Place, Preamble},
};
use crate::progress::{Progress, Watch};

/// How many entries lie between two reports.
const REPORT_EVERY: u64 = 256;

/// An entry as it was put.
pub(super) struct Found<'a> {
    pub(super) table: u8,
    pub(super) owner: ProfileId,
    pub(super) schema: u16,
    pub(super) id: &'a str,
    pub(super) value: &'a [u8],
    /// The value is large, and stands in a body of its own.
    pub(super) has_body: bool,
}

/// Why a walk did not come to its end.
pub(super) enum Ended<E> {
    Cancelled,
    Because(E),
}

/// A sum over entries, in whatever order they come: two vaults with the same sum hold the same.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fingerprint(Root);

impl Fingerprint {
    pub(super) fn add(&mut self, found: &Found<'_>) {
        let mut hash = Sha256::new()
            .chain_update([found.table])
            .chain_update(found.owner.to_bytes())
            .chain_update(found.schema.to_be_bytes());
        for part in [found.id.as_bytes(), found.value] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        self.0.add(hash.finalize().into());
    }
}

impl Opened {
    /// Visits every entry of every table and person. What is damaged, or stands in nobody's place, ends it.
    pub(super) fn each<E: From<VaultError>>(
        &self,
        of: u64,
        watch: &mut Watch<'_>,
        visit: &mut dyn FnMut(&Found<'_>) -> Result<(), E>,
    ) -> Result<(), Ended<E>> {
        let owners = self.owners().map_err(|error| Ended::Because(error.into()))?;
        let mut done = 0;
        let mut outcome = Ok(());
        let scanned = self.store.scan(&[seal::ENTRY], &mut |key, sealed| {
            let cancelled = done % REPORT_EVERY == 0
                && watch(Progress {
                    done,
                    total: of.max(done),
                })
                .is_break();
            done += 1;
            outcome = if cancelled {
                Err(Ended::Cancelled)
            } else {
                self.found(&owners, key, sealed, visit).map_err(Ended::Because)
            };
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        scanned.map_err(|error| Ended::Because(VaultError::from(error).into()))?;
        outcome?;
        let _ = watch(Progress { done, total: done });
        Ok(())
    }

    fn found<E: From<VaultError>>(
        &self,
        owners: &HashMap<Vec<u8>, (u8, ProfileId)>,
        key: &[u8],
        sealed: &[u8],
        visit: &mut dyn FnMut(&Found<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (prefix, hidden) = key.split_last_chunk().ok_or(VaultError::Damaged)?;
        let (table, owner) = *owners.get(prefix).ok_or(VaultError::Damaged)?;
        let place = Place {
            table,
            profile: owner,
            hidden: *hidden,
        };
        let preamble = Preamble::of(sealed)?;
        // Removed since the walk began: not there any more.
        let Some(entry) = self.open_newest(place, key, sealed.into())? else {
            return Ok(());
        };
        if self.sealer.place(table, owner, &entry.id)? != place {
            return Err(VaultError::Damaged.into());
        }
        visit(&Found {
            table,
            owner,
            schema: preamble.schema,
            id: &entry.id,
            value: &entry.value,
            has_body: preamble.is_head(),
        })
    }

    /// What the keys of each table and person begin with, whether or not there are any.
    fn owners(&self) -> Result<HashMap<Vec<u8>, (u8, ProfileId)>, VaultError> {
        let people = (0..ProfileId::MOST)
            .filter_map(ProfileId::new)
            .chain([ProfileId::NOBODY]);
        let mut owners = HashMap::new();
        for owner in people {
            for table in 0..=MOST_TABLES {
                owners.insert(self.sealer.table_prefix(table, owner)?, (table, owner));
            }
        }
        Ok(owners)
    }
}

/// Tables have numbers up to this one, for as long as anybody can foresee.
const MOST_TABLES: u8 = 127;

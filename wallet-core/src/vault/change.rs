//! Several puts and deletes as one: all of them are durable, or none happened.

use std::collections::BTreeMap;

use carnet_store::{Batch, Store};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{
    Table, Vault, Writing,
    error::VaultError,
    internal, root,
    seal::{self, Kind, Place, Preamble},
    table::SCHEMA,
};

/// Values up to this many bytes are sealed within their entry; larger ones in a body of their own.
const LARGEST_WITHIN: usize = 60 * 1024;

/// A batch in the making. Nothing of it happens before [`Change::commit`]; dropped, it never happens.
pub struct Change<'v> {
    vault: &'v Vault,
    writes: BTreeMap<(Table, String), Option<Zeroizing<Vec<u8>>>>,
    numbers_below: u64,
    refused: Option<VaultError>,
}

impl<'v> Change<'v> {
    pub(super) fn new(vault: &'v Vault) -> Self {
        Self {
            vault,
            writes: BTreeMap::new(),
            numbers_below: 0,
            refused: None,
        }
    }

    /// Sets an entry. A value that can't be written down makes [`Change::commit`] fail.
    pub fn put<T: Serialize + ?Sized>(&mut self, table: Table, id: &str, value: &T) {
        match serde_json::to_vec(value) {
            Ok(bytes) => {
                self.writes
                    .insert((table, id.to_owned()), Some(Zeroizing::new(bytes)));
            }
            Err(_) => self.refused = Some(VaultError::NotWritable),
        }
    }

    /// Sets an entry to these bytes, kept exactly.
    pub fn put_bytes(&mut self, table: Table, id: &str, bytes: &[u8]) {
        self.writes
            .insert((table, id.to_owned()), Some(Zeroizing::new(bytes.to_vec())));
    }

    /// Removes an entry; nothing happens if it isn't there.
    pub fn delete(&mut self, table: Table, id: &str) {
        self.writes.insert((table, id.to_owned()), None);
    }

    /// The next number for a consent's keys, counted from 0. Given once, to nobody else, and used up on the disk when this
    /// change is committed: commit before anything made with it leaves the device. Numbers of dropped changes are left out.
    pub fn next_consent_number(&mut self) -> u64 {
        let number = self.vault.take_consent_number();
        self.numbers_below = number.saturating_add(1);
        number
    }

    /// All or nothing; durable when it returns `Ok`.
    pub fn commit(self) -> Result<(), VaultError> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        if self.writes.is_empty() && self.numbers_below == 0 {
            return Ok(());
        }
        let mut writing = self.vault.writing()?;
        let mut batch = Pending {
            vault: self.vault,
            batch: Batch::new(),
            root: writing.root,
        };
        for ((table, id), value) in &self.writes {
            batch.write(
                table.number(),
                SCHEMA,
                id,
                value.as_ref().map(|value| value.as_slice()),
            )?;
        }
        let numbers_below = self.numbers_below.max(writing.numbers_below);
        if numbers_below > writing.numbers_below {
            batch.write(
                internal::TABLE,
                SCHEMA,
                internal::NUMBERS,
                Some(&numbers_below.to_be_bytes()),
            )?;
        }
        let root = batch.commit()?;
        *writing = Writing { root, numbers_below };
        Ok(())
    }
}

impl std::fmt::Debug for Change<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Change({} entries)", self.writes.len())
    }
}

/// A store batch with the root that goes with it.
pub(super) struct Pending<'v> {
    vault: &'v Vault,
    batch: Batch,
    root: root::Root,
}

impl<'v> Pending<'v> {
    pub(super) fn first(vault: &'v Vault) -> Self {
        Self {
            vault,
            batch: Batch::new(),
            root: root::Root::default(),
        }
    }

    pub(super) fn write(
        &mut self,
        table: u8,
        schema: u16,
        id: &str,
        value: Option<&[u8]>,
    ) -> Result<(), VaultError> {
        let place = self.vault.sealer.place(table, id)?;
        let key = self.vault.sealer.entry_key(place)?;
        let revision = self.forget(place, &key)? + 1;
        if let Some(value) = value {
            self.put(place, key, (schema, revision), id, value)?;
        } else {
            self.batch.delete(key);
        }
        Ok(())
    }

    /// Takes what stands there out of the root, with its body. Returns its revision.
    fn forget(&mut self, place: Place, key: &[u8]) -> Result<u64, VaultError> {
        let Some(old) = self.vault.store.get(key)? else {
            return Ok(0);
        };
        let preamble = Preamble::of(&old)?;
        self.root.subtract(self.vault.sealer.element(key, &old)?);
        if preamble.is_head() {
            let content = self.vault.sealer.open(place, Kind::Head, &old)?;
            let (body_id, length) = seal::split_body(seal::split_id(&content)?.1)?;
            let key = seal::body_key(body_id);
            self.root.subtract(self.vault.sealer.body_element(&key, length)?);
            self.batch.delete(key);
        }
        Ok(preamble.revision)
    }

    fn put(
        &mut self,
        place: Place,
        key: Vec<u8>,
        version: (u16, u64),
        id: &str,
        value: &[u8],
    ) -> Result<(), VaultError> {
        let sealer = &self.vault.sealer;
        let sealed = if value.len() <= LARGEST_WITHIN {
            sealer.seal(place, Kind::Whole, version, &seal::with_id(id, value)?)?
        } else {
            let mut body_id = [0; 16];
            getrandom::fill(&mut body_id).map_err(|_| VaultError::NoRandomness)?;
            let body = sealer.seal(place, Kind::Body(body_id), version, value)?;
            let body_key = seal::body_key(body_id);
            let length = body.len() as u64;
            self.root.add(sealer.body_element(&body_key, length)?);
            self.batch.put(body_key, body);
            let pointer = [body_id.as_slice(), &length.to_be_bytes()].concat();
            sealer.seal(place, Kind::Head, version, &seal::with_id(id, &pointer)?)?
        };
        self.root.add(sealer.element(&key, &sealed)?);
        self.batch.put(key, sealed);
        Ok(())
    }

    pub(super) fn commit(mut self) -> Result<root::Root, VaultError> {
        self.root.epoch += 1;
        self.batch.put(root::KEY, self.root.seal(&self.vault.sealer)?);
        self.vault.store.commit(self.batch)?;
        Ok(self.root)
    }
}

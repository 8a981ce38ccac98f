//! Several puts and deletes as one: all of them are durable, or none happened.

use std::collections::BTreeMap;

use carnet_store::{Batch, Store};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{
    Chained, Opened, ProfileId, Table, Vault, Writing,
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
    appended: Vec<Vec<u8>>,
    refused: Option<VaultError>,
}

impl<'v> Change<'v> {
    pub(super) fn new(vault: &'v Vault) -> Self {
        Self {
            vault,
            writes: BTreeMap::new(),
            numbers_below: 0,
            appended: Vec::new(),
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
    pub fn next_consent_number(&mut self) -> Result<u64, VaultError> {
        let number = self.vault.take_consent_number()?;
        self.numbers_below = number.saturating_add(1);
        Ok(number)
    }

    /// Uses up every consent number below this one.
    pub fn use_up_consent_numbers(&mut self, below: u64) {
        self.numbers_below = self.numbers_below.max(below);
    }

    /// Puts an entry at the end of the log.
    pub fn append(&mut self, body: Vec<u8>) {
        self.appended.push(body);
    }

    /// Whose change it is.
    pub fn profile(&self) -> ProfileId {
        self.vault.profile
    }

    /// What can't be written makes [`Change::commit`] fail.
    pub(crate) fn refuse(&mut self) {
        self.refused = Some(VaultError::NotWritable);
    }

    /// All or nothing; durable when it returns `Ok`.
    pub fn commit(self) -> Result<(), VaultError> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        if self.writes.is_empty() && self.appended.is_empty() && self.numbers_below == 0 {
            return Ok(());
        }
        let mut writing = self.vault.writing()?;
        let mut batch = Pending::on(&self.vault.opened, writing.root);
        for ((table, id), value) in &self.writes {
            batch.write(
                (table.number(), table.owner(self.vault.profile)),
                SCHEMA,
                id,
                value.as_ref().map(|value| value.as_slice()),
            )?;
        }
        let profile = self.vault.profile;
        let mut numbers_below = writing.numbers_below.clone();
        if self.numbers_below > 0 {
            let before = match numbers_below.get(&profile) {
                Some(below) => *below,
                None => self.vault.opened.numbers_below(profile)?,
            };
            let below = self.numbers_below.max(before);
            numbers_below.insert(profile, below);
            batch.write(
                (internal::TABLE, profile),
                SCHEMA,
                internal::NUMBERS,
                Some(&below.to_be_bytes()),
            )?;
        }
        let mut chain = writing.chain;
        let log = (Table::Activity.number(), Table::Activity.owner(profile));
        for body in &self.appended {
            let entry = Zeroizing::new([chain.hash.as_slice(), body].concat());
            batch.write(log, SCHEMA, &Chained::id(chain.count), Some(&entry))?;
            chain = chain.after(body);
        }
        if !self.appended.is_empty() {
            let owner = (internal::TABLE, log.1);
            batch.write(owner, SCHEMA, internal::CHAIN, Some(&chain.to_bytes()))?;
        }
        let root = batch.commit()?;
        *writing = Writing {
            root,
            numbers_below,
            chain,
        };
        if let Some(witness) = self.vault.opened.witness.get() {
            witness.tell(&root);
        }
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
    opened: &'v Opened,
    batch: Batch,
    root: root::Root,
}

impl<'v> Pending<'v> {
    /// The next batch after the one that left `root`.
    pub(super) fn on(opened: &'v Opened, root: root::Root) -> Self {
        Self {
            opened,
            batch: Batch::new(),
            root,
        }
    }

    pub(super) fn write(
        &mut self,
        (table, owner): (u8, ProfileId),
        schema: u16,
        id: &str,
        value: Option<&[u8]>,
    ) -> Result<(), VaultError> {
        let place = self.opened.sealer.place(table, owner, id)?;
        let key = self.opened.sealer.entry_key(place)?;
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
        let Some(old) = self.opened.store.get(key)? else {
            return Ok(0);
        };
        let preamble = Preamble::of(&old)?;
        self.root.subtract(self.opened.sealer.element(key, &old)?);
        if preamble.is_head() {
            let content = self.opened.sealer.open(place, Kind::Head, &old)?;
            let (body_id, length) = seal::split_body(seal::split_id(&content)?.1)?;
            let key = seal::body_key(body_id);
            self.root.subtract(self.opened.sealer.body_element(&key, length)?);
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
        let sealer = &self.opened.sealer;
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
        self.batch.put(root::KEY, self.root.seal(&self.opened.sealer)?);
        self.opened.store.commit(self.batch)?;
        Ok(self.root)
    }
}

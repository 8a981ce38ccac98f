//! What is open: the store, the keys that seal, and reading through both.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    ops::ControlFlow,
    path::PathBuf,
    sync::{Mutex, OnceLock},
};

use carnet_store::{FolderStore, Store};
use zeroize::Zeroizing;

use super::{
    Entry, Opened, ProfileId, Table, VaultError, internal,
    seal::{self, Kind, Place, Preamble, Sealer},
    table,
};
use crate::keys::RootKey;

/// Called with the id and the value of an entry; breaks to see no more.
pub(super) type Visit<'a> = dyn FnMut(&str, Zeroizing<Vec<u8>>) -> ControlFlow<()> + 'a;

impl Opened {
    /// With nothing known yet of what is in it.
    pub(super) fn new(dir: PathBuf, id: [u8; 16], store: FolderStore, sealer: Sealer) -> Self {
        Self {
            dir,
            id,
            store,
            sealer,
            root: RootKey::new(Zeroizing::new([0; 32])),
            writing: Mutex::default(),
            taken: Mutex::new(BTreeMap::new()),
            witness: OnceLock::new(),
        }
    }

    /// The consent numbers of this person below this one are used up, as it is on the disk.
    pub(super) fn numbers_below(&self, profile: ProfileId) -> Result<u64, VaultError> {
        match self.read(internal::TABLE, profile, internal::NUMBERS)? {
            Some(bytes) => Ok(u64::from_be_bytes(
                bytes.as_slice().try_into().map_err(|_| VaultError::Damaged)?,
            )),
            None => Ok(0),
        }
    }

    /// Goes over one person's part of a table, one value in memory at a time.
    pub(super) fn visit(
        &self,
        table: Table,
        profile: ProfileId,
        visit: &mut Visit<'_>,
    ) -> Result<(), VaultError> {
        let prefix = self.sealer.table_prefix(table.number(), profile)?;
        let mut outcome = Ok(());
        self.store.scan(&prefix, &mut |key, sealed| {
            let opened = key[prefix.len()..]
                .try_into()
                .map_err(|_| VaultError::Damaged)
                .and_then(|hidden| {
                    let place = Place {
                        table: table.number(),
                        profile,
                        hidden,
                    };
                    self.open_newest(place, key, Cow::Borrowed(sealed))
                });
            match opened {
                Ok(Some(Entry { id, value })) => visit(&id, value),
                Ok(None) => ControlFlow::Continue(()),
                Err(error) => {
                    outcome = Err(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        outcome
    }

    pub(super) fn read(
        &self,
        table: u8,
        owner: ProfileId,
        id: &str,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let place = self.sealer.place(table, owner, id)?;
        let key = self.sealer.entry_key(place)?;
        let Some(sealed) = self.store.get(&key)? else {
            return Ok(None);
        };
        match self.open_newest(place, &key, Cow::Owned(sealed))? {
            // The name is a hash: the content says whose it really is.
            Some(opened) if opened.id != id => Err(VaultError::Damaged),
            opened => Ok(opened.map(|opened| opened.value)),
        }
    }

    /// Opens an entry as it was read, or as it has become if its body was removed since.
    pub(super) fn open_newest(
        &self,
        place: Place,
        key: &[u8],
        mut sealed: Cow<'_, [u8]>,
    ) -> Result<Option<Entry>, VaultError> {
        loop {
            if let Some(opened) = self.open(place, &sealed)? {
                return Ok(Some(opened));
            }
            match self.store.get(key)? {
                Some(newer) if *newer == *sealed => return Err(VaultError::Damaged),
                Some(newer) => sealed = Cow::Owned(newer),
                None => return Ok(None),
            }
        }
    }

    /// The id and value of a sealed entry; none if its body is not there.
    fn open(&self, place: Place, sealed: &[u8]) -> Result<Option<Entry>, VaultError> {
        let preamble = Preamble::of(sealed)?;
        if preamble.schema != table::SCHEMA {
            return Err(VaultError::NewerVersion);
        }
        if !preamble.is_head() {
            let content = self.sealer.open(place, Kind::Whole, sealed)?;
            let (id, value) = seal::split_id(&content)?;
            let value = Zeroizing::new(value.to_vec());
            return Ok(Some(Entry {
                id: id.to_owned(),
                value,
            }));
        }
        let content = self.sealer.open(place, Kind::Head, sealed)?;
        let (id, pointer) = seal::split_id(&content)?;
        let (body_id, length) = seal::split_body(pointer)?;
        let Some(body) = self.store.get(&seal::body_key(body_id))? else {
            return Ok(None);
        };
        if body.len() as u64 != length || Preamble::of(&body)?.revision != preamble.revision {
            return Err(VaultError::Damaged);
        }
        let value = self.sealer.open(place, Kind::Body(body_id), &body)?;
        Ok(Some(Entry {
            id: id.to_owned(),
            value,
        }))
    }
}

//! The sealed vault: one folder, nothing in it readable without the passphrase or the 24 words.
//!
//! ```text
//! DIR/vault/header.json   what is needed before the passphrase; the vault key, wrapped by passphrase and by words
//! DIR/vault/store/        everything else, each entry sealed in its place, with an authenticated count and root over all
//! ```
//! An older copy of the whole folder, put back in its place, opens: nothing outside the folder knows better.

mod change;
mod create;
mod error;
mod header;
mod hex_bytes;
mod kdf;
mod passphrase;
mod root;
mod seal;
mod table;
#[cfg(test)]
mod tests;
mod unlock;

use std::{
    borrow::Cow,
    ops::ControlFlow,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use carnet_store::{FolderStore, Store, StoreError};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

pub use change::Change;
pub use error::{CreateError, UnlockError, VaultError};
pub use kdf::KdfChoice;
pub use passphrase::{Passphrase, SHORTEST_PASSPHRASE};
pub use table::Table;

use self::{
    root::Root,
    seal::{Kind, Place, Preamble, Sealer},
};
use crate::{
    keys::{Keys, RootKey},
    words::Words,
};

const VAULT: &str = "vault";
const CREATING: &str = "vault.creating";
const STORE: &str = "store";

/// What the vault keeps for itself.
mod internal {
    pub(super) const TABLE: u8 = 0;
    /// The 256 bits behind the words.
    pub(super) const ROOT_SEED: &str = "root-seed";
    /// Consent numbers below this one are used up.
    pub(super) const NUMBERS: &str = "consent-numbers-below";
}

/// An open vault. Locked by dropping it: keys are wiped, and the folder is free for another opener.
pub struct Vault {
    id: [u8; 16],
    store: FolderStore,
    sealer: Sealer,
    keys: Keys,
    writing: Mutex<Writing>,
    next_number: AtomicU64,
}

/// An entry as it was put.
struct Opened {
    id: String,
    value: Zeroizing<Vec<u8>>,
}

/// What one writer at a time carries on.
struct Writing {
    root: Root,
    numbers_below: u64,
}

impl Vault {
    /// Random; names this vault on this device.
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// The keys that come of the root.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The 24 words again.
    pub fn words(&self) -> Words {
        Words::from_entropy(Zeroizing::new(*self.keys.root().bytes()))
    }

    /// The value of an entry.
    pub fn get<T: DeserializeOwned>(&self, table: Table, id: &str) -> Result<Option<T>, VaultError> {
        let Some(bytes) = self.get_bytes(table, id)? else {
            return Ok(None);
        };
        Ok(Some(
            serde_json::from_slice(&bytes).map_err(|_| VaultError::UnknownForm)?,
        ))
    }

    /// The bytes of an entry, exactly as they were put.
    pub fn get_bytes(&self, table: Table, id: &str) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        self.read(table.number(), id)
    }

    /// All entries of a table with their ids, in the order of the ids.
    pub fn all<T: DeserializeOwned>(&self, table: Table) -> Result<Vec<(String, T)>, VaultError> {
        let prefix = self.sealer.table_prefix(table.number())?;
        let mut entries = Vec::new();
        let mut outcome = Ok(());
        self.store.scan(
            &prefix,
            &mut |key, sealed| match self.entry(table, (&prefix, key), sealed) {
                Ok(entry) => {
                    entries.extend(entry);
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    outcome = Err(error);
                    ControlFlow::Break(())
                }
            },
        )?;
        outcome?;
        entries.sort_unstable_by(|(one, _), (other, _): &(String, T)| one.cmp(other));
        Ok(entries)
    }

    /// Sets one entry, durably.
    pub fn put<T: Serialize + ?Sized>(&self, table: Table, id: &str, value: &T) -> Result<(), VaultError> {
        let mut change = self.change();
        change.put(table, id, value);
        change.commit()
    }

    /// Sets one entry to these bytes, durably.
    pub fn put_bytes(&self, table: Table, id: &str, bytes: &[u8]) -> Result<(), VaultError> {
        let mut change = self.change();
        change.put_bytes(table, id, bytes);
        change.commit()
    }

    /// Removes one entry, durably.
    pub fn delete(&self, table: Table, id: &str) -> Result<(), VaultError> {
        let mut change = self.change();
        change.delete(table, id);
        change.commit()
    }

    /// Begins a batch.
    pub fn change(&self) -> Change<'_> {
        Change::new(self)
    }

    fn around(id: [u8; 16], store: FolderStore, sealer: Sealer, root: RootKey) -> Self {
        let writing = Writing {
            root: Root::default(),
            numbers_below: 0,
        };
        Self {
            id,
            store,
            sealer,
            keys: Keys::new(root),
            writing: Mutex::new(writing),
            next_number: AtomicU64::new(0),
        }
    }

    fn writing(&self) -> Result<MutexGuard<'_, Writing>, VaultError> {
        self.writing
            .lock()
            .map_err(|_| VaultError::Store(StoreError::Broken))
    }

    fn take_consent_number(&self) -> u64 {
        self.next_number.fetch_add(1, Ordering::SeqCst)
    }

    fn read(&self, table: u8, id: &str) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let place = self.sealer.place(table, id)?;
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

    /// One entry of a scan; none if it was removed since the scan began.
    fn entry<T: DeserializeOwned>(
        &self,
        table: Table,
        (prefix, key): (&[u8], &[u8]),
        sealed: &[u8],
    ) -> Result<Option<(String, T)>, VaultError> {
        let hidden = key[prefix.len()..].try_into().map_err(|_| VaultError::Damaged)?;
        let place = Place {
            table: table.number(),
            hidden,
        };
        let Some(Opened { id, value }) = self.open_newest(place, key, Cow::Borrowed(sealed))? else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&value).map_err(|_| VaultError::UnknownForm)?;
        Ok(Some((id, value)))
    }

    /// Opens an entry as it was read, or as it has become if its body was removed since.
    fn open_newest(
        &self,
        place: Place,
        key: &[u8],
        mut sealed: Cow<'_, [u8]>,
    ) -> Result<Option<Opened>, VaultError> {
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
    fn open(&self, place: Place, sealed: &[u8]) -> Result<Option<Opened>, VaultError> {
        let preamble = Preamble::of(sealed)?;
        if preamble.schema != table::SCHEMA {
            return Err(VaultError::NewerVersion);
        }
        if !preamble.is_head() {
            let content = self.sealer.open(place, Kind::Whole, sealed)?;
            let (id, value) = seal::split_id(&content)?;
            let value = Zeroizing::new(value.to_vec());
            return Ok(Some(Opened {
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
        Ok(Some(Opened {
            id: id.to_owned(),
            value,
        }))
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

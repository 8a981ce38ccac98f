//! Making a vault: a whole one, or nothing that stands in the way of another try.
//!
//! It is built in a folder beside and appears by one rename, so `vault` is always whole. What an interrupted try left was
//! never shown to anybody, and is removed by the next one.

use std::{fs::File, path::Path};

use carnet_store::{EngineKind, durable};
use zeroize::Zeroizing;

use super::{
    KdfChoice, Opened, Passphrase, ProfileId, Table, VAULT, Vault,
    change::Pending,
    error::{CreateError, UnlockError, VaultError},
    header::Header,
    internal,
    kdf::KdfError,
    one_writer,
    replace::{self, NEW},
    root::Root,
    seal::Sealer,
    table::SCHEMA,
};
use crate::{keys::RootKey, words::Words};

impl Vault {
    /// Makes a vault in `dir` (the folder is made if need be), and opens it. Takes the passphrase's cost, about a second.
    ///
    /// The words come back so that they can be shown now; [`Vault::words`] gives them again later.
    pub fn create(dir: &Path, passphrase: &Passphrase, kdf: KdfChoice) -> Result<(Self, Words), CreateError> {
        Self::create_around(dir, passphrase, kdf, RootKey::new(make_bytes()?), None)
    }

    /// Makes a vault whose keys come of these words, with nothing in it but `mark`.
    pub fn create_from_words(
        dir: &Path,
        words: &Words,
        passphrase: &Passphrase,
        kdf: KdfChoice,
        mark: &Mark<'_>,
    ) -> Result<Self, CreateError> {
        let root = RootKey::new(words.entropy());
        Self::create_around(dir, passphrase, kdf, root, Some(mark)).map(|(vault, _)| vault)
    }

    fn create_around(
        dir: &Path,
        passphrase: &Passphrase,
        kdf: KdfChoice,
        root: RootKey,
        mark: Option<&Mark<'_>>,
    ) -> Result<(Self, Words), CreateError> {
        if passphrase.is_too_short() {
            return Err(CreateError::PassphraseTooShort);
        }
        let _alone = lock_folder(dir)?;
        replace::finish(dir)?;
        if dir.join(VAULT).exists() {
            return Err(CreateError::Exists);
        }
        let folder = dir.join(NEW);
        let new = NewVault::begin(&folder, root, passphrase, kdf)?;
        let opened = new.open_store(&folder)?;
        let mut first = Pending::on(&opened, Root::default());
        new.write_root(&mut first)?;
        if let Some(mark) = mark {
            mark.write(&mut first)?;
        }
        first.commit()?;
        drop(opened);
        new.finish(&folder)?;
        replace::exchange(dir)?;

        // Opened as it will be from now on, which also checks what was written.
        let vault = Self::open_content(dir, &new.header, &new.vault_key)?;
        let words = vault.words();
        Ok((vault, words))
    }
}

/// An entry that a new vault has from its first moment on.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a> {
    pub table: Table,
    pub id: &'a str,
    pub value: &'a [u8],
}

impl Mark<'_> {
    pub(super) fn write(&self, first: &mut Pending<'_>) -> Result<(), VaultError> {
        let owner = (self.table.number(), self.table.owner(ProfileId::FIRST));
        first.write(owner, SCHEMA, self.id, Some(self.value))
    }
}

/// A vault in the making: its header and its keys.
pub(super) struct NewVault {
    pub(super) header: Header,
    pub(super) vault_key: Zeroizing<[u8; 32]>,
    root: RootKey,
}

impl NewVault {
    /// Draws id and vault key, wraps the key by passphrase and words, and makes an empty folder.
    pub(super) fn begin(
        folder: &Path,
        root: RootKey,
        passphrase: &Passphrase,
        kdf: KdfChoice,
    ) -> Result<Self, CreateError> {
        if passphrase.is_too_short() {
            return Err(CreateError::PassphraseTooShort);
        }
        let id: [u8; 16] = *make_bytes()?;
        let vault_key: Zeroizing<[u8; 32]> = make_bytes()?;
        let (cost, passphrase_key) = kdf.make(passphrase, *make_bytes()?)?;
        let header = Header::make(
            id,
            0,
            cost,
            &vault_key,
            (&passphrase_key, *make_bytes()?),
            (&root.derive_words_wrap(&id), *make_bytes()?),
        )
        .ok_or(VaultError::NotWritable)?;
        durable::create_dir(folder).map_err(CreateError::Io)?;
        Ok(Self {
            header,
            vault_key,
            root,
        })
    }

    /// Makes the store, with nothing in it.
    pub(super) fn open_store(&self, folder: &Path) -> Result<Opened, CreateError> {
        let store = carnet_store::open(&folder.join(self.header.store_folder()), EngineKind::default())
            .map_err(VaultError::Store)?;
        let id = self.header.id();
        Ok(Opened::new(
            folder.parent().unwrap_or(folder).to_owned(),
            id,
            store,
            Sealer::new(id, &self.vault_key)?,
        ))
    }

    /// Puts what the words stand for into the vault.
    pub(super) fn write_root(&self, first: &mut Pending<'_>) -> Result<(), VaultError> {
        let owner = (internal::TABLE, ProfileId::NOBODY);
        first.write(owner, SCHEMA, internal::ROOT_SEED, Some(self.root.bytes()))
    }

    /// Writes the header; the folder is a vault from now on.
    pub(super) fn finish(&self, folder: &Path) -> Result<(), CreateError> {
        self.header.write(folder).map_err(CreateError::Io)
    }
}

impl From<KdfError> for CreateError {
    fn from(error: KdfError) -> Self {
        match error {
            KdfError::CostRefused => Self::KdfCostRefused,
            KdfError::OutOfMemory => Self::OutOfMemory,
        }
    }
}

impl From<UnlockError> for CreateError {
    fn from(error: UnlockError) -> Self {
        match error {
            UnlockError::Content(error) => Self::Content(error),
            UnlockError::InUse => Self::InUse,
            _ => Self::Content(VaultError::Damaged),
        }
    }
}

fn make_bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, CreateError> {
    super::make_bytes().map_err(|_| CreateError::NoRandomness)
}

/// One maker at a time. Makes the folder if need be.
pub(super) fn lock_folder(dir: &Path) -> Result<File, CreateError> {
    durable::create_dir(dir).map_err(CreateError::Io)?;
    one_writer::take(dir)
        .map_err(CreateError::Io)?
        .ok_or(CreateError::InUse)
}

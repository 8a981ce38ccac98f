//! Making a vault: a whole one, or nothing that stands in the way of another try.
//!
//! It is built in `vault.creating` and appears by one rename, so `vault` is always whole. What an interrupted try left was
//! never shown to anybody, and is removed by the next one.

use std::{fs, io, path::Path};

use carnet_store::{durable, open_sled};
use zeroize::Zeroizing;

use super::{
    CREATING, KdfChoice, Opened, Passphrase, ProfileId, VAULT, Vault,
    change::Pending,
    error::{CreateError, UnlockError, VaultError},
    header::Header,
    internal,
    kdf::KdfError,
    one_writer,
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
        if passphrase.is_too_short() {
            return Err(CreateError::PassphraseTooShort);
        }
        durable::create_dir(dir).map_err(CreateError::Io)?;
        let _alone = one_writer::take(dir)
            .map_err(CreateError::Io)?
            .ok_or(CreateError::InUse)?;
        if dir.join(VAULT).exists() {
            return Err(CreateError::Exists);
        }
        let creating = dir.join(CREATING);
        match fs::remove_dir_all(&creating) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(CreateError::Io(error)),
            _ => {}
        }

        let id: [u8; 16] = *make_bytes()?;
        let vault_key: Zeroizing<[u8; 32]> = make_bytes()?;
        let root = RootKey::new(make_bytes()?);
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

        durable::create_dir(&creating).map_err(CreateError::Io)?;
        let store = open_sled(&creating.join(super::STORE)).map_err(VaultError::Store)?;
        let opened = Opened::new(dir.to_owned(), id, Box::new(store), Sealer::new(id, &vault_key)?);
        let mut first = Pending::on(&opened, Root::default());
        let owner = (internal::TABLE, ProfileId::NOBODY);
        first.write(owner, SCHEMA, internal::ROOT_SEED, Some(root.bytes()))?;
        first.commit()?;
        drop(opened);
        header.write(&creating).map_err(CreateError::Io)?;
        fs::rename(&creating, dir.join(VAULT))
            .and_then(|()| durable::sync_dir(dir))
            .map_err(CreateError::Io)?;

        // Opened as it will be from now on, which also checks what was written.
        let vault = Self::open_content(dir, &header, &vault_key)?;
        let words = vault.words();
        Ok((vault, words))
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

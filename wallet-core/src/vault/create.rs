//! Making a vault: a whole one, or nothing that stands in the way of another try.
//!
//! It is built in `vault.creating` and appears by one rename, so `vault` is always whole. What an interrupted try left was
//! never shown to anybody, and is removed by the next one.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
};

use carnet_store::{EngineKind, durable};
use zeroize::Zeroizing;

use super::{
    CREATING, KdfChoice, Passphrase, VAULT, Vault,
    change::Pending,
    error::{CreateError, UnlockError, VaultError},
    header::Header,
    internal,
    kdf::KdfError,
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
        let _alone = lock(dir)?;
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
            cost,
            &vault_key,
            (&passphrase_key, *make_bytes()?),
            (&root.derive_words_wrap(&id), *make_bytes()?),
        )
        .ok_or(VaultError::NotWritable)?;

        durable::create_dir(&creating).map_err(CreateError::Io)?;
        let store = carnet_store::open(&creating.join(super::STORE), EngineKind::default())
            .map_err(VaultError::Store)?;
        let vault = Self::around(id, store, Sealer::new(id, &vault_key)?, root.clone());
        let mut first = Pending::first(&vault);
        first.write(internal::TABLE, SCHEMA, internal::ROOT_SEED, Some(root.bytes()))?;
        first.commit()?;
        drop(vault);
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
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| CreateError::NoRandomness)?;
    Ok(bytes)
}

/// One maker at a time.
fn lock(dir: &Path) -> Result<File, CreateError> {
    let file = File::create(dir.join("vault.lock")).map_err(CreateError::Io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(CreateError::InUse),
        Err(TryLockError::Error(error)) => Err(CreateError::Io(error)),
    }
}

//! Opening a vault: header, passphrase or words, vault key, and then everything that is in it, counted.

use std::{path::Path, sync::Mutex};

use carnet_store::{FolderStore, StoreError};
use zeroize::Zeroizing;

use super::{
    ChainHead, Opened, Passphrase, ProfileId, STORE, VAULT, Vault, Writing,
    error::{UnlockError, VaultError},
    header::{Header, HeaderError},
    internal,
    kdf::KdfError,
    replace,
    root::Root,
    seal::Sealer,
};
use crate::{keys::RootKey, words::Words};

impl Vault {
    /// Whether `dir` has a vault, or what is left of one.
    pub fn exists(dir: &Path) -> bool {
        dir.join(VAULT).exists() || replace::waits(dir)
    }

    /// Opens the vault in `dir`. Takes the passphrase's cost, about a second, unless it is refused before.
    pub fn unlock(dir: &Path, passphrase: &Passphrase) -> Result<Self, UnlockError> {
        let header = read_header(dir)?;
        header.kdf.check()?;
        // The lock of the store comes first: nobody waits a second to hear that the vault is in use.
        let store = open_store(&dir.join(VAULT))?;
        let key = header.kdf.derive(passphrase)?;
        let vault_key = header
            .open_with_passphrase_key(&key)
            .ok_or(UnlockError::WrongPassphrase)?;
        let vault = Self::open_with(store, &header, &vault_key)?;
        replace::remove_old(dir);
        Ok(vault)
    }

    /// Opens the vault in `dir` with its 24 words, for a forgotten passphrase.
    pub fn unlock_with_words(dir: &Path, words: &Words) -> Result<Self, UnlockError> {
        let header = read_header(dir)?;
        let key = RootKey::new(words.entropy()).derive_words_wrap(&header.id());
        let vault_key = header.open_with_words_key(&key).ok_or(UnlockError::WrongWords)?;
        Self::open_content(dir, &header, &vault_key)
    }

    pub(super) fn open_content(
        dir: &Path,
        header: &Header,
        vault_key: &[u8; 32],
    ) -> Result<Self, UnlockError> {
        Self::open_folder(&dir.join(VAULT), header, vault_key)
    }

    /// Opens the vault whose own folder this is.
    pub(super) fn open_folder(
        folder: &Path,
        header: &Header,
        vault_key: &[u8; 32],
    ) -> Result<Self, UnlockError> {
        Self::open_with(open_store(folder)?, header, vault_key)
    }

    fn open_with(store: FolderStore, header: &Header, vault_key: &[u8; 32]) -> Result<Self, UnlockError> {
        if !header.is_sealed_by(vault_key) {
            return Err(UnlockError::HeaderDamaged);
        }
        let sealer = Sealer::new(header.id(), vault_key)?;
        let root = Root::open(&store, &sealer)?;
        if Root::count(&store, &sealer, root.epoch)? != root {
            return Err(VaultError::Damaged.into());
        }
        let mut opened = Opened::new(header.id(), store, sealer);
        let seed = opened
            .read(internal::TABLE, ProfileId::NOBODY, internal::ROOT_SEED)?
            .ok_or(VaultError::Damaged)?;
        let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| VaultError::Damaged)?;
        opened.root = RootKey::new(Zeroizing::new(*seed));
        let chain = match opened.read(internal::TABLE, ProfileId::NOBODY, internal::CHAIN)? {
            Some(bytes) => ChainHead::from_bytes(&bytes).ok_or(VaultError::Damaged)?,
            None => ChainHead::default(),
        };
        opened.writing = Mutex::new(Writing {
            root,
            chain,
            ..Writing::default()
        });
        Ok(Self::around(opened))
    }
}

fn read_header(dir: &Path) -> Result<Header, UnlockError> {
    replace::put_back(dir).map_err(UnlockError::Io)?;
    if !Vault::exists(dir) {
        return Err(UnlockError::NoVault);
    }
    Header::read(&dir.join(VAULT)).map_err(|error| match error {
        HeaderError::Io(error) => UnlockError::Io(error),
        HeaderError::Missing | HeaderError::NotAVault => UnlockError::NotAVault,
        HeaderError::NewerVersion { found } => UnlockError::NewerVersion { found },
        HeaderError::Damaged => UnlockError::HeaderDamaged,
    })
}

/// Never makes a new store: a header without one is a part of a vault.
fn open_store(folder: &Path) -> Result<FolderStore, UnlockError> {
    match carnet_store::open_existing(&folder.join(STORE)) {
        Err(StoreError::Missing) => Err(UnlockError::NotAVault),
        outcome => Ok(outcome?),
    }
}

impl From<KdfError> for UnlockError {
    fn from(error: KdfError) -> Self {
        match error {
            KdfError::CostRefused => Self::KdfCostRefused,
            KdfError::OutOfMemory => Self::OutOfMemory,
        }
    }
}

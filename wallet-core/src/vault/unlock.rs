//! Opening a vault: header, passphrase or words, vault key, and then everything that is in it, counted.

use std::path::Path;

use carnet_store::{FolderStore, StoreError};
use zeroize::Zeroizing;

use super::{
    Passphrase, STORE, VAULT, Vault, Writing,
    error::{UnlockError, VaultError},
    header::{Header, HeaderError},
    internal,
    kdf::KdfError,
    root::Root,
    seal::Sealer,
};
use crate::{keys::RootKey, words::Words};

impl Vault {
    /// Whether `dir` has a vault, or what is left of one.
    pub fn exists(dir: &Path) -> bool {
        dir.join(VAULT).exists()
    }

    /// Opens the vault in `dir`. Takes the passphrase's cost, about a second, unless it is refused before.
    pub fn unlock(dir: &Path, passphrase: &Passphrase) -> Result<Self, UnlockError> {
        let header = read_header(dir)?;
        header.kdf.check()?;
        // The lock of the store comes first: nobody waits a second to hear that the vault is in use.
        let store = open_store(dir)?;
        let key = header.kdf.derive(passphrase)?;
        let vault_key = header
            .open_with_passphrase_key(&key)
            .ok_or(UnlockError::WrongPassphrase)?;
        Self::open_with(store, &header, &vault_key)
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
        Self::open_with(open_store(dir)?, header, vault_key)
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
        let no_root = RootKey::new(Zeroizing::new([0; 32]));
        let mut vault = Self::around(header.id(), store, sealer, no_root);
        let seed = vault
            .read(internal::TABLE, internal::ROOT_SEED)?
            .ok_or(VaultError::Damaged)?;
        let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| VaultError::Damaged)?;
        vault.keys = crate::keys::Keys::new(RootKey::new(Zeroizing::new(*seed)));
        let numbers_below = match vault.read(internal::TABLE, internal::NUMBERS)? {
            Some(bytes) => u64::from_be_bytes(bytes.as_slice().try_into().map_err(|_| VaultError::Damaged)?),
            None => 0,
        };
        vault.next_number = numbers_below.into();
        *vault.writing()? = Writing { root, numbers_below };
        Ok(vault)
    }
}

fn read_header(dir: &Path) -> Result<Header, UnlockError> {
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
fn open_store(dir: &Path) -> Result<FolderStore, UnlockError> {
    match carnet_store::open_existing(&dir.join(VAULT).join(STORE)) {
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

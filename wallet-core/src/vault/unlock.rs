//! Opening a vault: header, passphrase or words, vault key, and then everything that is in it, counted.

use std::{fs, path::Path, sync::Mutex};

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

/// An open vault, its header, and the key that was wrapped in it.
pub(super) type ByKey = (Vault, Header, Zeroizing<[u8; 32]>);

impl Vault {
    /// Whether `dir` has a vault, or what is left of one.
    pub fn exists(dir: &Path) -> bool {
        dir.join(VAULT).exists() || replace::waits(dir)
    }

    /// Opens the vault in `dir`. Takes the passphrase's cost, about a second, unless it is refused before.
    pub fn unlock(dir: &Path, passphrase: &Passphrase) -> Result<Self, UnlockError> {
        Ok(Self::open_by_passphrase(dir, passphrase)?.0)
    }

    /// Opens the vault in `dir` with its 24 words.
    pub fn unlock_with_words(dir: &Path, words: &Words) -> Result<Self, UnlockError> {
        Ok(Self::open_by_words(dir, words)?.0)
    }

    pub(super) fn open_by_passphrase(dir: &Path, passphrase: &Passphrase) -> Result<ByKey, UnlockError> {
        read_header(dir)?.kdf.check()?;
        // The lock of the store comes first: nobody waits a second to hear that the vault is in use.
        let (header, store) = open_current(dir)?;
        let key = header.kdf.derive(passphrase)?;
        let vault_key = header
            .open_with_passphrase_key(&key)
            .ok_or(UnlockError::WrongPassphrase)?;
        let vault = Self::open_with(dir, store, &header, &vault_key)?;
        remove_others(&dir.join(VAULT), &header.store_folder());
        replace::remove_old(dir);
        Ok((vault, header, vault_key))
    }

    pub(super) fn open_by_words(dir: &Path, words: &Words) -> Result<ByKey, UnlockError> {
        let header = read_header(dir)?;
        let key = RootKey::new(words.entropy()).derive_words_wrap(&header.id());
        header.open_with_words_key(&key).ok_or(UnlockError::WrongWords)?;
        let (header, store) = open_current(dir)?;
        let vault_key = header.open_with_words_key(&key).ok_or(UnlockError::WrongWords)?;
        let vault = Self::open_with(dir, store, &header, &vault_key)?;
        remove_others(&dir.join(VAULT), &header.store_folder());
        Ok((vault, header, vault_key))
    }

    /// Opens the store that `header` names, whether or not it is the header on the disk.
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
        let dir = folder.parent().unwrap_or(folder);
        Self::open_with(dir, open_store(folder, header)?, header, vault_key)
    }

    fn open_with(
        dir: &Path,
        store: FolderStore,
        header: &Header,
        vault_key: &[u8; 32],
    ) -> Result<Self, UnlockError> {
        if !header.is_sealed_by(vault_key) {
            return Err(UnlockError::HeaderDamaged);
        }
        let sealer = Sealer::new(header.id(), vault_key)?;
        let root = Root::open(&store, &sealer)?;
        if Root::count_up(&store, &sealer, root.epoch)? != root {
            return Err(VaultError::Damaged.into());
        }
        let mut opened = Opened::new(dir.to_owned(), header.id(), store, sealer);
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

pub(super) fn read_header(dir: &Path) -> Result<Header, UnlockError> {
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

/// The header and the store that it names, which nobody else has open.
fn open_current(dir: &Path) -> Result<(Header, FolderStore), UnlockError> {
    let mut header = read_header(dir)?;
    loop {
        let store = open_store(&dir.join(VAULT), &header);
        let now = read_header(dir)?;
        // Another program may have exchanged the store before this one had it to itself.
        if now.store_folder() == header.store_folder() {
            let store = store?;
            now.kdf.check()?;
            return Ok((now, store));
        }
        header = now;
    }
}

/// Never makes a new store: a header without one is a part of a vault.
fn open_store(folder: &Path, header: &Header) -> Result<FolderStore, UnlockError> {
    match carnet_store::open_existing(&folder.join(header.store_folder())) {
        Err(StoreError::Missing) => Err(UnlockError::NotAVault),
        outcome => Ok(outcome?),
    }
}

/// Removes what an exchange of keys left beside the store that was opened. Best effort: what stays is in nobody's way.
fn remove_others(vault: &Path, named: &str) {
    let Ok(entries) = fs::read_dir(vault) else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let number = name.strip_prefix(STORE).map(|rest| rest.strip_prefix('-'));
        let is_store = match number {
            Some(Some(number)) => number.parse::<u32>().is_ok(),
            Some(None) => name == STORE,
            None => false,
        };
        if is_store && name != named {
            let _ = fs::remove_dir_all(entry.path());
        }
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

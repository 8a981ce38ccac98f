//! Another passphrase for the same vault: only the header is written anew, whole and durable or not at all, so at every moment
//! either the old passphrase or the new one opens.

use std::{path::Path, sync::Arc};

use zeroize::Zeroizing;

use super::{
    KdfChoice, Keychain, Passphrase, VAULT, Vault,
    error::{PassphraseError, UnlockError, VaultError},
    header::Header,
    kdf::KdfError,
    one_writer,
    unlock::read_header,
};
use crate::words::Words;

impl Vault {
    /// From now on `new` opens the vault, and `old` doesn't. Takes the cost of both, about two seconds.
    pub fn change_passphrase(
        &self,
        old: &Passphrase,
        new: &Passphrase,
        kdf: KdfChoice,
    ) -> Result<(), PassphraseError> {
        if new.is_too_short() {
            return Err(PassphraseError::TooShort);
        }
        let dir = self.opened.dir.as_path();
        let _alone = one_writer::take(dir)
            .map_err(PassphraseError::Io)?
            .ok_or(PassphraseError::InUse)?;
        let header = self.own_header()?;
        let key = header.kdf.derive(old).map_err(UnlockError::from)?;
        let vault_key = header
            .open_with_passphrase_key(&key)
            .ok_or(PassphraseError::WrongOldPassphrase)?;
        rewrite(dir, &header, &vault_key, new, kdf)
    }

    /// Whether this is the passphrase. Takes its cost.
    pub fn prove(&self, passphrase: &Passphrase) -> Result<(), UnlockError> {
        let header = self.own_header()?;
        let key = header.kdf.derive(passphrase)?;
        header
            .open_with_passphrase_key(&key)
            .map(drop)
            .ok_or(UnlockError::WrongPassphrase)
    }

    /// Opens the vault with its words and gives it a new passphrase, for a forgotten one.
    pub fn reset_passphrase(
        dir: &Path,
        words: &Words,
        new: &Passphrase,
        kdf: KdfChoice,
        keychain: &Arc<dyn Keychain>,
    ) -> Result<Self, PassphraseError> {
        if new.is_too_short() {
            return Err(PassphraseError::TooShort);
        }
        let (vault, header, vault_key) = Self::open_by_words(dir, words)?;
        let vault = vault.witnessed(keychain)?;
        let _alone = one_writer::take(dir)
            .map_err(PassphraseError::Io)?
            .ok_or(PassphraseError::InUse)?;
        rewrite(dir, &header, &vault_key, new, kdf)?;
        Ok(vault)
    }

    /// The header on the disk, if it is this vault's and nobody altered it.
    pub(super) fn own_header(&self) -> Result<Header, UnlockError> {
        let header = read_header(&self.opened.dir)?;
        header.kdf.check()?;
        if header.id() == self.opened.id && self.opened.sealer.has_sealed(&header) {
            Ok(header)
        } else {
            Err(UnlockError::HeaderDamaged)
        }
    }
}

fn rewrite(
    dir: &Path,
    header: &Header,
    vault_key: &[u8; 32],
    new: &Passphrase,
    kdf: KdfChoice,
) -> Result<(), PassphraseError> {
    let (cost, key) = kdf.make(new, *make_bytes()?)?;
    header
        .with_passphrase(cost, vault_key, (&key, *make_bytes()?))
        .ok_or(UnlockError::Content(VaultError::NotWritable))?
        .write(&dir.join(VAULT))
        .map_err(PassphraseError::Io)
}

fn make_bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, PassphraseError> {
    super::make_bytes().map_err(|_| PassphraseError::NoRandomness)
}

impl From<KdfError> for PassphraseError {
    fn from(error: KdfError) -> Self {
        match error {
            KdfError::CostRefused => Self::KdfCostRefused,
            KdfError::OutOfMemory => Self::OutOfMemory,
        }
    }
}

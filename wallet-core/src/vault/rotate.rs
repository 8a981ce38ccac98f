//! A fresh vault key, for when the old one may be known to somebody: everything is sealed again, into a new store beside the
//! old one, which the header then names.
//!
//! ```text
//! DIR/vault/store/      what is                      the header's one rename takes the new one for the old one;
//! DIR/vault/store-1/    what will be                 whichever it doesn't name is removed at the next opening
//! ```
//! It doesn't change the 24 words or what follows from them: who could read the vault with the old key knows those too.

use std::{fs, io, path::Path, sync::Arc};

use carnet_store::durable;
use zeroize::Zeroizing;

use super::{
    KdfChoice, Keychain, Opened, Passphrase, VAULT, Vault,
    change::Pending,
    contents::{Ended, Fingerprint},
    error::{RotateError, UnlockError, VaultError},
    header::Header,
    kdf::KdfError,
    one_writer,
    root::Root,
    seal::Sealer,
};
use crate::progress::Watch;

/// A batch is committed once it holds this many bytes or entries.
const BATCH_BYTES: usize = 4 << 20;
const BATCH_ENTRIES: usize = 2000;

impl Vault {
    /// Seals the closed vault in `dir` under a fresh key, and opens it. Cancelled or failed, it is as it was; killed at any
    /// moment, it is one or the other, whole. Needs the vault's own space once more on the disk.
    pub fn rotate_key(
        dir: &Path,
        passphrase: &Passphrase,
        kdf: KdfChoice,
        keychain: &Arc<dyn Keychain>,
        watch: &mut Watch<'_>,
    ) -> Result<Self, RotateError> {
        let (old, header, _) = Self::open_by_passphrase(dir, passphrase)?;
        if old.is_older_than_remembered(keychain.as_ref())? {
            return Err(UnlockError::OlderCopy.into());
        }
        let _alone = one_writer::take(dir)
            .map_err(RotateError::Io)?
            .ok_or(RotateError::Unlock(UnlockError::InUse))?;
        let vault_key: Zeroizing<[u8; 32]> = make_bytes()?;
        let (cost, passphrase_key) = kdf.make(passphrase, *make_bytes()?)?;
        let fresh = Header::make(
            header.id(),
            header.next_store(),
            cost,
            &vault_key,
            (&passphrase_key, *make_bytes()?),
            (&old.opened.root.derive_words_wrap(&header.id()), *make_bytes()?),
        )
        .ok_or(VaultError::NotWritable)?;

        let beside = dir.join(VAULT).join(fresh.store_folder());
        let made = reseal(&old.opened, &fresh, &vault_key, &beside, watch)
            .and_then(|copied| {
                let new = Self::open_content(dir, &fresh, &vault_key)?;
                let mut found = Fingerprint::default();
                let count = new.writing()?.root.count();
                new.opened.each(
                    count,
                    &mut |_| std::ops::ControlFlow::Continue(()),
                    &mut |entry| {
                        found.add(entry);
                        Ok::<_, RotateError>(())
                    },
                )?;
                if found == copied {
                    Ok(new)
                } else {
                    Err(RotateError::NotTheSame)
                }
            })
            .inspect_err(|_| {
                // What can't be removed now is removed at the next opening.
                let _ = fs::remove_dir_all(&beside);
            })?;
        // From here on the new key and the new store are the vault's.
        fresh.write(&dir.join(VAULT)).map_err(RotateError::Io)?;
        drop(old);
        let _ = fs::remove_dir_all(dir.join(VAULT).join(header.store_folder()));
        Ok(made.witnessed_anew(keychain)?)
    }
}

/// Copies everything into a new store at `beside`, sealed under the new key.
fn reseal(
    old: &Opened,
    header: &Header,
    vault_key: &[u8; 32],
    beside: &Path,
    watch: &mut Watch<'_>,
) -> Result<Fingerprint, RotateError> {
    match fs::remove_dir_all(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(RotateError::Io(error)),
        _ => {}
    }
    durable::create_dir(beside).map_err(RotateError::Io)?;
    let kind = old.store.kind().map_err(VaultError::Store)?;
    let store = carnet_store::open(beside, kind).map_err(VaultError::Store)?;
    let sealer = Sealer::new(header.id(), vault_key)?;
    let new = Opened::new(old.dir.clone(), header.id(), store, sealer);
    let before = old.writing.lock().map_err(|_| VaultError::Damaged)?.root;
    // Counted on from where the old one was, so that the old one is known as the older.
    let mut root = Root::after(before);
    let mut copied = Fingerprint::default();
    let mut pending = Pending::on(&new, root);
    let (mut entries, mut bytes) = (0, 0);
    old.each(before.count(), watch, &mut |entry| {
        copied.add(entry);
        pending.write(
            (entry.table, entry.owner),
            entry.schema,
            entry.id,
            Some(entry.value),
        )?;
        entries += 1;
        bytes += entry.value.len();
        if entries == BATCH_ENTRIES || bytes >= BATCH_BYTES {
            (entries, bytes) = (0, 0);
            root = std::mem::replace(&mut pending, Pending::on(&new, root)).commit()?;
            pending = Pending::on(&new, root);
        }
        Ok::<_, RotateError>(())
    })?;
    pending.commit()?;
    Ok(copied)
}

fn make_bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, RotateError> {
    Ok(super::make_bytes()?)
}

impl From<Ended<Self>> for RotateError {
    fn from(ended: Ended<Self>) -> Self {
        match ended {
            Ended::Cancelled => Self::Cancelled,
            Ended::Because(error) => error,
        }
    }
}

impl From<KdfError> for RotateError {
    fn from(error: KdfError) -> Self {
        Self::Unlock(error.into())
    }
}

impl From<VaultError> for RotateError {
    fn from(error: VaultError) -> Self {
        Self::Unlock(UnlockError::Content(error))
    }
}

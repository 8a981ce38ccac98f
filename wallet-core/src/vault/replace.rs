//! One whole vault takes the place of another: built in `vault.new`, checked, then exchanged by two renames.
//!
//! At any moment `vault` is whole, or `vault.old` is and takes its place again at the next opening.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
};

use carnet_store::durable;

use super::{CreateError, STORE, VAULT};

/// Where a vault is built that is to take another one's place.
pub(super) const NEW: &str = "vault.new";
const OLD: &str = "vault.old";

/// `NEW`, whole and checked, becomes the vault; the one that was there waits in `OLD`.
pub(super) fn exchange(dir: &Path) -> Result<(), CreateError> {
    let (vault, old) = (dir.join(VAULT), dir.join(OLD));
    remove(&old)?;
    let exchanged = if vault.exists() {
        fs::rename(&vault, &old)
    } else {
        Ok(())
    }
    .and_then(|()| durable::sync_dir(dir))
    .and_then(|()| fs::rename(dir.join(NEW), &vault))
    .and_then(|()| durable::sync_dir(dir));
    exchanged.map_err(|error| {
        // Half-way: the old one goes back to its place.
        let _ = put_back(dir);
        CreateError::Io(error)
    })
}

/// Keeps anybody from opening the vault that is there, as long as the files live. Its header may be damaged, so whatever
/// store it may name is locked: after an exchange of keys it is no longer the first.
pub(super) fn hold(dir: &Path) -> Result<Vec<File>, CreateError> {
    let entries = match fs::read_dir(dir.join(VAULT)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(CreateError::Io)?,
    };
    let mut held = Vec::new();
    for entry in entries {
        let store = entry.map_err(CreateError::Io)?;
        if !store.file_name().to_string_lossy().starts_with(STORE) || !store.path().is_dir() {
            continue;
        }
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(store.path().join("lock"))
            .map_err(CreateError::Io)?;
        match lock.try_lock() {
            Ok(()) => held.push(lock),
            Err(TryLockError::WouldBlock) => return Err(CreateError::InUse),
            Err(TryLockError::Error(error)) => return Err(CreateError::Io(error)),
        }
    }
    Ok(held)
}

/// Ends what was interrupted. Call before looking for a vault.
pub(super) fn finish(dir: &Path) -> Result<(), CreateError> {
    put_back(dir).map_err(CreateError::Io)?;
    remove(&dir.join(NEW))
}

/// After an exchange that was cut short between its renames, the old vault is the vault.
pub(super) fn put_back(dir: &Path) -> io::Result<()> {
    if !dir.join(VAULT).exists() && dir.join(OLD).exists() {
        fs::rename(dir.join(OLD), dir.join(VAULT))?;
        durable::sync_dir(dir)?;
    }
    Ok(())
}

/// Whether an old vault waits to be put back.
pub(super) fn waits(dir: &Path) -> bool {
    dir.join(OLD).exists()
}

/// The new vault was opened in its place: the old one is no longer needed. What can't be removed now is removed next time.
pub(super) fn remove_old(dir: &Path) {
    let _ = remove(&dir.join(OLD));
}

/// Gives up what was being built.
pub(super) fn discard(dir: &Path) {
    let _ = remove(&dir.join(NEW));
}

fn remove(dir: &Path) -> Result<(), CreateError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CreateError::Io(error)),
        _ => Ok(()),
    }
}

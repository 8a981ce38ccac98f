//! One program at a time makes a vault, or writes its header anew.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

/// Held until dropped; the system gives it back when the process ends, however it ends. `None`: somebody else has it.
pub(super) fn take(dir: &Path) -> io::Result<Option<File>> {
    let file = File::create(dir.join("vault.lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

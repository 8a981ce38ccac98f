//! One opener at a time.

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use crate::{StoreError, disk::Disk};

/// Held as long as the store is open; the system gives it back when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(super) fn take(disk: &Disk, dir: &Path) -> Result<Self, StoreError> {
        let file = disk
            .open_or_create(&dir.join("lock"))
            .map_err(StoreError::io("locking the folder"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
            Err(TryLockError::Error(source)) => Err(StoreError::io("locking the folder")(source)),
        }
    }
}

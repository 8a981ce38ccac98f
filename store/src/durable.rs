//! Files and folders that are on the disk, not only in the system's cache, when a call returns.

use std::{io, path::Path};

use crate::disk::Disk;

/// Makes renames, creations and removals inside `dir` durable.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    Disk::default().sync_dir(dir)
}

/// Creates `dir` with its parents, durably. On Unix nobody but the owner may enter the last one.
pub fn create_dir(dir: &Path) -> io::Result<()> {
    Disk::default().create_dir(dir)
}

/// Puts `bytes` at `dir/name`: whole and durable, or not at all.
pub fn write_file(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    Disk::default().write_file(dir, name, bytes)
}

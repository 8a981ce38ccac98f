//! The station's folder: private (0700, files 0600), written whole or not at all, and able to forget.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Where everything of one station lives.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Makes the folder where it is missing and closes it to other users of the machine.
    pub fn open(root: &Path) -> io::Result<Self> {
        private_dir(root)?;
        let folder = Self {
            root: root.to_path_buf(),
        };
        private_dir(&folder.delivery_keys())?;
        private_dir(&folder.deliveries())?;
        Ok(folder)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// One small file per delivery: whoever destroys it has destroyed the delivery.
    pub fn delivery_keys(&self) -> PathBuf {
        self.root.join("delivery-keys")
    }

    /// Sealed records as they arrived, one file per delivery.
    pub fn deliveries(&self) -> PathBuf {
        self.root.join("deliveries")
    }
}

/// A folder only its owner may look into.
pub fn private_dir(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Creates (or empties) a file that only its owner may read.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

/// Writes a file whole, durably, readable by its owner only.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_added_extension("new");
    let mut file = create_private(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    keep(&fresh, path)
}

/// Puts a finished, synced file in its place, durably.
pub fn keep(fresh: &Path, path: &Path) -> io::Result<()> {
    fs::rename(fresh, path)?;
    sync_parent(path)
}

/// Overwrites, syncs and unlinks a small file. A file that is gone already is what was wanted.
///
/// On media that remap blocks (flash, copy-on-write file systems) an overwritten block may linger below the
/// file system; full-disk encryption of the machine is what stands against that.
pub fn destroy(path: &Path) -> io::Result<()> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut left = file.metadata()?.len();
    let zeros = [0u8; 4096];
    while left > 0 {
        let step = left.min(zeros.len() as u64) as usize;
        file.write_all(&zeros[..step])?;
        left -= step as u64;
    }
    file.sync_all()?;
    drop(file);
    fs::remove_file(path)?;
    sync_parent(path)
}

/// Unlinks a file whose content is sealed anyway. Gone already is fine.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn sync_parent(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(parent) = path.parent() {
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destroyed_file_leaves_neither_name_nor_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("one.key");
        write_private(&path, b"thirty-two bytes that must vanish").unwrap();
        let second_name = dir.path().join("watch");
        fs::hard_link(&path, &second_name).unwrap();
        destroy(&path).unwrap();
        assert!(!path.exists());
        assert!(fs::read(second_name).unwrap().iter().all(|byte| *byte == 0));
        destroy(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn key_files_and_their_folder_are_closed_to_others() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("station")).unwrap();
        let path = folder.file("log.key");
        write_private(&path, b"x").unwrap();
        assert_eq!(
            fs::metadata(folder.root()).unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

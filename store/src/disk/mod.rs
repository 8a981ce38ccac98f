//! Every file operation of a store, so that each can be made to fail where that is to be tried.

#[cfg(feature = "faults")]
mod faults;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

#[cfg(feature = "faults")]
pub use faults::{Fault, Faults};

/// A kind of file operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Making a folder.
    MakeDir,
    /// Opening a file to write, which may make it.
    Create,
    /// Writing bytes.
    Write,
    /// Making a file longer or shorter.
    SetLength,
    /// Copying a file.
    Copy,
    /// fsync of a file or a folder.
    Sync,
    /// Giving a file another name.
    Rename,
    /// Removing a file or a folder.
    Remove,
    /// Reading bytes.
    Read,
    /// Listing a folder.
    List,
}

/// The disk; with the feature `faults` perhaps one that fails as planned.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    #[cfg(feature = "faults")]
    faults: Option<std::sync::Arc<Faults>>,
}

/// What stands in a folder.
pub(crate) struct Listed {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) is_dir: bool,
    /// In bytes.
    pub(crate) length: u64,
}

const COPIED_AT_ONCE: usize = 1024 * 1024;

impl Disk {
    /// A disk that fails as planned.
    #[cfg(feature = "faults")]
    pub fn failing(faults: std::sync::Arc<Faults>) -> Self {
        Self { faults: Some(faults) }
    }

    #[cfg(feature = "faults")]
    fn before(&self, op: Op) -> io::Result<()> {
        self.faults.as_ref().map_or(Ok(()), |faults| faults.before(op))
    }

    #[cfg(not(feature = "faults"))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "a disk that can fail asks its plan"
    )]
    fn before(&self, _: Op) -> io::Result<()> {
        Ok(())
    }

    /// How many of `wanted` bytes may be written before the plan strikes.
    #[cfg(feature = "faults")]
    fn allowed(&self, wanted: usize) -> usize {
        self.faults
            .as_ref()
            .map_or(wanted, |faults| faults.allowed(wanted))
    }

    #[cfg(not(feature = "faults"))]
    #[expect(clippy::unused_self, reason = "a disk that can fail asks its plan")]
    fn allowed(&self, wanted: usize) -> usize {
        wanted
    }

    /// Makes renames, creations and removals inside `dir` durable.
    pub(crate) fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.before(Op::Sync)?;
        if cfg!(unix) {
            File::open(dir)?.sync_all()
        } else {
            Ok(())
        }
    }

    /// Returns when the file's bytes are on the disk.
    pub(crate) fn sync(&self, file: &File) -> io::Result<()> {
        self.before(Op::Sync)?;
        file.sync_all()
    }

    /// Creates `dir` with its parents, durably. On Unix nobody but the owner may enter the last one.
    pub(crate) fn create_dir(&self, dir: &Path) -> io::Result<()> {
        if dir.is_dir() {
            return Ok(());
        }
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            self.create_dir(parent)?;
        }
        self.before(Op::MakeDir)?;
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        match dir.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => self.sync_dir(parent),
            _ => Ok(()),
        }
    }

    /// Opens a file to read and write, and makes an empty one if there is none.
    pub(crate) fn open_or_create(&self, path: &Path) -> io::Result<File> {
        self.before(Op::Create)?;
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
    }

    pub(crate) fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        let allowed = self.allowed(bytes.len());
        if allowed < bytes.len() {
            file.write_all(&bytes[..allowed])?;
        }
        self.before(Op::Write)?;
        file.write_all(bytes)
    }

    /// Puts `bytes` at `path`, without a word on when they are on the disk.
    pub(crate) fn write_loosely(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.before(Op::Create)?;
        self.write(&File::create(path)?, bytes)
    }

    /// Puts `bytes` at `dir/name`; durable once the folder is synced.
    pub(crate) fn write_whole(&self, dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
        let unfinished = dir.join(format!("{name}.unfinished"));
        let written = (|| {
            self.before(Op::Create)?;
            let file = File::create(&unfinished)?;
            self.write(&file, bytes)?;
            self.sync(&file)?;
            drop(file);
            self.rename(&unfinished, &dir.join(name))
        })();
        if written.is_err() {
            // A full disk gets its space back.
            let _ = self.remove_file(&unfinished);
        }
        written
    }

    /// Puts `bytes` at `dir/name`: whole and durable, or not at all.
    pub(crate) fn write_file(&self, dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.write_whole(dir, name, bytes)?;
        self.sync_dir(dir)
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.before(Op::Rename)?;
        fs::rename(from, to)
    }

    pub(crate) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.before(Op::Read)?;
        fs::read(path)
    }

    /// Shows the file at `path` piece by piece.
    pub(crate) fn read_pieces(&self, path: &Path, see: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let mut file = File::open(path)?;
        let mut piece = vec![0; COPIED_AT_ONCE];
        loop {
            self.before(Op::Read)?;
            let length = file.read(&mut piece)?;
            if length == 0 {
                return Ok(());
            }
            see(&piece[..length]);
        }
    }

    pub(crate) fn read_at(&self, file: &File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.before(Op::Read)?;
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset);
        #[cfg(windows)]
        {
            let (mut offset, mut bytes) = (offset, bytes);
            while !bytes.is_empty() {
                match std::os::windows::fs::FileExt::seek_read(file, bytes, offset)? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    read => (offset, bytes) = (offset + read as u64, &mut bytes[read..]),
                }
            }
            Ok(())
        }
    }

    pub(crate) fn write_at(&self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let allowed = self.allowed(bytes.len());
        if allowed < bytes.len() {
            put_at(file, offset, &bytes[..allowed])?;
        }
        self.before(Op::Write)?;
        put_at(file, offset, bytes)
    }

    pub(crate) fn set_length(&self, file: &File, length: u64) -> io::Result<()> {
        self.before(Op::SetLength)?;
        file.set_len(length)
    }

    /// The content of a folder, in the order of the names. Names that aren't Unicode are of no use to us.
    pub(crate) fn list(&self, dir: &Path) -> io::Result<Vec<Listed>> {
        self.before(Op::List)?;
        let mut listed = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let about = match entry.metadata() {
                // Removed between the two.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                about => about?,
            };
            listed.push(Listed {
                path: entry.path(),
                name: entry.file_name().to_string_lossy().into_owned(),
                is_dir: about.is_dir(),
                length: about.len(),
            });
        }
        listed.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(listed)
    }

    /// Bytes of all files in `dir` and below.
    pub(crate) fn size_of(&self, dir: &Path) -> io::Result<u64> {
        let mut size = 0;
        for entry in self.list(dir)? {
            size += if entry.is_dir {
                self.size_of(&entry.path)?
            } else {
                entry.length
            };
        }
        Ok(size)
    }

    /// Copies a folder, durably, without the files whose names `leave_out` holds for.
    pub(crate) fn copy_dir(
        &self,
        from: &Path,
        to: &Path,
        leave_out: &dyn Fn(&str) -> bool,
    ) -> io::Result<()> {
        self.create_dir(to)?;
        for entry in self.list(from)? {
            let target = to.join(&entry.name);
            if entry.is_dir {
                self.copy_dir(&entry.path, &target, leave_out)?;
            } else if !leave_out(&entry.name) {
                self.before(Op::Copy)?;
                fs::copy(&entry.path, &target)?;
                self.sync(&OpenOptions::new().write(true).open(&target)?)?;
            }
        }
        self.sync_dir(to)
    }

    /// Removes a file; it is no error if there is none.
    pub(crate) fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.before(Op::Remove)?;
        missing_is_fine(fs::remove_file(path))
    }

    /// Removes a folder with all that is in it; it is no error if there is none.
    pub(crate) fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.before(Op::Remove)?;
        missing_is_fine(fs::remove_dir_all(dir))
    }
}

fn put_at(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::write_all_at(file, bytes, offset);
    #[cfg(windows)]
    {
        let (mut offset, mut bytes) = (offset, bytes);
        while !bytes.is_empty() {
            let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
            (offset, bytes) = (offset + written as u64, &bytes[written..]);
        }
        Ok(())
    }
}

fn missing_is_fine(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

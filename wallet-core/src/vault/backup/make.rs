//! Writing a backup.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{
    BackupError, BackupSecret, RestoreError,
    header::{Fresh, Header},
    item::{self, Item},
    stream::{SealedReader, SealedWriter},
};
use crate::{
    progress::{Progress, Watch},
    vault::{KdfChoice, Passphrase, Vault, contents::Ended, internal},
};

/// What is in a backup that was just made and read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    /// Entries of all tables and people.
    pub entries: u64,
    /// Length of the file.
    pub bytes: u64,
}

impl Vault {
    /// Writes everything into one sealed file at `path`, where nothing may stand yet, and reads it again. What is written to
    /// the vault meanwhile waits. On any error nothing is left at `path`.
    pub fn back_up(
        &self,
        path: &Path,
        (passphrase, kdf): (&Passphrase, KdfChoice),
        watch: &mut Watch<'_>,
    ) -> Result<Contents, BackupError> {
        if passphrase.is_too_short() {
            return Err(BackupError::PassphraseTooShort);
        }
        if path.exists() {
            return Err(BackupError::Exists);
        }
        let unfinished = Unfinished::beside(path)?;
        let fresh = Fresh {
            id: make_bytes()?,
            file_key: Zeroizing::new(make_bytes()?),
            nonces: [make_bytes()?, make_bytes()?],
        };
        let (cost, key) = kdf.make(passphrase, make_bytes()?)?;
        let header = Header::make(&fresh, (cost, &key), &self.opened.root).ok_or(BackupError::NotWritable)?;
        let mut file = BufWriter::new(unfinished.create()?);
        let content_key = header.write(&mut file, &fresh.file_key)?;
        let items = self.write_items(SealedWriter::new(file, &content_key), watch)?;
        self.read_again(&unfinished, items, watch)?;
        unfinished.finish(path, items)
    }

    /// Returns how many items were written, all of them durable.
    fn write_items(
        &self,
        mut to: SealedWriter<BufWriter<File>>,
        watch: &mut Watch<'_>,
    ) -> Result<u64, BackupError> {
        let writing = self.writing()?;
        let mut items = 2;
        Item::Root(Zeroizing::new(*self.opened.root.bytes()))
            .write(&mut to)
            .and_then(|()| Item::Chain(writing.chain).write(&mut to))
            .map_err(BackupError::write)?;
        self.opened.each(writing.root.count(), watch, &mut |found| {
            let written = if found.table == internal::TABLE {
                if found.id != internal::NUMBERS {
                    return Ok(());
                }
                let below = self.opened.numbers_below(found.owner)?;
                Item::Numbers {
                    profile: found.owner,
                    below,
                }
                .write(&mut to)
            } else {
                item::write_entry(&mut to, (found.table, found.owner), found.id, found.value)
            };
            items += 1;
            written.map_err(BackupError::write)
        })?;
        let end = Item::End { items };
        end.write(&mut to).map_err(BackupError::write)?;
        let mut file = to.finish().map_err(BackupError::write)?;
        file.flush().map_err(BackupError::write)?;
        file.get_ref().sync_all().map_err(BackupError::write)?;
        Ok(items)
    }

    /// A backup that can't be read is worse than none.
    fn read_again(
        &self,
        unfinished: &Unfinished,
        items: u64,
        watch: &mut Watch<'_>,
    ) -> Result<(), BackupError> {
        let words = self.words();
        let outcome = File::open(&unfinished.path)
            .map_err(RestoreError::read)
            .and_then(|mut file| {
                let key = Header::read(&mut file, &BackupSecret::Words(&words))?;
                let total = file.metadata().map_err(RestoreError::read)?.len();
                let mut content = SealedReader::new(file, &key).map_err(RestoreError::read)?;
                let mut found = 0;
                loop {
                    match Item::read(&mut content).map_err(RestoreError::read)? {
                        Item::End { items } if items == found => break,
                        Item::End { .. } => return Err(RestoreError::Damaged),
                        _ => found += 1,
                    }
                    let done = content.taken;
                    if watch(Progress { done, total }).is_break() {
                        return Err(RestoreError::Cancelled);
                    }
                }
                let nothing_follows = content.read(&mut [0]).map_err(RestoreError::read)? == 0;
                if nothing_follows && found == items {
                    Ok(())
                } else {
                    Err(RestoreError::Damaged)
                }
            });
        outcome.map_err(|error| match error {
            RestoreError::Cancelled => BackupError::Cancelled,
            _ => BackupError::NotReadable,
        })
    }
}

/// A backup in the making; removed unless it is finished.
struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    fn beside(path: &Path) -> Result<Self, BackupError> {
        let mut name = path
            .file_name()
            .ok_or(BackupError::Write(std::io::ErrorKind::InvalidInput.into()))?
            .to_owned();
        name.push(".unfinished");
        Ok(Self {
            path: path.with_file_name(name),
        })
    }

    fn create(&self) -> Result<File, BackupError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path).map_err(BackupError::write)
    }

    fn finish(self, path: &Path, items: u64) -> Result<Contents, BackupError> {
        let bytes = fs::metadata(&self.path).map_err(BackupError::write)?.len();
        // A name that was taken meanwhile is not overwritten.
        fs::hard_link(&self.path, path)
            .or_else(|error| match error.kind() {
                std::io::ErrorKind::AlreadyExists => Err(error),
                // Memory sticks have no hard links.
                _ => fs::rename(&self.path, path),
            })
            .map_err(BackupError::write)?;
        if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            // Some network folders can't; the file itself is synced.
            let _ = carnet_store::durable::sync_dir(dir);
        }
        // Root, end of the log and numbers are no entries of a person.
        Ok(Contents {
            entries: items,
            bytes,
        })
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn make_bytes<const N: usize>() -> Result<[u8; N], BackupError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| BackupError::NoRandomness)?;
    Ok(bytes)
}

impl From<Ended<Self>> for BackupError {
    fn from(ended: Ended<Self>) -> Self {
        match ended {
            Ended::Cancelled => Self::Cancelled,
            Ended::Because(error) => error,
        }
    }
}

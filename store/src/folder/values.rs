//! Large values: one file each, named by the SHA-256 of its bytes, written and fsynced before anything refers to it.

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    path::PathBuf,
};

use sha2::{Digest as _, Sha256};

use crate::{StoreError, disk::Disk};

/// Values over this many bytes become files.
pub(super) const LARGEST_INLINE: usize = 64 * 1024;

const WRITING: &str = "writing a large value";

const INLINE: u8 = 0;
const FILE: u8 = 1;

/// SHA-256 of a value that is kept as a file.
pub(super) type Digest = [u8; 32];

/// What the engine keeps for a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stored<'a> {
    /// The value itself.
    Inline(&'a [u8]),
    /// Where the value is, and its length in bytes.
    File(Digest, u64),
}

impl<'a> Stored<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, StoreError> {
        match bytes.split_first() {
            Some((&INLINE, value)) => Ok(Self::Inline(value)),
            Some((&FILE, rest)) => {
                let (digest, length) = rest.split_first_chunk().ok_or(MALFORMED)?;
                Ok(Self::File(
                    *digest,
                    u64::from_be_bytes(length.try_into().map_err(|_| MALFORMED)?),
                ))
            }
            _ => Err(MALFORMED),
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Inline(value) => [&[INLINE], *value].concat(),
            Self::File(digest, length) => [&[FILE], digest.as_slice(), &length.to_be_bytes()].concat(),
        }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Inline(value) => value.len() as u64,
            Self::File(_, length) => *length,
        }
    }
}

const MALFORMED: StoreError = StoreError::Damaged {
    what: "an entry is malformed",
};
const FILE_GONE: StoreError = StoreError::Damaged {
    what: "the file of a large value is missing or altered",
};

/// How many entries refer to each large value, and its length.
#[derive(Debug, Default)]
pub(super) struct References(HashMap<Digest, (u64, u64)>);

impl References {
    pub(super) fn add(&mut self, digest: Digest, length: u64) {
        self.0.entry(digest).or_insert((0, length)).0 += 1;
    }

    /// Whether this was the last one.
    pub(super) fn subtract(&mut self, digest: Digest) -> bool {
        let Entry::Occupied(mut entry) = self.0.entry(digest) else {
            return false;
        };
        entry.get_mut().0 -= 1;
        let last = entry.get().0 == 0;
        if last {
            entry.remove();
        }
        last
    }

    pub(super) fn contains(&self, digest: &Digest) -> bool {
        self.0.contains_key(digest)
    }
}

/// The folder of large values.
#[derive(Debug)]
pub(super) struct ValueFiles {
    disk: Disk,
    dir: PathBuf,
}

impl ValueFiles {
    pub(super) fn open(disk: &Disk, dir: PathBuf) -> Result<Self, StoreError> {
        disk.create_dir(&dir).map_err(StoreError::io("making a folder"))?;
        Ok(Self {
            disk: disk.clone(),
            dir,
        })
    }

    pub(super) fn digest(value: &[u8]) -> Digest {
        Sha256::digest(value).into()
    }

    /// On the disk once [`ValueFiles::sync`] was called.
    pub(super) fn write(&self, digest: &Digest, value: &[u8]) -> Result<(), StoreError> {
        self.disk
            .write_whole(&self.dir, &hex::encode(digest), value)
            .map_err(StoreError::io(WRITING))
    }

    /// Makes everything written so far durable.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.disk.sync_dir(&self.dir).map_err(StoreError::io(WRITING))
    }

    pub(super) fn read(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let value = match self.disk.read(&self.path(digest)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(FILE_GONE),
            read => read.map_err(StoreError::io("reading a large value"))?,
        };
        if Self::digest(&value) == *digest {
            Ok(value)
        } else {
            Err(FILE_GONE)
        }
    }

    /// Best effort: what stays behind is swept at the next opening.
    pub(super) fn remove(&self, digest: &Digest) {
        let _ = self.disk.remove_file(&self.path(digest));
    }

    /// Refuses if a file that is referred to is missing or has another length; then removes those that nothing refers to.
    pub(super) fn sweep(&self, referred: &References) -> Result<(), StoreError> {
        const DOING: &str = "looking through the large values";
        let mut present = 0;
        let mut orphans = Vec::new();
        for file in self.disk.list(&self.dir).map_err(StoreError::io(DOING))? {
            let mut digest = [0; 32];
            let named = hex::decode_to_slice(&file.name, &mut digest).is_ok();
            match referred.0.get(&digest).filter(|_| named) {
                None => orphans.push(file.path),
                Some((_, length)) if *length == file.length => present += 1,
                Some(_) => return Err(FILE_GONE),
            }
        }
        if present < referred.0.len() {
            return Err(FILE_GONE);
        }
        for orphan in orphans {
            // Best effort: the next opening tries again.
            let _ = self.disk.remove_file(&orphan);
        }
        Ok(())
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(hex::encode(digest))
    }
}

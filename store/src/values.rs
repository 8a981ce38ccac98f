//! Large values: one file each, named by the SHA-256 of its bytes, written and fsynced before anything refers to it.

use std::{collections::HashSet, fs, io, path::PathBuf};

use sha2::{Digest as _, Sha256};

use crate::{StoreError, durable};

/// Values over this many bytes become files.
pub(crate) const LARGEST_INLINE: usize = 64 * 1024;

const INLINE: u8 = 0;
const FILE: u8 = 1;

/// SHA-256 of a value that is kept as a file.
pub(crate) type Digest = [u8; 32];

/// What the engine keeps for a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stored<'a> {
    /// The value itself.
    Inline(&'a [u8]),
    /// Where the value is, and its length in bytes.
    File(Digest, u64),
}

impl<'a> Stored<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, StoreError> {
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

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Inline(value) => [&[INLINE], *value].concat(),
            Self::File(digest, length) => [&[FILE], digest.as_slice(), &length.to_be_bytes()].concat(),
        }
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Inline(value) => value.len() as u64,
            Self::File(_, length) => *length,
        }
    }
}

const MALFORMED: StoreError = StoreError::Damaged {
    what: "an entry is malformed",
    copy: None,
};
const FILE_GONE: StoreError = StoreError::Damaged {
    what: "the file of a large value is missing or altered",
    copy: None,
};

/// The folder of large values.
#[derive(Debug)]
pub(crate) struct ValueFiles {
    dir: PathBuf,
}

impl ValueFiles {
    pub(crate) fn open(dir: PathBuf) -> Result<Self, StoreError> {
        durable::create_dir(&dir).map_err(StoreError::io("making a folder"))?;
        Ok(Self { dir })
    }

    /// Durable when it returns `Ok`.
    pub(crate) fn write(&self, value: &[u8]) -> Result<Digest, StoreError> {
        let digest = Sha256::digest(value).into();
        durable::write_file(&self.dir, &hex::encode(digest), value)
            .map_err(StoreError::io("writing a large value"))?;
        Ok(digest)
    }

    pub(crate) fn read(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let value = match fs::read(self.path(digest)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(FILE_GONE),
            read => read.map_err(StoreError::io("reading a large value"))?,
        };
        if Sha256::digest(&value).as_slice() == digest {
            Ok(value)
        } else {
            Err(FILE_GONE)
        }
    }

    /// Best effort: what stays behind is swept at the next opening.
    pub(crate) fn remove(&self, digest: &Digest) {
        let _ = fs::remove_file(self.path(digest));
    }

    /// Removes files that nothing refers to; refuses if one that is referred to is missing or has another length.
    pub(crate) fn sweep(&self, mut referred: HashSet<(Digest, u64)>) -> Result<(), StoreError> {
        const DOING: &str = "looking through the large values";
        for entry in fs::read_dir(&self.dir).map_err(StoreError::io(DOING))? {
            let entry = entry.map_err(StoreError::io(DOING))?;
            let length = entry.metadata().map_err(StoreError::io(DOING))?.len();
            let mut digest = [0; 32];
            let named = hex::decode_to_slice(entry.file_name().as_encoded_bytes(), &mut digest);
            if named.is_err() || !referred.remove(&(digest, length)) {
                // Keep what only has a wrong length: it is evidence of damage, not an orphan.
                let damaged = named.is_ok() && referred.iter().any(|(other, _)| *other == digest);
                if !damaged {
                    fs::remove_file(entry.path()).map_err(StoreError::io(DOING))?;
                }
            }
        }
        if referred.is_empty() {
            Ok(())
        } else {
            Err(FILE_GONE)
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(hex::encode(digest))
    }
}

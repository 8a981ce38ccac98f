//! The file `format`: which version wrote the folder, and which engine folder counts.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{EngineKind, StoreError, disk::Disk};

const VERSION: u32 = 2;
const NAME: &str = "format";
const READING: &str = "reading the format";

/// An engine folder: `sled-7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: EngineKind,
    pub(super) number: u64,
}

impl Place {
    pub(super) fn name(self) -> String {
        format!("{}-{}", self.kind.name(), self.number)
    }

    pub(super) fn folder(self, dir: &Path) -> PathBuf {
        dir.join(self.name())
    }

    fn named(name: &str) -> Option<Self> {
        let (kind, number) = name.split_once('-')?;
        let place = Self {
            kind: EngineKind::named(kind)?,
            number: number.parse().ok()?,
        };
        (place.name() == name).then_some(place)
    }

    /// All engine folders in `dir`.
    pub(super) fn all(disk: &Disk, dir: &Path) -> Result<Vec<Self>, StoreError> {
        let listed = disk.list(dir).map_err(StoreError::io(READING))?;
        Ok(listed
            .iter()
            .filter(|entry| entry.is_dir)
            .filter_map(|entry| Self::named(&entry.name))
            .collect())
    }

    /// A folder that isn't there yet.
    pub(super) fn free(disk: &Disk, dir: &Path, kind: EngineKind) -> Result<Self, StoreError> {
        let newest = Self::all(disk, dir)?.into_iter().map(|place| place.number).max();
        Ok(Self {
            kind,
            number: newest.unwrap_or(0).saturating_add(1),
        })
    }

    /// Names this folder as the one that counts, durably.
    pub(super) fn announce(self, disk: &Disk, dir: &Path) -> Result<(), StoreError> {
        let text = format!("carnet-store {VERSION} {}\n", self.name());
        disk.write_file(dir, NAME, text.as_bytes())
            .map_err(StoreError::io("writing the format"))
    }

    /// The folder that counts; none if no store was finished here.
    pub(super) fn announced(disk: &Disk, dir: &Path) -> Result<Option<Self>, StoreError> {
        let bytes = match disk.read(&dir.join(NAME)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io(READING)(error)),
        };
        let damaged = StoreError::Damaged {
            what: "the format file is malformed",
        };
        let Ok(text) = str::from_utf8(&bytes) else {
            return Err(damaged);
        };
        let mut words = text.trim_end().split(' ');
        let (name, version, place) = (words.next(), words.next(), words.next());
        match (name, version.and_then(|version| version.parse::<u32>().ok())) {
            (Some("carnet-store"), Some(found)) if found > VERSION => Err(StoreError::NewerVersion { found }),
            (Some("carnet-store"), Some(VERSION)) => place.and_then(Self::named).map(Some).ok_or(damaged),
            _ => Err(damaged),
        }
    }
}

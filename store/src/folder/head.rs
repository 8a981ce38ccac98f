//! How many batches were acknowledged, beside the engine: an engine that fell back to an earlier state, whole in
//! itself, is found out at the next opening.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::disk::Disk;

const NAME: &str = "head";

/// Written after each batch is on the disk, and not synced: it may be behind after a power cut, never ahead.
#[derive(Debug)]
pub(super) struct Head {
    disk: Disk,
    file: File,
}

impl Head {
    /// The head in `dir`, and the number in it; 0 if there is none yet.
    pub(super) fn open(disk: &Disk, dir: &Path) -> io::Result<(Self, u64)> {
        let file = disk.open_or_create(&dir.join(NAME))?;
        let mut bytes = Vec::new();
        (&file).take(17).read_to_end(&mut bytes)?;
        let number = bytes
            .first_chunk()
            .map(|number| u64::from_be_bytes(*number))
            .filter(|number| bytes == line(*number));
        let head = Self {
            disk: disk.clone(),
            file,
        };
        Ok((head, number.unwrap_or(0)))
    }

    /// Whether a head was ever written here.
    pub(super) fn exists(dir: &Path) -> bool {
        dir.join(NAME).exists()
    }

    /// Best effort: without it, less is found out, and nothing is lost.
    pub(super) fn write(&self, number: u64) {
        let _ = self.disk.write_at(&self.file, 0, &line(number));
    }
}

fn line(number: u64) -> [u8; 16] {
    let mut line = [0; 16];
    line[..8].copy_from_slice(&number.to_be_bytes());
    line[8..].copy_from_slice(&Sha256::digest(number.to_be_bytes())[..8]);
    line
}

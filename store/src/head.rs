//! How many batches were acknowledged, beside the engine: an engine that fell back to an earlier state, whole in
//! itself, is found out at the next opening.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::Path,
};

use sha2::{Digest, Sha256};

/// Written after each batch is on the disk, and not synced: it may be behind after a power cut, never ahead.
#[derive(Debug)]
pub(crate) struct Head {
    file: File,
}

impl Head {
    /// The head in `dir`, and the number in it; 0 if there is none yet.
    pub(crate) fn open(dir: &Path) -> io::Result<(Self, u64)> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(dir.join("head"))?;
        let mut bytes = Vec::new();
        (&file).take(17).read_to_end(&mut bytes)?;
        let number = bytes
            .first_chunk()
            .map(|number| u64::from_be_bytes(*number))
            .filter(|number| bytes == line(*number));
        Ok((Self { file }, number.unwrap_or(0)))
    }

    /// Best effort: without it, less is found out, and nothing is lost.
    pub(crate) fn write(&mut self, number: u64) {
        let _ = self
            .file
            .rewind()
            .and_then(|()| self.file.write_all(&line(number)));
    }
}

fn line(number: u64) -> [u8; 16] {
    let mut line = [0; 16];
    line[..8].copy_from_slice(&number.to_be_bytes());
    line[8..].copy_from_slice(&Sha256::digest(number.to_be_bytes())[..8]);
    line
}

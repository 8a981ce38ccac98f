//! The file `clean`: what the engine's files were when they were last closed in order.
//!
//! Engines overwrite what they can't read, so files that are not as they were closed are copied before an engine may
//! touch them. This file says when that can be spared. It needs no fsync: if it doesn't match, a copy is made.

use std::{fmt::Write, io, path::Path};

use super::format::Place;
use crate::disk::Disk;

const NAME: &str = "clean";

/// Best effort: without it the next opening takes longer.
pub(super) fn mark(disk: &Disk, dir: &Path, place: Place) {
    if let Ok(text) = fingerprint(disk, dir, place) {
        let _ = disk.write_loosely(&dir.join(NAME), text.as_bytes());
    }
}

/// Whether the engine's files are as they were closed. Asked once: the mark is taken away.
pub(super) fn was_marked(disk: &Disk, dir: &Path, place: Place) -> bool {
    let path = dir.join(NAME);
    let Ok(marked) = disk.read(&path) else {
        return false;
    };
    let same = fingerprint(disk, dir, place).is_ok_and(|now| now.as_bytes() == marked);
    let _ = disk.remove_file(&path);
    same
}

/// Name, length and CRC-32 of each file.
fn fingerprint(disk: &Disk, dir: &Path, place: Place) -> io::Result<String> {
    let mut text = format!("{}\n", place.name());
    add(disk, &place.folder(dir), &mut text)?;
    text.push_str("end\n");
    Ok(text)
}

fn add(disk: &Disk, dir: &Path, text: &mut String) -> io::Result<()> {
    for entry in disk.list(dir)? {
        if entry.is_dir {
            add(disk, &entry.path, text)?;
        } else {
            let mut sum = crc32fast::Hasher::new();
            disk.read_pieces(&entry.path, &mut |piece| sum.update(piece))?;
            // Writing to a text can't fail.
            let _ = writeln!(text, "{} {} {:08x}", entry.name, entry.length, sum.finalize());
        }
    }
    Ok(())
}

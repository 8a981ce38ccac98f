//! Looks through the whole memory of a running process, and the files it left, for secrets that must not be there.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

use memchr::memmem::Finder;

/// A secret, and the bytes by which it would be known.
pub struct Secret {
    pub name: &'static str,
    needles: Vec<Vec<u8>>,
}

impl Secret {
    /// In UTF-8 and UTF-16.
    pub fn text(name: &'static str, text: &str) -> Self {
        let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        Self {
            name,
            needles: vec![text.as_bytes().to_vec(), wide],
        }
    }

    /// Either half, in either order of bytes, as numbers are kept.
    pub fn key(name: &'static str, bytes: &[u8]) -> Self {
        let mut needles = Vec::new();
        for half in bytes.chunks(16) {
            needles.push(half.to_vec());
            needles.push(half.iter().rev().copied().collect());
        }
        Self { name, needles }
    }
}

/// Which secrets stand in the files under a folder, and in which. Files with one of these names, in the folder itself, are
/// left out.
pub fn found_in_files(
    folder: &Path,
    secrets: &[Secret],
    except: &[&str],
) -> io::Result<BTreeSet<(&'static str, String)>> {
    let mut found = BTreeSet::new();
    for file in crate::search::files(folder)? {
        if except.iter().any(|name| file == folder.join(name)) {
            continue;
        }
        let bytes = fs::read(&file)?;
        for secret in secrets {
            let coats = secret.needles.iter().flat_map(|needle| {
                let text = hex::encode(needle);
                [
                    needle.clone(),
                    text.to_uppercase().into_bytes(),
                    text.into_bytes(),
                ]
            });
            if coats
                .into_iter()
                .any(|needle| Finder::new(&needle).find(&bytes).is_some())
            {
                found.insert((secret.name, file.display().to_string()));
            }
        }
    }
    Ok(found)
}

/// Which secrets stand in the memory of a process, and in which of its regions. Needs the right to look: root, or the parent.
pub fn found(pid: u32, secrets: &[Secret]) -> io::Result<BTreeSet<(&'static str, String)>> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let finders: Vec<_> = secrets
        .iter()
        .flat_map(|secret| {
            let needles = secret.needles.iter();
            needles.map(|needle| (secret.name, Finder::new(needle)))
        })
        .collect();
    let mut found = BTreeSet::new();
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (range, rights) = (
            fields.next().unwrap_or_default(),
            fields.next().unwrap_or_default(),
        );
        let name = fields.nth(3).unwrap_or("anonymous");
        let at = |end: Option<&str>| end.and_then(|end| u64::from_str_radix(end, 16).ok());
        let mut ends = range.split('-');
        let (Some(start), Some(end)) = (at(ends.next()), at(ends.next())) else {
            continue;
        };
        if !rights.starts_with('r') || name.starts_with("[v") {
            continue;
        }
        look(&memory, (start, end), &mut |bytes| {
            for (secret, finder) in &finders {
                if finder.find(bytes).is_some() {
                    found.insert((*secret, name.to_owned()));
                }
            }
        });
    }
    Ok(found)
}

/// A region in pieces that overlap by more than any secret is long. Where it can't be read (the part of a mapping behind its
/// file's end, memory only reserved) there is nothing.
fn look(memory: &File, (start, end): (u64, u64), see: &mut dyn FnMut(&[u8])) {
    const PIECE: u64 = 1 << 20;
    const OVERLAP: u64 = 4096;
    let mut bytes = vec![0; (PIECE + OVERLAP) as usize];
    let mut at = start;
    while at < end {
        let length = (end - at).min(PIECE + OVERLAP) as usize;
        if memory.read_exact_at(&mut bytes[..length], at).is_ok() {
            see(&bytes[..length]);
        }
        at += PIECE;
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({})", self.name)
    }
}

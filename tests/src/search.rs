//! Looks through every file under a folder for strings that must not be there: plain, UTF-16, base64 (at its three
//! alignments) and hexadecimal.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// A string found in a file, and in which coat.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    pub file: PathBuf,
    pub text: String,
    pub coat: &'static str,
}

/// All occurrences of `texts` in the files under `folders`. Folders that don't exist hold nothing.
pub fn find(folders: &[&Path], texts: &[String]) -> std::io::Result<Vec<Found>> {
    let mut needles = vec![];
    for text in texts {
        needles.push((text, "plain", text.as_bytes().to_vec()));
        needles.push((
            text,
            "UTF-16",
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ));
        needles.push((text, "hexadecimal", hex::encode(text).into_bytes()));
        needles.push((text, "hexadecimal", hex::encode_upper(text).into_bytes()));
        for shift in 0..3 {
            // Characters that depend on the neighbours are cut off at both ends.
            let mut shifted = vec![0_u8; shift];
            shifted.extend_from_slice(text.as_bytes());
            shifted.truncate(shifted.len() / 3 * 3);
            let coded = STANDARD_NO_PAD.encode(&shifted);
            let needle = coded.get([0, 2, 3][shift]..).unwrap_or_default().to_owned();
            needles.push((
                text,
                "base64",
                needle.replace('+', "-").replace('/', "_").into_bytes(),
            ));
            needles.push((text, "base64", needle.into_bytes()));
        }
    }
    let mut found = vec![];
    for folder in folders {
        for file in files(folder)? {
            let bytes = fs::read(&file)?;
            for (text, coat, needle) in &needles {
                if contains(&bytes, needle) {
                    found.push(Found {
                        file: file.clone(),
                        text: (*text).clone(),
                        coat,
                    });
                }
            }
        }
    }
    Ok(found)
}

/// Every regular file under a folder.
pub fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut all = vec![];
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(all);
    };
    for entry in entries {
        let path = entry?.path();
        let kind = path.symlink_metadata()?;
        if kind.is_dir() {
            all.extend(files(&path)?);
        } else if kind.is_file() {
            all.push(path);
        }
    }
    Ok(all)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return false };
    let mut from = 0;
    while let Some(at) = haystack
        .get(from..)
        .and_then(|rest| rest.iter().position(|b| b == first))
    {
        let start = from + at;
        if haystack.get(start..start + needle.len()) == Some(needle) {
            return true;
        }
        from = start + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_string_is_found_in_each_coat() {
        let folder = tempfile::tempdir().unwrap();
        let text = "Severe burn of left ear".to_owned();
        let prefixes: [&[u8]; 3] = [b"", b"x", b"xy"];
        for (n, prefix) in prefixes.iter().enumerate() {
            let mut body = prefix.to_vec();
            body.extend_from_slice(text.as_bytes());
            body.extend_from_slice(b" and more");
            fs::write(folder.path().join(format!("b{n}")), STANDARD_NO_PAD.encode(&body)).unwrap();
        }
        fs::write(folder.path().join("plain"), format!("a {text} b")).unwrap();
        fs::write(folder.path().join("hex"), hex::encode(&text)).unwrap();
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        fs::write(folder.path().join("wide"), wide).unwrap();
        let found = find(&[folder.path()], &[text]).unwrap();
        let names: std::collections::BTreeSet<_> = found
            .iter()
            .filter_map(|f| f.file.file_name()?.to_str().map(str::to_owned))
            .collect();
        assert_eq!(
            names.into_iter().collect::<Vec<_>>(),
            ["b0", "b1", "b2", "hex", "plain", "wide"]
        );
    }
}

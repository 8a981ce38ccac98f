//! The authority that vouches for stations: a folder with its own key, the entries it admits and the list it
//! signed last. A station never runs this in its own process.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use carnet_exchange::trust::{
    Entry, TrustError, TrustList, is_mixed, look_alike, open_any, sign as sign_list, verify_first,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    folder::{private_dir, write_private},
    keys::{KeyError, read_or_make_signing_key},
};

/// The signed list inside the authority's folder.
pub const LIST_FILE: &str = "trust-list.jws";
const STATE_FILE: &str = "authority.json";
const KEY_FILE: &str = "authority.key";

/// What the authority knows.
#[derive(Debug, Serialize, Deserialize)]
struct Authority {
    name: String,
    /// Shown by wallets: not a list to rely on.
    development: bool,
    /// Of the list signed last; 0 before the first.
    version: u64,
    entries: Vec<Entry>,
}

/// Why the authority could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    #[error("There is an authority in this folder already.")]
    Exists,
    #[error("There is no authority in this folder.")]
    Missing,
    #[error("A file of the authority could not be read or written: {0}.")]
    File(#[from] io::Error),
    #[error("The authority's key could not be read or made.")]
    Key(#[from] KeyError),
    #[error("{0} is not what it should be.")]
    Damaged(&'static str, #[source] serde_json::Error),
    #[error("Another organisation stands in the list under the name {0}.")]
    NameTaken(String),
    #[error("The list is not in order: {0}.")]
    List(#[from] TrustError),
    #[error("A list is valid for 1 to 400 days.")]
    Days,
    #[error("Nobody stands in the list under {0}.")]
    Unknown(String),
    #[error("The list is signed by another authority than {0}.")]
    OtherRoot(String),
}

impl AuthorityError {
    /// Stable, snake_case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Exists => "authority_exists",
            Self::Missing => "no_authority",
            Self::File(_) => "file",
            Self::Key(_) => "key",
            Self::Damaged(..) => "damaged",
            Self::NameTaken(_) => "name_taken",
            Self::List(error) => error.code(),
            Self::Days => "days",
            Self::Unknown(_) => "unknown_entry",
            Self::OtherRoot(_) => "trust_wrong_root",
        }
    }

    pub fn next(&self) -> &'static str {
        match self {
            Self::Exists => "Choose another folder, or go on with this one.",
            Self::Missing => "Make one with: carnet-station trust init --dir FOLDER",
            Self::File(_) => "Check the folder and its rights. Nothing was half-written.",
            Self::Key(_) | Self::Damaged(..) => {
                "Restore the folder from its copy; a new key would be a new authority."
            }
            Self::NameTaken(_) => "Have the station started with another --name.",
            Self::List(_) => "Check the entries' names, addresses and ids; two must not share any.",
            Self::Unknown(_) => "Look at the ids with: carnet-station trust show --dir FOLDER",
            Self::OtherRoot(_) => "Don't use this list. Ask where it came from.",
            Self::Days => "Choose a number of days in between.",
        }
    }
}

/// Makes an authority with a key of its own. `development` lists are marked so in every wallet.
pub fn init(dir: &Path, name: &str, development: bool) -> Result<(), AuthorityError> {
    private_dir(dir)?;
    if dir.join(STATE_FILE).exists() {
        return Err(AuthorityError::Exists);
    }
    read_or_make_signing_key(&dir.join(KEY_FILE), KEY_FILE)?;
    write(
        dir,
        &Authority {
            name: name.to_owned(),
            development,
            version: 0,
            entries: Vec::new(),
        },
    )
}

/// There is an authority in this folder.
pub fn exists(dir: &Path) -> bool {
    dir.join(STATE_FILE).exists()
}

/// Admits a station by the entry it wrote (`entry.json`), in place of an older one of the same client. Tells
/// whether anything changed; nothing is signed yet.
pub fn add(dir: &Path, entry_file: &Path) -> Result<Changed, AuthorityError> {
    let entry = read_entry(entry_file)?;
    let mut authority = read(dir)?;
    let same_client = |known: &Entry| known.client_ids.iter().any(|id| entry.client_ids.contains(id));
    if authority
        .entries
        .iter()
        .any(|known| known.id == entry.id && !same_client(known))
    {
        return Err(AuthorityError::NameTaken(entry.id));
    }
    let before = authority.entries.iter().position(same_client);
    if before.is_some_and(|place| as_json(&authority.entries[place]) == as_json(&entry)) {
        return Ok(Changed {
            changed: false,
            warnings: Vec::new(),
        });
    }
    let warnings = warnings(&entry, &authority);
    authority.entries.retain(|known| !same_client(known));
    let place = before
        .unwrap_or(authority.entries.len())
        .min(authority.entries.len());
    authority.entries.insert(place, entry);
    write(dir, &authority)?;
    Ok(Changed {
        changed: true,
        warnings,
    })
}

/// Puts a changed entry in the place of the one with its id: a renewed certificate, another address. Wallets keep their
/// identity towards it, since that hangs on the id.
pub fn update(dir: &Path, entry_file: &Path) -> Result<Changed, AuthorityError> {
    let entry = read_entry(entry_file)?;
    let mut authority = read(dir)?;
    let place = authority
        .entries
        .iter()
        .position(|known| known.id == entry.id)
        .ok_or_else(|| AuthorityError::Unknown(entry.id.clone()))?;
    let changed = authority.entries[place] != entry;
    let warnings = warnings(&entry, &authority);
    authority.entries[place] = entry;
    if changed {
        write(dir, &authority)?;
    }
    Ok(Changed { changed, warnings })
}

/// Takes somebody off the list; wallets stop answering them with the next list they take.
pub fn remove(dir: &Path, id: &str) -> Result<(), AuthorityError> {
    let mut authority = read(dir)?;
    let before = authority.entries.len();
    authority.entries.retain(|known| known.id != id);
    if authority.entries.len() == before {
        return Err(AuthorityError::Unknown(id.to_owned()));
    }
    write(dir, &authority)
}

/// What a change came to.
#[derive(Debug, Serialize)]
pub struct Changed {
    /// Something is another than before; nothing is signed yet.
    pub changed: bool,
    /// What a person should look at before signing.
    pub warnings: Vec<String>,
}

/// Names that could be taken for another's.
fn warnings(entry: &Entry, authority: &Authority) -> Vec<String> {
    let mut warnings = Vec::new();
    for known in &authority.entries {
        if known.id != entry.id && look_alike(&known.name, &entry.name) {
            warnings.push(format!(
                "The name \"{}\" could be taken for \"{}\" ({}).",
                entry.name, known.name, known.id
            ));
        }
    }
    if is_mixed(&entry.name) {
        warnings.push(format!(
            "The name \"{}\" is written in letters of several scripts.",
            entry.name
        ));
    }
    warnings
}

fn read_entry(file: &Path) -> Result<Entry, AuthorityError> {
    let entry: Entry = serde_json::from_slice(&fs::read(file)?)
        .map_err(|error| AuthorityError::Damaged("The entry", error))?;
    entry.check()?;
    Ok(entry)
}

/// Any list file: what it says, by whom, and whether it holds now. `root` is the fingerprint or the whole root key that is
/// expected; another one is refused.
pub fn inspect(list_file: &Path, root: Option<&str>, now: Timestamp) -> Result<Value, AuthorityError> {
    let compact = fs::read_to_string(list_file)?;
    let (list, by) = open_any(compact.trim())?;
    if let Some(expected) = root
        && expected.replace(' ', "") != by.fingerprint().replace(' ', "")
        && expected != by.to_string()
    {
        return Err(AuthorityError::OtherRoot(expected.to_owned()));
    }
    let in_time = verify_first(compact.trim(), now).err();
    let mut look_alikes = Vec::new();
    for (place, entry) in list.entries.iter().enumerate() {
        for other in &list.entries[place + 1..] {
            if look_alike(&entry.name, &other.name) {
                look_alikes.push([&entry.name, &other.name]);
            }
        }
    }
    Ok(json!({
        "holds": in_time.is_none(),
        "why_not": in_time.map(|error| json!({ "code": error.code(), "message": error.to_string() })),
        "root": by.to_string(),
        "fingerprint": by.fingerprint(),
        "root_checked": root.is_some(),
        "days_left": list.expires.duration_since(now).as_hours() / 24,
        "look_alikes": look_alikes,
        "list": list,
    }))
}

/// Signs the entries as the next version, valid for so many days. With `if_changed`, a list that says the same
/// and has more than half of its life before it stays as it is.
pub fn sign(
    dir: &Path,
    days: u16,
    if_changed: bool,
    now: Timestamp,
) -> Result<(PathBuf, u64), AuthorityError> {
    if !(1..=400).contains(&days) {
        return Err(AuthorityError::Days);
    }
    let life = SignedDuration::from_hours(24 * i64::from(days));
    let mut authority = read(dir)?;
    let path = dir.join(LIST_FILE);
    if if_changed
        && let Ok(list) = fs::read_to_string(&path)
        && let Ok((list, _)) = verify_first(list.trim(), now)
        && list.version == authority.version
        && list.expires.duration_since(now) > life / 2
        && as_json(&list.entries) == as_json(&authority.entries)
    {
        return Ok((path, list.version));
    }
    let key = read_or_make_signing_key(&dir.join(KEY_FILE), KEY_FILE)?;
    authority.version += 1;
    // The number is used up before the list exists: no two lists ever carry the same one.
    write(dir, &authority)?;
    let list = TrustList {
        version: authority.version,
        issued: now,
        expires: now + life,
        authority: authority.name,
        development: authority.development,
        entries: authority.entries,
    };
    write_private(&path, sign_list(&list, &key)?.as_bytes())?;
    Ok((path, list.version))
}

/// The list signed last, opened: what stands in it.
pub fn show(list_file: &Path, now: Timestamp) -> Result<TrustList, AuthorityError> {
    let list = fs::read_to_string(list_file)?;
    Ok(verify_first(list.trim(), now)?.0)
}

/// The list that lies here, whether or not its time is over: for use where no newer one can be had.
pub fn held(list_file: &Path) -> Result<TrustList, AuthorityError> {
    let list = fs::read_to_string(list_file)?;
    Ok(open_any(list.trim())?.0)
}

/// A stable id out of a name: small letters, digits and hyphens.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(48);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "station".into()
    } else {
        slug.into()
    }
}

fn read(dir: &Path) -> Result<Authority, AuthorityError> {
    match fs::read(dir.join(STATE_FILE)) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map_err(|error| AuthorityError::Damaged("The authority's file", error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(AuthorityError::Missing),
        Err(error) => Err(error.into()),
    }
}

fn write(dir: &Path, authority: &Authority) -> Result<(), AuthorityError> {
    let bytes = serde_json::to_vec_pretty(authority)
        .map_err(|error| AuthorityError::Damaged("The authority's file", error))?;
    Ok(write_private(&dir.join(STATE_FILE), &bytes)?)
}

fn as_json(value: &impl Serialize) -> Option<serde_json::Value> {
    serde_json::to_value(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_stable_id() {
        assert_eq!(slug("Northgate Clinic"), "northgate-clinic");
        assert_eq!(slug("  Dr. Müller & Söhne "), "dr-m-ller-s-hne");
        assert_eq!(slug("診療所"), "station");
    }
}

//! Whose logs are signed: what the command line names, and every register of a list that is read again when it changes.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use carnet_exchange::{RootKey, evidence::logs, trust::open_any};
use carnet_log::read_verifier_key;
use ed25519_dalek::VerifyingKey;

use super::{Options, WitnessError, cosign::Cosigner};

/// How often the list's file is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Names of logs, and the keys that may sign each.
pub(super) type Logs = BTreeMap<String, Vec<VerifyingKey>>;

/// What is followed, and where it comes from.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) logs: Logs,
    named: Logs,
    list: Option<List>,
}

#[derive(Debug)]
struct List {
    file: PathBuf,
    /// Who signed it; every later one must be theirs too.
    by: RootKey,
    version: u64,
    seen: Option<Stamp>,
}

/// What of a file says that it was changed.
type Stamp = (SystemTime, u64);

impl Followed {
    pub(super) fn of(options: &Options) -> Result<Self, WitnessError> {
        let mut named = Logs::new();
        for line in &options.logs {
            let (origin, key) =
                read_verifier_key(line).ok_or_else(|| WitnessError::NoLogKey(line.clone()))?;
            named.entry(origin).or_default().push(key);
        }
        let (list, listed) = match &options.trust_list {
            None => (None, Logs::new()),
            Some(file) => {
                let seen = stamp(file);
                let (listed, by, version) = read(file)?;
                if let Some(root) = &options.root
                    && by.to_string() != *root
                    && by.fingerprint() != *root
                {
                    return Err(WitnessError::OtherRoot(root.clone()));
                }
                let file = file.clone();
                let list = List {
                    file,
                    by,
                    version,
                    seen,
                };
                (Some(list), listed)
            }
        };
        let logs = together(listed, &named);
        if logs.is_empty() {
            return Err(WitnessError::NoLogs);
        }
        Ok(Self { logs, named, list })
    }

    /// The logs, if the list's file was changed since it was looked at last. One that can't be taken changes nothing, and is
    /// not looked at again before it changes.
    fn again(&mut self) -> Result<Option<Logs>, WitnessError> {
        let Some(list) = &mut self.list else {
            return Ok(None);
        };
        let now = stamp(&list.file);
        if now == list.seen {
            return Ok(None);
        }
        list.seen = now;
        let (listed, by, version) = read(&list.file)?;
        if by != list.by {
            return Err(WitnessError::OtherRoot(list.by.fingerprint()));
        }
        if version < list.version {
            return Err(WitnessError::OlderList);
        }
        list.version = version;
        Ok(Some(together(listed, &self.named)))
    }
}

/// Follows the list as long as it is awaited.
pub(super) async fn follow(mut followed: Followed, cosigner: Arc<Cosigner>) {
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        match followed.again() {
            Ok(None) => {}
            Ok(Some(logs)) => {
                eprintln!(
                    "carnet-station: the list was read again; {} logs are signed",
                    logs.len()
                );
                cosigner.follow(logs);
            }
            Err(error) => eprintln!(
                "carnet-station: {}: {error}; the list that was read before stays",
                error.code()
            ),
        }
    }
}

fn read(file: &Path) -> Result<(Logs, RootKey, u64), WitnessError> {
    let list = fs::read_to_string(file).map_err(WitnessError::Folder)?;
    let (list, by) = open_any(list.trim())?;
    Ok((logs(&list), by, list.version))
}

fn stamp(file: &Path) -> Option<Stamp> {
    let about = fs::metadata(file).ok()?;
    Some((about.modified().ok()?, about.len()))
}

fn together(mut listed: Logs, named: &Logs) -> Logs {
    for (origin, keys) in named {
        listed.entry(origin.clone()).or_default().extend(keys);
    }
    listed
}

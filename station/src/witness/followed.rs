//! Whose logs are signed: what the command line names, and every register of a list that is read again when it changes.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use carnet_exchange::{RootKey, evidence::logs, trust::verify_first};
use carnet_log::read_verifier_key;
use ed25519_dalek::VerifyingKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Options, WitnessError,
    cosign::{CosignError, Cosigner},
};
use crate::{clock::Source, db::Db};

/// How often the list's file is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Names of logs, and the keys that may sign each.
pub(super) type Logs = BTreeMap<String, Vec<VerifyingKey>>;

/// What is followed, and where it comes from.
pub(super) struct Followed {
    pub(super) logs: Logs,
    named: Logs,
    list: Option<List>,
}

impl std::fmt::Debug for Followed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Followed")
            .field("logs", &self.logs)
            .finish_non_exhaustive()
    }
}

struct List {
    file: PathBuf,
    seen: Option<Stamp>,
    taken: Taken,
    db: Db,
    now: Source,
}

/// Which list was taken last (row `list`), over restarts: no older one is taken again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Taken {
    /// Who signed it; every later one must be theirs too, unless the command line names another authority.
    by: RootKey,
    version: u64,
}

const TAKEN: &str = "list";

/// What of a file says that it was changed.
type Stamp = (SystemTime, u64);

impl Followed {
    pub(super) fn of(options: &Options, db: &Db, now: &Source) -> Result<Self, WitnessError> {
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
                let (listed, taken) = read(file, now())?;
                let before: Option<Taken> = db.get(TAKEN).map_err(CosignError::from)?;
                match &options.root {
                    Some(root) if !taken.is_by(root) => return Err(WitnessError::OtherRoot(root.clone())),
                    // A new authority begins to count anew, where the command line names it.
                    Some(_) if before.is_some_and(|before| before.by != taken.by) => {}
                    _ => taken.may_follow(before)?,
                }
                db.put(TAKEN, &taken).map_err(CosignError::from)?;
                let list = List {
                    file: file.clone(),
                    seen,
                    taken,
                    db: db.clone(),
                    now: Source::clone(now),
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
        let (listed, taken) = read(&list.file, (list.now)())?;
        taken.may_follow(Some(list.taken))?;
        list.db.put(TAKEN, &taken).map_err(CosignError::from)?;
        list.taken = taken;
        Ok(Some(together(listed, &self.named)))
    }
}

impl Taken {
    fn is_by(&self, root: &str) -> bool {
        self.by.to_string() == root || self.by.fingerprint() == root
    }

    fn may_follow(&self, before: Option<Self>) -> Result<(), WitnessError> {
        match before {
            Some(before) if before.by != self.by => Err(WitnessError::OtherRoot(before.by.fingerprint())),
            Some(before) if before.version > self.version => Err(WitnessError::OlderList),
            _ => Ok(()),
        }
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

/// One whose time is over, or has not come, is not taken.
fn read(file: &Path, now: Timestamp) -> Result<(Logs, Taken), WitnessError> {
    let list = fs::read_to_string(file).map_err(WitnessError::Folder)?;
    let (list, by) = verify_first(list.trim(), now)?;
    let version = list.version;
    Ok((logs(&list), Taken { by, version }))
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

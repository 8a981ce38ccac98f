//! What a wallet keeps of a register that contradicts itself, so that it convinces somebody who trusts neither side: the signed
//! states, and where the keeper's own proof leads.

use carnet_exchange::contradiction::Contradiction as File;
use carnet_log::{
    Broken, Checkpoint, Hash,
    contradiction::{entry_at, neighbour, way},
    receipt::{lines, read_lines},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{EvidenceError, KeptLog, proof};
use crate::{Wallet, talk::Talk, vault::Table};

/// What a keeper signed against its own word.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Contradiction {
    /// The state that doesn't fit what was kept before, a promise, an anchor or a reading: a signed note.
    pub(crate) note: String,
    /// Which way.
    pub(crate) code: String,
    pub(crate) when: Timestamp,
    /// The state that it doesn't fit, as it was kept then: a signed note. None where it is a promise.
    #[serde(default)]
    pub(crate) kept: Option<String>,
    /// The promise that it doesn't keep.
    #[serde(default)]
    pub(crate) promise: Option<String>,
    /// Where the keeper's own proof leads (a line for each hash); empty where it gave none.
    #[serde(default)]
    pub(crate) way: String,
    /// Hash of what stands in the promised place.
    #[serde(default)]
    pub(crate) instead: Option<String>,
}

impl Contradiction {
    /// There is a file of it for somebody else.
    pub(super) fn is_portable(&self) -> bool {
        self.kept.is_some() || self.promise.is_some()
    }
}

/// A contradiction, as it was found.
pub(crate) struct Found {
    pub(super) code: &'static str,
    kept: Option<String>,
    promise: Option<String>,
    way: Vec<Hash>,
    instead: Option<Hash>,
}

impl Found {
    /// One that only this wallet can tell of: what it doesn't fit was not signed together with a state.
    pub(super) fn told(code: &'static str) -> Self {
        Self {
            code,
            kept: None,
            promise: None,
            way: Vec::new(),
            instead: None,
        }
    }

    /// Two states that don't fit. `growth` is what the keeper gave to show that they do.
    pub(super) async fn in_states(
        talk: &Talk,
        endpoint: Option<&Url>,
        (kept, seen): (&Checkpoint, &Checkpoint),
        growth: &[Hash],
        broken: Broken,
    ) -> Self {
        let (earlier, later) = if kept.size() < seen.size() {
            (kept, seen)
        } else {
            (seen, kept)
        };
        let mut found = Self {
            kept: Some(kept.text().to_owned()),
            ..Self::told(broken.code())
        };
        if broken == Broken::NotGrown {
            let (next, size) = (earlier.size().to_string(), later.size().to_string());
            let next = match endpoint {
                // Without it the states are kept all the same.
                Some(endpoint) => proof(talk, endpoint, &["log", "inclusion", &next, &size]).await,
                None => Ok(Vec::new()),
            };
            let next = next.unwrap_or_default();
            found.way = way(growth, &next, earlier.size(), later.head()).unwrap_or_default();
        }
        found
    }

    /// A promise that the state does not keep. `way` is what the keeper gave to show that it does.
    pub(super) async fn in_promise(
        talk: &Talk,
        endpoint: &Url,
        promise: &str,
        seen: &Checkpoint,
        index: u64,
        way: Vec<Hash>,
    ) -> Self {
        let (size, neighbours) = (seen.size(), neighbour(index, seen.size()));
        let neighbours = match neighbours.filter(|_| index < size) {
            Some(beside) => {
                let (beside, size) = (beside.to_string(), size.to_string());
                let proof = proof(talk, endpoint, &["log", "inclusion", &beside, &size]).await;
                proof.unwrap_or_default()
            }
            None => Vec::new(),
        };
        Self {
            code: "log_promise_broken",
            kept: None,
            promise: Some(promise.to_owned()),
            instead: entry_at(&way, &neighbours, seen.head(), index),
            way,
        }
    }

    /// To be kept.
    pub(super) fn in_state(self, note: &str, when: Timestamp) -> Contradiction {
        Contradiction {
            note: note.to_owned(),
            code: self.code.to_owned(),
            when,
            kept: self.kept,
            promise: self.promise,
            way: lines(&self.way),
            instead: self.instead.map(|hash| hash.to_string()),
        }
    }
}

impl Wallet {
    /// What a register's keeper signed against its own word: a file for somebody else. It says nothing of any consent, but
    /// for the entry that a broken promise was about.
    pub fn contradiction(&self, log: &str) -> Result<File, EvidenceError> {
        let kept: Option<KeptLog> = self.vault.get(Table::Logs, log)?;
        let kept = kept.ok_or(EvidenceError::Unbroken)?;
        let broken = kept.broken.ok_or(EvidenceError::Unbroken)?;
        let way = read_lines(&broken.way).unwrap_or_default();
        let instead = || read_lines(broken.instead.as_deref()?)?.pop();
        match (broken.promise.clone(), broken.kept.clone()) {
            (Some(promise), _) => Ok(File::of_promise(promise, broken.note.clone(), &way, instead())),
            (None, Some(before)) => Ok(File::of_states(before, broken.note, &way)),
            (None, None) => Err(EvidenceError::NotPortable),
        }
    }
}

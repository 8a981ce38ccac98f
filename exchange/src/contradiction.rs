//! What a log's keeper signed against its own word, in a file for somebody who trusts neither side: a clinic's register that was
//! changed afterwards, shown by the keeper's own signatures.

use carnet_log::{
    Checkpoint, Hash,
    checkpoint::Log,
    contradiction::{beginning, stands},
    receipt::{lines, read_lines},
    tree::leaf,
};
use serde::{Deserialize, Serialize};

use crate::{
    Entry, TrustList,
    evidence::{entry_of, log_keys, witnesses},
    promise::{self, Expected, read_kept},
};

const VERSION: u32 = 1;
/// Longest file that is looked at, in bytes.
pub const CONTRADICTION_BYTES: usize = 128 * 1_024;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contradiction {
    #[serde(rename = "carnet_contradiction")]
    version: u32,
    /// Signed states of the log, as they were shown, one after the other: two, or one and a promise.
    pub states: Vec<String>,
    /// Where the keeper's own proof leads: a line of base64 for each hash. Empty where it gave none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub way: String,
    /// A promise that the state does not keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<String>,
    /// Hash of what stands in the promised place instead: a line of base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// How a log contradicts its keeper's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Two logs of one length.
    TwoHistories,
    /// The later state begins otherwise than the earlier one was.
    Rewritten,
    /// Something else stands where an operation was promised.
    OtherEntry,
    /// Both are signed, and nothing here shows whether they fit: the keeper would have to prove it.
    Open,
}

impl Finding {
    /// Stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::TwoHistories => "two_histories",
            Self::Rewritten => "rewritten",
            Self::OtherEntry => "other_entry",
            Self::Open => "open",
        }
    }

    /// The file alone shows it.
    pub fn is_proven(self) -> bool {
        self != Self::Open
    }
}

/// What a file shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Who keeps the log, by the name of the trust list.
    pub keeper: String,
    /// Name of the log.
    pub log: String,
    pub finding: Finding,
    /// The states, as they stand in the file.
    pub states: Vec<Checkpoint>,
}

/// Why a file shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContradictionError {
    /// Not such a file.
    #[error("this is no file about a register that was changed")]
    Malformed,
    /// Made by a later version.
    #[error("this file is of a newer form than this program knows")]
    NewerVersion,
    /// Not all of it is signed by one organisation of the list.
    #[error("nobody on the list of organisations has signed all of this")]
    KeeperUnknown,
    /// It is as it should be.
    #[error("these states fit each other: nothing was changed")]
    Fits,
}

impl ContradictionError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "contradiction_malformed",
            Self::NewerVersion => "contradiction_newer_version",
            Self::KeeperUnknown => "contradiction_keeper_unknown",
            Self::Fits => "contradiction_none",
        }
    }
}

impl Contradiction {
    /// Two states that don't fit, and where the keeper's proof leads.
    pub fn of_states(kept: String, seen: String, way: &[Hash]) -> Self {
        Self {
            version: VERSION,
            states: vec![kept, seen],
            way: lines(way),
            promise: None,
            instead: None,
        }
    }

    /// A promise that a state does not keep; the proof of its place, and what stands there.
    pub fn of_promise(promise: String, seen: String, proof: &[Hash], instead: Option<Hash>) -> Self {
        Self {
            version: VERSION,
            states: vec![seen],
            way: lines(proof),
            promise: Some(promise),
            instead: instead.map(|hash| hash.to_string()),
        }
    }

    /// Whether this is meant to be such a file.
    pub fn is_one(bytes: &[u8]) -> bool {
        carnet_credentials::json::parse_object(bytes, CONTRADICTION_BYTES)
            .is_ok_and(|map| map.contains_key("carnet_contradiction"))
    }

    /// The file.
    pub fn to_file(&self) -> Vec<u8> {
        serde_json::json!(self).to_string().into_bytes()
    }

    /// Reads a file; nothing in it is checked yet.
    ///
    /// # Errors
    /// [`ContradictionError::Malformed`], [`ContradictionError::NewerVersion`].
    pub fn read(bytes: &[u8]) -> Result<Self, ContradictionError> {
        let malformed = |_| ContradictionError::Malformed;
        let map = carnet_credentials::json::parse_object(bytes, CONTRADICTION_BYTES).map_err(malformed)?;
        match map
            .get("carnet_contradiction")
            .and_then(serde_json::Value::as_u64)
        {
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) if version > u64::from(VERSION) => return Err(ContradictionError::NewerVersion),
            _ => return Err(ContradictionError::Malformed),
        }
        serde_json::from_value(map.into()).map_err(|_| ContradictionError::Malformed)
    }

    /// Checks it by the list alone: no account, no network.
    ///
    /// # Errors
    /// [`ContradictionError`].
    pub fn check(&self, list: &TrustList, now: jiff::Timestamp) -> Result<Shown, ContradictionError> {
        let origin = self.states.first().and_then(|note| note.lines().next());
        let origin = origin.ok_or(ContradictionError::Malformed)?;
        let way = read_lines(&self.way).ok_or(ContradictionError::Malformed)?;
        let signed = |keeper: &Entry| {
            let keys = log_keys(keeper);
            let log = Log { origin, keys: &keys };
            let states = self.states.iter();
            let states: Result<Vec<Checkpoint>, _> = states
                .map(|note| Checkpoint::read(note, log, &witnesses(list)))
                .collect();
            states.ok()
        };
        let (keeper, states) = list
            .entries
            .iter()
            .find_map(|keeper| Some((keeper, signed(keeper)?)))
            .ok_or(ContradictionError::KeeperUnknown)?;
        let finding = match (states.as_slice(), &self.promise) {
            ([kept, seen], None) if self.instead.is_none() => two_states(kept, seen, &way)?,
            ([seen], Some(promise)) => self.promised(promise, seen, &way, keeper, now)?,
            _ => return Err(ContradictionError::Malformed),
        };
        Ok(Shown {
            keeper: keeper.name.clone(),
            log: origin.to_owned(),
            finding,
            states,
        })
    }

    fn promised(
        &self,
        promise: &str,
        seen: &Checkpoint,
        way: &[Hash],
        keeper: &Entry,
        now: jiff::Timestamp,
    ) -> Result<Finding, ContradictionError> {
        let said = read_kept(promise).map_err(|_| ContradictionError::Malformed)?;
        let ledger = carnet_consent::LedgerRef {
            chain_id: said.chain_id.clone(),
            registry: said.registry.clone(),
        };
        let expected = Expected {
            grant_id: &said.grant_id,
            operation: said.operation,
            ledger: &ledger,
            now,
        };
        let said = promise::verify(promise, &keeper.log_keys, &expected)
            .map_err(|_| ContradictionError::KeeperUnknown)?;
        let of_this_log = carnet_log::entry::operations(&said.chain_id, &said.registry) == seen.origin();
        let index = said.sequence.checked_sub(1).filter(|_| of_this_log);
        let index = index.ok_or(ContradictionError::Malformed)?;
        let promised = leaf(&entry_of(&said));
        if stands(way, seen.head(), index, promised) {
            return Err(ContradictionError::Fits);
        }
        let instead = self.instead.as_deref().map(read_lines);
        let instead = match instead {
            None => return Ok(Finding::Open),
            Some(Some(hashes)) if hashes.len() == 1 => hashes.into_iter().next(),
            Some(_) => None,
        };
        let instead = instead.ok_or(ContradictionError::Malformed)?;
        Ok(if stands(way, seen.head(), index, instead) {
            Finding::OtherEntry
        } else {
            Finding::Open
        })
    }
}

fn two_states(kept: &Checkpoint, seen: &Checkpoint, way: &[Hash]) -> Result<Finding, ContradictionError> {
    let (earlier, later) = if kept.size() <= seen.size() {
        (kept, seen)
    } else {
        (seen, kept)
    };
    if earlier.size() == later.size() {
        return if earlier.root() == later.root() {
            Err(ContradictionError::Fits)
        } else {
            Ok(Finding::TwoHistories)
        };
    }
    match beginning(way, earlier.size(), later.head()) {
        Some(root) if root == earlier.root() => Err(ContradictionError::Fits),
        Some(_) => Ok(Finding::Rewritten),
        None => Ok(Finding::Open),
    }
}

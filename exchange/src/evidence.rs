//! What a registry's keeper signed about one operation, in a file that convinces somebody who trusts neither side: the inclusion
//! promise, and the proof that the operation stands in the append-only log of the registry.

use std::collections::BTreeMap;

use carnet_credentials::jwk::PublicKey;
use carnet_log::{
    Checkpoint, Receipt, ReceiptError,
    checkpoint::{Log, WitnessKey},
    entry,
};
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};

use crate::{
    Entry, TrustList,
    promise::{self, Expected, Operation, Promise, PromiseError, read_kept},
    trust::{RegistryKind, Role},
};

const VERSION: u32 = 1;
/// Longest file that is looked at, in bytes.
pub const EVIDENCE_BYTES: usize = 64 * 1_024;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    #[serde(rename = "carnet_evidence")]
    version: u32,
    /// As signed.
    pub promise: String,
    /// The way from the operation to a signed state of the log (c2sp.org/tlog-proof).
    pub log: String,
}

/// What a file shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Who keeps the registry, by the name of the trust list.
    pub keeper: String,
    /// What was recorded, where and when.
    pub promise: Promise,
    /// The state of the log that it stands in.
    pub checkpoint: Checkpoint,
}

/// Why a file shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Not such a file.
    #[error("this is no evidence of a consent's operation")]
    Malformed,
    /// Made by a later version.
    #[error("this evidence is of a newer form than this program knows")]
    NewerVersion,
    /// Nobody of the trust list keeps this registry.
    #[error("nobody on the list of organisations keeps this registry")]
    KeeperUnknown,
    /// The promise.
    #[error("{0}")]
    Promise(#[from] PromiseError),
    /// The proof.
    #[error("{0}")]
    Log(#[from] ReceiptError),
    /// The proof is of another place than the promise says.
    #[error("the proof is of another operation than the promise")]
    OtherPlace,
}

impl EvidenceError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "evidence_malformed",
            Self::NewerVersion => "evidence_newer_version",
            Self::KeeperUnknown => "evidence_keeper_unknown",
            Self::Promise(error) => error.code(),
            Self::Log(error) => error.code(),
            Self::OtherPlace => "evidence_other_place",
        }
    }
}

impl Evidence {
    /// A file of these two.
    pub fn new(promise: String, log: String) -> Self {
        Self {
            version: VERSION,
            promise,
            log,
        }
    }

    /// The file.
    pub fn to_file(&self) -> Vec<u8> {
        serde_json::json!(self).to_string().into_bytes()
    }

    /// Reads a file; nothing in it is checked yet.
    ///
    /// # Errors
    /// [`EvidenceError::Malformed`], [`EvidenceError::NewerVersion`].
    pub fn read(bytes: &[u8]) -> Result<Self, EvidenceError> {
        let malformed = |_| EvidenceError::Malformed;
        let map = carnet_credentials::json::parse_object(bytes, EVIDENCE_BYTES).map_err(malformed)?;
        match map.get("carnet_evidence").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) if version > u64::from(VERSION) => return Err(EvidenceError::NewerVersion),
            _ => return Err(EvidenceError::Malformed),
        }
        serde_json::from_value(map.into()).map_err(|_| EvidenceError::Malformed)
    }

    /// Checks it by the list alone: no account, no network. That the operation still holds is the ledger's to say.
    ///
    /// # Errors
    /// [`EvidenceError`].
    pub fn check(&self, list: &TrustList, now: jiff::Timestamp) -> Result<Shown, EvidenceError> {
        let said = read_kept(&self.promise)?;
        let ledger = carnet_consent::LedgerRef {
            chain_id: said.chain_id.clone(),
            registry: said.registry.clone(),
        };
        let mut keepers = list
            .entries
            .iter()
            .filter(|entry| entry.registry(&ledger).is_some());
        let mut outcome = Err(EvidenceError::KeeperUnknown);
        // Several may serve one registry; its keeper is the one whose keys these are.
        for keeper in keepers.by_ref() {
            outcome = self.by(keeper, list, (&said, &ledger), now);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    fn by(
        &self,
        keeper: &Entry,
        list: &TrustList,
        (said, ledger): (&Promise, &carnet_consent::LedgerRef),
        now: jiff::Timestamp,
    ) -> Result<Shown, EvidenceError> {
        let expected = Expected {
            grant_id: &said.grant_id,
            operation: said.operation,
            ledger,
            now,
        };
        let promise = promise::verify(&self.promise, &keeper.log_keys, &expected)?;
        let receipt = Receipt::read(&self.log)?;
        if promise.sequence.checked_sub(1) != Some(receipt.index) {
            return Err(EvidenceError::OtherPlace);
        }
        let origin = entry::operations(&promise.chain_id, &promise.registry);
        let log = Log {
            origin: &origin,
            keys: &log_keys(keeper),
        };
        let checkpoint = receipt.check(&entry_of(&promise), log, &witnesses(list))?;
        Ok(Shown {
            keeper: keeper.name.clone(),
            promise,
            checkpoint,
        })
    }
}

/// The operation as the log has it.
pub fn entry_of(promise: &Promise) -> Vec<u8> {
    let operation = match promise.operation {
        Operation::Grant => entry::Operation::Grant,
        Operation::Revoke => entry::Operation::Revoke,
    };
    let grant_id = promise.grant_id.to_string();
    entry::operation(operation, &grant_id, promise.sequence, promise.time)
}

/// A party's keys that sign checkpoints: the Ed25519 ones.
pub fn log_keys(entry: &Entry) -> Vec<VerifyingKey> {
    let of_kind = |key: &PublicKey| match key {
        PublicKey::Ed25519(key) => Some(*key),
        _ => None,
    };
    entry.log_keys.iter().filter_map(of_kind).collect()
}

/// The logs that parties of the list keep, of their own registries' operations and of what their people read: name and keys of
/// each.
pub fn logs(list: &TrustList) -> BTreeMap<String, Vec<VerifyingKey>> {
    let mut logs: BTreeMap<String, Vec<VerifyingKey>> = BTreeMap::new();
    for party in &list.entries {
        let kept = party.registries.iter();
        for registry in kept.filter(|registry| registry.kind == RegistryKind::Embedded) {
            let origin = entry::operations(&registry.chain_id, &registry.address);
            logs.entry(origin).or_default().extend(log_keys(party));
        }
        if party.has_role(Role::Verifier) {
            logs.insert(entry::reads(&party.id), log_keys(party));
        }
    }
    logs
}

/// The witnesses of the list, each under its stable id.
pub fn witnesses(list: &TrustList) -> Vec<WitnessKey> {
    let witnesses = list.entries.iter().filter(|entry| entry.has_role(Role::Witness));
    witnesses
        .flat_map(|entry| {
            log_keys(entry).into_iter().map(|key| WitnessKey {
                name: entry.id.clone(),
                key,
            })
        })
        .collect()
}

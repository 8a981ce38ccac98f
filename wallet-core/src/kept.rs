//! What the wallet keeps in its vault, as it stands in the tables. `Debug` of these shows nothing of a person.

use std::{collections::BTreeMap, fmt};

use carnet_consent::{LedgerStatus, Salt, WalletState};
use carnet_exchange::{
    RootKey,
    manage::{Logged, Read},
};
use carnet_fhir::Group;
use carnet_ledger::Grant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{credentials::CopyKey, vault::ProfileId};

/// The pinned trust list (table `Trust`, id [`LIST`]).
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptTrust {
    /// The signed list as taken.
    pub(crate) jws: String,
    /// The root key pinned with the first list.
    pub(crate) root: RootKey,
}

/// The only id in tables that hold one entry.
pub(crate) const LIST: &str = "list";
/// Id of the person in table `Profile`.
pub(crate) const PERSON: &str = "person";
/// Id in table `Meta`: when the last backup was made.
pub(crate) const LAST_BACKUP: &str = "last-backup";
/// Id in table `Meta`: the 24 words were shown to the end.
pub(crate) const WORDS_SEEN: &str = "words-seen";

/// Whose records these are (table `Profile`).
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct KeptPerson {
    pub(crate) name: Option<String>,
    pub(crate) birth_date: Option<String>,
    /// Reference strings under which files speak of this person.
    pub(crate) references: Vec<String>,
}

/// A question read (table `Requests`).
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptRequest {
    /// The link as read.
    pub(crate) link: String,
    /// The signed request, byte for byte; empty once it was answered.
    pub(crate) compact: String,
    /// What was posted to fetch it, and must stand in it.
    #[serde(default)]
    pub(crate) wallet_nonce: Option<String>,
    /// The document of who asks, where their host had to be asked for it. JSON.
    #[serde(default)]
    pub(crate) did_document: Option<String>,
    pub(crate) expires: Timestamp,
    /// One value for everything its sender signs with its nonce, hexadecimal.
    pub(crate) once: String,
    /// None where only cards are asked for.
    pub(crate) consent_id: Option<String>,
    pub(crate) verifier: String,
    /// An answer, yes or no, has left.
    pub(crate) answered: bool,
}

/// A consent in any state (table `Consents`, id is its `consent_id`).
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptConsent {
    pub(crate) consent_id: String,
    pub(crate) state: WalletState,
    /// Stable id in the trust list.
    pub(crate) verifier_id: String,
    pub(crate) verifier: String,
    /// `permit`, `partial`, `deny`, or [`RECOVERED`].
    pub(crate) decision: String,
    pub(crate) purpose: Vec<String>,
    pub(crate) granted: Vec<String>,
    pub(crate) not_granted: Vec<String>,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) retention_days: u32,
    pub(crate) groups: Vec<(Group, u32)>,
    pub(crate) records: u32,
    pub(crate) made: Timestamp,
    pub(crate) given: Option<Given>,
}

/// The grant behind a consent.
#[derive(Serialize, Deserialize)]
pub(crate) struct Given {
    /// Number of the ledger key and of the revocation secret.
    pub(crate) number: u64,
    /// `0x` and 64 hexadecimal digits.
    pub(crate) grant_id: String,
    pub(crate) grant: Grant,
    /// Kept as long as the consent is: without it nobody can show what was granted. Not known of what was recovered.
    pub(crate) salt: Option<Salt>,
    /// The consent in canonical form, the document behind the commitment. Empty when it was recovered.
    pub(crate) consent: String,
    /// Four digits; empty when it was recovered.
    pub(crate) code: String,
    pub(crate) chain_id: String,
    pub(crate) registry: String,
    pub(crate) kind: String,
    /// Empty when it was recovered, as the next one.
    pub(crate) delivery_uri: String,
    pub(crate) manage_uri: String,
    /// What was answered, while the ledger has not confirmed it.
    #[serde(default)]
    pub(crate) answered: Option<Answered>,
    /// Ledger evidence, once its signature was verified.
    pub(crate) promise: Option<String>,
    /// Proof that it stands in the registry's log (c2sp.org/tlog-proof).
    #[serde(default)]
    pub(crate) logged: Option<String>,
    pub(crate) status: Option<LedgerStatus>,
    pub(crate) delivered: bool,
    pub(crate) taken_back: Option<TakenBack>,
}

/// An answer that the ledger has not confirmed. The same, sent again, gets the promise.
#[derive(Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) response_uri: String,
    /// As sent: sealed for the station.
    pub(crate) jwe: String,
}

/// How far a revocation or a tombstone has come; three facts, each its own.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct TakenBack {
    /// The ledger's signed promise of the revocation.
    pub(crate) ledger: Option<String>,
    /// It was handed in, and the ledger has not confirmed it yet.
    #[serde(default)]
    pub(crate) handed_in: bool,
    /// Proof that it stands in the registry's log (c2sp.org/tlog-proof).
    #[serde(default)]
    pub(crate) logged: Option<String>,
    pub(crate) clinic: bool,
    /// The clinic's signed deletion receipt.
    pub(crate) receipt: Option<String>,
    /// The clinic had copied records into its own file.
    pub(crate) copied: bool,
}

/// [`KeptConsent::decision`] of a grant that was found on a ledger by the words alone: what was decided is not known.
pub(crate) const RECOVERED: &str = "recovered";

/// What still has to be brought to somebody (table `Outbox`, id is the `consent_id`).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Errand {
    /// Answered: check the ledger and deliver, or tombstone.
    Finish,
    /// The grant must not hold, or no longer.
    TakeBack,
    /// An issuer has to be told what became of its copies, or asked for those that come later (id is the offer's).
    Issuer,
}

/// Somebody in this vault (table `Profiles`, id is the number).
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct KeptProfile {
    /// As the family calls this person; the first one has none until it is given.
    pub(crate) name: Option<String>,
    pub(crate) added: Timestamp,
    /// No longer in the vault; the number stays used.
    pub(crate) removed: bool,
}

/// How far the search for this wallet's grants on the ledgers has come (table `Meta`, id [`RECOVERY`]).
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct KeptRecovery {
    pub(crate) begun: Timestamp,
    /// Each registry that was read to its end.
    pub(crate) read: Vec<KeptSearch>,
    /// Stable ids of organisations whose registries are given up.
    pub(crate) given_up: Vec<String>,
    /// The highest consent number found of each person, whether or not it was granted in the end.
    pub(crate) highest: BTreeMap<u32, u64>,
    /// Consents that were not known before.
    pub(crate) found: u32,
    /// The single-use copies of before are spent.
    #[serde(default)]
    pub(crate) burnt: bool,
}

/// A registry that was read, and for how many people and numbers of each.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KeptSearch {
    pub(crate) chain_id: String,
    pub(crate) registry: String,
    pub(crate) people: u32,
    pub(crate) numbers: u64,
}

/// Id of [`KeptRecovery`] in table `Meta`.
pub(crate) const RECOVERY: &str = "recovery";

/// Who read what under one consent (table `Reads`).
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct KeptReads {
    pub(crate) as_of: Timestamp,
    pub(crate) reads: Vec<KeptRead>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KeptRead {
    pub(crate) who: String,
    pub(crate) when: Timestamp,
    pub(crate) what: String,
    /// None where the station told no place in a log.
    #[serde(default)]
    pub(crate) logged: Option<KeptLogged>,
}

/// Where a reading stands in the station's log, and as what.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KeptLogged {
    /// As it was reported, without the place.
    pub(crate) read: Read,
    pub(crate) log: Logged,
    /// Proof that it stands there (c2sp.org/tlog-proof).
    pub(crate) proof: Option<String>,
}

/// A code of the patient's that some desk may lay its question at (table `Shown`).
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptOffer {
    /// Whom it was shown to: stable id in the trust list.
    pub(crate) party: String,
    /// What the question is sealed to.
    pub(crate) key: CopyKey,
    pub(crate) made: Timestamp,
    pub(crate) request_id: Option<String>,
}

/// Which limits one party was shown of one kind of value (table `Proofs`).
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct KeptProofs {
    pub(crate) shown: Vec<KeptProof>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct KeptProof {
    /// SHA-256 of the statement without its day, hexadecimal; its first 16 bytes.
    pub(crate) limit: String,
    pub(crate) when: Timestamp,
}

/// What a counter without a network asked (table `Challenges`).
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptChallenge {
    /// As read; empty once it was answered.
    pub(crate) text: String,
    pub(crate) expires: Timestamp,
    pub(crate) answered: bool,
}

/// One line of the log, in the form whose hash the next line carries.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptActivity {
    pub(crate) when: Timestamp,
    /// Who acted, or for whom something came.
    pub(crate) profile: ProfileId,
    pub(crate) what: String,
    pub(crate) who: Option<String>,
    pub(crate) groups: Vec<(Group, u32)>,
    pub(crate) code: Option<String>,
    /// Card and kind of claim, where cards were shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) shown: Vec<String>,
}

macro_rules! says_nothing {
    ($($kept:ident)*) => {$(
        impl fmt::Debug for $kept {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($kept))
            }
        }
    )*};
}
says_nothing!(KeptTrust KeptProfile KeptPerson KeptRequest KeptConsent Given Answered TakenBack Errand KeptRecovery KeptSearch KeptReads KeptRead KeptLogged KeptOffer KeptProofs KeptProof KeptChallenge KeptActivity);

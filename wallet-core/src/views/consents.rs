//! What was answered, who has access, and what became of taking it back.

use serde::Serialize;
use specta::Type;

use super::GroupCount;

/// What came of an answer.
#[derive(Debug, Clone, Serialize, Type)]
pub struct AnswerView {
    /// `permit`, `partial` or `deny`.
    pub decision: String,
    /// None where only cards were shown.
    pub consent_id: Option<String>,
    pub grant_id: Option<String>,
    /// Four digits to read out at the desk.
    pub code: Option<String>,
    /// `shown` where only cards were, `proved` where a statement was shown.
    pub state: String,
    pub ledger: Option<LedgerView>,
    pub records: u32,
    /// Cards that were shown.
    pub shown: u32,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct LedgerView {
    /// `none`, `unconfirmed` (on its way there), `pending` (its period has not begun), `active`, `revoked`, `expired`, `unknown`.
    pub status: String,
    pub chain_id: String,
    pub registry: String,
    /// `embedded`: recorded by the clinic itself.
    pub kind: String,
    /// What the register's log says: `none` (not checked yet), `kept` (it stands there, and nothing before it was changed),
    /// `witnessed` (somebody independent has seen the same), `broken` (the register contradicts itself).
    pub evidence: String,
}

/// One line of the consents list.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ConsentLine {
    pub consent_id: String,
    pub grant_id: Option<String>,
    /// `sending`, `granted`, `denied`, `failed`, `revoking`, `revoked`, `expired`.
    pub state: String,
    pub verifier: String,
    pub start: String,
    pub end: String,
    pub groups: Vec<GroupCount>,
    pub records: u32,
    /// Found on a ledger after a restore: what was shared is not known.
    pub recovered: bool,
}

/// One consent whole.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ConsentView {
    pub line: ConsentLine,
    pub decision: String,
    pub purpose: Vec<String>,
    pub granted: Vec<String>,
    pub not_granted: Vec<String>,
    pub retention_days: u32,
    pub code: Option<String>,
    pub ledger: Option<LedgerView>,
    /// The three facts after taking back.
    pub revocation: Option<RevocationView>,
    pub reads: Vec<ReadView>,
    /// When the read log was last fetched.
    pub reads_as_of: Option<String>,
}

/// Three separate facts; each is only said when it is known.
#[derive(Debug, Clone, Serialize, Type)]
pub struct RevocationView {
    pub state: String,
    /// `confirmed`, `handed_in` (and not yet confirmed) or `pending`.
    pub ledger: String,
    /// `confirmed` or `pending`.
    pub clinic: String,
    pub deletion_receipt: bool,
    /// The clinic had copied records into its own file: out of reach.
    pub copied: bool,
}

/// What came of taking everything back.
#[derive(Debug, Clone, Serialize, Type)]
pub struct RevokeAllView {
    pub consents: Vec<RevokedLine>,
    /// How many are not yet confirmed everywhere; they are tried again.
    pub waiting: u32,
}

/// One consent that was taken back with all others.
#[derive(Debug, Clone, Serialize, Type)]
pub struct RevokedLine {
    /// Number of the person whose consent it is.
    pub profile: u32,
    pub consent_id: String,
    pub verifier: String,
    pub revocation: RevocationView,
}

/// What is true after a slip was used.
#[derive(Debug, Clone, Serialize, Type)]
pub struct SlipUsedView {
    pub grant_id: String,
    /// Host and port of the registry that confirmed it.
    pub place: String,
    /// Always `revoked`.
    pub status: String,
    /// When the ledger said so.
    pub as_of: String,
    /// It had been taken back before; nothing changed.
    pub already: bool,
    /// When the consent would have ended by itself.
    pub end: String,
}

/// Somebody looked.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ReadView {
    pub who: String,
    pub when: String,
    /// Groups or "export".
    pub what: String,
    /// `proven` (it stands in the clinic's log), `none` (no proof yet), `broken` (the clinic's log, or what it had reported, was
    /// changed).
    pub proof: String,
}

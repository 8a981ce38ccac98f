//! What this wallet has done.

use serde::Serialize;
use specta::Type;

use super::GroupCount;

/// One line of the patient's own log.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ActivityLine {
    pub when: String,
    /// Number of the person who acted.
    pub profile: u32,
    /// `imported`, `asked`, `granted`, `denied`, `failed`, `revoked`, `refused`, `read`, `trust_updated`, `slip_made`,
    /// `recovered`, `shown`.
    pub what: String,
    pub who: Option<String>,
    /// Kinds and counts, never a value.
    pub groups: Vec<GroupCount>,
    /// Error code where something was refused or failed.
    pub code: Option<String>,
    /// Card and kind of claim, where cards were shown; never a value.
    pub shown: Vec<String>,
}

/// A log that was found whole.
#[derive(Debug, Clone, Serialize, Type)]
pub struct LogView {
    pub entries: u32,
    /// Stands for the whole log; whoever notes it can later tell whether anything before was altered. Hexadecimal.
    pub hash: String,
}

/// What `sync` did.
#[derive(Debug, Clone, Serialize, Type)]
pub struct SyncView {
    pub sent: u32,
    pub waiting: u32,
}

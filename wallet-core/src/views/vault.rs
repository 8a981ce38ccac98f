//! The vault itself: its door, a check of it, its copies.

use serde::Serialize;
use specta::Type;

/// Where the vault stands, before anything else is asked.
#[derive(Debug, Clone, Serialize, Type)]
pub struct VaultView {
    /// A vault exists in the folder.
    pub exists: bool,
    /// It is open in this process.
    pub unlocked: bool,
    /// Shown as a banner: sample data, not a real person's wallet.
    pub demo: bool,
    /// Local name of this vault, never sent. Only when unlocked.
    pub fingerprint: Option<String>,
    /// An older copy put back would be noticed on this device.
    pub rollback_detected: bool,
}

/// How far the search for this wallet's consents on the ledgers is.
#[derive(Debug, Clone, Serialize, Type)]
pub struct RecoveryView {
    /// Consents found that were not known.
    pub found: u32,
    /// Organisations whose ledger could not yet be read to its end.
    pub pending: Vec<String>,
    /// Everything was read, or given up; new consents can be given.
    pub done: bool,
}

/// How safe the wallet is from a lost device.
#[derive(Debug, Clone, Serialize, Type)]
pub struct BackupState {
    /// When the last backup was made.
    pub last: Option<String>,
    /// It is time for one.
    pub due: bool,
    /// A name for the next one's file; the window puts the person's folder before it.
    pub suggested_path: String,
}

/// A backup just made, and read again.
#[derive(Debug, Clone, Serialize, Type)]
pub struct BackupView {
    pub path: String,
    /// Length of the file; a JavaScript number.
    pub bytes: f64,
    /// Of everybody in the vault.
    pub records: u32,
}

/// A wallet just made of a backup.
#[derive(Debug, Clone, Serialize, Type)]
pub struct RestoredView {
    /// Of everybody in the vault.
    pub records: u32,
    pub people: u32,
    pub consents: u32,
    /// Local name of this wallet: the same as before.
    pub fingerprint: String,
}

/// What a check of the whole vault found, and found whole.
#[derive(Debug, Clone, Serialize, Type)]
pub struct VaultCheckView {
    /// Health records of everybody in the vault.
    pub records: u32,
    /// Everything that is kept: records, consents, log entries, settings.
    pub entries: u32,
    /// Large values among them.
    pub bodies: u32,
    /// Bytes of all values; decimal.
    pub bytes: String,
    /// Number of changes since the vault was made; decimal.
    pub epoch: String,
    /// Stands for all of it at this moment; hexadecimal.
    pub root: String,
    pub log_entries: u32,
    /// Where the log ends; hexadecimal.
    pub log_hash: String,
}

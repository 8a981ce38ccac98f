//! The registers that hold consents, and whether they are what they were.

use serde::Serialize;
use specta::Type;

/// A register that holds consents, as it was last seen.
#[derive(Debug, Clone, Serialize, Type)]
pub struct RegistryView {
    /// Name of its log.
    pub log: String,
    /// `operations` (of a registry) or `reads` (who read what).
    pub about: String,
    /// Who keeps it.
    pub keeper: String,
    /// `kept`, `witnessed`, `unwitnessed` (unchanged, but for an hour somebody who had signed earlier states has not signed
    /// the newest one), `broken`.
    pub state: String,
    /// Entries in its log.
    pub entries: u32,
    pub seen: String,
    /// Who else has signed that state.
    pub witnesses: Vec<String>,
    /// Who had signed earlier states and has not signed that one, for an hour or longer.
    pub missing: Vec<String>,
    /// The first of them.
    pub missing_since: Option<String>,
    /// Who had signed earlier states, and may only be a little late.
    pub awaited: Vec<String>,
    /// Which way it contradicts itself.
    pub code: Option<String>,
    pub broken_at: Option<String>,
    /// What it contradicts is signed: there is a file of it for somebody else.
    pub portable: bool,
}

/// A register that two wallets know.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ComparedView {
    /// Name of its log.
    pub log: String,
    /// `operations` or `reads`.
    pub about: String,
    /// Who keeps it.
    pub keeper: String,
    /// `same`, `broken`, `unreachable` (its keeper doesn't give the proof), `not_theirs` (the other file's state isn't signed
    /// by the keeper: it says nothing).
    pub result: String,
}

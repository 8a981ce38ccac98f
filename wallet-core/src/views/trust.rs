//! Whom this wallet knows, and who vouches for them.

use serde::Serialize;
use specta::Type;

/// The list of organisations this wallet knows.
#[derive(Debug, Clone, Serialize, Type)]
pub struct TrustView {
    pub authority: String,
    pub development: bool,
    pub version: u32,
    pub expires: String,
    pub organisations: Vec<String>,
    /// Short form of the pinned root key, for comparing by eye.
    pub root: String,
}

/// One organisation that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct PartyLine {
    pub id: String,
    pub name: String,
    /// `verifier`, `issuer`, `relayer`, `spender`, `witness`.
    pub roles: Vec<String>,
    pub added_by_you: bool,
    pub development: bool,
}

/// Why an organisation's name is believed.
#[derive(Debug, Clone, Serialize, Type)]
pub struct PartyTrustView {
    pub id: String,
    pub name: String,
    /// Empty where the patient added them.
    pub vouched_by: String,
    pub added_by_you: bool,
    pub list_version: u32,
    pub list_issued: String,
    pub list_expires: String,
    pub list_expired: bool,
    pub development: bool,
    pub origins: Vec<String>,
    pub roles: Vec<String>,
    /// HL7 v3 ActReason codes.
    pub purposes: Vec<String>,
    /// The first consent with them, or when they were added.
    pub since: Option<String>,
}

/// An organisation's own entry, before it is added.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ClinicView {
    pub id: String,
    pub name: String,
    pub origins: Vec<String>,
    pub purposes: Vec<String>,
    /// Eight groups of four characters, to be compared with the organisation's paper.
    pub fingerprint: String,
    /// A known organisation that it could be taken for.
    pub looks_like: Option<String>,
    /// The name is written in letters of several scripts.
    pub mixed_letters: bool,
    /// It, or something of it, is on the list already.
    pub known: bool,
}

//! Whose wallet it is, and what waits for them.

use serde::Serialize;
use specta::Type;

use super::{BackupState, PersonView, TrustView};

/// Somebody in this vault.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ProfileView {
    /// 0 for the first one; never given to somebody else.
    pub number: u32,
    /// As the family calls this person, or else the name on the records. `None`: the first person, before any import.
    pub name: Option<String>,
    /// Whose records these are, once a first import was confirmed.
    pub person: Option<PersonView>,
    /// It is this person who acts now.
    pub acting: bool,
    pub records: u32,
    pub active_consents: u32,
}

/// The answer to "does anything need me?".
#[derive(Debug, Clone, Serialize, Type)]
pub struct HomeView {
    /// The person whose records these are, once the first import was confirmed.
    pub person: Option<String>,
    /// What waits for the patient, most urgent first.
    pub needs_you: Vec<Need>,
    /// Clinics with an active consent.
    pub active_consents: u32,
    pub records: u32,
    /// Cards, each counted once however many copies there are.
    pub cards: u32,
    /// The 24 words were never shown to the end.
    pub words_pending: bool,
    pub trust: Option<TrustView>,
    /// Who acts.
    pub profile: ProfileView,
    pub backup: BackupState,
    /// Organisations whose ledger is still to be looked through; no new consent before.
    pub scan_pending: Vec<String>,
    /// Other people of this wallet who have something waiting.
    pub others: Vec<OtherPerson>,
}

/// Somebody else in this wallet, for whom something waits.
#[derive(Debug, Clone, Serialize, Type)]
pub struct OtherPerson {
    pub number: u32,
    pub name: Option<String>,
    /// How many things.
    pub needs: u32,
}

/// One thing that waits for the patient.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "snake_case")]
pub enum Need {
    /// Taken back, but not yet confirmed everywhere.
    RevocationUnconfirmed { consent_id: String, verifier: String },
    /// A question was read but neither answered nor refused.
    QuestionOpen {
        request_id: String,
        verifier: String,
        expires: String,
    },
    /// A consent ends within two days.
    EndsSoon {
        consent_id: String,
        verifier: String,
        end: String,
    },
    /// The list of known clinics is expired or about to.
    TrustExpires { when: String },
    /// Answered, promise never came: nothing was shared.
    SharingFailed { consent_id: String, verifier: String },
}

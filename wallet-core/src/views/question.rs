//! What a clinic asks: records, cards, statements.

use serde::Serialize;
use specta::Type;

use super::{ClaimLine, IssuerView, RecordLine};

/// A clinic's question, checked, with what the patient holds for it.
#[derive(Debug, Clone, Serialize, Type)]
pub struct QuestionView {
    /// Names the sealed request in this vault; `answer` and `deny` take it.
    pub request_id: String,
    pub verifier: VerifierView,
    /// HL7 v3 ActReason codes.
    pub purpose: Vec<String>,
    /// Records that are asked for; empty where only cards are.
    pub items: Vec<ItemView>,
    /// None where only cards are asked for.
    pub period: Option<PeriodView>,
    /// Days for which they keep a copy of the records.
    pub retention_days: Option<u32>,
    /// When this question can no longer be answered.
    pub expires: String,
    pub development: bool,
    /// Cards that are asked for; empty where only records are.
    pub cards: Vec<CardAskedView>,
    /// Which of them together are an answer; empty: all of them.
    pub card_choices: Vec<CardChoiceView>,
    /// Statements that are to be shown without their values; mostly none.
    pub statements: Vec<StatementAskedView>,
}

/// A statement that is asked for.
#[derive(Debug, Clone, Serialize, Type)]
pub struct StatementAskedView {
    /// Id of the query; `answer` takes it with a card.
    pub query: String,
    /// "65 or older on 23 November 2026".
    pub says: String,
    /// All that they learn.
    pub learns: Vec<String>,
    /// Cards by which it could be shown; empty: no such card.
    pub options: Vec<StatementOption>,
    /// No choice leaves it out.
    pub required: bool,
    /// Other limits of the same value that they were shown in the last 30 days.
    pub asked_before: u32,
    /// From when it can be answered, where they asked for too many limits.
    pub wait_until: Option<String>,
}

/// A card by which a statement could be shown.
#[derive(Debug, Clone, Serialize, Type)]
pub struct StatementOption {
    pub card: String,
    pub title: String,
    pub issuer: IssuerView,
    pub until: Option<String>,
    /// Copies that are left; each is used once.
    pub copies: u32,
    /// Whether it holds: known to the patient only. What doesn't hold can't be chosen.
    pub holds: bool,
    /// The patient's own words, for this screen only: "born 1 June 1950".
    pub own_value: String,
    pub last_copy: bool,
}

/// A card that can prove something.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ProvableView {
    pub card: String,
    pub title: String,
    pub issuer: IssuerView,
    /// The issuer's key is on the list, so that others believe it.
    pub issuer_listed: bool,
    /// The patient's own words, for this screen only.
    pub own_value: String,
    /// What can be shown with it.
    pub proves: String,
    pub until: Option<String>,
    pub copies: u32,
}

/// A card that is asked for.
#[derive(Debug, Clone, Serialize, Type)]
pub struct CardAskedView {
    /// Id of the query; `answer` takes it.
    pub query: String,
    /// What kind of card, in plain words; any of these.
    pub kinds: Vec<String>,
    /// Several may be shown.
    pub multiple: bool,
    /// No choice leaves it out.
    pub required: bool,
    /// What the patient holds for it; empty: no such card.
    pub options: Vec<CardOption>,
    /// Names of the issuers that they insist on; may be empty.
    pub issuers: Vec<String>,
}

/// A card that could be shown.
#[derive(Debug, Clone, Serialize, Type)]
pub struct CardOption {
    pub card: String,
    pub title: String,
    pub issuer: IssuerView,
    pub until: Option<String>,
    /// Copies that can still be shown to them.
    pub copies: u32,
    /// Exactly what they would see.
    pub shown: Vec<ClaimLine>,
    /// It can be shown once, and this is the last time.
    pub last_copy: bool,
}

/// A choice between cards.
#[derive(Debug, Clone, Serialize, Type)]
pub struct CardChoiceView {
    /// One of the options is needed.
    pub required: bool,
    /// Each a list of query ids that go together.
    pub options: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct VerifierView {
    /// Stable id in the trust list.
    pub id: String,
    /// Name from the trust list, never from the request.
    pub name: String,
    /// Who vouches for that name; empty where nobody does.
    pub vouched_by: String,
    /// The patient added them by hand; no authority vouches.
    pub added_by_you: bool,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct PeriodView {
    pub start: String,
    pub end: String,
}

/// One thing that is asked.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ItemView {
    pub scope: String,
    /// Group key for naming it in plain words (`medicines`, …; `everything` for a wildcard).
    pub group: String,
    pub required: bool,
    /// How many records would go.
    pub matching: u32,
    pub sensitive: bool,
    /// How many of them are sensitive.
    pub sensitive_count: u32,
    pub excess: bool,
    /// The very records that would go, newest first.
    pub records: Vec<RecordLine>,
    /// What stays home although it matches, and why.
    pub withheld: Vec<WithheldView>,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct WithheldView {
    pub record: RecordLine,
    /// `outside_period`, `carries_other_kind`.
    pub reason: String,
}

//! What a screen or a terminal may see of the wallet: never a secret, never the whole state.
//!
//! Every type here crosses the border to the webview (as generated TypeScript) and to `carnet --json`.
//! Times are RFC 3339 strings in UTC; days are ISO 8601; scopes are SMART v2 strings.

use carnet_fhir::Group;
use serde::{Deserialize, Serialize};
use specta::Type;

pub use crate::credentials::{
    CredentialForm,
    views::{CardLine, CardStatus, CardView, ClaimLine, IssuerView, TakenCardView},
};
pub use crate::issuance::views::{
    AcceptedView, CardOfferView, OfferedCardView, OpenedCode, PinView, SignInView,
};

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

/// What a file holds, before it is taken in.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ImportPreview {
    pub file: String,
    pub person: Option<PersonView>,
    /// The file is about somebody else than this wallet's person.
    pub other_person: bool,
    /// No person is set yet: confirming this import sets it.
    pub sets_person: bool,
    pub groups: Vec<GroupCount>,
    pub already_here: u32,
    /// The first of those that can't be taken.
    pub rejected: Vec<RejectedView>,
    /// How many can't be taken.
    pub rejected_total: u32,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct PersonView {
    pub name: Option<String>,
    pub birth_date: Option<String>,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct GroupCount {
    /// `medicines`, `allergies`, `laboratory`, …
    pub group: String,
    pub count: u32,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct RejectedView {
    /// Place in the file, such as `entry[12]` or `line 12`.
    pub entry: String,
    pub code: String,
    pub message: String,
}

/// What an import did.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ImportView {
    pub imported: u32,
    /// Same bytes were here before: not counted twice.
    pub already_here: u32,
    /// The first of those that were not taken.
    pub rejected: Vec<RejectedView>,
    /// How many were not taken.
    pub rejected_total: u32,
}

/// One line of the records list.
#[derive(Debug, Clone, Serialize, Type)]
pub struct RecordLine {
    pub id: String,
    /// FHIR resource type.
    #[serde(rename = "type")]
    pub resource_type: String,
    pub group: String,
    pub date: Option<String>,
    pub title: String,
    /// A value with its unit, a dose, a status.
    pub detail: Option<String>,
    /// Why it is sensitive, empty when it is not.
    pub sensitive: Vec<String>,
}

/// What a page of the list is to show; what is left out filters nothing.
#[derive(Debug, Clone, Default, Deserialize, Type)]
pub struct RecordsFilter {
    /// FHIR resource type.
    pub resource_type: Option<String>,
    pub group: Option<Group>,
    /// Part of a title or of a detail, in letters of either case.
    pub text: Option<String>,
}

/// A part of the records list.
#[derive(Debug, Clone, Serialize, Type)]
pub struct RecordsPage {
    /// How many records the filter lets through.
    pub total: u32,
    pub lines: Vec<RecordLine>,
}

/// A file inside a record.
#[derive(Debug, Clone, Serialize, Type)]
pub struct AttachmentView {
    pub index: u32,
    pub title: Option<String>,
    /// By its first bytes: PDF, PNG, JPEG, GIF, WebP; else `application/octet-stream`.
    pub content_type: String,
    /// Its length; none when the record only names an address, which is never followed.
    pub bytes: Option<u32>,
}

/// One record, readable.
#[derive(Debug, Clone, Serialize, Type)]
pub struct RecordView {
    pub line: RecordLine,
    pub fields: Vec<FieldLine>,
    /// Values of the same measurement over time, oldest first; empty when it is not a measurement.
    pub series: Vec<Point>,
    pub unit: Option<String>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct FieldLine {
    pub label: String,
    pub value: String,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct Point {
    pub date: String,
    pub value: f64,
}

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

/// A code for the screen that the desk scans.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ShownCode {
    /// Names an offer when its state is asked; empty for a pass.
    pub code_id: String,
    /// What the code says, for a link or a hand scanner; at most 300 characters.
    pub uri: String,
    /// The code as a picture.
    pub svg: String,
    /// From when nobody takes it any more.
    pub expires: String,
    /// Whom it is for.
    pub verifier: VerifierView,
}

/// What a counter without a network asks.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ChallengeView {
    /// Names the sealed question in this vault; `answer_challenge` takes it.
    pub challenge_id: String,
    pub verifier: VerifierView,
    pub statement: StatementAskedView,
    /// When the list of organisations was made by which the asker is known.
    pub list_issued: String,
    /// That list is too old to be relied on.
    pub list_expired: bool,
    /// When this question can no longer be answered.
    pub expires: String,
    pub development: bool,
}

/// What the counter is to read from this screen.
#[derive(Debug, Clone, Serialize, Type)]
pub struct CounterAnswerView {
    /// The answer as a picture.
    pub svg: String,
    /// What the picture says, for a hand scanner or for pasting.
    pub uri: String,
    /// Four digits; the counter shows the same when it reads this answer.
    pub digits: String,
    /// From when the counter no longer takes it.
    pub expires: String,
}

/// What came of a code that was shown.
#[derive(Debug, Clone, Serialize, Type)]
pub struct OfferStateView {
    /// `waiting`, `question` or `expired`.
    pub state: String,
    /// The desk's question, once it has come.
    pub request_id: Option<String>,
}

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

/// What `sync` did.
#[derive(Debug, Clone, Serialize, Type)]
pub struct SyncView {
    pub sent: u32,
    pub waiting: u32,
}

/// How an error reaches a screen or a terminal.
#[derive(Debug, Clone, Serialize, Type, thiserror::Error)]
#[error("{message}")]
pub struct ErrorView {
    /// Stable, `snake_case`; the screen's words are chosen by it.
    pub code: String,
    /// What happened and what is safe.
    pub message: String,
    /// What to do next.
    pub next: String,
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

//! What a screen or a terminal may see of the wallet: never a secret, never the whole state.
//!
//! Every type here crosses the border to the webview (as generated TypeScript) and to `carnet --json`.
//! Times are RFC 3339 strings in UTC; days are ISO 8601; scopes are SMART v2 strings.

mod activity;
mod codes;
mod consents;
mod error;
mod home;
mod question;
mod records;
mod registers;
mod trust;
mod vault;

pub use activity::{ActivityLine, LogView, SyncView};
pub use codes::{ChallengeView, CounterAnswerView, OfferStateView, ShownCode};
pub use consents::{
    AnswerView, ConsentLine, ConsentView, LedgerView, ReadView, RevocationView, RevokeAllView, RevokedLine,
    SlipUsedView,
};
pub use error::ErrorView;
pub use home::{HomeView, Need, OtherPerson, ProfileView};
pub use question::{
    CardAskedView, CardChoiceView, CardOption, ItemView, PeriodView, ProvableView, QuestionView,
    StatementAskedView, StatementOption, VerifierView, WithheldView,
};
pub use records::{
    AttachmentView, FieldLine, GroupCount, ImportPreview, ImportView, PersonView, Point, RecordLine,
    RecordView, RecordsFilter, RecordsPage, RejectedView,
};
pub use registers::{ComparedView, RegistryView};
pub use trust::{ClinicView, PartyLine, PartyTrustView, TrustView};
pub use vault::{BackupState, BackupView, RecoveryView, RestoredView, VaultCheckView, VaultView};

pub use crate::credentials::{
    CredentialForm,
    views::{CardLine, CardStatus, CardView, ClaimLine, IssuerView, TakenCardView},
};
pub use crate::issuance::views::{
    AcceptedView, CardOfferView, OfferedCardView, OpenedCode, PinView, SignInView,
};

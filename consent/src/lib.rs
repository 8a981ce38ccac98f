//! What a consent is: what is asked, what is granted, what may go, what is recorded, and how it ends.
//!
//! Pure: time and randomness are passed in. The formats are normative in `docs/consent-record.md`.

mod audit;
mod code;
mod excess;
mod fhir;
mod ids;
mod period;
mod purpose;
mod receipt;
mod record;
mod request;
mod scope;
mod select;
mod state;
mod wire;

pub use audit::{Reading, ReadingKind, audit_event};
pub use code::{Code, code};
pub use excess::{excess_record, excess_scope};
pub use fhir::FhirConsentStatus;
pub use ids::{Commitment, ConsentId, Digest32, GrantId, IdError, Salt};
pub use period::{DataPeriod, MAX_PERIOD_DAYS, Period, Retention, RetentionError};
pub use purpose::{Purpose, UnknownPurpose};
pub use receipt::{LEDGER_STATUS, LedgerEntry, RECEIPT_SCHEMA, RECEIPT_TYPE, Receipt, ReceiptFacts};
pub use record::{CONSENT_KIND, Consent, ConsentError, Decision};
pub use request::{
    ConsentRequest, Endpoint, Item, LedgerRef, MAX_ITEMS, Manage, Onward, Recipient, RequestContext,
    RequestError, TRANSACTION_TYPE,
};
pub use scope::{Scope, ScopeError};
pub use select::{OutOfScope, Selection, Withheld, in_scope, select};
pub use state::{LedgerStatus, StateError, WalletEvent, WalletState};

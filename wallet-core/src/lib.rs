//! The patient's side: one vault, and one file per thing that a patient can do with it.
//!
//! [`Wallet`] is what every door holds (window, terminal, test). Its methods are the use cases; each has one error enum whose
//! codes are stable. What leaves this crate for a screen are the types of [`views`]: never a secret, never the whole state.

mod activity;
mod check;
mod clock;
mod consents;
mod create;
mod deny;
pub mod dumps;
mod errands;
mod error;
mod grant;
mod home;
mod import;
mod inspect;
mod kept;
pub mod keys;
mod log;
mod passphrase;
mod person;
mod profiles;
mod question;
mod random;
mod read_code;
mod reads;
mod records;
mod revoke;
mod rotate;
mod sync;
mod talk;
pub mod traces;
mod trust;
mod unlock;
pub mod vault;
pub mod views;
mod wallet;
pub mod words;

pub use activity::ActivityError;
pub use check::CheckError;
pub use clock::Clock;
pub use consents::ConsentsError;
pub use create::{CreateError, Created};
pub use deny::DenyError;
pub use error::{Category, Described, Facts};
pub use grant::GrantError;
pub use home::HomeError;
pub use import::ImportError;
pub use inspect::InspectError;
pub use log::{LONGEST_LOG, LogError};
pub use passphrase::PassphraseError;
pub use profiles::ProfilesError;
pub use random::NoRandomness;
pub use read_code::ReadCodeError;
pub use reads::ReadsError;
pub use records::RecordsError;
pub use revoke::RevokeError;
pub use rotate::RotateError;
pub use sync::SyncError;
pub use talk::TalkError;
pub use trust::TrustError;
pub use unlock::UnlockError;
pub use wallet::{Choice, Wallet};

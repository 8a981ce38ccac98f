//! SD-JWT with key binding (RFC 9901) and the rules of SD-JWT VC (`typ: dc+sd-jwt`).
//!
//! Written here rather than taken from `sd-jwt-payload` 0.5: that crate draws its own randomness, repeats disclosed
//! values in its errors, keeps undecoded what becomes empty, and accepts repeated members.
//!
//! - [`issue`] makes a credential, [`Received`] takes one in, [`present`] shows it, [`check`] decides about a presentation.
//! - Claims of objects, flat or nested, can be disclosable; elements of arrays are only read, not made.

mod check;
mod disclose;
mod issue;
mod present;
mod received;

pub use check::{Checked, Expect, Issuer, check};
pub use issue::{Issuance, IssueError, issue};
pub use present::{KbClaims, PresentError, present};
pub use received::Received;

use crate::{json::JsonError, jws::JwsError};

/// `typ` of a credential.
pub const TYP: &str = "dc+sd-jwt";
/// `typ` of a key binding JWT (RFC 9901 section 4.3).
pub const KB_TYP: &str = "kb+jwt";
/// Longest presentation that is looked at, in bytes.
pub const MAX_LEN: usize = 65_536;
/// Most disclosures that are looked at.
pub const MAX_DISCLOSURES: usize = 256;

/// Why a presentation is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdJwtError {
    /// Longer than [`MAX_LEN`] or with more than [`MAX_DISCLOSURES`] disclosures.
    #[error("the presentation is larger than allowed")]
    TooLarge,
    /// Not `<jwt>~<disclosure>~…~<key binding>`.
    #[error("this is not a presentation of a credential")]
    Malformed,
    /// The credential's own signature or form.
    #[error("the credential was refused: {0}")]
    Credential(JwsError),
    /// The key binding's signature or form.
    #[error("the proof of holding was refused: {0}")]
    KeyBinding(JwsError),
    /// There is no key binding.
    #[error("the proof of holding is missing")]
    NoKeyBinding,
    /// The issuer is not the expected one, or not the one whose key signed.
    #[error("the credential is by another issuer")]
    WrongIssuer,
    /// `vct` is not the expected one.
    #[error("the credential is of another type")]
    WrongType,
    /// `cnf` is missing or holds no acceptable key.
    #[error("the credential names no holder key")]
    NoHolder,
    /// A self-issued credential whose issuer and holder keys differ.
    #[error("the credential is bound to another key")]
    WrongHolder,
    /// `exp` has passed.
    #[error("the credential has expired")]
    Expired,
    /// `nbf` or `iat` lies ahead.
    #[error("the credential is not valid yet")]
    NotYetValid,
    /// A time is not a number of seconds.
    #[error("a time in the credential is not well formed")]
    BadTime,
    /// The credential has a status that was not checked.
    #[error("the credential's status can't be checked")]
    StatusUnchecked,
    /// A disclosure is not well formed.
    #[error("a disclosed claim is not well formed")]
    Disclosure(JsonError),
    /// A digest or disclosure is used twice, not used, or hides a reserved or existing name.
    #[error("the disclosed claims don't fit the credential")]
    DisclosureMisfit,
    /// `_sd_alg` is not sha-256.
    #[error("the credential uses another hash")]
    WrongHash,
    /// The key binding is for another verifier.
    #[error("the proof of holding is for someone else")]
    WrongAudience,
    /// The key binding is for another session.
    #[error("the proof of holding is for another session")]
    WrongNonce,
    /// The key binding is older or newer than allowed.
    #[error("the proof of holding is not fresh")]
    Stale,
    /// `sd_hash` does not match what is presented.
    #[error("the proof of holding is for other claims")]
    WrongSdHash,
}

impl SdJwtError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "presentation_too_large",
            Self::Malformed => "presentation_malformed",
            Self::Credential(JwsError::BadSignature) => "credential_bad_signature",
            Self::Credential(_) => "credential_malformed",
            Self::KeyBinding(JwsError::BadSignature) => "key_binding_bad_signature",
            Self::KeyBinding(_) => "key_binding_malformed",
            Self::NoKeyBinding => "key_binding_missing",
            Self::WrongIssuer => "credential_wrong_issuer",
            Self::WrongType => "credential_wrong_type",
            Self::NoHolder => "credential_no_holder",
            Self::WrongHolder => "credential_wrong_holder",
            Self::Expired => "credential_expired",
            Self::NotYetValid => "credential_not_yet_valid",
            Self::BadTime => "credential_bad_time",
            Self::StatusUnchecked => "credential_status_unchecked",
            Self::Disclosure(_) => "disclosure_malformed",
            Self::DisclosureMisfit => "disclosure_misfit",
            Self::WrongHash => "credential_wrong_hash",
            Self::WrongAudience => "key_binding_wrong_audience",
            Self::WrongNonce => "key_binding_wrong_nonce",
            Self::Stale => "key_binding_stale",
            Self::WrongSdHash => "key_binding_wrong_claims",
        }
    }
}

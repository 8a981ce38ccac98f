//! The trust list: who is who, under which client ids, at which origins. It is signed by a root key that the wallet
//! pins with its first list; only that key can replace the list, and only by a newer one.

mod list;
mod names;
mod own_entry;
mod sign;

pub use list::{Entry, LocalPin, Registry, RegistryKind, Role, TrustList};
pub use names::{is_mixed, look_alike};
pub use own_entry::{ADDED, OwnEntry, open_own, sign_own};
pub use sign::{RootKey, open_any, open_held, sign, verify_first, verify_update};

use carnet_credentials::jws::JwsError;

/// Why a trust list is refused. The list held before stays in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not a signed list, or the signature doesn't match.
    #[error("this is not a trust list with a valid signature: {0}")]
    Signature(#[from] JwsError),
    /// The header holds no acceptable root key.
    #[error("the trust list doesn't say by which key it is signed")]
    NoRootKey,
    /// Signed by another key than the pinned one.
    #[error("the trust list is signed by another authority than the one chosen before; the old list stays")]
    WrongRoot,
    /// A member is unknown, missing or ill-typed.
    #[error("the trust list is not well formed")]
    Malformed,
    /// Not the file of a party's own entry.
    #[error("this is not the file that an organisation gives out about itself")]
    NotAnEntry,
    /// Two entries share an id, client id or origin.
    #[error("the trust list gives one identity to two parties")]
    Ambiguous,
    /// Two parties say that they keep one registry themselves: each could speak for the other's log.
    #[error("the trust list names two keepers of one register")]
    TwoKeepers,
    /// A name could mislead the eye, or is empty or too long.
    #[error("the trust list has a name that can't be shown safely")]
    BadName,
    /// An origin, endpoint or address is not of the form required.
    #[error("the trust list has an address that isn't accepted")]
    BadAddress,
    /// It has expired.
    #[error("the trust list has expired; ask for a new one")]
    Expired,
    /// It was issued in the future: one of the clocks is wrong.
    #[error("the trust list is dated in the future; check this device's clock")]
    NotYetValid,
    /// It is older than the one held.
    #[error("the trust list is older than the one held; the newer one stays")]
    Rollback,
    /// It has the version of the one held.
    #[error("the trust list is not newer than the one held")]
    NotNewer,
}

impl TrustError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Signature(JwsError::BadSignature) => "trust_bad_signature",
            Self::Signature(_) => "trust_not_signed",
            Self::NoRootKey => "trust_no_root_key",
            Self::WrongRoot => "trust_wrong_root",
            Self::Malformed => "trust_malformed",
            Self::NotAnEntry => "trust_not_an_entry",
            Self::Ambiguous => "trust_ambiguous",
            Self::TwoKeepers => "trust_two_keepers",
            Self::BadName => "trust_bad_name",
            Self::BadAddress => "trust_bad_address",
            Self::Expired => "trust_expired",
            Self::NotYetValid => "trust_not_yet_valid",
            Self::Rollback => "trust_rollback_refused",
            Self::NotNewer => "trust_not_newer",
        }
    }
}

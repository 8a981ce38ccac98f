use crate::{issuer::IssuerError, jws::JwsError};

/// Why a status is not known to be valid, or a list is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// The issuer took the credential back.
    #[error("the credential was revoked by its issuer")]
    Revoked,
    /// The issuer stopped it for now.
    #[error("the credential is suspended by its issuer for now; ask again later")]
    Suspended,
    /// The status is one that only the issuer explains.
    #[error("the credential has a status that is not understood")]
    Unknown,
    /// The list has no entry at that place.
    #[error("the credential's status is not in its list")]
    NoSuchEntry,
    /// The list, or the copy of it, is older than allowed.
    #[error("the list of statuses is too old; fetch it anew")]
    TooOld,
    /// The list says it was made in the future.
    #[error("the list of statuses is not valid yet")]
    NotYetValid,
    /// The list is another one than the credential names.
    #[error("the list of statuses is another one")]
    OtherList,
    /// The credential's reference to its list can't be read.
    #[error("the credential's reference to its status is not well formed")]
    ReferenceMalformed,
    /// A part of the list is missing, ill-typed or can't be unpacked.
    #[error("the list of statuses is not well formed")]
    ListMalformed,
    /// Larger than [`super::MAX_LEN`], or than [`super::MAX_STATUSES`] unpacked.
    #[error("the list of statuses is larger than allowed")]
    TooLarge,
    /// The status is larger than an entry.
    #[error("the status doesn't fit into an entry of this list")]
    DoesNotFit,
    /// The list's own signature or form.
    #[error("the list of statuses was refused: {0}")]
    ListSignature(JwsError),
    /// The list is not by the expected issuer.
    #[error("the issuer of the list of statuses was refused: {0}")]
    ListIssuer(IssuerError),
}

impl StatusError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Revoked => "status_revoked",
            Self::Suspended => "status_suspended",
            Self::Unknown => "status_unknown",
            Self::NoSuchEntry => "status_no_such_entry",
            Self::TooOld => "status_list_too_old",
            Self::NotYetValid => "status_list_not_yet_valid",
            Self::OtherList => "status_other_list",
            Self::ReferenceMalformed => "status_reference_malformed",
            Self::ListMalformed => "status_list_malformed",
            Self::TooLarge => "status_list_too_large",
            Self::DoesNotFit => "status_does_not_fit",
            Self::ListSignature(JwsError::BadSignature) => "status_list_bad_signature",
            Self::ListSignature(_) => "status_list_not_signed",
            Self::ListIssuer(_) => "status_list_wrong_issuer",
        }
    }
}

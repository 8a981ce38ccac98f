//! W3C Verifiable Credentials: whether one may be believed.
//!
//! - [`check`] and [`check_presentation`]: with Data Integrity proofs
//! - [`jose`]: as signed texts, `vc+jwt` and `vp+jwt`
//! - [`Documents`]: where the issuers' and holders' keys come from
//!
//! A signature that holds is the smaller part. What is refused here beyond it: an issuer who isn't the controller of the
//! key, a key used for another purpose than its owner listed it for, times that have passed or not come, a status that
//! was not or can't be looked up, a presentation made for somebody else.

mod check;
mod documents;
pub mod jose;
mod model;
mod present;
mod status;

pub use check::{Checked, Conditions, check};
pub use documents::{Documents, Offline};
pub(crate) use model::texts;
pub use present::{CheckedPresentation, Expected, check_presentation};

use crate::{contexts::ContextError, data_integrity::DataIntegrityError, jws::JwsError};

/// Most credentials in one presentation.
pub const MAX_CREDENTIALS: usize = 16;

/// Why a credential or presentation is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VcError {
    /// Its contexts.
    #[error("{0}")]
    Context(ContextError),
    /// The first context is not that of the data model (VC Data Model 2.0, section 4.3).
    #[error("the document is not a credential or presentation of a known version")]
    ContextOrder,
    /// `type` is malformed or lacks `VerifiableCredential` or `VerifiablePresentation`.
    #[error("the document is of another type")]
    WrongType,
    /// `issuer` is no URL and no object with one as `id`.
    #[error("the issuer is not named")]
    IssuerMalformed,
    /// `credentialSubject` is not an object or a list of objects that say something.
    #[error("the credential says nothing about anybody")]
    SubjectMalformed,
    /// A time is not a date with time and offset, or the end lies before the beginning.
    #[error("a time in the credential is not well formed")]
    TimeMalformed,
    /// Another member has a form that the data model doesn't allow.
    #[error("a part of the credential is not well formed")]
    Malformed,
    /// A Data Integrity proof.
    #[error("{0}")]
    Proof(DataIntegrityError),
    /// The signed text.
    #[error("{0}")]
    Jws(JwsError),
    /// The payload has a claim `vc` or `vp` (an outdated form) or claims that contradict the credential.
    #[error("the signed text and the credential in it say different things")]
    ClaimsMisfit,
    /// The header names no key.
    #[error("the signed text does not say which key signed it")]
    KeyNotNamed,
    /// No DID document for the key's controller.
    #[error("the signer's keys could not be found")]
    Unresolved,
    /// The document doesn't hold the key.
    #[error("the signer does not have the key that signed")]
    MethodUnknown,
    /// The key in the document is controlled by somebody else.
    #[error("the key that signed belongs to somebody else")]
    ForeignKey,
    /// The key isn't listed for this use.
    #[error("the key that signed is not meant for this")]
    NotListed,
    /// `proofPurpose` is another one.
    #[error("the signature was made for another purpose")]
    WrongPurpose,
    /// No proof is by the issuer.
    #[error("the credential is not signed by its issuer")]
    WrongIssuer,
    /// A proof of the presentation is not by the holder.
    #[error("the presentation is not signed by its holder")]
    WrongHolder,
    /// A credential in the presentation is about somebody other than the holder.
    #[error("a credential in the presentation is about somebody else")]
    NotAboutHolder,
    /// The proof was made in the future.
    #[error("the signature is from the future")]
    ProofPremature,
    /// The proof's `expires` has passed.
    #[error("the signature has expired")]
    ProofExpired,
    /// `validFrom` (or `issuanceDate`) lies ahead.
    #[error("the credential is not valid yet")]
    NotYetValid,
    /// `validUntil` (or `expirationDate`) has passed.
    #[error("the credential has expired")]
    Expired,
    /// Another challenge.
    #[error("the presentation is for another session")]
    WrongChallenge,
    /// Another domain.
    #[error("the presentation is for someone else")]
    WrongDomain,
    /// More than [`MAX_CREDENTIALS`].
    #[error("the presentation holds more credentials than are looked at")]
    TooManyCredentials,
    /// `credentialStatus` is malformed.
    #[error("the credential's status entry is not well formed")]
    StatusMalformed,
    /// `credentialStatus` is of a kind that isn't supported.
    #[error("the credential's status is kept in a way that is not supported")]
    StatusUnsupported,
    /// The list is not at hand.
    #[error("the credential's status could not be looked up")]
    StatusUnchecked,
    /// The list is of another issuer or for another purpose.
    #[error("the credential's status list is not the right one")]
    StatusListMisfit,
    /// The list has expired or isn't valid yet.
    #[error("the credential's status list is out of date")]
    StatusListStale,
    /// The index lies outside of the list.
    #[error("the credential's place in its status list does not exist")]
    StatusIndex,
    /// Its bit says so.
    #[error("the credential was revoked by its issuer")]
    Revoked,
    /// Its bit says so.
    #[error("the credential is suspended by its issuer")]
    Suspended,
}

impl From<DataIntegrityError> for VcError {
    fn from(error: DataIntegrityError) -> Self {
        Self::Proof(error)
    }
}

impl From<JwsError> for VcError {
    fn from(error: JwsError) -> Self {
        Self::Jws(error)
    }
}

impl VcError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Context(e) => e.code(),
            Self::ContextOrder => "vc_context_order",
            Self::WrongType => "vc_wrong_type",
            Self::IssuerMalformed => "vc_issuer_malformed",
            Self::SubjectMalformed => "vc_subject_malformed",
            Self::TimeMalformed => "vc_time_malformed",
            Self::Malformed => "vc_malformed",
            Self::Proof(e) => e.code(),
            Self::Jws(e) => e.code(),
            Self::ClaimsMisfit => "vc_claims_misfit",
            Self::KeyNotNamed => "vc_key_not_named",
            Self::Unresolved => "vc_signer_unresolved",
            Self::MethodUnknown => "vc_key_unknown",
            Self::ForeignKey => "vc_key_foreign",
            Self::NotListed => "vc_key_not_listed",
            Self::WrongPurpose => "vc_wrong_purpose",
            Self::WrongIssuer => "vc_wrong_issuer",
            Self::WrongHolder => "vp_wrong_holder",
            Self::NotAboutHolder => "vp_not_about_holder",
            Self::ProofPremature => "vc_proof_premature",
            Self::ProofExpired => "vc_proof_expired",
            Self::NotYetValid => "vc_not_yet_valid",
            Self::Expired => "vc_expired",
            Self::WrongChallenge => "vp_wrong_challenge",
            Self::WrongDomain => "vp_wrong_domain",
            Self::TooManyCredentials => "vp_too_many_credentials",
            Self::StatusMalformed => "vc_status_malformed",
            Self::StatusUnsupported => "vc_status_unsupported",
            Self::StatusUnchecked => "vc_status_unchecked",
            Self::StatusListMisfit => "vc_status_list_misfit",
            Self::StatusListStale => "vc_status_list_stale",
            Self::StatusIndex => "vc_status_index",
            Self::Revoked => "vc_revoked",
            Self::Suspended => "vc_suspended",
        }
    }
}

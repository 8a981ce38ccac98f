//! Proofs inside a document (W3C VC Data Integrity 1.0): [`sign`] adds one, [`Secured`] checks them.
//!
//! Suites: `eddsa-jcs-2022`, `eddsa-rdfc-2022`, `ecdsa-jcs-2019`, `ecdsa-rdfc-2019`; `Ed25519Signature2020` is only
//! checked. Proof sets and proof chains (section 2.1.1, 2.1.2).
//!
//! A proof that holds says only which key signed what. Whether that key may speak for the issuer, now and to this
//! verifier, is decided in [`crate::vc`].

mod jsonld;
mod proof;
mod rdf;
mod rdfc;
mod sign;
mod suite;
mod verify;

pub(crate) use jsonld::check_plain;
pub use proof::Proof;
pub use sign::{Signing, sign};
pub use suite::Suite;
pub use verify::Secured;

use crate::contexts::ContextError;

/// Most proofs of one document.
pub const MAX_PROOFS: usize = 16;

/// Why a proof is refused, or can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DataIntegrityError {
    /// Too many values or statements.
    #[error("the document is larger than allowed")]
    TooLarge,
    /// Deeper than [`crate::json::MAX_DEPTH`].
    #[error("the document is nested too deeply")]
    TooDeep,
    /// The document's contexts.
    #[error("{0}")]
    Context(ContextError),
    /// A JSON-LD keyword (`@id`, `@type`, `@graph` …) where a name of a vocabulary belongs.
    #[error("the document uses a JSON-LD keyword where it could be read in two ways")]
    Keyword,
    /// A member named by an IRI instead of a term.
    #[error("the document names a member in a way that could be read in two ways")]
    NotATerm,
    /// JSON-LD refuses the document: most often, a word that no context defines.
    #[error("the document uses a word that its vocabularies don't define, or isn't linked data")]
    NotLinkedData,
    /// Something that JSON-LD would leave out: null, an empty array.
    #[error("a part of the document would not be signed")]
    Dropped,
    /// An id or type that isn't an absolute IRI.
    #[error("the document points at something by a relative name")]
    RelativeReference,
    /// Telling the unnamed parts apart would take too long.
    #[error("the document's unnamed parts are too entangled")]
    TooComplex,
    /// There is no proof.
    #[error("the document is not signed")]
    NoProof,
    /// More than [`MAX_PROOFS`].
    #[error("the document has more proofs than are looked at")]
    TooManyProofs,
    /// A member of a proof is missing or of the wrong form.
    #[error("a proof is not well formed")]
    ProofMalformed,
    /// Another cryptosuite or type of proof.
    #[error("a proof was made in a way that is not supported")]
    UnknownSuite,
    /// The suite doesn't take this kind of key.
    #[error("a proof was made with another kind of key than it says")]
    WrongKey,
    /// A proof's own `@context` is not how the document's begins.
    #[error("a proof is about another vocabulary than the document")]
    ContextMismatch,
    /// `previousProof` names a proof that is not there, or itself.
    #[error("a proof builds on another one that is missing")]
    PreviousMissing,
    /// The signature is not by this key over this document.
    #[error("a proof does not match the document")]
    BadSignature,
    /// A proof of this suite is checked but never made.
    #[error("proofs of this kind are no longer made")]
    Legacy,
}

impl DataIntegrityError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "document_too_large",
            Self::TooDeep => "document_too_deep",
            Self::Context(e) => e.code(),
            Self::Keyword => "jsonld_keyword",
            Self::NotATerm => "jsonld_not_a_term",
            Self::NotLinkedData => "jsonld_undefined",
            Self::Dropped => "jsonld_dropped",
            Self::RelativeReference => "jsonld_relative",
            Self::TooComplex => "jsonld_too_complex",
            Self::NoProof => "proof_missing",
            Self::TooManyProofs => "proof_too_many",
            Self::ProofMalformed => "proof_malformed",
            Self::UnknownSuite => "proof_suite_unknown",
            Self::WrongKey => "proof_wrong_key",
            Self::ContextMismatch => "proof_context_mismatch",
            Self::PreviousMissing => "proof_previous_missing",
            Self::BadSignature => "proof_bad_signature",
            Self::Legacy => "proof_suite_legacy",
        }
    }
}

//! Why a DID has no document, in our words and in those of W3C DID Resolution 1.0 (section 11, Errors).

use carnet_fetch::FetchError;
use serde_json::{Value, json};

use crate::{document::DocumentError, json::JsonError, key::KeyError, webvh::WebvhError};

/// Why a DID has no document. Nothing of what was read is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Not a DID of its method's form.
    #[error("this is not a well-formed DID")]
    InvalidDid,
    /// A method that isn't supported.
    #[error("DIDs of this method are not supported")]
    MethodNotSupported,
    /// A well-formed DID of a key that is refused.
    #[error("the DID's key was refused: {0}")]
    Key(#[from] KeyError),
    /// An option has the wrong form, or two options contradict each other.
    #[error("the options are not well formed, or ask for two versions at once")]
    InvalidOptions,
    /// A version was asked for, of a method that keeps none.
    #[error("DIDs of this method have no versions to choose from")]
    NoVersions,
    /// Another form of the document was asked for than those that can be given.
    #[error("the document can't be given in this form")]
    RepresentationNotSupported,
    /// There is no such DID, or its short form was never seen with its long one.
    #[error("there is no such DID")]
    NotFound,
    /// The DID has no version of that id, number or time.
    #[error("the DID has no such version")]
    NoSuchVersion,
    /// This resolver never asks anybody.
    #[error("this DID's host would have to be asked, and nobody is asked from here")]
    Offline,
    /// The host was not, or could not be, asked.
    #[error("the DID's host could not be asked: {0}")]
    Fetch(#[from] FetchError),
    /// The host answered with something other than the file.
    #[error("the DID's host did not give the document")]
    BadAnswer,
    /// What the host gave is no JSON to be trusted.
    #[error("the DID document was refused: {0}")]
    Json(#[from] JsonError),
    /// What the host gave is no DID document.
    #[error("the DID document was refused: {0}")]
    Document(#[from] DocumentError),
    /// The document speaks of another DID.
    #[error("the document found there is another DID's")]
    WrongId,
    /// The did:webvh log was refused.
    #[error("the DID's history was refused: {0}")]
    Webvh(#[from] WebvhError),
    /// The DID exists, but was ended by who controls it.
    #[error("the DID has been deactivated")]
    Deactivated,
    /// A task of this program ended unexpectedly.
    #[error("resolving was interrupted")]
    Interrupted,
}

impl ResolveError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidDid => "invalid_did",
            Self::MethodNotSupported => "method_not_supported",
            Self::Key(e) => e.code(),
            Self::InvalidOptions => "invalid_options",
            Self::NoVersions => "no_versions",
            Self::RepresentationNotSupported => "representation_not_supported",
            Self::NotFound => "did_not_found",
            Self::NoSuchVersion => "no_such_version",
            Self::Offline => "offline",
            Self::Fetch(e) => e.code(),
            Self::BadAnswer => "bad_answer",
            Self::Json(e) => e.code(),
            Self::Document(e) => e.code(),
            Self::WrongId => "wrong_id",
            Self::Webvh(e) => e.code(),
            Self::Deactivated => "deactivated",
            Self::Interrupted => "interrupted",
        }
    }

    /// What to do next.
    pub fn next(&self) -> &'static str {
        match self {
            Self::InvalidDid | Self::Key(_) => "Check that the whole identifier was copied.",
            Self::MethodNotSupported => {
                "Ask for an identifier of did:key, did:jwk, did:pkh, did:peer, did:web or did:webvh."
            }
            Self::InvalidOptions | Self::NoVersions | Self::NoSuchVersion => {
                "Leave the version out, or name one that exists."
            }
            Self::RepresentationNotSupported => "Ask for application/did-resolution or application/did.",
            Self::NotFound => "Ask whoever gave you the identifier whether it is still published.",
            Self::Offline => "Resolve it where asking the network is allowed.",
            Self::Fetch(e) if e.is_temporary() => "Check your connection and try again.",
            Self::Fetch(FetchError::NotPinned) => "This resolver only asks the hosts of its trust list.",
            Self::Fetch(_) | Self::BadAnswer | Self::Json(_) | Self::Document(_) | Self::WrongId => {
                "Nothing was accepted. Tell whoever publishes the identifier."
            }
            Self::Webvh(_) => "Don't rely on this identifier. Tell whoever publishes it.",
            Self::Deactivated => "Don't rely on this identifier any more.",
            Self::Interrupted => "Try again.",
        }
    }

    /// Whether the same question may be answered later although nothing was published anew.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Fetch(e) => e.is_temporary(),
            Self::BadAnswer | Self::Interrupted => true,
            _ => false,
        }
    }

    /// The last part of the error's type: `https://www.w3.org/ns/did#…`.
    pub fn w3c_name(&self) -> &'static str {
        match self {
            Self::InvalidDid | Self::Key(_) | Self::Webvh(_) => "INVALID_DID",
            Self::MethodNotSupported => "METHOD_NOT_SUPPORTED",
            Self::InvalidOptions => "INVALID_OPTIONS",
            Self::NoVersions | Self::Offline | Self::Fetch(FetchError::NotPinned) => "FEATURE_NOT_SUPPORTED",
            Self::RepresentationNotSupported => "REPRESENTATION_NOT_SUPPORTED",
            Self::NotFound | Self::NoSuchVersion => "NOT_FOUND",
            Self::Json(_) | Self::Document(_) | Self::WrongId => "INVALID_DID_DOCUMENT",
            Self::Fetch(_) | Self::BadAnswer | Self::Deactivated | Self::Interrupted => "INTERNAL_ERROR",
        }
    }

    /// The error object of `didResolutionMetadata` (RFC 9457).
    pub fn problem(&self) -> Value {
        json!({
            "type": format!("https://www.w3.org/ns/did#{}", self.w3c_name()),
            "title": self.to_string(),
            "detail": self.code(),
        })
    }

    /// Status of the HTTPS binding (section 12.1).
    pub fn http_status(&self) -> u16 {
        match self.w3c_name() {
            _ if *self == Self::Deactivated => 410,
            "INVALID_DID" | "INVALID_OPTIONS" => 400,
            "NOT_FOUND" => 404,
            "REPRESENTATION_NOT_SUPPORTED" => 406,
            "METHOD_NOT_SUPPORTED" | "FEATURE_NOT_SUPPORTED" => 501,
            _ => 500,
        }
    }
}

//! What resolving gives: the result of W3C DID Resolution 1.0 (sections 4 and 4.3), and the options.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{document::Document, error::ResolveError};

/// Media type of a whole result (HTTPS binding, section 7).
pub const RESULT_TYPE: &str = "application/did-resolution";
/// Media type of a document alone.
pub const DOCUMENT_TYPE: &str = "application/did";

/// Longest version id that is looked at, in bytes.
const MAX_VERSION_ID: usize = 128;

/// Which version, and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Exactly this version.
    pub version_id: Option<String>,
    /// What held at that time.
    pub version_time: Option<Timestamp>,
    /// The version with this number (did:webvh).
    pub version_number: Option<u64>,
    /// Asks the host even if a good copy is held.
    pub no_cache: bool,
}

impl Options {
    /// Reads options as they stand in a query. Unknown ones are refused: they might have changed the answer.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ResolveError> {
        fn once<T>(place: &mut Option<T>, value: Option<T>) -> Result<(), ResolveError> {
            match (&place, value) {
                (None, Some(value)) => {
                    *place = Some(value);
                    Ok(())
                }
                _ => Err(ResolveError::InvalidOptions),
            }
        }
        let mut options = Self::default();
        let mut no_cache = None;
        for (name, value) in pairs {
            match name {
                "versionId" => once(&mut options.version_id, Some(value.to_owned()))?,
                "versionTime" => once(&mut options.version_time, value.parse().ok())?,
                "versionNumber" => once(&mut options.version_number, value.parse().ok())?,
                "noCache" => once(&mut no_cache, value.parse().ok())?,
                _ => return Err(ResolveError::InvalidOptions),
            }
        }
        options.no_cache = no_cache.unwrap_or_default();
        options.check()?;
        Ok(options)
    }

    /// At most one version may be asked for.
    pub fn check(&self) -> Result<(), ResolveError> {
        let asked = [
            self.version_id.is_some(),
            self.version_time.is_some(),
            self.version_number.is_some(),
        ];
        let short = self
            .version_id
            .as_ref()
            .is_none_or(|id| id.len() <= MAX_VERSION_ID);
        if short && asked.iter().filter(|asked| **asked).count() <= 1 {
            Ok(())
        } else {
            Err(ResolveError::InvalidOptions)
        }
    }

    /// Whether a version is asked for.
    pub fn names_version(&self) -> bool {
        self.version_id.is_some() || self.version_time.is_some() || self.version_number.is_some()
    }
}

/// About the document (section 4.3), with what did:webvh adds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentMetadata {
    /// Time of the first version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Time of this version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<String>,
    /// The DID was ended, whichever version this is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deactivated: bool,
    /// Id of this version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Time of this version, as did:webvh names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_time: Option<String>,
    /// Time of the version after this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_update: Option<String>,
    /// Id of the version after this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_version_id: Option<String>,
    /// The name that the DID goes by now, where it moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_id: Option<String>,
    /// Other forms of the same DID.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub equivalent_id: Vec<String>,
    /// did:webvh: what stays the same when the DID moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scid: Option<String>,
    /// did:webvh: whether it may move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portable: Option<bool>,
    /// did:webvh: seconds for which it may be kept, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
    /// did:webvh: who witnesses the next version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<Value>,
    /// did:webvh: who keeps copies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub watchers: Vec<String>,
}

/// A DID that was resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    document: Arc<Document>,
    /// About the document.
    pub metadata: Arc<DocumentMetadata>,
    /// When the host gave it; nothing where nobody was asked.
    pub retrieved: Option<Timestamp>,
    /// The host could not be asked lately: this is the last good copy.
    pub stale: bool,
}

impl Resolved {
    /// A document that follows from the DID itself.
    pub(crate) fn derived(document: Document) -> Self {
        Self::new(Arc::new(document), Arc::default())
    }

    pub(crate) fn new(document: Arc<Document>, metadata: Arc<DocumentMetadata>) -> Self {
        Self {
            document,
            metadata,
            retrieved: None,
            stale: false,
        }
    }

    /// The document, to be relied on: a deactivated DID has none.
    pub fn in_force(&self) -> Result<&Arc<Document>, ResolveError> {
        if self.metadata.deactivated {
            Err(ResolveError::Deactivated)
        } else {
            Ok(&self.document)
        }
    }

    /// The document, to be shown: also that of a deactivated DID.
    pub fn document(&self) -> &Arc<Document> {
        &self.document
    }
}

/// The result in the W3C's form, for an answer or a refusal.
pub fn result(answer: &Result<Resolved, ResolveError>) -> Value {
    match answer {
        Ok(resolved) => {
            let mut metadata = json!({ "contentType": DOCUMENT_TYPE });
            if let Some(retrieved) = resolved.retrieved {
                metadata["retrieved"] = json!(crate::proof::whole_second(retrieved));
            }
            if resolved.stale {
                metadata["stale"] = json!(true);
            }
            json!({
                "didDocument": resolved.document,
                "didResolutionMetadata": metadata,
                "didDocumentMetadata": resolved.metadata,
            })
        }
        Err(error) => json!({
            "didDocument": null,
            "didResolutionMetadata": { "error": error.problem() },
            "didDocumentMetadata": {},
        }),
    }
}

/// Status of the HTTPS binding: 200, 410 for a deactivated DID, or that of the error.
pub fn http_status(answer: &Result<Resolved, ResolveError>) -> u16 {
    match answer {
        Ok(resolved) => resolved.in_force().map_or_else(|e| e.http_status(), |_| 200),
        Err(error) => error.http_status(),
    }
}

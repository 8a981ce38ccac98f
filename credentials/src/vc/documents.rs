//! Whose key it is, and what for (W3C Controlled Identifiers 1.0, section 3.3).

use carnet_did_resolver::{
    document::{Document, Relationship},
    resolve,
};

use jiff::Timestamp;

use super::VcError;
use crate::jwk::PublicKey;

/// Where DID documents come from. Whoever fetches does so before checking: what is decided here needs no network.
pub trait Documents {
    /// The document of this DID, if there is one.
    fn document(&self, did: &str) -> Option<Document>;
}

/// Identifiers whose document follows from themselves: `did:key`, `did:jwk`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offline;

impl Documents for Offline {
    fn document(&self, did: &str) -> Option<Document> {
        resolve(did).ok()
    }
}

/// The key of this verification method, if its controller lists it under that relationship.
pub(super) fn key(
    documents: &dyn Documents,
    method: &str,
    relationship: Relationship,
    now: Timestamp,
) -> Result<PublicKey, VcError> {
    let (did, _) = method.split_once('#').ok_or(VcError::MethodUnknown)?;
    let document = documents.document(did).ok_or(VcError::Unresolved)?;
    if document.id != did {
        return Err(VcError::Unresolved);
    }
    let found = document.method(method).ok_or(VcError::MethodUnknown)?;
    if found.controller != did {
        return Err(VcError::ForeignKey);
    }
    if found.public_key().is_none() {
        return Err(VcError::MethodUnknown);
    }
    document
        .key_for_at(method, relationship, now)
        .ok_or(VcError::NotListed)
}

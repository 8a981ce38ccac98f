//! The DID document (W3C DID Core 1.0, section 5).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::key::PublicKey;

/// A DID document as these methods produce it: every verification method stands once and the relationships
/// name it by its full id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// JSON-LD contexts.
    #[serde(rename = "@context")]
    pub context: Vec<String>,
    /// The DID itself.
    pub id: String,
    /// Keys of the subject.
    pub verification_method: Vec<VerificationMethod>,
    /// Ids of the methods for authentication.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authentication: Vec<String>,
    /// Ids of the methods for issuing statements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assertion_method: Vec<String>,
    /// Ids of the methods for receiving encrypted data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_agreement: Vec<String>,
    /// Ids of the methods for invoking capabilities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capability_invocation: Vec<String>,
    /// Ids of the methods for delegating capabilities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capability_delegation: Vec<String>,
}

/// One key of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationMethod {
    /// Full id, `did:…#fragment`.
    pub id: String,
    /// `JsonWebKey` or `Multikey`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The DID that controls the key.
    pub controller: String,
    /// The key as JWK, for `JsonWebKey`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key_jwk: Option<Value>,
    /// The key as multikey, for `Multikey`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key_multibase: Option<String>,
}

/// What a key may be used for (DID Core section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relationship {
    /// Proving control.
    Authentication,
    /// Issuing statements.
    AssertionMethod,
    /// Receiving encrypted data.
    KeyAgreement,
}

impl VerificationMethod {
    /// The key itself, or nothing where it is of an unknown kind.
    pub fn public_key(&self) -> Option<PublicKey> {
        match (&self.public_key_jwk, &self.public_key_multibase) {
            (Some(jwk), None) => PublicKey::from_jwk(jwk).ok(),
            (None, Some(multikey)) => PublicKey::from_multikey(multikey).ok(),
            _ => None,
        }
    }
}

impl Document {
    /// The key with this id, if the document lists it under that relationship and the subject controls it.
    pub fn key_for(&self, id: &str, relationship: Relationship) -> Option<PublicKey> {
        let listed = match relationship {
            Relationship::Authentication => &self.authentication,
            Relationship::AssertionMethod => &self.assertion_method,
            Relationship::KeyAgreement => &self.key_agreement,
        };
        if !listed.iter().any(|l| l == id) {
            return None;
        }
        let method = self.verification_method.iter().find(|m| m.id == id)?;
        (method.controller == self.id).then(|| method.public_key())?
    }
}

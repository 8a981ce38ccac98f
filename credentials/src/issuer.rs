//! Whose signature is expected under a statement, and with which of their keys it was made.

use carnet_did_resolver::{
    document::{Document, Relationship},
    resolve::resolve,
};
use jiff::Timestamp;
use serde_json::Value;

mod metadata;

pub use metadata::{IssuerMetadata, MAX_METADATA, MetadataError};

use crate::{
    certificate::{self, CertificateError, Leaf},
    json,
    jwk::PublicKey,
    jws::Unverified,
};

/// Whose signature is expected.
///
/// The caller decides the way before anything is read: a statement can't choose how its issuer's key is found.
#[derive(Clone, Copy)]
pub enum Issuer<'a> {
    /// The holder's own: `iss` is a `did:jwk` or `did:key` and its key signed. A credential must be bound to the same
    /// key.
    SelfIssued,
    /// This issuer, with this key. The caller knows that the two belong together.
    Key {
        /// Expected `iss`.
        iss: &'a str,
        /// The issuer's key.
        key: &'a PublicKey,
    },
    /// The subject of this resolved document, with a key that it lists under `assertionMethod`. `kid` names the key;
    /// it may be missing where there is only one.
    Document(&'a Document),
    /// The issuer of this metadata (`/.well-known/jwt-vc-issuer`), with one of its keys. `kid` names the key; it may
    /// be missing where there is only one.
    Metadata(&'a IssuerMetadata),
    /// The subject of the first certificate in `x5c`. Where the statement has an `iss` too, the certificate must name
    /// it.
    Certificate {
        /// Whether these certificates (DER, the signer's first) are trusted. No chain is built here.
        trusted: &'a dyn Fn(&[Vec<u8>]) -> bool,
    },
}

impl std::fmt::Debug for Issuer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::SelfIssued => "SelfIssued",
            Self::Key { .. } => "Key",
            Self::Document(_) => "Document",
            Self::Metadata(_) => "Metadata",
            Self::Certificate { .. } => "Certificate",
        })
    }
}

/// Why no key of the issuer was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// The statement names another issuer, or none.
    #[error("the statement is by another issuer")]
    WrongIssuer,
    /// The issuer has no such key, or several and the statement names none.
    #[error("the statement is signed with a key that its issuer doesn't list")]
    UnknownKey,
    /// The certificate in the header.
    #[error("{0}")]
    Certificate(#[from] CertificateError),
    /// The certificate is in order, but nobody trusts it.
    #[error("the issuer's certificate is not trusted")]
    NotTrusted,
}

impl IssuerError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongIssuer => "credential_wrong_issuer",
            Self::UnknownKey => "credential_unknown_key",
            Self::Certificate(e) => e.code(),
            Self::NotTrusted => "credential_issuer_not_trusted",
        }
    }
}

/// A key and the names its owner goes by.
pub(crate) struct Signatory {
    pub(crate) key: PublicKey,
    names: Names,
}

enum Names {
    Exactly(String),
    Certified(Box<Leaf>),
}

impl Signatory {
    /// Whether `iss` is this signatory. A certificate says who it is by itself, so there `iss` may be missing.
    pub(crate) fn is(&self, iss: Option<&str>) -> bool {
        match (&self.names, iss) {
            (Names::Exactly(name), iss) => iss == Some(name),
            (Names::Certified(_), None) => true,
            (Names::Certified(leaf), Some(iss)) => leaf.names(iss),
        }
    }
}

impl Issuer<'_> {
    /// With which key a text with this header and payload must have been signed. Neither is vouched for before that
    /// signature is verified.
    pub(crate) fn signatory(&self, text: &Unverified<'_>, now: Timestamp) -> Result<Signatory, IssuerError> {
        let header = text.header();
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.as_str()),
            Some(_) => return Err(IssuerError::UnknownKey),
        };
        let (key, name) = match self {
            Self::Key { iss, key } => (**key, (*iss).to_owned()),
            Self::SelfIssued => {
                let payload = json::parse_object(text.unverified_payload(), usize::MAX);
                let payload = payload.map_err(|_| IssuerError::WrongIssuer)?;
                let iss = payload.get("iss").and_then(Value::as_str);
                let document = resolve(iss.ok_or(IssuerError::WrongIssuer)?);
                let document = document.map_err(|_| IssuerError::WrongIssuer)?;
                let method = document.assertion_method.first();
                let key = method.and_then(|m| document.key_for(m, Relationship::AssertionMethod));
                (key.ok_or(IssuerError::WrongIssuer)?, document.id)
            }
            Self::Document(document) => (listed(document, kid)?, document.id.clone()),
            Self::Metadata(metadata) => {
                let key = metadata.key(kid).ok_or(IssuerError::UnknownKey)?;
                (key, metadata.issuer().to_owned())
            }
            Self::Certificate { trusted } => {
                let chain = certificate::chain(header)?;
                // Trust first: a certificate of a stranger is not even parsed.
                if !trusted(&chain) {
                    return Err(IssuerError::NotTrusted);
                }
                let leaf = Leaf::read(chain.first().ok_or(CertificateError::Missing)?, now)?;
                return Ok(Signatory {
                    key: leaf.key,
                    names: Names::Certified(Box::new(leaf)),
                });
            }
        };
        Ok(Signatory {
            key,
            names: Names::Exactly(name),
        })
    }
}

fn listed(document: &Document, kid: Option<&str>) -> Result<PublicKey, IssuerError> {
    let method = match (kid, document.assertion_method.as_slice()) {
        // A relative reference (DID Core section 3.2.2) is one to this document.
        (Some(kid), _) if kid.starts_with('#') => format!("{}{kid}", document.id),
        (Some(kid), _) => kid.to_owned(),
        (None, [only]) => only.clone(),
        (None, _) => return Err(IssuerError::UnknownKey),
    };
    document
        .key_for(&method, Relationship::AssertionMethod)
        .ok_or(IssuerError::UnknownKey)
}

//! Under which identity the station asks: its certificate by hash, its host's name in a certificate, or a did:web. All three
//! are signed for by the one identity key.

use carnet_credentials::jwk::PublicKey;
use carnet_exchange::request::AskingAs;
use clap::ValueEnum;
use rcgen::{CertificateParams, DnType};
use serde_json::{Value, json};
use url::{Host, Url};

use crate::keys::{KeyError, Keys};

/// Kinds of client id (OpenID4VP 1.0 section 5.9.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Kind {
    /// The certificate's hash.
    #[default]
    X509Hash,
    /// The name of the public address, in a certificate made at each start.
    X509SanDns,
    /// A did:web at the public address.
    DecentralizedIdentifier,
}

/// Why the station can't ask under that identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The public address is a bare number.
    #[error("this kind of identity needs a public address with a name in it")]
    NoName,
    /// The certificate could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// What stands in the header of every question.
#[derive(Debug)]
pub enum Identity {
    /// `x509_hash:`
    Certificate(Vec<u8>),
    /// `x509_san_dns:`
    Name(String, Vec<u8>),
    /// `decentralized_identifier:`, the key's id.
    Did(String),
}

impl Identity {
    /// Makes what this kind needs.
    pub fn of(kind: Kind, keys: &Keys, public_url: &Url) -> Result<Self, IdentityError> {
        let host = match public_url.host() {
            Some(Host::Domain(host)) => Some(host),
            _ => None,
        };
        match kind {
            Kind::X509Hash => Ok(Self::Certificate(keys.certificate.clone())),
            Kind::X509SanDns => {
                let host = host.ok_or(IdentityError::NoName)?;
                let mut params = CertificateParams::new(vec![host.to_owned()]).map_err(KeyError::from)?;
                params.distinguished_name.remove(DnType::CommonName);
                params.distinguished_name.push(DnType::CommonName, host);
                let certificate = keys.identity_certificate(&params)?;
                Ok(Self::Name(host.to_owned(), certificate))
            }
            Kind::DecentralizedIdentifier => {
                let host = host.ok_or(IdentityError::NoName)?;
                let port = public_url
                    .port()
                    .map(|port| format!("%3A{port}"))
                    .unwrap_or_default();
                Ok(Self::Did(format!("did:web:{host}{port}#identity")))
            }
        }
    }

    /// For signing a question.
    pub fn asking_as(&self) -> AskingAs<'_> {
        match self {
            Self::Certificate(der) => AskingAs::CertificateHash(der),
            Self::Name(name, der) => AskingAs::CertificateName(name, der),
            Self::Did(kid) => AskingAs::Did(kid),
        }
    }

    /// Keys that the trust entry must name, since the client id is only a name.
    pub fn request_keys(&self, keys: &Keys) -> Vec<PublicKey> {
        match self {
            Self::Name(..) => vec![PublicKey::from(&keys.identity)],
            Self::Certificate(_) | Self::Did(_) => Vec::new(),
        }
    }

    /// The document of the station's did:web, where that is its identity.
    pub fn did_document(&self, keys: &Keys) -> Option<Value> {
        let Self::Did(kid) = self else { return None };
        let did = kid.split_once('#').map_or(kid.as_str(), |(did, _)| did);
        Some(json!({
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"],
            "id": did,
            "verificationMethod": [{
                "id": kid,
                "type": "JsonWebKey2020",
                "controller": did,
                "publicKeyJwk": PublicKey::from(&keys.identity).to_jwk(),
            }],
            "authentication": [kid],
            "assertionMethod": [kid],
        }))
    }
}

//! Who asks (OpenID4VP 1.0 section 5.9): the three kinds of client id that are taken, and how each leads to the one key
//! that must have signed. Which client ids are anybody's at all is the trust list's word, never a certificate
//! authority's.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{certificate::Leaf, jwk::PublicKey};
use carnet_did_resolver::{
    ResolveError,
    address::Location,
    document::{Document, Relationship},
    resolve, webvh,
};
use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use super::RequestError;
use crate::{Entry, certificate};

/// A client id, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientId<'a> {
    /// `x509_hash:`: the certificate itself, by its hash.
    CertificateHash,
    /// `x509_san_dns:`: a name that stands in the certificate; its key stands in the trust entry.
    CertificateName(&'a str),
    /// `decentralized_identifier:`: a DID, one of whose keys signs.
    Did(&'a str),
}

impl<'a> ClientId<'a> {
    /// Reads a client id. Each kind that isn't taken is refused by its own name.
    pub fn parse(text: &'a str) -> Result<Self, RequestError> {
        let (prefix, rest) = text.split_once(':').ok_or(RequestError::ClientIdBare)?;
        match prefix {
            "x509_hash" => match URL_SAFE_NO_PAD.decode(rest) {
                Ok(bytes) if bytes.len() == 32 => Ok(Self::CertificateHash),
                _ => Err(RequestError::ClientIdMalformed),
            },
            "x509_san_dns" if is_dns_name(rest) => Ok(Self::CertificateName(rest)),
            "decentralized_identifier" => {
                home(rest)?;
                Ok(Self::Did(rest))
            }
            "x509_san_dns" => Err(RequestError::ClientIdMalformed),
            "redirect_uri" => Err(RequestError::ClientIdRedirectUri),
            "verifier_attestation" => Err(RequestError::ClientIdAttestation),
            "openid_federation" => Err(RequestError::ClientIdFederation),
            // Only a browser may say this of a page (section 5.9.3).
            "origin" => Err(RequestError::ClientIdOrigin),
            // Client ids of the drafts: an address or a DID without a prefix.
            "https" | "http" | "did" => Err(RequestError::ClientIdBare),
            _ => Err(RequestError::ClientIdKind),
        }
    }

    /// Refuses a name or a DID whose host isn't one of the party's, before anything is fetched.
    pub(super) fn check_home(self, entry: &Entry) -> Result<(), RequestError> {
        let at_home = match self {
            Self::CertificateHash => true,
            Self::CertificateName(name) => {
                let is = |origin: &String| Url::parse(origin).is_ok_and(|url| url.host_str() == Some(name));
                entry.origins.iter().any(is)
            }
            Self::Did(did) => home(did)?.is_none_or(|file| entry.covers_origin(&file)),
        };
        if at_home {
            Ok(())
        } else {
            Err(RequestError::ClientIdHost)
        }
    }

    /// Whether this identity may have answers sent there.
    pub(super) fn covers(self, response_uri: &Url) -> bool {
        match self {
            Self::CertificateName(name) => response_uri.host_str() == Some(name),
            Self::CertificateHash | Self::Did(_) => true,
        }
    }

    /// The one key that may have signed a request with this header. `document` is the DID's, where its host had to be
    /// asked.
    pub(super) fn key(
        self,
        header: &Map<String, Value>,
        client_id: &str,
        entry: &Entry,
        document: Option<&Document>,
        now: Timestamp,
    ) -> Result<PublicKey, RequestError> {
        match self {
            Self::CertificateHash => certificate::key_in_header(header, client_id, now),
            Self::CertificateName(name) => {
                let leaf = certificate::leaf_in_header(header, now)?;
                named(&leaf, header, name, entry)?;
                Ok(leaf.key)
            }
            Self::Did(did) => key_of_did(did, header, document, now),
        }
    }
}

/// The DID whose document must be fetched from its host before a request under this client id can be checked.
pub fn did_to_fetch(client_id: &str) -> Result<Option<&str>, RequestError> {
    match ClientId::parse(client_id)? {
        ClientId::Did(did) => Ok(home(did)?.map(|_| did)),
        ClientId::CertificateHash | ClientId::CertificateName(_) => Ok(None),
    }
}

/// Where a DID's document lies; nothing where it follows from the DID itself.
fn home(did: &str) -> Result<Option<Url>, RequestError> {
    if did.starts_with("did:key:") || did.starts_with("did:jwk:") {
        return match resolve(did) {
            Ok(_) => Ok(None),
            Err(ResolveError::Key(_)) => Err(RequestError::DidKey),
            Err(_) => Err(RequestError::ClientIdMalformed),
        };
    }
    let file = if let Some(location) = did.strip_prefix("did:web:") {
        Location::parse(location).and_then(|location| location.file("did.json"))
    } else if did.starts_with("did:webvh:") {
        webvh::file_of(did)
    } else {
        return Err(RequestError::DidMethod);
    };
    file.map(Some).map_err(|_| RequestError::ClientIdMalformed)
}

/// Whether the certificate names the client and its key is one that the trust list gives this party: in
/// `request_keys`, or because this very certificate is another client id of the same party.
fn named(leaf: &Leaf, header: &Map<String, Value>, name: &str, entry: &Entry) -> Result<(), RequestError> {
    if !leaf.names_host(name) {
        return Err(RequestError::CertificateName);
    }
    let known = entry.request_keys.contains(&leaf.key)
        || certificate::leaf_der(header).is_ok_and(|der| {
            let by_hash = crate::client_id_of(&der);
            entry.client_ids.contains(&by_hash)
        });
    if known {
        Ok(())
    } else {
        Err(RequestError::CertificateUnknown)
    }
}

/// The key that `kid` names: of this very DID, in force, for proving who one is or for making statements.
fn key_of_did(
    did: &str,
    header: &Map<String, Value>,
    document: Option<&Document>,
    now: Timestamp,
) -> Result<PublicKey, RequestError> {
    // A second way to find a key is one too many.
    if header.contains_key("x5c") {
        return Err(RequestError::EmbeddedKey);
    }
    let kid = header
        .get("kid")
        .and_then(Value::as_str)
        .ok_or(RequestError::DidKid)?;
    let (of, fragment) = kid.split_once('#').ok_or(RequestError::DidKid)?;
    if of != did || fragment.is_empty() {
        return Err(RequestError::DidKid);
    }
    let derived;
    let document = if home(did)?.is_none() {
        derived = resolve(did).map_err(|_| RequestError::DidDocument)?;
        &derived
    } else {
        document.ok_or(RequestError::DidDocument)?
    };
    if document.id != did {
        return Err(RequestError::DidDocument);
    }
    let key = [Relationship::Authentication, Relationship::AssertionMethod]
        .into_iter()
        .find_map(|relationship| document.key_for_at(kid, relationship, now))
        .ok_or(RequestError::DidKeyUnlisted)?;
    match key {
        PublicKey::P256(_) | PublicKey::Ed25519(_) => Ok(key),
        _ => Err(RequestError::DidKey),
    }
}

/// A host name in the one spelling that is compared: small letters, digits, hyphens, dots; no number for an address.
fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253
        && name.split('.').all(label)
        && matches!(url::Host::parse(name), Ok(url::Host::Domain(domain)) if domain == name)
}

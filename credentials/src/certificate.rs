//! The certificates in a header (`x5c`, RFC 7515 section 4.1.6): reading them, and what the first one may be used for.
//!
//! Nothing here makes a certificate trusted. That is the caller's decision: a pinned hash, a trust list.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use p256::pkcs8::DecodePublicKey;
use serde_json::{Map, Value, json};
use x509_cert::{
    Certificate,
    der::{Decode, Encode},
    ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectAltName, name::GeneralName},
};

use crate::jwk::PublicKey;

/// Most certificates in one header.
pub const MAX_CHAIN: usize = 4;

/// Ed25519 in a certificate (RFC 8410 section 3).
const OID_ED25519: &str = "1.3.101.112";

/// Why a certificate is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// There is none.
    #[error("there is no certificate")]
    Missing,
    /// The certificate or the list of them can't be read, or there are more than [`MAX_CHAIN`].
    #[error("the certificate is not well formed")]
    Malformed,
    /// Its time is over.
    #[error("the certificate has expired")]
    Expired,
    /// Its time hasn't come.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// It isn't for signing, or is an authority's.
    #[error("the certificate is for another use")]
    Usage,
    /// Its key is of a kind that isn't supported.
    #[error("the certificate has a key that is not accepted")]
    Key,
}

impl CertificateError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "certificate_missing",
            Self::Malformed => "certificate_malformed",
            Self::Expired => "certificate_expired",
            Self::NotYetValid => "certificate_not_yet_valid",
            Self::Usage => "certificate_usage",
            Self::Key => "certificate_key",
        }
    }
}

/// The certificate whose key signs: in its time, for signatures, not an authority's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Its key: P-256, P-384 or Ed25519.
    pub key: PublicKey,
    dns: Vec<String>,
    uris: Vec<String>,
}

/// The certificates of a header in DER, the signer's first. Only decoded, not yet parsed.
pub fn chain(header: &Map<String, Value>) -> Result<Vec<Vec<u8>>, CertificateError> {
    let chain = header.get("x5c").ok_or(CertificateError::Missing)?;
    let chain = chain.as_array().ok_or(CertificateError::Malformed)?;
    if chain.is_empty() {
        return Err(CertificateError::Missing);
    }
    if chain.len() > MAX_CHAIN {
        return Err(CertificateError::Malformed);
    }
    chain
        .iter()
        .map(|one| {
            let text = one.as_str().ok_or(CertificateError::Malformed)?;
            STANDARD.decode(text).map_err(|_| CertificateError::Malformed)
        })
        .collect()
}

/// The authority key identifiers of the certificates of a header (RFC 5280 section 4.2.1.1); a certificate that can't be read
/// or has none names nobody.
pub fn authority_keys(header: &Map<String, Value>) -> Vec<Vec<u8>> {
    let read = |der: &Vec<u8>| {
        let certificate = Certificate::from_der(der).ok()?;
        let (_, authority) = certificate
            .tbs_certificate()
            .get_extension::<AuthorityKeyIdentifier>()
            .ok()??;
        Some(authority.key_identifier?.as_bytes().to_vec())
    };
    chain(header)
        .unwrap_or_default()
        .iter()
        .filter_map(read)
        .collect()
}

impl Leaf {
    /// Reads the certificate of a signer and refuses one that may not sign now.
    pub fn read(der: &[u8], now: Timestamp) -> Result<Self, CertificateError> {
        let certificate = Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        let certificate = certificate.tbs_certificate();

        let seconds = now.as_second();
        let at = |time: x509_cert::time::Time| {
            i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
        };
        if seconds < at(certificate.validity().not_before) {
            return Err(CertificateError::NotYetValid);
        }
        if seconds > at(certificate.validity().not_after) {
            return Err(CertificateError::Expired);
        }
        let usage = certificate
            .get_extension::<KeyUsage>()
            .map_err(|_| CertificateError::Malformed)?;
        let basic = certificate
            .get_extension::<BasicConstraints>()
            .map_err(|_| CertificateError::Malformed)?;
        if usage.is_some_and(|(_, usage)| !usage.digital_signature())
            || basic.is_some_and(|(_, basic)| basic.ca)
        {
            return Err(CertificateError::Usage);
        }

        let spki = certificate.subject_public_key_info();
        let der = spki.to_der().map_err(|_| CertificateError::Malformed)?;
        let key = if let Ok(key) = p256::PublicKey::from_public_key_der(&der) {
            PublicKey::P256(key)
        } else if let Ok(key) = p384::PublicKey::from_public_key_der(&der) {
            PublicKey::P384(key)
        } else if spki.algorithm.oid.to_string() == OID_ED25519 {
            ed25519(spki.subject_public_key.raw_bytes())?
        } else {
            return Err(CertificateError::Key);
        };

        let mut leaf = Self {
            key,
            dns: Vec::new(),
            uris: Vec::new(),
        };
        let names = certificate
            .get_extension::<SubjectAltName>()
            .map_err(|_| CertificateError::Malformed)?;
        for name in names.into_iter().flat_map(|(_, names)| names.0) {
            match name {
                GeneralName::DnsName(dns) => leaf.dns.push(dns.to_string()),
                GeneralName::UniformResourceIdentifier(uri) => leaf.uris.push(uri.to_string()),
                _ => {}
            }
        }
        Ok(leaf)
    }

    /// Whether the certificate names this identifier: the same URI, or the host of an https URL. Wildcards name
    /// nobody.
    pub fn names(&self, identifier: &str) -> bool {
        if self.uris.iter().any(|uri| uri == identifier) {
            return true;
        }
        let Ok(url) = url::Url::parse(identifier) else {
            return false;
        };
        let host = url.host_str().filter(|_| url.scheme() == "https");
        host.is_some_and(|host| self.names_host(host))
    }

    /// Whether this host stands among the certificate's names (`dNSName`, RFC 5280 section 4.2.1.6). Wildcards name nobody.
    pub fn names_host(&self, host: &str) -> bool {
        self.dns.iter().any(|dns| dns.eq_ignore_ascii_case(host))
    }
}

fn ed25519(bytes: &[u8]) -> Result<PublicKey, CertificateError> {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(bytes) });
    PublicKey::from_jwk(&jwk).map_err(|_| CertificateError::Key)
}

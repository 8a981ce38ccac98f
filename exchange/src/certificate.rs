//! The certificate in a request's header. It is trusted only because the trust list knows its hash or its key; no public
//! authority vouches for a clinic.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{
    certificate::{self, CertificateError, Leaf},
    jwk::PublicKey,
};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::request::RequestError;

const PREFIX: &str = "x509_hash:";

/// The client id of a certificate: `x509_hash:` and the SHA-256 of its DER in base64url (OpenID4VP 1.0 section
/// 5.9.3).
pub fn client_id_of(certificate_der: &[u8]) -> String {
    format!(
        "{PREFIX}{}",
        URL_SAFE_NO_PAD.encode(Sha256::digest(certificate_der))
    )
}

/// The key of the leaf certificate in `x5c`, once that certificate is the one the client id names and is valid now.
pub fn key_in_header(
    header: &Map<String, Value>,
    client_id: &str,
    now: Timestamp,
) -> Result<PublicKey, RequestError> {
    let der = leaf_der(header)?;
    // The hash first: a certificate that isn't the client's is not even parsed.
    if client_id_of(&der) != client_id {
        return Err(RequestError::CertificateNotClient);
    }
    Ok(leaf(&der, now)?.key)
}

/// The leaf certificate in `x5c`, valid now. Whose it is, the caller must find out.
pub(crate) fn leaf_in_header(header: &Map<String, Value>, now: Timestamp) -> Result<Leaf, RequestError> {
    leaf(&leaf_der(header)?, now)
}

/// The leaf certificate in `x5c`, not yet read.
pub(crate) fn leaf_der(header: &Map<String, Value>) -> Result<Vec<u8>, RequestError> {
    let chain = certificate::chain(header).map_err(refusal)?;
    chain.into_iter().next().ok_or(RequestError::NoCertificate)
}

fn leaf(der: &[u8], now: Timestamp) -> Result<Leaf, RequestError> {
    let leaf = Leaf::read(der, now).map_err(refusal)?;
    // Certificates sign requests with ES256 and nothing else (HAIP 1.0 section 7).
    if leaf.key.as_p256().is_none() {
        return Err(RequestError::CertificateKey);
    }
    Ok(leaf)
}

fn refusal(error: CertificateError) -> RequestError {
    match error {
        CertificateError::Missing => RequestError::NoCertificate,
        CertificateError::Malformed => RequestError::CertificateMalformed,
        CertificateError::Expired => RequestError::CertificateExpired,
        CertificateError::NotYetValid => RequestError::CertificateNotYetValid,
        CertificateError::Usage => RequestError::CertificateUsage,
        CertificateError::Key => RequestError::CertificateKey,
    }
}

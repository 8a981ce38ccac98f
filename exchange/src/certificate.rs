//! The certificate in a request's header. It is trusted only because its hash is a client id of the trust list; no
//! public authority vouches for a clinic.

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

/// Refuses client ids of a kind that isn't supported.
pub(crate) fn check_client_id(client_id: &str) -> Result<(), RequestError> {
    let hash = client_id.strip_prefix(PREFIX).ok_or(RequestError::ClientIdKind)?;
    match URL_SAFE_NO_PAD.decode(hash) {
        Ok(bytes) if bytes.len() == 32 => Ok(()),
        _ => Err(RequestError::ClientIdKind),
    }
}

/// The key of the leaf certificate in `x5c`, once that certificate is the one the client id names and is valid now.
pub fn key_in_header(
    header: &Map<String, Value>,
    client_id: &str,
    now: Timestamp,
) -> Result<PublicKey, RequestError> {
    let chain = certificate::chain(header).map_err(refusal)?;
    let der = chain.first().ok_or(RequestError::NoCertificate)?;
    // The hash first: a certificate that isn't the client's is not even parsed.
    if client_id_of(der) != client_id {
        return Err(RequestError::CertificateNotClient);
    }
    let key = Leaf::read(der, now).map_err(refusal)?.key;
    // Requests are signed with ES256 and nothing else.
    if key.as_p256().is_none() {
        return Err(RequestError::CertificateKey);
    }
    Ok(key)
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

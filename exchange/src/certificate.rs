//! The certificate in a request's header. It is trusted only because its hash is a client id of the trust list; no
//! public authority vouches for a clinic.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use carnet_credentials::jwk::PublicKey;
use jiff::Timestamp;
use p256::pkcs8::DecodePublicKey;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use x509_cert::{
    Certificate,
    der::{Decode, Encode},
    ext::pkix::{BasicConstraints, KeyUsage},
};

use crate::{limits::CERTIFICATES, request::RequestError};

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
    let chain = header.get("x5c").ok_or(RequestError::NoCertificate)?;
    let chain = chain.as_array().ok_or(RequestError::CertificateMalformed)?;
    if chain.len() > CERTIFICATES {
        return Err(RequestError::CertificateMalformed);
    }
    let leaf = chain.first().ok_or(RequestError::NoCertificate)?;
    let leaf = leaf.as_str().ok_or(RequestError::CertificateMalformed)?;
    let der = STANDARD
        .decode(leaf)
        .map_err(|_| RequestError::CertificateMalformed)?;
    // The hash first: a certificate that isn't the client's is not even parsed.
    if client_id_of(&der) != client_id {
        return Err(RequestError::CertificateNotClient);
    }
    let certificate = Certificate::from_der(&der).map_err(|_| RequestError::CertificateMalformed)?;
    let certificate = certificate.tbs_certificate();

    let seconds = now.as_second();
    let at =
        |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    if seconds < at(certificate.validity().not_before) {
        return Err(RequestError::CertificateNotYetValid);
    }
    if seconds > at(certificate.validity().not_after) {
        return Err(RequestError::CertificateExpired);
    }
    let usage = certificate
        .get_extension::<KeyUsage>()
        .map_err(|_| RequestError::CertificateMalformed)?;
    if usage.is_some_and(|(_, usage)| !usage.digital_signature()) {
        return Err(RequestError::CertificateUsage);
    }
    let basic = certificate.get_extension::<BasicConstraints>();
    if basic
        .map_err(|_| RequestError::CertificateMalformed)?
        .is_some_and(|(_, basic)| basic.ca)
    {
        return Err(RequestError::CertificateUsage);
    }

    let spki = certificate
        .subject_public_key_info()
        .to_der()
        .map_err(|_| RequestError::CertificateMalformed)?;
    let key = p256::PublicKey::from_public_key_der(&spki).map_err(|_| RequestError::CertificateKey)?;
    Ok(key.into())
}

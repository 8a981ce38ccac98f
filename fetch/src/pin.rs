//! Origins that may be contacted, each with the one TLS key it must show.

use std::{fmt, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use sha2::{Digest, Sha256};
use url::Url;

/// One origin and the key it must show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Scheme, host and port, such as `https://127.0.0.1:8443`.
    pub origin: String,
    /// SHA-256 of the certificate's SubjectPublicKeyInfo (DER).
    pub spki_sha256: [u8; 32],
    /// The origin may be an IP literal, use any port and have a private or loopback address.
    pub local: bool,
}

impl Pin {
    /// The origin in the one form that is compared; `None` when it is not an https origin.
    pub(crate) fn canonical_origin(&self) -> Option<String> {
        let url = Url::parse(&self.origin).ok()?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        (url.scheme() == "https" && bare && url.username().is_empty() && url.password().is_none())
            .then(|| url.origin().ascii_serialization())
    }
}

/// Accepts a server by its key alone. Name and dates of the certificate are not looked at: the pin is the
/// statement that this origin holds this key, and it lives and dies with the list it came from.
pub(crate) struct PinnedKey {
    spki_sha256: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl PinnedKey {
    pub(crate) fn new(spki_sha256: [u8; 32], provider: Arc<CryptoProvider>) -> Self {
        Self {
            spki_sha256,
            provider,
        }
    }
}

impl fmt::Debug for PinnedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinnedKey")
    }
}

impl ServerCertVerifier for PinnedKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let key = ParsedCertificate::try_from(end_entity)?.subject_public_key_info();
        if Sha256::digest(key.as_ref())[..] == self.spki_sha256[..] {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

//! Why a request is refused.

use carnet_consent as consent;
use carnet_credentials::jws::JwsError;

use crate::{dcql::QueryError, eligibility::AskedStatementError};

/// Why a request is refused. Nothing of the patient's was looked up, nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The client id has a prefix that isn't known.
    #[error("who asks could not be verified: this kind of identity is not accepted")]
    ClientIdKind,
    /// The client id has a prefix that is taken, and is not of its form.
    #[error("who asks could not be verified: the identity is not well formed")]
    ClientIdMalformed,
    /// The client id has no prefix: pre-registered, or of a draft.
    #[error("who asks could not be verified: the identity doesn't say of what kind it is")]
    ClientIdBare,
    /// `redirect_uri:`, an address that nobody signs for.
    #[error("who asks could not be verified: they only give an address and sign nothing")]
    ClientIdRedirectUri,
    /// `verifier_attestation:`, vouched for by a third party.
    #[error("who asks could not be verified: they bring a third party's word, which is not accepted")]
    ClientIdAttestation,
    /// `openid_federation:`, vouched for by a federation.
    #[error("who asks could not be verified: they belong to a federation, which is not accepted")]
    ClientIdFederation,
    /// `origin:`, which only a browser may say.
    #[error("who asks could not be verified: they claim to be a page in a browser")]
    ClientIdOrigin,
    /// The name or the DID belongs to a host that isn't the party's.
    #[error("who asks could not be verified: the identity lives at an address that isn't theirs")]
    ClientIdHost,
    /// The client id is not in the trust list.
    #[error("who asks could not be verified: they are not on your trust list")]
    NotListed,
    /// The party is listed, but not as one that may ask.
    #[error("this party is listed, but not as one that may ask patients")]
    NotAVerifier,
    /// `request_uri` leads to an origin that isn't the client's.
    #[error("the code leads to an address that doesn't belong to who it names; nothing was fetched")]
    RequestUriOrigin,
    /// Over [`crate::limits::REQUEST_BYTES`].
    #[error("the request is larger than allowed")]
    TooLarge,
    /// Not a compact JWS, or its header can't be read one way only.
    #[error("the request is not well formed")]
    Malformed,
    /// The payload can't be read one way only.
    #[error("the request's content is not well formed")]
    PayloadMalformed,
    /// Not signed at all.
    #[error("the request is not signed")]
    Unsigned,
    /// Signed by another algorithm than ES256.
    #[error("the request is signed in a way that is not accepted")]
    WrongAlgorithm,
    /// Another kind of signed text.
    #[error("the request is signed as something else")]
    WrongType,
    /// A critical extension.
    #[error("the request asks for an extension that is not supported")]
    Critical,
    /// The header brings a key or an address of one.
    #[error("the request brings its own key along")]
    EmbeddedKey,
    /// No certificate.
    #[error("who asks could not be verified: there is no certificate")]
    NoCertificate,
    /// The certificate or the chain can't be read.
    #[error("who asks could not be verified: the certificate is not well formed")]
    CertificateMalformed,
    /// The certificate isn't the one the client id names.
    #[error("who asks could not be verified: the certificate belongs to someone else")]
    CertificateNotClient,
    /// The certificate doesn't bear the name in the client id.
    #[error("who asks could not be verified: the certificate is for another name")]
    CertificateName,
    /// The trust entry knows neither the certificate nor its key.
    #[error("who asks could not be verified: the certificate is not one that your trust list knows")]
    CertificateUnknown,
    /// The certificate has expired.
    #[error("who asks could not be verified: their certificate has expired")]
    CertificateExpired,
    /// The certificate is not valid yet.
    #[error("who asks could not be verified: their certificate is not valid yet; check this device's clock")]
    CertificateNotYetValid,
    /// The certificate isn't for signing, or is an authority's.
    #[error("who asks could not be verified: their certificate is for another use")]
    CertificateUsage,
    /// The certificate's key isn't P-256.
    #[error("who asks could not be verified: their certificate has a key that is not accepted")]
    CertificateKey,
    /// A DID of another method than did:web, did:webvh, did:key and did:jwk.
    #[error("who asks could not be verified: this kind of identifier is not accepted")]
    DidMethod,
    /// `kid` is missing or names a key of another DID.
    #[error("who asks could not be verified: the request doesn't name one of their own keys")]
    DidKid,
    /// There is no document, or it is another DID's.
    #[error("who asks could not be verified: their key directory could not be read")]
    DidDocument,
    /// The document doesn't list the key, or no longer.
    #[error("who asks could not be verified: the key is not, or no longer, theirs")]
    DidKeyUnlisted,
    /// The key is neither P-256 nor Ed25519.
    #[error("who asks could not be verified: their key is not of an accepted kind")]
    DidKey,
    /// The signature doesn't match: altered, or by another key.
    #[error("the request was altered or is not by who it names")]
    BadSignature,
    /// The signed client id isn't the one of the code.
    #[error("the code and the request name different parties")]
    ClientIdMismatch,
    /// A required member is missing or of the wrong type.
    #[error("the request lacks {0}, or it is ill-formed")]
    Field(&'static str),
    /// A member that would change the meaning in a way that isn't supported.
    #[error("the request uses {0}, which is not accepted")]
    NotAccepted(&'static str),
    /// `response_type` isn't `vp_token`.
    #[error("the request asks for another kind of answer")]
    ResponseType,
    /// `response_mode` isn't `direct_post.jwt`.
    #[error("the request asks for an answer that would not be encrypted")]
    ResponseMode,
    /// `redirect_uri` is present.
    #[error("the request would send you on to another address")]
    RedirectUri,
    /// `response_uri` isn't at an origin of the client.
    #[error("the request would send the answer to an address that doesn't belong to who asks")]
    ResponseUriOrigin,
    /// `aud` names someone else.
    #[error("the request is meant for someone else")]
    WrongAudience,
    /// `exp` has passed.
    #[error("this code has expired; ask for a new one")]
    Expired,
    /// `iat` or `nbf` lies ahead.
    #[error("the request is dated in the future; check this device's clock")]
    FromTheFuture,
    /// Valid for longer than allowed, or its times contradict each other.
    #[error("the request is valid for an unacceptable time")]
    Lifetime,
    /// No nonce.
    #[error("the request has no one-time value")]
    NonceMissing,
    /// The nonce has other characters than those of a URL.
    #[error("the request's one-time value is not well formed")]
    NonceMalformed,
    /// The nonce is guessable.
    #[error("the request's one-time value could be guessed")]
    NonceWeak,
    /// A `wallet_nonce` that this wallet didn't send.
    #[error("the request answers a question this wallet didn't ask")]
    WalletNonce,
    /// The `wallet_nonce` sent does not come back: the request may have been made for somebody else.
    #[error("the request was not made for this wallet; it may be a copy of an older one")]
    WalletNonceMissing,
    /// `state` has other characters than those of a URL, or is too long.
    #[error("the request's state is not well formed")]
    StateMalformed,
    /// More than one query, or another query language.
    #[error("the request asks in more than one way or in an outdated one")]
    OtherQueryLanguage,
    /// The query itself.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// The query is well formed, but its proof of the holder key is not: missing beside a consent, asked for twice, with
    /// conditions, or as a mere option.
    #[error("the request asks for credentials that can't be shown")]
    QueryUnsupported,
    /// No key to encrypt the answer to.
    #[error("the request has no key to encrypt the answer to")]
    NoEncryptionKey,
    /// The key is given by reference.
    #[error("the request has its encryption key elsewhere")]
    KeyByReference,
    /// The key is off its curve, private, or of another kind.
    #[error("the request's encryption key is not acceptable")]
    EncryptionKey,
    /// A256GCM isn't offered.
    #[error("the request asks for encryption that is not accepted")]
    Encryption,
    /// No `transaction_data`.
    #[error("the request doesn't contain a consent to decide on")]
    NoTransactionData,
    /// More than one `transaction_data` entry.
    #[error("the request contains more than one thing to decide on")]
    ManyTransactionData,
    /// The consent request itself.
    #[error("{0}")]
    Consent(#[from] consent::RequestError),
    /// The statement that is asked for.
    #[error("{0}")]
    Statement(#[from] AskedStatementError),
    /// A purpose that the trust list doesn't give this party.
    #[error("who asks may not ask for this purpose")]
    PurposeNotListed,
    /// A registry that the trust list doesn't give this party.
    #[error("the consent would be recorded in a register that doesn't belong to who asks")]
    LedgerNotListed,
    /// The key for the sealed records is not acceptable.
    #[error("the key that the records would be sealed to is not acceptable")]
    DeliveryKey,
    /// The request was answered before.
    #[error("this code was already answered; ask for a new one")]
    Used,
}

impl RequestError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ClientIdKind => "request_client_id_kind",
            Self::ClientIdMalformed => "request_client_id_malformed",
            Self::ClientIdBare => "request_client_id_bare",
            Self::ClientIdRedirectUri => "request_client_id_redirect_uri",
            Self::ClientIdAttestation => "request_client_id_attestation",
            Self::ClientIdFederation => "request_client_id_federation",
            Self::ClientIdOrigin => "request_client_id_origin",
            Self::ClientIdHost => "request_client_id_host",
            Self::NotListed => "request_client_not_listed",
            Self::NotAVerifier => "request_client_not_a_verifier",
            Self::RequestUriOrigin => "request_uri_origin",
            Self::TooLarge => "request_too_large",
            Self::Malformed => "request_malformed",
            Self::PayloadMalformed => "request_payload_malformed",
            Self::Unsigned => "request_unsigned",
            Self::WrongAlgorithm => "request_wrong_algorithm",
            Self::WrongType => "request_wrong_type",
            Self::Critical => "request_critical_extension",
            Self::EmbeddedKey => "request_embedded_key",
            Self::NoCertificate => "request_no_certificate",
            Self::CertificateMalformed => "request_certificate_malformed",
            Self::CertificateNotClient => "request_certificate_not_client",
            Self::CertificateName => "request_certificate_name",
            Self::CertificateUnknown => "request_certificate_unknown",
            Self::CertificateExpired => "request_certificate_expired",
            Self::CertificateNotYetValid => "request_certificate_not_yet_valid",
            Self::CertificateUsage => "request_certificate_usage",
            Self::CertificateKey => "request_certificate_key",
            Self::DidMethod => "request_did_method",
            Self::DidKid => "request_did_kid",
            Self::DidDocument => "request_did_document",
            Self::DidKeyUnlisted => "request_did_key_unlisted",
            Self::DidKey => "request_did_key",
            Self::BadSignature => "request_bad_signature",
            Self::ClientIdMismatch => "request_client_id_mismatch",
            Self::Field(_) => "request_field",
            Self::NotAccepted(_) => "request_not_accepted",
            Self::ResponseType => "request_response_type",
            Self::ResponseMode => "request_response_mode",
            Self::RedirectUri => "request_redirect_uri",
            Self::ResponseUriOrigin => "request_response_uri_origin",
            Self::WrongAudience => "request_wrong_audience",
            Self::Expired => "request_expired",
            Self::FromTheFuture => "request_from_the_future",
            Self::Lifetime => "request_lifetime",
            Self::NonceMissing => "request_nonce_missing",
            Self::NonceMalformed => "request_nonce_malformed",
            Self::NonceWeak => "request_nonce_weak",
            Self::WalletNonce => "request_wallet_nonce",
            Self::WalletNonceMissing => "request_wallet_nonce_missing",
            Self::StateMalformed => "request_state_malformed",
            Self::OtherQueryLanguage => "request_other_query_language",
            Self::Query(e) => e.code(),
            Self::QueryUnsupported => "request_query_unsupported",
            Self::NoEncryptionKey => "request_no_encryption_key",
            Self::KeyByReference => "request_key_by_reference",
            Self::EncryptionKey => "request_encryption_key",
            Self::Encryption => "request_encryption",
            Self::NoTransactionData => "request_no_transaction_data",
            Self::ManyTransactionData => "request_many_transaction_data",
            Self::Consent(e) => e.code(),
            Self::Statement(e) => e.code(),
            Self::PurposeNotListed => "request_purpose_not_listed",
            Self::LedgerNotListed => "request_ledger_not_listed",
            Self::DeliveryKey => "request_delivery_key",
            Self::Used => "request_used",
        }
    }
}

impl From<JwsError> for RequestError {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::TooLarge => Self::TooLarge,
            JwsError::NotCompact | JwsError::Header(_) => Self::Malformed,
            JwsError::Payload(_) => Self::PayloadMalformed,
            JwsError::Unsigned => Self::Unsigned,
            JwsError::WrongAlgorithm => Self::WrongAlgorithm,
            JwsError::WrongType => Self::WrongType,
            JwsError::Critical => Self::Critical,
            JwsError::BadSignature => Self::BadSignature,
        }
    }
}

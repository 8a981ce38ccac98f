//! The station's side: making a signed request.

use base64::{Engine, engine::general_purpose::STANDARD};
use carnet_consent::ConsentRequest;
use carnet_credentials::jws;
use jiff::Timestamp;
use p256::ecdsa::SigningKey;
use serde_json::{Map, json};
use url::Url;

use super::{AUDIENCE, FORMAT, HOLDER_VCT, TYP};
use crate::{
    EncryptionKey, client_id_of,
    dcql::{CredentialQuery, Query},
};

/// What a request says beyond what is always the same.
#[derive(Debug, Clone)]
pub struct RequestParts<'a> {
    /// Where the answer goes.
    pub response_uri: &'a Url,
    /// 256 random bits, base64url (43 characters).
    pub nonce: &'a str,
    /// Random, given back in the answer.
    pub state: &'a str,
    /// Now.
    pub issued: Timestamp,
    /// At most five minutes later.
    pub expires: Timestamp,
    /// One-time key of the answer's encryption; its `kid` should be set.
    pub encryption_key: &'a EncryptionKey,
    /// Which credentials are asked for; beside a consent, [`holder_query`] among them.
    pub query: &'a Query,
    /// What the patient decides on, if more than cards is asked for. `credential_ids` must be `["holder"]`,
    /// `recipient.client_id` the client id of the certificate.
    pub consent: Option<&'a ConsentRequest>,
}

/// The signed request and what the station keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// The compact serialisation, served as it is.
    pub compact: String,
    /// The one `transaction_data` entry in it, if there is a consent.
    pub transaction_data: Option<String>,
}

/// The query for proof of the holder key, as every consent needs it.
pub fn holder_query() -> CredentialQuery {
    CredentialQuery::sd_jwt("holder", HOLDER_VCT, Vec::new())
}

/// Signs a request with the key of the certificate (DER).
pub fn sign(parts: &RequestParts<'_>, key: &SigningKey, certificate_der: &[u8]) -> SignedRequest {
    let transaction_data = parts.consent.map(ConsentRequest::to_transaction_data);
    let algorithms = json!(["ES256"]);
    let mut payload = json!({
        "client_id": client_id_of(certificate_der),
        "response_type": "vp_token",
        "response_mode": "direct_post.jwt",
        "response_uri": parts.response_uri,
        "aud": AUDIENCE,
        "nonce": parts.nonce,
        "state": parts.state,
        "iat": parts.issued.as_second(),
        "exp": parts.expires.as_second(),
        "dcql_query": parts.query.to_json(),
        "client_metadata": {
            "jwks": { "keys": [parts.encryption_key.to_jwk()] },
            "encrypted_response_enc_values_supported": ["A256GCM"],
            "vp_formats_supported": {
                (FORMAT): { "sd-jwt_alg_values": algorithms, "kb-jwt_alg_values": algorithms },
            },
        },
    });
    if let Some(data) = &transaction_data {
        payload["transaction_data"] = json!([data]);
    }
    let header = Map::from_iter([("x5c".to_owned(), json!([STANDARD.encode(certificate_der)]))]);
    let compact = jws::sign(TYP, header, payload.to_string().as_bytes(), key);
    SignedRequest {
        compact,
        transaction_data,
    }
}

//! How a request was fetched (OpenID4VP 1.0 section 5.10): what the wallet sent, and what it must find again.

use carnet_did_resolver::Document;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::{FORMAT, RequestError, eligibility_format};
use crate::RequestLink;

/// Everything that belongs to a request beside its own text. Kept with it, so that it can be checked anew.
#[derive(Debug, Clone, Copy)]
pub struct Fetched<'a> {
    /// The code that led to it.
    pub link: &'a RequestLink,
    /// The fresh value posted when it was fetched; it must stand in the request.
    pub wallet_nonce: Option<&'a str>,
    /// The document of the client's DID, where its host had to be asked: see [`super::did_to_fetch`].
    pub document: Option<&'a Document>,
}

impl<'a> From<&'a RequestLink> for Fetched<'a> {
    /// Fetched by GET, from a party that is no hosted DID.
    fn from(link: &'a RequestLink) -> Self {
        Self {
            link,
            wallet_nonce: None,
            document: None,
        }
    }
}

impl Fetched<'_> {
    /// The nonce that was sent comes back; one that wasn't sent doesn't.
    pub(super) fn check_wallet_nonce(&self, payload: &Map<String, Value>) -> Result<(), RequestError> {
        match (self.wallet_nonce, payload.get("wallet_nonce")) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(RequestError::WalletNonceMissing),
            (Some(sent), Some(Value::String(echoed))) if sent == echoed => Ok(()),
            _ => Err(RequestError::WalletNonce),
        }
    }
}

/// The body of the POST that fetches a request: the nonce, and what this wallet can do. Says nothing of the patient.
pub fn post_body(wallet_nonce: &str) -> String {
    let algorithms = json!(["ES256"]);
    let metadata = json!({
        "vp_formats_supported": {
            (FORMAT): { "sd-jwt_alg_values": algorithms, "kb-jwt_alg_values": algorithms },
            "ldp_vc": eligibility_format(),
        },
        "client_id_prefixes_supported": ["x509_hash", "x509_san_dns", "decentralized_identifier"],
        "request_object_signing_alg_values_supported": ["ES256", "EdDSA"],
        "response_types_supported": ["vp_token"],
        "response_modes_supported": ["direct_post.jwt"],
    });
    form_urlencoded::Serializer::new(String::new())
        .append_pair("wallet_nonce", wallet_nonce)
        .append_pair("wallet_metadata", &metadata.to_string())
        .finish()
}

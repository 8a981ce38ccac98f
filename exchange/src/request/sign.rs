//! The station's side: making a signed request, under one of three kinds of identity.

use base64::{Engine, engine::general_purpose::STANDARD};
use carnet_consent::ConsentRequest;
use carnet_credentials::{jws, signature::Signer};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use url::Url;

use super::{AUDIENCE, FORMAT, HOLDER_VCT, RequestError, TYP, eligibility_format};
use crate::{
    EncryptionKey, client_id_of,
    dcql::{CredentialQuery, Query},
    eligibility::AskedStatement,
    limits::REQUEST_BYTES,
};

/// Longest nonce of a wallet that is given back, in characters.
const WALLET_NONCE_MAX: usize = 256;

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
    /// `recipient.client_id` the client id asked under.
    pub consent: Option<&'a ConsentRequest>,
    /// What is to be shown without its value; its query stands in `query`. Never beside a consent.
    pub statement: Option<&'a AskedStatement>,
}

/// Under which identity a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskingAs<'a> {
    /// `x509_hash:`, with the certificate (DER).
    CertificateHash(&'a [u8]),
    /// `x509_san_dns:`, with a host's name and the certificate (DER) that bears it.
    CertificateName(&'a str, &'a [u8]),
    /// `decentralized_identifier:`, with the id of the DID's key, `did:…#fragment`.
    Did(&'a str),
}

impl<'a> From<&'a [u8]> for AskingAs<'a> {
    fn from(certificate_der: &'a [u8]) -> Self {
        Self::CertificateHash(certificate_der)
    }
}

impl AskingAs<'_> {
    /// The client id.
    pub fn client_id(&self) -> String {
        match self {
            Self::CertificateHash(der) => client_id_of(der),
            Self::CertificateName(name, _) => format!("x509_san_dns:{name}"),
            Self::Did(kid) => {
                let did = kid.split_once('#').map_or(*kid, |(did, _)| did);
                format!("decentralized_identifier:{did}")
            }
        }
    }

    fn header(&self) -> Map<String, Value> {
        Map::from_iter([match self {
            Self::CertificateHash(der) | Self::CertificateName(_, der) => {
                ("x5c".to_owned(), json!([STANDARD.encode(der)]))
            }
            Self::Did(kid) => ("kid".to_owned(), json!(kid)),
        }])
    }
}

/// The signed request and what the station keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// The compact serialisation, served as it is.
    pub compact: String,
    /// The one `transaction_data` entry in it, if there is a consent or a statement.
    pub transaction_data: Option<String>,
}

/// The query for proof of the holder key, as every consent needs it.
pub fn holder_query() -> CredentialQuery {
    CredentialQuery::sd_jwt("holder", HOLDER_VCT, Vec::new())
}

/// Signs a request with the key of that identity.
pub fn sign<'a>(
    parts: &RequestParts<'_>,
    key: &dyn Signer,
    asking_as: impl Into<AskingAs<'a>>,
) -> SignedRequest {
    let asking_as = asking_as.into();
    let transaction_data = parts.consent.map(ConsentRequest::to_transaction_data);
    let transaction_data =
        transaction_data.or_else(|| parts.statement.map(AskedStatement::to_transaction_data));
    let algorithms = json!(["ES256"]);
    let mut payload = json!({
        "client_id": asking_as.client_id(),
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
    if parts.statement.is_some() {
        payload["client_metadata"]["vp_formats_supported"]["ldp_vc"] = eligibility_format();
    }
    if let Some(data) = &transaction_data {
        payload["transaction_data"] = json!([data]);
    }
    let compact = jws::sign(TYP, asking_as.header(), payload.to_string().as_bytes(), key);
    SignedRequest {
        compact,
        transaction_data,
    }
}

/// Signs a request of one's own anew for the wallet that posted this nonce (section 5.10.1). Nothing else changes.
pub fn sign_for_wallet<'a>(
    compact: &str,
    wallet_nonce: &str,
    key: &dyn Signer,
    asking_as: impl Into<AskingAs<'a>>,
) -> Result<String, RequestError> {
    if wallet_nonce.len() > WALLET_NONCE_MAX
        || wallet_nonce.is_empty()
        || !wallet_nonce.bytes().all(|b| b.is_ascii_graphic())
    {
        return Err(RequestError::WalletNonce);
    }
    let mut payload = jws::verify(compact, TYP, REQUEST_BYTES, &key.public())?.payload;
    payload.insert("wallet_nonce".into(), wallet_nonce.into());
    let payload = Value::Object(payload).to_string();
    Ok(jws::sign(TYP, asking_as.into().header(), payload.as_bytes(), key))
}

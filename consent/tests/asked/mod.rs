//! One request that is fine, to be spoiled by the tests.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_consent::{ConsentRequest, RequestError};
use serde_json::{Value, json};

pub(crate) fn document() -> Value {
    json!({
        "type": "urn:carnet:consent:1",
        "credential_ids": ["holder"],
        "transaction_data_hashes_alg": ["sha-256"],
        "consent_id": "6f9619ff-8b86-4011-b42d-00c04fc964ff",
        "purpose": ["TREAT"],
        "items": [
            {"scope": "patient/AllergyIntolerance.rs", "required": true},
            {"scope": "patient/Observation.rs?category=laboratory", "required": false},
        ],
        "data_period": {"start": "2024-01-01"},
        "period": {"start": "2026-03-02T10:00:00Z", "end": "2026-04-01T10:00:00Z"},
        "recipient": {
            "client_id": "x509_hash:abc",
            "name": "Northgate Clinic",
            "policy_uri": "https://northgate.example/privacy",
        },
        "retention": "P30D",
        "onward": "none",
        "delivery": {
            "uri": "https://northgate.example:8443/delivery/1",
            "jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "BB", "kid": "1"},
        },
        "manage": {"uri": "https://northgate.example:8443/manage"},
        "ledger": {"chain_id": "1234567", "registry": "0x00112233445566778899aabbccddeeff00112233"},
    })
}

pub(crate) fn read(document: &Value) -> Result<ConsentRequest, RequestError> {
    ConsentRequest::from_transaction_data(&URL_SAFE_NO_PAD.encode(document.to_string()))
}

pub(crate) fn request() -> ConsentRequest {
    read(&document()).unwrap()
}

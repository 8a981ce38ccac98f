//! The clinic's good request, altered and signed again.
#![allow(dead_code, reason = "every test file uses a part of it")]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_exchange::request::{self, RequestError, VerifiedRequest};
use serde_json::Value;

use super::{clinic_key, jws_parts, link, now, sign_by_hand, signed_request, trust_list};

pub(crate) fn verify(compact: &str) -> Result<VerifiedRequest, RequestError> {
    request::verify(compact, &link(), &trust_list(), now())
}

pub(crate) fn refusal(compact: &str) -> &'static str {
    verify(compact).map_or_else(|e| e.code(), |_| "accepted")
}

/// The good request with another payload, signed by the clinic.
pub(crate) fn with_payload(change: impl FnOnce(&mut Value)) -> String {
    let (header, mut payload) = jws_parts(&signed_request().compact);
    change(&mut payload);
    sign_by_hand(&header, &payload.to_string(), &clinic_key())
}

/// The good request with another header, signed by the clinic.
pub(crate) fn with_header(change: impl FnOnce(&mut Value)) -> String {
    let (mut header, payload) = jws_parts(&signed_request().compact);
    change(&mut header);
    sign_by_hand(&header, &payload.to_string(), &clinic_key())
}

/// The good request with another consent in it.
pub(crate) fn with_consent(change: impl FnOnce(&mut Value)) -> String {
    with_payload(|payload| {
        let encoded = payload["transaction_data"][0].as_str().unwrap();
        let mut consent: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap();
        change(&mut consent);
        payload["transaction_data"][0] = URL_SAFE_NO_PAD.encode(consent.to_string()).into();
    })
}

pub(crate) fn remove(payload: &mut Value, name: &str) {
    payload.as_object_mut().unwrap().remove(name).unwrap();
}

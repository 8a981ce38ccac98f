//! A signed request, whole: from the bytes that were fetched to what the patient would see. The signature is made here, so
//! that what stands behind it is reached.
#![no_main]

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use carnet_credentials::jws;
use carnet_exchange::{
    RequestLink, TrustList, client_id_of, request,
    trust::{Entry, Role},
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use p256::ecdsa::SigningKey;
use serde_json::{Map, json};

const CERTIFICATE: &[u8] = include_bytes!("../../exchange/tests/vectors/clinic.der");

static CLINIC: LazyLock<(TrustList, RequestLink, SigningKey, Timestamp)> = LazyLock::new(|| {
    let now: Timestamp = "2026-12-01T10:20:00Z".parse().expect("a time");
    let client_id = client_id_of(CERTIFICATE);
    let entry = Entry {
        id: "northgate".into(),
        name: "Northgate Clinic".into(),
        client_ids: vec![client_id.clone()],
        origins: vec!["https://127.0.0.1:8443".into()],
        purposes: carnet_consent::Purpose::ALL.to_vec(),
        roles: vec![Role::Verifier],
        registries: vec![],
        log_keys: vec![],
        issuer_keys: vec![],
        request_keys: vec![],
        offline_keys: vec![],
        local: None,
    };
    let list = TrustList {
        version: 1,
        issued: now,
        expires: "2027-12-01T10:20:00Z".parse().expect("a time"),
        authority: "Authority".into(),
        development: true,
        entries: vec![entry],
    };
    let link = RequestLink {
        client_id,
        request_uri: "https://127.0.0.1:8443/r".parse().expect("an address"),
        method: carnet_exchange::RequestUriMethod::Get,
    };
    (
        list,
        link,
        SigningKey::from_slice(&[0x11; 32]).expect("a key"),
        now,
    )
});

fuzz_target!(|bytes: &[u8]| {
    let (list, link, key, now) = &*CLINIC;
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = request::verify(text, link, list, *now);
    }
    // The same bytes as the payload of the clinic's own signature.
    let header = Map::from_iter([("x5c".to_owned(), json!([STANDARD.encode(CERTIFICATE)]))]);
    let compact = jws::sign("oauth-authz-req+jwt", header, bytes, key);
    let _ = request::verify(&compact, link, list, *now);
});

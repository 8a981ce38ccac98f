//! Consent requests: what is understood, and what refuses the whole request.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod asked;

use asked::{document, read, request};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_consent::{ConsentRequest, RequestContext};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

fn check_at(document: &Value, now: &str) -> &'static str {
    let queries = ["holder".to_owned()];
    let context = RequestContext {
        client_id: "x509_hash:abc",
        response_origin: "https://northgate.example:8443",
        credential_query_ids: &queries,
    };
    let now: Timestamp = now.parse().unwrap();
    match read(document).and_then(|request| request.check(now, &context)) {
        Ok(()) => "ok",
        Err(error) => error.code(),
    }
}

fn check(document: &Value) -> &'static str {
    check_at(document, "2026-03-02T10:20:00Z")
}

#[test]
fn a_request_survives_its_own_writing() {
    let request = request();
    assert_eq!(check(&document()), "ok");
    assert_eq!(
        ConsentRequest::from_transaction_data(&request.to_transaction_data()).unwrap(),
        request
    );
}

#[test]
fn every_spoiled_field_refuses_the_whole_request() {
    let spoil = |path: &str, value: Value| {
        let mut document = document();
        *document.pointer_mut(path).unwrap() = value;
        check(&document)
    };
    let cases = [
        ("/type", json!("urn:carnet:consent:2"), "transaction_type_unknown"),
        (
            "/type",
            json!(["urn:carnet:consent:1"]),
            "transaction_type_unknown",
        ),
        ("/credential_ids", json!([]), "consent_ill_typed"),
        ("/credential_ids", json!("holder"), "consent_ill_typed"),
        ("/credential_ids", json!(["other"]), "consent_unknown_credential"),
        (
            "/credential_ids",
            json!(["holder", "other"]),
            "consent_unknown_credential",
        ),
        (
            "/transaction_data_hashes_alg",
            json!(["sha-1"]),
            "consent_ill_typed",
        ),
        (
            "/transaction_data_hashes_alg",
            json!(["sha-256", "sha-512"]),
            "consent_ill_typed",
        ),
        (
            "/consent_id",
            json!("6F9619FF-8B86-4011-B42D-00C04FC964FF"),
            "consent_ill_typed",
        ),
        ("/consent_id", json!(7), "consent_ill_typed"),
        ("/purpose", json!([]), "consent_ill_typed"),
        ("/purpose", json!(["TREAT", "TREAT"]), "consent_too_many"),
        ("/purpose", json!(["SNOOP"]), "consent_unknown_purpose"),
        ("/items", json!([]), "consent_nothing_asked"),
        ("/items", json!({}), "consent_ill_typed"),
        (
            "/items/0/scope",
            json!("patient/Everything.rs"),
            "consent_bad_scope",
        ),
        (
            "/items/0/scope",
            json!("user/AllergyIntolerance.rs"),
            "consent_bad_scope",
        ),
        (
            "/items/0/scope",
            json!("patient/Observation.rs?category=laboratory"),
            "consent_too_many",
        ),
        ("/items/0/required", json!("true"), "consent_ill_typed"),
        (
            "/items/0",
            json!({"scope": "patient/Patient.rs", "required": true, "why": ""}),
            "consent_unknown_field",
        ),
        ("/data_period", json!({}), "consent_ill_typed"),
        ("/data_period", json!({"start": "2024"}), "consent_ill_typed"),
        (
            "/data_period",
            json!({"start": "2024-02-02", "end": "2024-02-01"}),
            "consent_data_period_empty",
        ),
        (
            "/period/start",
            json!("2026-03-02T10:00:00+00:00"),
            "consent_ill_typed",
        ),
        (
            "/period/start",
            json!("2026-03-02T10:15:00Z"),
            "consent_period_not_whole_hours",
        ),
        (
            "/period/start",
            json!("2026-03-02T11:00:00Z"),
            "consent_period_in_future",
        ),
        (
            "/period/start",
            json!("2026-03-02T08:00:00Z"),
            "consent_period_too_old",
        ),
        (
            "/period/end",
            json!("2026-03-02T10:00:00Z"),
            "consent_period_empty",
        ),
        (
            "/period/end",
            json!("2026-03-01T10:00:00Z"),
            "consent_period_empty",
        ),
        (
            "/period/end",
            json!("2026-05-31T11:00:00Z"),
            "consent_period_too_long",
        ),
        (
            "/period",
            json!({"start": "2026-03-02T10:00:00Z"}),
            "consent_missing_field",
        ),
        (
            "/recipient/client_id",
            json!("x509_hash:abd"),
            "consent_other_recipient",
        ),
        ("/recipient/name", json!("Clinic\u{7}"), "consent_ill_typed"),
        ("/recipient/name", json!("x".repeat(201)), "consent_ill_typed"),
        (
            "/recipient/policy_uri",
            json!("javascript:alert(1)"),
            "consent_ill_typed",
        ),
        ("/retention", json!("P1M"), "consent_ill_typed"),
        ("/retention", json!("P030D"), "consent_ill_typed"),
        ("/retention", json!(30), "consent_ill_typed"),
        ("/onward", json!("any"), "consent_ill_typed"),
        (
            "/delivery/uri",
            json!("http://northgate.example:8443/delivery/1"),
            "consent_ill_typed",
        ),
        (
            "/delivery/uri",
            json!("https://a@northgate.example:8443/delivery/1"),
            "consent_ill_typed",
        ),
        (
            "/delivery/uri",
            json!("https://northgate.example/delivery/1"),
            "consent_other_origin",
        ),
        (
            "/delivery/uri",
            json!("https://n0rthgate.example:8443/delivery/1"),
            "consent_other_origin",
        ),
        ("/delivery/jwk", json!("key"), "consent_ill_typed"),
        ("/delivery/jwk", json!({}), "consent_ill_typed"),
        (
            "/manage/uri",
            json!("https://other.example:8443/manage"),
            "consent_other_origin",
        ),
        ("/ledger/chain_id", json!(1_234_567), "consent_ill_typed"),
        ("/ledger/chain_id", json!("01"), "consent_ill_typed"),
        (
            "/ledger/registry",
            json!("0x00112233445566778899AABBCCDDEEFF00112233"),
            "consent_ill_typed",
        ),
    ];
    for (path, value, code) in cases {
        assert_eq!(spoil(path, value.clone()), code, "{path} = {value}");
    }
}

#[test]
fn missing_and_unknown_fields_refuse() {
    for field in document()
        .as_object()
        .unwrap()
        .keys()
        .filter(|field| *field != "data_period")
    {
        let mut document = document();
        document.as_object_mut().unwrap().remove(field);
        let expected = if field == "type" {
            "transaction_type_unknown"
        } else {
            "consent_missing_field"
        };
        assert_eq!(check(&document), expected, "{field}");
    }
    for place in [
        "",
        "/period",
        "/recipient",
        "/delivery",
        "/manage",
        "/ledger",
        "/data_period",
    ] {
        let mut document = document();
        document.pointer_mut(place).unwrap()["redirect"] = json!("https://evil.example");
        assert_eq!(check(&document), "consent_unknown_field", "{place}");
    }
}

#[test]
fn ambiguous_json_refuses() {
    let code = |text: String| {
        ConsentRequest::from_transaction_data(&URL_SAFE_NO_PAD.encode(text))
            .unwrap_err()
            .code()
    };
    let plain = document().to_string();
    assert_eq!(
        code(plain.replacen('{', "{\"onward\":\"none\",", 1)),
        "consent_not_json"
    );
    assert_eq!(code(format!("{plain} x")), "consent_not_json");
    assert_eq!(
        code(format!("{}1{}", "[".repeat(5000), "]".repeat(5000))),
        "consent_not_json"
    );
    let padded = format!("{}=", URL_SAFE_NO_PAD.encode(&plain));
    assert_eq!(
        ConsentRequest::from_transaction_data(&padded).unwrap_err().code(),
        "consent_not_base64"
    );
}

#[test]
fn a_request_made_at_the_end_of_an_hour_can_be_answered_in_the_next() {
    assert_eq!(check_at(&document(), "2026-03-02T11:04:00Z"), "ok");
    assert_eq!(check_at(&document(), "2026-03-02T09:59:30Z"), "ok");
    assert_eq!(
        check_at(&document(), "2026-03-02T09:58:00Z"),
        "consent_period_in_future"
    );
    assert_eq!(
        check_at(&document(), "2026-03-02T12:00:00Z"),
        "consent_period_too_old"
    );
}

proptest! {
    #[test]
    fn no_bytes_panic_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = ConsentRequest::from_transaction_data(&URL_SAFE_NO_PAD.encode(&bytes));
        let _ = ConsentRequest::from_transaction_data(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_changed_byte_is_refused_or_still_means_what_it_says(at in 0_usize..900, byte in 0x20_u8..0x7f) {
        let mut text = document().to_string().into_bytes();
        let at = at % text.len();
        text[at] = byte;
        if let Ok(request) = ConsentRequest::from_transaction_data(&URL_SAFE_NO_PAD.encode(&text)) {
            let again = ConsentRequest::from_transaction_data(&request.to_transaction_data()).unwrap();
            prop_assert_eq!(again, request);
        }
    }
}

//! What a wallet does with a request: the good one passes, each hostile one is refused for its own reason.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod clinic;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_consent::{Purpose, RequestError as ConsentError};
use carnet_credentials::jwk::PublicKey;
use carnet_exchange::{
    RequestLink,
    limits::REQUEST_BYTES,
    request::{self, RequestError},
};
use clinic::{
    altered::{refusal, remove, verify, with_consent, with_payload},
    client_id, clinic_key, jws_parts, later, link, now, sign_by_hand, signed_request, signing, trust_list,
    verified_request,
};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn a_good_request_says_who_what_and_where() {
    let request = verified_request();
    assert_eq!(request.entry_id, "northgate-clinic");
    assert_eq!(request.client_id, client_id());
    assert_eq!(
        request.response_uri.path(),
        "/oid4vp/response/4f9Jx2QmT8wLr6VbNz3KpA"
    );
    assert_eq!(request.expires, later(300));
    assert_eq!(request.query, clinic::holder_only());
    assert_eq!(request.encryption_key, clinic::answer_key());
    assert_eq!(request.consent.unwrap().request, clinic::consent_request());
    assert_eq!(request.digest, request::digest(&signed_request().compact));
    assert_eq!(request.state.as_deref(), Some(clinic::STATE));
    assert!(link().to_string().len() <= 300);
}

// ATTACKS 11
#[test]
fn too_large_deep_or_ambiguous_requests_are_refused() {
    assert_eq!(refusal(&"a".repeat(REQUEST_BYTES + 1)), "request_too_large");
    let (header, payload) = jws_parts(&signed_request().compact);
    let by_clinic = |payload: &str| refusal(&sign_by_hand(&header, payload, &clinic_key()));
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(
        by_clinic(&format!(r#"{{"a":{deep}}}"#)),
        "request_payload_malformed"
    );
    let text = payload.to_string();
    let twice = text.replacen('{', r#"{"aud":"https://someone.example","#, 1);
    assert_eq!(by_clinic(&twice), "request_payload_malformed");
    assert_eq!(by_clinic(&format!("{text}{text}")), "request_payload_malformed");
    assert_eq!(
        by_clinic(&text.replace(&now().as_second().to_string(), "1e999")),
        "request_payload_malformed"
    );
    assert_eq!(by_clinic("[]"), "request_payload_malformed");
    let twice = URL_SAFE_NO_PAD.encode(header.to_string().replacen('{', r#"{"alg":"none","#, 1));
    assert_eq!(refusal(&format!("{twice}.e30.AAAA")), "request_malformed");
    for bad in ["", "a", "..", "a.b.c", "{}", "e30.e30"] {
        assert_eq!(refusal(bad), "request_malformed", "{bad}");
    }
}

// ATTACKS 13
#[test]
fn a_consent_that_is_not_exactly_understood_refuses_the_whole_request() {
    let set =
        |pointer: &str, value: Value| refusal(&with_consent(|c| *c.pointer_mut(pointer).unwrap() = value));
    let unknown = "transaction_type_unknown";
    assert_eq!(set("/type", json!("urn:carnet:payment:1")), unknown);
    assert_eq!(
        refusal(&with_consent(|c| c["extra"] = json!(1))),
        "consent_unknown_field"
    );
    assert_eq!(
        refusal(&with_consent(|c| remove(c, "period"))),
        "consent_missing_field"
    );
    assert_eq!(set("/purpose", json!("TREAT")), "consent_ill_typed");
    assert_eq!(
        set("/credential_ids", json!(["other"])),
        "consent_unknown_credential"
    );
    assert_eq!(
        set("/recipient/client_id", json!("x509_hash:other")),
        "consent_other_recipient"
    );
    for place in ["/delivery/uri", "/manage/uri"] {
        assert_eq!(
            set(place, json!("https://evil.example/x")),
            "consent_other_origin",
            "{place}"
        );
    }
    assert_eq!(
        set("/period/end", json!("2026-12-01T10:00:00Z")),
        "consent_period_empty"
    );
    assert_eq!(
        set("/period/end", json!("2027-03-01T11:00:00Z")),
        "consent_period_too_long"
    );
    assert_eq!(set("/ledger/chain_id", json!("1")), "request_ledger_not_listed");
    assert_eq!(
        set(
            "/ledger/registry",
            json!("0x00000000000000000000000000000000c0a51e28")
        ),
        "request_ledger_not_listed"
    );
    assert_eq!(set("/purpose", json!(["HMARKT"])), "request_purpose_not_listed");
    for (name, value) in [
        ("crv", json!("P-384")),
        ("x", json!("A".repeat(43))),
        ("use", json!("sig")),
        ("d", json!("x")),
    ] {
        assert_eq!(
            refusal(&with_consent(|c| c["delivery"]["jwk"][name] = value)),
            "request_delivery_key",
            "{name}"
        );
    }

    let data = |value: Value| refusal(&with_payload(|p| p["transaction_data"] = value));
    assert_eq!(
        refusal(&with_payload(|p| remove(p, "transaction_data"))),
        "request_no_transaction_data"
    );
    assert_eq!(data(json!([])), "request_no_transaction_data");
    assert_eq!(data(json!("x")), "request_field");
    assert_eq!(data(json!([1])), "request_field");
    assert_eq!(data(json!(["e30", "e30"])), "request_many_transaction_data");
    assert_eq!(data(json!(["not base64"])), "consent_not_base64");
    let refused = verify(&with_consent(|c| c["type"] = json!("x"))).unwrap_err();
    assert_eq!(refused, RequestError::Consent(ConsentError::UnknownType));
}

// ATTACKS 15
#[test]
fn a_consent_goes_with_one_plain_proof_of_the_holder_key() {
    let query = |value: Value| refusal(&with_payload(|p| p["dcql_query"] = value));
    let first = |name: &str, value: Value| {
        refusal(&with_payload(|p| p["dcql_query"]["credentials"][0][name] = value))
    };
    let holder =
        json!({ "id": "holder", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:carnet:holder:1"] } });
    let card = json!({ "id": "card", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:card:1"] } });
    assert_eq!(query(json!({ "credentials": [holder] })), "accepted");
    assert_eq!(query(json!({ "credentials": [holder, card] })), "accepted");
    let set = |options: Value, required: bool| {
        query(json!({
            "credentials": [holder, card],
            "credential_sets": [{ "options": options, "required": required }],
        }))
    };
    assert_eq!(set(json!([["holder", "card"], ["holder"]]), true), "accepted");

    let unsupported = "request_query_unsupported";
    let mut second = holder.clone();
    second["id"] = "second".into();
    assert_eq!(query(json!({ "credentials": [holder, second] })), unsupported);
    assert_eq!(query(json!({ "credentials": [card] })), unsupported);
    assert_eq!(set(json!([["holder"]]), false), unsupported);
    assert_eq!(set(json!([["holder"], ["card"]]), true), unsupported);
    let both = json!({ "vct_values": ["urn:carnet:holder:1", "urn:card:1"] });
    assert_eq!(first("meta", both), unsupported);
    assert_eq!(first("claims", json!([{ "path": ["name"] }])), unsupported);
    assert_eq!(first("multiple", json!(true)), unsupported);
    assert_eq!(
        first("require_cryptographic_holder_binding", json!(false)),
        unsupported
    );
    let anyone = json!([{ "type": "aki", "values": ["AAAA"] }]);
    assert_eq!(first("trusted_authorities", anyone), unsupported);
    // The decision is signed by the holder key, not by a card's.
    let by_card = with_consent(|c| c["credential_ids"] = json!(["card"]));
    let (header, mut payload) = jws_parts(&by_card);
    payload["dcql_query"]["credentials"] = json!([holder, card]);
    let compact = sign_by_hand(&header, &payload.to_string(), &clinic_key());
    assert_eq!(refusal(&compact), "consent_unknown_credential");
}

// ATTACKS 15
#[test]
fn a_request_for_cards_alone_needs_no_consent() {
    let cards = |change: &dyn Fn(&mut Value)| {
        let compact = with_payload(|p| {
            remove(p, "transaction_data");
            p["dcql_query"] = json!({ "credentials": [
                { "id": "card", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:card:1"] } },
            ] });
            change(p);
        });
        verify(&compact)
    };
    let request = cards(&|_| ()).unwrap();
    assert_eq!((request.consent, request.query.credentials.len()), (None, 1));
    let refused = |change: &dyn Fn(&mut Value)| cards(change).map_or_else(|e| e.code(), |_| "accepted");
    // Anything to be decided beside them that isn't understood refuses the whole.
    let unknown = URL_SAFE_NO_PAD.encode(r#"{"type":"urn:other:1","credential_ids":["card"]}"#);
    assert_eq!(
        refused(&|p| p["transaction_data"] = json!([unknown])),
        "transaction_type_unknown"
    );
    assert_eq!(
        refused(&|p| p["transaction_data"] = json!([])),
        "request_no_transaction_data"
    );
    for other in [
        "presentation_definition",
        "presentation_definition_uri",
        "scope",
        "dcql_query_uri",
        "claims",
    ] {
        assert_eq!(
            refused(&|p| p[other] = json!("x")),
            "request_other_query_language",
            "{other}"
        );
    }
    assert_eq!(refused(&|p| remove(p, "dcql_query")), "request_no_query");
}

// ATTACKS 16
#[test]
fn without_a_good_encryption_key_there_is_no_answer() {
    let metadata =
        |change: &dyn Fn(&mut Value)| refusal(&with_payload(|p| change(&mut p["client_metadata"])));
    let key = |name: &str, value: Value| metadata(&|m| m["jwks"]["keys"][0][name] = value.clone());
    assert_eq!(
        refusal(&with_payload(|p| remove(p, "client_metadata"))),
        "request_no_encryption_key"
    );
    assert_eq!(metadata(&|m| remove(m, "jwks")), "request_no_encryption_key");
    assert_eq!(
        metadata(&|m| m["jwks"]["keys"] = json!([])),
        "request_no_encryption_key"
    );
    assert_eq!(
        metadata(&|m| m["jwks_uri"] = json!("https://127.0.0.1:8443/k")),
        "request_key_by_reference"
    );
    let enc = |value: Value| metadata(&|m| m["encrypted_response_enc_values_supported"] = value.clone());
    assert_eq!(enc(json!(["A128CBC-HS256"])), "request_encryption");
    assert_eq!(enc(json!(["none"])), "request_encryption");
    assert_eq!(enc(json!([])), "request_encryption");
    assert_eq!(enc(json!(["A128GCM", "A256GCM"])), "accepted");
    assert_eq!(
        metadata(&|m| remove(m, "encrypted_response_enc_values_supported")),
        "request_encryption"
    );
    assert_eq!(
        metadata(&|m| m["authorization_encrypted_response_alg"] = json!("RSA1_5")),
        "request_encryption"
    );
    assert_eq!(key("alg", json!("RSA-OAEP")), "request_no_encryption_key");
    assert_eq!(key("use", json!("sig")), "request_no_encryption_key");
    assert_eq!(key("crv", json!("P-384")), "request_encryption_key");
    assert_eq!(key("kty", json!("oct")), "request_encryption_key");
    assert_eq!(key("d", json!("AAAA")), "request_encryption_key");
    // Off the curve; the point at infinity written as zeros.
    let other = PublicKey::from(&signing(3)).to_jwk();
    assert_eq!(key("x", other["x"].clone()), "request_encryption_key");
    let zero = |m: &mut Value| {
        m["jwks"]["keys"][0]["x"] = "A".repeat(43).into();
        m["jwks"]["keys"][0]["y"] = "A".repeat(43).into();
    };
    assert_eq!(metadata(&zero), "request_encryption_key");
    // A bad key before a good one isn't skipped.
    let behind = |m: &mut Value| {
        let good = m["jwks"]["keys"][0].clone();
        m["jwks"]["keys"] = json!([good, good]);
        m["jwks"]["keys"][0]["x"] = "A".repeat(43).into();
    };
    assert_eq!(metadata(&behind), "request_encryption_key");
    let formats = json!({ "dc+sd-jwt": { "kb-jwt_alg_values": ["ES384"] } });
    assert_eq!(
        metadata(&|m| m["vp_formats_supported"] = formats.clone()),
        "request_format"
    );
}

#[test]
fn only_listed_purposes_may_be_asked_for() {
    let mut list = trust_list();
    list.entries[0].purposes = vec![Purpose::Payment];
    let refused = request::verify(&signed_request().compact, &link(), &list, now()).unwrap_err();
    assert_eq!(refused, RequestError::PurposeNotListed);
}

proptest! {
    #[test]
    fn any_text_is_answered_without_a_panic(text in "[A-Za-z0-9_.-]{0,300}|.{0,100}") {
        prop_assert!(verify(&text).is_err());
        let _ = text.parse::<RequestLink>();
        let _ = format!("openid4vp://?{text}").parse::<RequestLink>();
    }

    #[test]
    fn one_changed_character_is_never_accepted(position in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let good = signed_request().compact;
        let position = position.index(good.len());
        let mut bad = good.clone();
        bad.replace_range(position..=position, &to);
        prop_assume!(bad != good);
        prop_assert!(verify(&bad).is_err());
    }

    #[test]
    fn any_member_replaced_by_any_type_is_answered_without_a_panic(
        member in any::<prop::sample::Index>(),
        value in prop::sample::select(vec![
            json!(null), json!(true), json!(-1), json!(1.5), json!(""), json!([]), json!({}), json!([[{}]]),
        ]),
    ) {
        let compact = with_payload(|p| {
            let members = p.as_object_mut().unwrap();
            let name = members.keys().nth(member.index(members.len())).unwrap().clone();
            members[&name] = value;
        });
        prop_assert!(verify(&compact).is_err());
    }

    #[test]
    fn any_consent_text_is_answered_without_a_panic(text in r#"[\[\]{}:,"a-z0-9]{0,60}"#) {
        let compact = with_payload(|p| p["transaction_data"][0] = URL_SAFE_NO_PAD.encode(text).into());
        prop_assert!(verify(&compact).is_err());
    }
}

//! What a wallet does with a request: the good one passes, each hostile one is refused for its own reason.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod clinic;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use carnet_consent::{Purpose, RequestError as ConsentError};
use carnet_credentials::jwk::PublicKey;
use carnet_exchange::{
    RequestLink, TrustList, client_id_of,
    limits::REQUEST_BYTES,
    request::{self, RequestError, VerifiedRequest},
    trust::Role,
};
use clinic::{
    CERTIFICATE, client_id, clinic_key, jws_parts, later, link, now, sign_by_hand, signed_request, signing,
    trust_list, url, verified_request,
};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

fn verify(compact: &str) -> Result<VerifiedRequest, RequestError> {
    request::verify(compact, &link(), &trust_list(), now())
}

fn refusal(compact: &str) -> &'static str {
    verify(compact).map_or_else(|e| e.code(), |_| "accepted")
}

/// The good request with another payload, signed by the clinic.
fn with_payload(change: impl FnOnce(&mut Value)) -> String {
    let (header, mut payload) = jws_parts(&signed_request().compact);
    change(&mut payload);
    sign_by_hand(&header, &payload.to_string(), &clinic_key())
}

/// The good request with another header, signed by the clinic.
fn with_header(change: impl FnOnce(&mut Value)) -> String {
    let (mut header, payload) = jws_parts(&signed_request().compact);
    change(&mut header);
    sign_by_hand(&header, &payload.to_string(), &clinic_key())
}

/// The good request with another consent in it.
fn with_consent(change: impl FnOnce(&mut Value)) -> String {
    with_payload(|payload| {
        let encoded = payload["transaction_data"][0].as_str().unwrap();
        let mut consent: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap();
        change(&mut consent);
        payload["transaction_data"][0] = URL_SAFE_NO_PAD.encode(consent.to_string()).into();
    })
}

fn remove(payload: &mut Value, name: &str) {
    payload.as_object_mut().unwrap().remove(name).unwrap();
}

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

// ATTACKS 1, 3: before anything is fetched.
#[test]
fn an_unlisted_client_or_a_foreign_address_is_refused_before_fetching() {
    let who = |client_id: String, address: &str, list: &TrustList| {
        let link = RequestLink {
            client_id,
            request_uri: address.parse().unwrap(),
        };
        request::who(&link, list)
            .map(|e| e.id.clone())
            .map_err(|e| e.code())
    };
    let list = trust_list();
    let good = "https://127.0.0.1:8443/x";
    assert_eq!(who(client_id(), good, &list), Ok("northgate-clinic".into()));
    assert_eq!(
        who(client_id_of(b"other"), good, &list),
        Err("request_client_not_listed")
    );
    for other_kind in [
        "x509_san_dns:clinic.example",
        "https://clinic.example",
        "x509_hash:short",
        "redirect_uri:x",
    ] {
        assert_eq!(who(other_kind.into(), good, &list), Err("request_client_id_kind"));
    }
    for foreign in [
        "https://127.0.0.1:8444/x",
        "https://127.0.0.1/x",
        "http://127.0.0.1:8443/x",
        "https://localhost:8443/x",
        "https://127.0.0.1:8443@evil.example/x",
        "https://user@127.0.0.1:8443/x",
        "https://evil.example/127.0.0.1:8443",
        "file:///127.0.0.1:8443/x",
    ] {
        assert_eq!(
            who(client_id(), foreign, &list),
            Err("request_uri_origin"),
            "{foreign}"
        );
    }
    let mut list = trust_list();
    list.entries[0].roles = vec![Role::Relayer];
    assert_eq!(
        who(client_id(), good, &list),
        Err("request_client_not_a_verifier")
    );
}

// ATTACKS 1
#[test]
fn a_client_id_other_than_the_codes_is_refused() {
    assert_eq!(
        refusal(&with_payload(|p| p["client_id"] = "x509_hash:other".into())),
        "request_client_id_mismatch"
    );
    assert_eq!(
        refusal(&with_payload(|p| remove(p, "client_id"))),
        "request_field"
    );
    // The whole request of one listed clinic behind the code of another one.
    let mut list = trust_list();
    let mut other = list.entries[0].clone();
    other.id = "other".into();
    other.client_ids = vec![client_id_of(b"other")];
    other.origins = vec!["https://other.example".into()];
    list.entries.push(other);
    let link = RequestLink {
        client_id: client_id_of(b"other"),
        request_uri: "https://other.example/r".parse().unwrap(),
    };
    let refused = request::verify(&signed_request().compact, &link, &list, now()).unwrap_err();
    assert_eq!(refused, RequestError::CertificateNotClient);
}

// ATTACKS 2
#[test]
fn a_request_without_a_signature_by_the_clinic_is_refused() {
    let good = signed_request().compact;
    let (input, _) = good.rsplit_once('.').unwrap();
    assert_eq!(refusal(&format!("{input}.")), "request_unsigned");
    assert_eq!(
        refusal(&with_header(|h| h["alg"] = "none".into())),
        "request_unsigned"
    );
    assert_eq!(
        refusal(&with_header(|h| h["alg"] = "HS256".into())),
        "request_wrong_algorithm"
    );
    assert_eq!(
        refusal(&with_header(|h| h["alg"] = "ES512".into())),
        "request_wrong_algorithm"
    );
    assert_eq!(
        refusal(&with_header(|h| remove(h, "alg"))),
        "request_wrong_algorithm"
    );
    assert_eq!(
        refusal(&with_header(|h| remove(h, "x5c"))),
        "request_no_certificate"
    );
    let jwk = PublicKey::from(&clinic_key()).to_jwk();
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://x/")),
        ("x5u", json!("https://x/")),
    ] {
        assert_eq!(
            refusal(&with_header(|h| h[name] = value)),
            "request_embedded_key",
            "{name}"
        );
    }
    assert_eq!(
        refusal(&with_header(|h| h["crit"] = json!(["x"]))),
        "request_critical_extension"
    );
    assert_eq!(
        refusal(&with_header(|h| h["crit"] = json!([]))),
        "request_critical_extension"
    );
    // EdDSA is fine for others, but not with a certificate of ours.
    assert_eq!(
        refusal(&with_header(|h| h["alg"] = "EdDSA".into())),
        "request_wrong_algorithm"
    );
    // By another key, under the clinic's certificate.
    let (header, payload) = jws_parts(&good);
    assert_eq!(
        refusal(&sign_by_hand(&header, &payload.to_string(), &signing(9))),
        "request_bad_signature"
    );
}

/// A fresh certificate, its client id put into the list and into a request that is signed with its key.
fn with_certificate(change: impl FnOnce(&mut rcgen::CertificateParams), p256: bool) -> &'static str {
    use p256::pkcs8::DecodePrivateKey;
    let algorithm = if p256 {
        &rcgen::PKCS_ECDSA_P256_SHA256
    } else {
        &rcgen::PKCS_ECDSA_P384_SHA384
    };
    let pair = rcgen::KeyPair::generate_for(algorithm).unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["clinic.example".to_owned()]).unwrap();
    change(&mut params);
    let der = params.self_signed(&pair).unwrap().der().to_vec();
    let key = p256::SecretKey::from_pkcs8_der(&pair.serialize_der());
    let key = key.map_or_else(|_| clinic_key(), Into::into);
    with_der(&der, &key)
}

fn with_der(der: &[u8], key: &p256::ecdsa::SigningKey) -> &'static str {
    let client_id = client_id_of(der);
    let mut list = trust_list();
    list.entries[0].client_ids = vec![client_id.clone()];
    let (mut header, mut payload) = jws_parts(&with_consent(|c| {
        c["recipient"]["client_id"] = client_id.clone().into();
    }));
    header["x5c"] = json!([STANDARD.encode(der)]);
    payload["client_id"] = client_id.clone().into();
    let link = RequestLink { client_id, ..link() };
    let compact = sign_by_hand(&header, &payload.to_string(), key);
    request::verify(&compact, &link, &list, now()).map_or_else(|e| e.code(), |_| "accepted")
}

// ATTACKS 3, 4
#[test]
fn a_certificate_that_does_not_hold_is_refused() {
    use rcgen::{BasicConstraints, IsCa, KeyUsagePurpose, date_time_ymd};
    assert_eq!(with_certificate(|_| (), true), "accepted");
    assert_eq!(with_certificate(|_| (), false), "request_certificate_key");
    assert_eq!(
        with_certificate(|p| p.not_after = date_time_ymd(2026, 11, 30), true),
        "request_certificate_expired"
    );
    assert_eq!(
        with_certificate(|p| p.not_before = date_time_ymd(2026, 12, 2), true),
        "request_certificate_not_yet_valid"
    );
    assert_eq!(
        with_certificate(|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained), true),
        "request_certificate_usage"
    );
    assert_eq!(
        with_certificate(|p| p.key_usages = vec![KeyUsagePurpose::KeyAgreement], true),
        "request_certificate_usage"
    );
    // Listed or not, what isn't a certificate is none; a certificate with a tail isn't one either.
    assert_eq!(
        with_der(b"not a certificate", &clinic_key()),
        "request_certificate_malformed"
    );
    let mut tail = CERTIFICATE.to_vec();
    tail.push(0);
    assert_eq!(with_der(&tail, &clinic_key()), "request_certificate_malformed");

    let x5c = |value: Value| refusal(&with_header(|h| h["x5c"] = value));
    let good = STANDARD.encode(CERTIFICATE);
    assert_eq!(x5c(json!([])), "request_no_certificate");
    assert_eq!(x5c(json!(good)), "request_certificate_malformed");
    assert_eq!(x5c(json!([1])), "request_certificate_malformed");
    assert_eq!(
        x5c(json!([good, good, good, good, good])),
        "request_certificate_malformed"
    );
    assert_eq!(
        x5c(json!([URL_SAFE_NO_PAD.encode([0xfb; 40])])),
        "request_certificate_malformed"
    );
    // Another certificate first, the clinic's behind it.
    assert_eq!(
        x5c(json!([STANDARD.encode(b"other"), good])),
        "request_certificate_not_client"
    );
    // The listed hash of another certificate: the clinic's key was changed, the list not.
    let mut list = trust_list();
    list.entries[0].client_ids = vec![client_id_of(b"renewed")];
    let refused = request::verify(&signed_request().compact, &link(), &list, now()).unwrap_err();
    assert_eq!(refused, RequestError::NotListed);
}

// ATTACKS 5, 6
#[test]
fn an_altered_envelope_is_refused() {
    let good = signed_request().compact;
    let (header, rest) = good.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let (_, mut payload) = jws_parts(&good);
    payload["state"] = "other".into();
    let forged = format!(
        "{header}.{}.{signature}",
        URL_SAFE_NO_PAD.encode(payload.to_string())
    );
    assert_eq!(refusal(&forged), "request_bad_signature");

    let set = |name: &str, value: Value| refusal(&with_payload(|p| p[name] = value));
    for foreign in [
        "https://evil.example/",
        "https://127.0.0.1:8444/",
        "http://127.0.0.1:8443/",
    ] {
        assert_eq!(
            set("response_uri", json!(foreign)),
            "request_response_uri_origin",
            "{foreign}"
        );
    }
    assert_eq!(set("response_uri", json!("no address")), "request_field");
    assert_eq!(
        set("redirect_uri", json!("https://127.0.0.1:8443/")),
        "request_redirect_uri"
    );
    assert_eq!(
        set("aud", json!("https://someone.example")),
        "request_wrong_audience"
    );
    assert_eq!(set("aud", json!(["https://self-issued.me/v2"])), "request_field");
    assert_eq!(
        refusal(&with_payload(|p| remove(p, "aud"))),
        "request_wrong_audience"
    );
    assert_eq!(
        set("response_type", json!("vp_token id_token")),
        "request_response_type"
    );
    for mode in ["direct_post", "fragment", "query", "dc_api.jwt"] {
        assert_eq!(
            set("response_mode", json!(mode)),
            "request_response_mode",
            "{mode}"
        );
    }
    assert_eq!(
        refusal(&with_payload(|p| remove(p, "response_mode"))),
        "request_response_mode"
    );
    assert_eq!(
        set("request_uri", json!("https://127.0.0.1:8443/again")),
        "request_not_accepted"
    );
    assert_eq!(
        refusal(&with_header(|h| h["typ"] = "JWT".into())),
        "request_wrong_type"
    );
    assert_eq!(refusal(&with_header(|h| remove(h, "typ"))), "request_wrong_type");
    assert_eq!(set("state", json!("a b")), "request_state_malformed");
    assert_eq!(set("state", json!(1)), "request_state_malformed");
}

// ATTACKS 6
#[test]
fn wrong_times_are_refused() {
    let iat = now().as_second();
    let times = |iat: Value, exp: Value| {
        refusal(&with_payload(|p| {
            p["iat"] = iat;
            p["exp"] = exp;
        }))
    };
    assert_eq!(times(json!(iat), json!(iat + 300)), "accepted");
    assert_eq!(times(json!(iat - 300), json!(iat)), "request_expired");
    assert_eq!(
        times(json!(iat + 61), json!(iat + 300)),
        "request_from_the_future"
    );
    assert_eq!(times(json!(iat), json!(iat + 3_600)), "request_lifetime");
    assert_eq!(times(json!(iat + 60), json!(iat + 50)), "request_lifetime");
    assert_eq!(times(json!(0), json!(i64::MAX)), "request_field");
    assert_eq!(times(json!(iat), json!("soon")), "request_field");
    assert_eq!(times(json!(1.5e9), json!(iat + 300)), "request_field");
    for name in ["iat", "exp"] {
        assert_eq!(
            refusal(&with_payload(|p| remove(p, name))),
            "request_field",
            "{name}"
        );
    }
    assert_eq!(
        refusal(&with_payload(|p| p["nbf"] = json!(iat + 61))),
        "request_from_the_future"
    );
    let at = |now: Timestamp| request::verify(&signed_request().compact, &link(), &trust_list(), now);
    assert!(at(later(299)).is_ok());
    assert_eq!(at(later(300)).unwrap_err(), RequestError::Expired);
    assert_eq!(at(later(-61)).unwrap_err(), RequestError::FromTheFuture);
}

// ATTACKS 7
#[test]
fn a_missing_odd_or_weak_nonce_is_refused() {
    let nonce = |value: Value| refusal(&with_payload(|p| p["nonce"] = value));
    assert_eq!(
        refusal(&with_payload(|p| remove(p, "nonce"))),
        "request_nonce_missing"
    );
    assert_eq!(nonce(json!("")), "request_nonce_missing");
    assert_eq!(nonce(json!(12)), "request_field");
    for odd in [
        "q8V2mPz0xYd3Jt5rKw7uN\n",
        "q8V2mPz0xYd3Jt5rKw7u\u{202e}",
        "q8V2mPz0xYd3Jt5r Kw7uNc",
        "q8V2mPz0xYd3Jt5r%0aKw7uNc",
        "q8V2mPz0xYd3Jt5r\u{0}Kw7uNc",
    ] {
        assert_eq!(nonce(json!(odd)), "request_nonce_malformed", "{odd:?}");
    }
    assert_eq!(nonce(json!("aB3".repeat(200))), "request_nonce_malformed");
    for weak in ["1", "q8V2mPz0xYd3Jt5rKw7uN", &"0".repeat(43), &"ab".repeat(20)] {
        assert_eq!(nonce(json!(weak)), "request_nonce_weak", "{weak}");
    }
}

// ATTACKS 8
#[test]
fn an_answered_request_is_refused_even_signed_anew() {
    let first = verified_request();
    assert!(request::check_unused(&first, |_| false).is_ok());
    let again = verify(&with_payload(|p| p["state"] = "another-state-same-nonce".into())).unwrap();
    assert_ne!(first.digest, again.digest);
    assert_eq!(
        request::check_unused(&again, |once| *once == first.once),
        Err(RequestError::Used)
    );
    assert_eq!(
        refusal(&with_payload(|p| p["wallet_nonce"] = "x".into())),
        "request_wallet_nonce"
    );
    assert_eq!(
        refusal(&with_payload(|p| p["request_uri_method"] = "post".into())),
        "request_not_accepted"
    );
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

// ATTACKS 18: no text of the request's own is a name.
#[test]
fn names_in_the_request_change_nothing() {
    let request = verify(&with_payload(|p| {
        p["client_metadata"]["client_name"] = "Northgate\u{202e} <b>Hospital</b>".into();
        p["client_metadata"]["logo_uri"] = "https://tracker.example/1.png".into();
    }))
    .unwrap();
    assert_eq!(request.entry_id, "northgate-clinic");
}

#[test]
fn only_listed_purposes_may_be_asked_for() {
    let mut list = trust_list();
    list.entries[0].purposes = vec![Purpose::Payment];
    let refused = request::verify(&signed_request().compact, &link(), &list, now()).unwrap_err();
    assert_eq!(refused, RequestError::PurposeNotListed);
}

#[test]
fn a_link_is_read_strictly() {
    let good = link().to_string();
    let parse = |text: &str| text.parse::<RequestLink>().map_err(|e| e.code());
    assert_eq!(parse(&good), Ok(link()));
    assert_eq!(parse(&format!("  {good}\n")), Ok(link()));
    assert_eq!(parse(&good.replace("openid4vp", "haip-vp")), Ok(link()));
    assert_eq!(parse(&good.replace("openid4vp", "OPENID4VP")), Ok(link()));
    assert_eq!(
        parse(&good.replace("openid4vp", "https")),
        Err("link_not_a_request")
    );
    assert_eq!(parse("hello"), Err("link_not_a_request"));
    assert_eq!(parse(""), Err("link_not_a_request"));
    assert_eq!(parse("openid4vp://?"), Err("link_incomplete"));
    assert_eq!(parse("openid4vp://?client_id=x"), Err("link_incomplete"));
    assert_eq!(
        parse(&format!("{good}&client_id=x")),
        Err("link_repeated_parameter")
    );
    assert_eq!(
        parse(&format!("{good}&request=eyJ")),
        Err("link_unexpected_parameter")
    );
    assert_eq!(
        parse(&format!("{good}&request_uri_method=post")),
        Err("link_unexpected_parameter")
    );
    assert_eq!(parse(&format!("{good}#x")), Err("link_unexpected_parameter"));
    assert_eq!(parse(&format!("{good}{}", "a".repeat(300))), Err("link_too_long"));
    for address in [
        "http://a.example/",
        "file:///etc/passwd",
        "https://u:p@a.example/",
        "javascript:1",
        "https://a.example/%23#f",
        "",
    ] {
        let text = format!("openid4vp://?client_id=x&request_uri={}", url_encoded(address));
        assert_eq!(parse(&text), Err("link_bad_address"), "{address}");
    }
    assert_eq!(link().request_uri, url("/oid4vp/request/4f9Jx2QmT8wLr6VbNz3KpA"));
}

fn url_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
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

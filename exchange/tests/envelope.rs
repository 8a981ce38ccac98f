//! The request's envelope: addresses, audience, times, nonces. Each wrong one is refused for its own reason.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod clinic;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_exchange::{
    answer::Reply,
    request::{self, Fetched, RequestError},
};
use clinic::{
    CERTIFICATE,
    altered::{refusal, remove, verify, with_header, with_payload},
    clinic_key, jws_parts, later, link, now, signed_request, trust_list, verified_request,
};
use jiff::Timestamp;
use serde_json::{Value, json};

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
        refusal(&with_payload(|p| p["request_uri_method"] = "post".into())),
        "request_not_accepted"
    );
}

// ATTACKS 8
#[test]
fn a_wallets_nonce_must_come_back_and_only_if_it_was_sent() {
    const SENT: &str = "Qe6TiRlMq8V2mPz0xYd3Jt5rKw7uNc1LbSf4GhEa9Xo";
    let link = link();
    let outcome = |compact: &str, sent: Option<&str>| {
        let fetched = Fetched {
            wallet_nonce: sent,
            ..Fetched::from(&link)
        };
        request::verify(compact, fetched, &trust_list(), now()).map_or_else(|e| e.code(), |_| "accepted")
    };
    let plain = signed_request().compact;
    let made = |nonce: &str| {
        request::sign_for_wallet(&plain, nonce, &clinic_key(), CERTIFICATE).map_err(|e| e.code())
    };
    assert_eq!(outcome(&plain, None), "accepted");
    assert_eq!(outcome(&made(SENT).unwrap(), Some(SENT)), "accepted");
    // An older request, made for nobody or for somebody else, shown again.
    assert_eq!(outcome(&plain, Some(SENT)), "request_wallet_nonce_missing");
    assert_eq!(
        outcome(&made("another-one").unwrap(), Some(SENT)),
        "request_wallet_nonce"
    );
    assert_eq!(outcome(&made(SENT).unwrap(), None), "request_wallet_nonce");
    for value in [json!(1), json!([SENT]), json!(null), json!("")] {
        let odd = with_payload(|p| p["wallet_nonce"] = value);
        assert_eq!(outcome(&odd, Some(SENT)), "request_wallet_nonce");
    }
    // Nothing but the nonce is another.
    let (_, mut payload) = jws_parts(&made(SENT).unwrap());
    remove(&mut payload, "wallet_nonce");
    assert_eq!(payload, jws_parts(&plain).1);
    for odd in ["", "a b", "a\u{202e}", &"a".repeat(257)] {
        assert_eq!(made(odd), Err("request_wallet_nonce"), "{odd:?}");
    }
}

// ATTACKS 17
#[test]
fn a_reply_that_would_send_the_patient_on_is_never_followed() {
    let list = trust_list();
    let outcome = |onwards: Value| {
        let body = json!({ "carnet_promise": "p", "redirect_uri": onwards }).to_string();
        Reply::read_from(body.as_bytes(), &list.entries[0])
    };
    let kept = Reply::Promise("p".to_owned());
    assert_eq!(
        outcome(json!("https://127.0.0.1:8443/thanks?x=1")),
        Ok(kept.clone())
    );
    assert_eq!(
        Reply::read_from(br#"{"carnet_promise":"p"}"#, &list.entries[0]),
        Ok(kept)
    );
    for onwards in [
        json!("javascript:alert(1)"),
        json!("file:///etc/passwd"),
        json!("data:text/html,x"),
        json!("carnet:offer"),
        json!("http://127.0.0.1:8443/"),
        json!("https://127.0.0.1:8444/"),
        json!("https://evil.example/"),
        json!("https://127.0.0.1:8443@evil.example/"),
        json!("//127.0.0.1:8443/"),
        json!(""),
        json!(1),
        json!(null),
        json!(["https://127.0.0.1:8443/"]),
    ] {
        assert_eq!(
            outcome(onwards.clone()).map_err(|e| e.code()),
            Err("reply_redirect_refused"),
            "{onwards}"
        );
    }
}

//! What strangers can put into an issuance: whatever it is, it is read or refused, and what is of another party is never taken
//! for one's own.
#![expect(clippy::unwrap_used, reason = "what a test writes down itself can be read")]

use carnet_credentials::{jwk::PublicKey, signature::Signer};
use carnet_exchange::{
    Entry, TrustList,
    issuance::{
        Form, authorize,
        credential::{CredentialError, CredentialRequest, CredentialResponse, read_nonce, read_notification},
        dpop::{self, DpopError, Proven},
        metadata::{AuthorizationServer, CredentialIssuer},
        offer::{CredentialOffer, OfferLink},
        proof::{self, ProofError},
        source::{Source, issuer_of},
        token::{TokenRequest, TokenResponse},
    },
    trust::Role,
};
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::SigningKey;
use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

const ISSUER: &str = "https://insurer.example";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn offer() -> Value {
    json!({
        "credential_issuer": ISSUER,
        "credential_configuration_ids": ["card"],
        "grants": { "urn:ietf:params:oauth:grant-type:pre-authorized_code": {
            "pre-authorized_code": "c", "tx_code": { "input_mode": "numeric", "length": 6, "description": "letter" },
        }},
    })
}

fn metadata() -> Value {
    json!({
        "credential_issuer": ISSUER,
        "credential_endpoint": "https://insurer.example/credential",
        "nonce_endpoint": "https://insurer.example/nonce",
        "notification_endpoint": "https://insurer.example/notification",
        "deferred_credential_endpoint": "https://insurer.example/deferred",
        "batch_credential_issuance": { "batch_size": 1000 },
        "credential_configurations_supported": { "card": {
            "format": "dc+sd-jwt", "vct": "urn:example:card:1",
            "cryptographic_binding_methods_supported": ["jwk"],
            "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": ["ES256"] } },
            "credential_metadata": { "display": [{ "name": "Karte", "locale": "de" }, { "name": "Card", "locale": "en-GB" }] },
        }},
    })
}

fn server() -> Value {
    json!({
        "issuer": ISSUER,
        "token_endpoint": "https://insurer.example/token",
        "dpop_signing_alg_values_supported": ["ES256"],
    })
}

fn entry(id: &str, origin: &str, role: Role) -> Entry {
    Entry {
        id: id.to_owned(),
        name: id.to_owned(),
        client_ids: vec![],
        origins: vec![origin.to_owned()],
        purposes: vec![],
        roles: vec![role],
        registries: vec![],
        log_keys: vec![],
        issuer_keys: vec![],
        request_keys: Vec::new(),
        offline_keys: vec![],
        local: None,
    }
}

fn list() -> TrustList {
    TrustList {
        version: 1,
        issued: Timestamp::UNIX_EPOCH,
        expires: Timestamp::MAX,
        authority: "A".to_owned(),
        development: true,
        entries: vec![
            entry("insurer", ISSUER, Role::Issuer),
            entry("other", "https://other.example", Role::Issuer),
            entry("clinic", "https://clinic.example", Role::Verifier),
        ],
    }
}

/// From an offer to all addresses of its issuance, as a wallet does it.
fn source(
    offer: &Value,
    from: Option<&str>,
    metadata: &Value,
    server: &Value,
) -> Result<Source, &'static str> {
    let offer = CredentialOffer::parse(offer.to_string().as_bytes()).map_err(|e| e.code())?;
    let from = from.map(|from| Url::parse(from).unwrap());
    let list = list();
    let entry = issuer_of(&list, &offer, from.as_ref()).map_err(|e| e.code())?;
    let issuer = CredentialIssuer::parse(metadata.to_string().as_bytes(), &offer.credential_issuer)
        .map_err(|e| e.code())?;
    issuer
        .configuration(&offer.configuration_ids[0])
        .map_err(|e| e.code())?;
    let id = issuer
        .server(offer.authorization_server())
        .map_err(|e| e.code())?;
    let server = AuthorizationServer::parse(server.to_string().as_bytes(), id).map_err(|e| e.code())?;
    Source::of(entry, &issuer, &server).map_err(|e| e.code())
}

fn with(mut value: Value, path: &str, new: Value) -> Value {
    match value.pointer_mut(path) {
        Some(place) => *place = new,
        None => value[path.trim_start_matches('/')] = new,
    }
    value
}

#[test]
fn every_address_of_an_issuance_belongs_to_the_one_listed_issuer() {
    let found = source(
        &offer(),
        Some("https://insurer.example/o/1"),
        &metadata(),
        &server(),
    )
    .unwrap();
    assert_eq!((found.entry_id.as_str(), found.batch_size), ("insurer", 100));

    let refused = |offer: Value, from: Option<&str>, metadata: Value, server: Value, code: &str| {
        assert_eq!(source(&offer, from, &metadata, &server), Err(code));
    };
    let foreign = || json!("https://other.example/x");
    for (url, code) in [
        ("https://nobody.example", "issuer_not_listed"),
        ("https://insurer.example.evil.example", "issuer_not_listed"),
        ("https://clinic.example", "issuer_not_an_issuer"),
        ("http://insurer.example", "offer_bad_address"),
        ("https://u@insurer.example", "offer_bad_address"),
        ("https://insurer.example?x", "offer_bad_address"),
    ] {
        refused(
            with(offer(), "/credential_issuer", url.into()),
            None,
            metadata(),
            server(),
            code,
        );
    }
    let elsewhere = Some("https://other.example/o/1");
    refused(
        offer(),
        elsewhere,
        metadata(),
        server(),
        "offer_other_organisation",
    );
    let other = with(metadata(), "/credential_issuer", "https://other.example".into());
    refused(offer(), None, other, server(), "issuer_metadata_other_issuer");
    for name in [
        "credential_endpoint",
        "nonce_endpoint",
        "notification_endpoint",
        "deferred_credential_endpoint",
    ] {
        let mixed = with(metadata(), &format!("/{name}"), foreign());
        refused(offer(), None, mixed, server(), "issuer_foreign_address");
    }
    for name in [
        "token_endpoint",
        "authorization_endpoint",
        "pushed_authorization_request_endpoint",
    ] {
        let mixed = with(server(), &format!("/{name}"), foreign());
        refused(offer(), None, metadata(), mixed, "issuer_foreign_server");
    }
    let theirs = with(
        metadata(),
        "/authorization_servers",
        json!(["https://other.example"]),
    );
    let their_server = with(server(), "/issuer", "https://other.example".into());
    refused(
        offer(),
        None,
        theirs.clone(),
        their_server,
        "issuer_foreign_server",
    );
    refused(offer(), None, theirs, server(), "issuer_metadata_other_server");
    let several = with(
        metadata(),
        "/authorization_servers",
        json!([ISSUER, "https://other.example"]),
    );
    refused(offer(), None, several.clone(), server(), "offer_wrong_server");
    let mut insisting = offer();
    insisting["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"]["authorization_server"] =
        "https://nobody.example".into();
    refused(insisting, None, several, server(), "offer_wrong_server");
    let plain = json!({ "issuer": ISSUER, "token_endpoint": "https://insurer.example/token" });
    refused(offer(), None, metadata(), plain, "issuer_without_dpop");
    let unknown = with(offer(), "/credential_configuration_ids", json!(["other"]));
    refused(unknown, None, metadata(), server(), "offer_unknown_card");
    let mdoc = with(
        metadata(),
        "/credential_configurations_supported/card/format",
        "mso_mdoc".into(),
    );
    refused(offer(), None, mdoc, server(), "offer_unsupported_card");
}

#[test]
fn an_offer_survives_its_own_link() {
    let value = CredentialOffer::parse(offer().to_string().as_bytes()).unwrap();
    let link = OfferLink::Value(Box::new(value.clone()));
    assert_eq!(link.to_string().parse(), Ok(link.clone()));
    assert_eq!(value.to_value(), offer());
    let by_reference: OfferLink = "haip-vci://?credential_offer_uri=https%3A%2F%2Finsurer.example%2Fo"
        .parse()
        .unwrap();
    assert_eq!(by_reference.to_string().parse(), Ok(by_reference.clone()));
    for (text, code) in [
        ("openid4vp://?client_id=x", "offer_link_not_an_offer"),
        ("openid-credential-offer://", "offer_link_incomplete"),
        (
            "openid-credential-offer://?credential_offer_uri=http://a.example",
            "offer_bad_address",
        ),
        (
            "openid-credential-offer://?credential_offer_uri=file:///etc/passwd",
            "offer_bad_address",
        ),
        (
            "openid-credential-offer://?credential_offer_uri=https://a.example&credential_offer_uri=https://b.example",
            "offer_link_repeated_parameter",
        ),
        (
            "openid-credential-offer://?credential_offer=%7B%7D&credential_offer_uri=https://b.example",
            "offer_malformed",
        ),
        (
            "openid-credential-offer://?credential_offer=%7B%22a%22%3A1%2C%22a%22%3A2%7D",
            "offer_malformed",
        ),
        (
            "openid-credential-offer://?x=1",
            "offer_link_unexpected_parameter",
        ),
    ] {
        let refused = text.parse::<OfferLink>().unwrap_err().code();
        // Two ways at once are refused either way.
        assert!(
            refused == code || refused == "offer_link_repeated_parameter",
            "{text}: {refused}"
        );
    }
    let long = format!(
        "openid-credential-offer://?credential_offer={}",
        "a".repeat(5_000)
    );
    assert_eq!(
        long.parse::<OfferLink>().unwrap_err().code(),
        "offer_link_too_long"
    );
}

#[test]
fn a_proof_for_a_token_holds_for_one_request_only() {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 20_000);
    let url = Url::parse("https://insurer.example/credential").unwrap();
    let proven = Proven {
        method: "POST",
        url: &url,
        token: Some("t"),
    };
    let made = dpop::make(&proven, None, &key(1), [7; 16], now);
    let held = dpop::check(&made, &proven, now).unwrap();
    assert_eq!(held.thumbprint, PublicKey::from(&key(1)).thumbprint_text());
    let other = Url::parse("https://insurer.example/token").unwrap();
    for (proven, at, error) in [
        (
            Proven {
                method: "GET",
                ..proven
            },
            now,
            DpopError::OtherRequest,
        ),
        (
            Proven {
                url: &other,
                ..proven
            },
            now,
            DpopError::OtherRequest,
        ),
        (
            Proven {
                token: Some("u"),
                ..proven
            },
            now,
            DpopError::OtherToken,
        ),
        (
            Proven {
                token: None,
                ..proven
            },
            now,
            DpopError::OtherToken,
        ),
        (proven, now + SignedDuration::from_mins(2), DpopError::Stale),
        (proven, now - SignedDuration::from_mins(2), DpopError::Stale),
    ] {
        assert_eq!(dpop::check(&made, &proven, at), Err(error));
    }
    let mut parts: Vec<&str> = made.split('.').collect();
    let foreign = dpop::make(&proven, None, &key(2), [7; 16], now);
    parts[2] = foreign.split('.').nth(2).unwrap();
    assert_eq!(
        dpop::check(&parts.join("."), &proven, now),
        Err(DpopError::BadSignature)
    );
    let copy = proof::make(ISSUER, Some("n"), &key(1), now);
    assert_eq!(dpop::check(&copy, &proven, now), Err(DpopError::Malformed));
}

/// As RFC 8032 keys for copies that prove something of a value.
fn ed_key(seed: u8) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[seed; 32])
}

#[test]
fn a_proof_by_a_key_of_another_curve_than_the_copies_have_is_refused() {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 20_000);
    let (ed, ec) = (
        [proof::make(ISSUER, Some("n"), &ed_key(1), now)],
        [proof::make(ISSUER, Some("n"), &key(1), now)],
    );
    let (keys, _) = proof::check(&ed, ISSUER, Form::Eligibility, now).unwrap();
    assert_eq!(keys, [ed_key(1).public()]);
    for (proofs, form) in [(&ed, Form::SdJwt), (&ec, Form::Eligibility)] {
        assert_eq!(
            proof::check(proofs, ISSUER, form, now),
            Err(ProofError::Malformed)
        );
    }
}

#[test]
fn copies_that_are_objects_come_back_as_objects() {
    let copies =
        json!({"credentials": [{"credential": {"type": ["VerifiableCredential"]}}, {"credential": "a~"}]});
    let read = CredentialResponse::parse(copies.to_string().as_bytes(), 2).unwrap();
    assert_eq!(read.to_value(), copies);
    for other in [json!(7), json!(null), json!(["a~"])] {
        let copies = json!({"credentials": [{ "credential": other }]}).to_string();
        let refused = CredentialResponse::parse(copies.as_bytes(), 1);
        assert_eq!(refused, Err(CredentialError::Malformed));
    }
}

#[test]
fn proofs_of_keys_are_for_this_issuer_with_one_nonce_and_each_by_another_key() {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 20_000);
    let made = |issuer: &str, nonce: Option<&str>, seed: u8| proof::make(issuer, nonce, &key(seed), now);
    let good = [made(ISSUER, Some("n"), 1), made(ISSUER, Some("n"), 2)];
    let (keys, nonce) = proof::check(&good, ISSUER, Form::SdJwt, now).unwrap();
    assert_eq!(
        (keys, nonce.as_str()),
        (vec![key(1).public(), key(2).public()], "n")
    );
    for (proofs, error) in [
        (
            vec![made(ISSUER, Some("n"), 1), made(ISSUER, Some("n"), 1)],
            ProofError::SameKey,
        ),
        (
            vec![made(ISSUER, Some("n"), 1), made(ISSUER, Some("m"), 2)],
            ProofError::Nonce,
        ),
        (vec![made(ISSUER, None, 1)], ProofError::Nonce),
        (
            vec![made("https://other.example", Some("n"), 1)],
            ProofError::OtherIssuer,
        ),
        (vec![], ProofError::Malformed),
    ] {
        assert_eq!(proof::check(&proofs, ISSUER, Form::SdJwt, now), Err(error));
    }
    assert_eq!(
        proof::check(&good, ISSUER, Form::SdJwt, now + SignedDuration::from_mins(7)),
        Err(ProofError::Stale)
    );
}

#[test]
fn the_browser_comes_back_to_the_sign_in_that_sent_it_and_from_that_server() {
    let read = |query: &str| authorize::read_redirect(query, "s", ISSUER, true).map_err(|e| e.code());
    assert_eq!(
        read("code=c&state=s&iss=https%3A%2F%2Finsurer.example"),
        Ok("c".to_owned())
    );
    for (query, code) in [
        (
            "code=c&state=other&iss=https%3A%2F%2Finsurer.example",
            "sign_in_other",
        ),
        (
            "code=c&state=s&iss=https%3A%2F%2Fother.example",
            "sign_in_other_server",
        ),
        ("code=c&state=s", "sign_in_other_server"),
        (
            "error=access_denied&state=s&iss=https%3A%2F%2Finsurer.example",
            "sign_in_denied",
        ),
        (
            "code=c&code=d&state=s&iss=https%3A%2F%2Finsurer.example",
            "sign_in_malformed",
        ),
    ] {
        assert_eq!(read(query), Err(code), "{query}");
    }
}

/// One byte of a well-formed message changed, or any text at all.
fn near(text: String) -> impl Strategy<Value = Vec<u8>> {
    let bytes = text.into_bytes();
    let len = bytes.len();
    prop_oneof![
        (0..len, any::<u8>()).prop_map(move |(at, byte)| {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            bytes
        }),
        proptest::collection::vec(any::<u8>(), 0..300),
    ]
}

proptest! {
    #[test]
    fn whatever_is_offered_is_read_or_refused(bytes in near(offer().to_string())) {
        let _ = CredentialOffer::parse(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = text.parse::<OfferLink>();
        let _ = format!("openid-credential-offer://?credential_offer={text}").parse::<OfferLink>();
    }

    #[test]
    fn whatever_an_issuer_says_of_itself_is_read_or_refused(bytes in near(metadata().to_string()), server in near(server().to_string())) {
        if let Ok(read) = CredentialIssuer::parse(&bytes, ISSUER) {
            prop_assert!((1..=100).contains(&read.batch_size));
        }
        let _ = AuthorizationServer::parse(&server, ISSUER);
    }

    #[test]
    fn whatever_an_issuer_answers_is_read_or_refused(
        token in near(json!({"access_token": "t", "token_type": "DPoP", "expires_in": 5}).to_string()),
        copies in near(json!({"credentials": [{"credential": "a~"}], "notification_id": "n"}).to_string()),
    ) {
        let _ = TokenResponse::parse(&token);
        let _ = read_nonce(&token);
        if let Ok(CredentialResponse::Now { credentials, .. }) = CredentialResponse::parse(&copies, 1) {
            prop_assert_eq!(credentials.len(), 1);
        }
    }

    #[test]
    fn whatever_a_wallet_asks_is_read_or_refused(
        request in near(json!({"credential_configuration_id": "card", "proofs": {"jwt": ["a.b.c"]}}).to_string()),
        form in near("grant_type=refresh_token&refresh_token=x".to_owned()),
    ) {
        let _ = CredentialRequest::parse(&request);
        let _ = read_notification(&request);
        let _ = TokenRequest::parse(&form);
        let _ = authorize::PushedRequest::parse(&form);
    }
}

//! Sealed records: by HPKE where it was offered, by JWE where not, never weaker than was agreed.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod clinic;

use carnet_consent::Endpoint;
use carnet_exchange::{
    EncryptionKey,
    delivery::{self, DeliveryError, DeliveryKey, DeliverySecret},
    hpke, jwe, media,
};
use clinic::{
    BUNDLE,
    altered::{refusal, with_consent},
    delivery_secret, hpke_secret, sealed_records, sealing_random, secret, url, verified_request,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const REQUEST: [u8; 32] = [0x77; 32];

fn key_of(secret: &DeliverySecret) -> DeliveryKey {
    DeliveryKey::of(&Endpoint {
        uri: url("/delivery"),
        jwk: EncryptionKey::new(secret.p256.public_key(), None).to_jwk(),
        hpke: secret.hpke.as_ref().map(|key| key.public().to_jwk()),
    })
    .unwrap()
}

fn sealed_by_hpke() -> String {
    delivery::seal(BUNDLE, &key_of(&hpke_secret()), &REQUEST, &sealing_random()).unwrap()
}

fn refused(sealed: &str, keys: &DeliverySecret, request: &[u8; 32]) -> &'static str {
    delivery::open(sealed, keys, request).map_or_else(|e| e.code(), |_| "opened")
}

#[test]
fn records_open_with_the_one_time_key_and_nothing_else() {
    let digest = verified_request().digest;
    let sealed = sealed_records();
    assert_eq!(delivery::media_type(&sealed), media::DELIVERY);
    assert_eq!(
        &**delivery::open(&sealed, &delivery_secret(), &digest).unwrap(),
        BUNDLE
    );
    let other = DeliverySecret {
        p256: secret(9),
        hpke: None,
    };
    assert_eq!(refused(&sealed, &other, &digest), "jwe_not_decryptable");
    assert_ne!(delivery::digest(&sealed), delivery::digest(&format!("{sealed} ")));
    let key = EncryptionKey::new(delivery_secret().p256.public_key(), None);
    let unmarked = jwe::encrypt(BUNDLE, &key, &secret(1), [0; 12], Map::new()).unwrap();
    assert_eq!(
        refused(&unmarked, &delivery_secret(), &digest),
        "delivery_wrong_content"
    );
    let huge = vec![b' '; 64 * 1_048_576];
    assert_eq!(
        delivery::seal(
            &huge,
            &verified_request().consent.unwrap().delivery_key,
            &digest,
            &sealing_random()
        )
        .unwrap_err(),
        DeliveryError::TooLarge
    );
}

#[test]
fn where_hpke_is_offered_records_go_by_it_and_nothing_weaker_is_opened() {
    let sealed = sealed_by_hpke();
    assert!(key_of(&hpke_secret()).is_post_quantum());
    assert_eq!(delivery::media_type(&sealed), media::DELIVERY_HPKE);
    assert_eq!(
        &**delivery::open(&sealed, &hpke_secret(), &REQUEST).unwrap(),
        BUNDLE
    );

    // A JWE to the very P-256 key that stands beside it: somebody took the stronger key out on the way.
    let weaker = delivery::seal(BUNDLE, &key_of(&delivery_secret()), &REQUEST, &sealing_random()).unwrap();
    assert_eq!(refused(&weaker, &delivery_secret(), &REQUEST), "opened");
    assert_eq!(refused(&weaker, &hpke_secret(), &REQUEST), "delivery_downgraded");
    assert_eq!(refused("", &hpke_secret(), &REQUEST), "delivery_downgraded");

    // Sealed for another question, or to another key, or altered anywhere.
    assert_eq!(
        refused(&sealed, &hpke_secret(), &[0x78; 32]),
        "jwe_not_decryptable"
    );
    let other = DeliverySecret {
        hpke: Some(hpke::HpkeSecret::from_bytes(&[9; 32]).unwrap()),
        ..hpke_secret()
    };
    assert_eq!(refused(&sealed, &other, &REQUEST), "jwe_not_decryptable");
    let parts: Vec<&str> = sealed.split('.').collect();
    assert_eq!(parts.len(), 5);
    for (at, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let mut altered = parts.clone();
        let middle = part.len() / 2;
        let flipped = format!(
            "{}{}{}",
            &part[..middle],
            if &part[middle..=middle] == "A" { "B" } else { "A" },
            &part[middle + 1..]
        );
        altered[at] = &flipped;
        assert_ne!(
            refused(&altered.join("."), &hpke_secret(), &REQUEST),
            "opened",
            "{at}"
        );
    }
    for odd in [
        format!("{sealed}."),
        format!("{sealed}AA"),
        parts[..4].join("."),
        [parts[0], "", "", parts[3], ""].join("."),
        [parts[0], &parts[1][4..], "", parts[3], ""].join("."),
    ] {
        assert_ne!(refused(&odd, &hpke_secret(), &REQUEST), "opened");
    }
    // Two sealings with other randomness have nothing in common but their header.
    let mut random = sealing_random();
    random[0] ^= 1;
    let again = delivery::seal(BUNDLE, &key_of(&hpke_secret()), &REQUEST, &random).unwrap();
    assert_ne!(again.split('.').nth(1), sealed.split('.').nth(1));
    assert_ne!(again.split('.').nth(3), sealed.split('.').nth(3));
}

// ATTACKS 13, 16
#[test]
fn a_stronger_key_that_is_not_understood_refuses_the_request() {
    let good = hpke_secret().hpke.unwrap().public().to_jwk();
    let with = |key: Value| refusal(&with_consent(|c| c["delivery"]["hpke"] = key));
    assert_eq!(with(good.clone()), "accepted");
    let set = |name: &str, value: Value| {
        let mut key = good.clone();
        key[name] = value;
        with(key)
    };
    for (name, value) in [
        ("alg", json!("HPKE-0")),
        ("alg", json!("HPKE-10")),
        ("kty", json!("OKP")),
        ("use", json!("sig")),
        ("priv", json!("AAAA")),
        ("pub", json!("AAAA")),
        ("pub", json!("not base64")),
    ] {
        assert_eq!(set(name, value), "request_delivery_key", "{name}");
    }
    assert_eq!(with(json!({ "kty": "AKP" })), "request_delivery_key");
    assert_eq!(with(json!("AKP")), "consent_ill_typed");
    assert_eq!(with(json!(null)), "consent_ill_typed");
}

#[test]
fn the_vector_of_a_delivery_by_hpke() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/delivery-hpke.json");
    let sealed = sealed_by_hpke();
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        let made = json!({
            "alg": hpke::ALG,
            "secret": hex::encode([0x23; 32]),
            "public": hpke_secret().hpke.unwrap().public().to_jwk(),
            "request_digest": hex::encode(REQUEST),
            "info": hex::encode([b"carnet-delivery-v1\0".as_slice(), &REQUEST].concat()),
            "bundle": serde_json::from_slice::<Value>(BUNDLE).unwrap(),
            "wire": sealed,
            "digest": delivery::digest(&sealed),
        });
        std::fs::write(path, format!("{made:#}\n")).unwrap();
    }
    let stored: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(stored["public"], hpke_secret().hpke.unwrap().public().to_jwk());
    let wire = stored["wire"].as_str().unwrap();
    assert_eq!(&**delivery::open(wire, &hpke_secret(), &REQUEST).unwrap(), BUNDLE);
    assert_eq!(stored["digest"], json!(delivery::digest(wire)));
    // The same key and randomness encapsulate the same, whatever the order of members in the header.
    assert_eq!(wire.split('.').nth(1), sealed.split('.').nth(1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_is_answered_without_a_panic(text in "[A-Za-z0-9_.-]{0,200}|.{0,60}") {
        prop_assert!(delivery::open(&text, &hpke_secret(), &REQUEST).is_err());
        let headed = format!("{}.{text}", sealed_by_hpke().split('.').next().unwrap());
        prop_assert!(delivery::open(&headed, &hpke_secret(), &REQUEST).is_err());
        let _ = delivery::media_type(&text);
    }
}

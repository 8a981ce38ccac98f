//! A credential that comes in: read without panic whatever it is, and believed only as it was signed.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{jwk::PublicKey, jws, sd_jwt::Received};
use p256::ecdsa::SigningKey;
use proptest::prelude::*;
use serde_json::{Map, json};
use sha2::{Digest, Sha256};

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

/// One claim in the clear and one that can be withheld, bound to nobody.
fn credential() -> String {
    let disclosure = URL_SAFE_NO_PAD.encode(r#"["c2FsdA","plan","Family"]"#);
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&disclosure));
    let claims =
        json!({ "iss": "did:key:x", "vct": "urn:example:cover", "_sd": [digest], "_sd_alg": "sha-256" });
    let jwt = jws::sign("dc+sd-jwt", Map::new(), claims.to_string().as_bytes(), &key());
    format!("{jwt}~{disclosure}~")
}

#[test]
fn what_the_issuer_signed_is_read_whole() {
    let credential = credential();
    let received = Received::read(&credential).unwrap();
    assert_eq!(received.iss(), Some("did:key:x"));
    let claims = received.verify(&PublicKey::from(&key())).unwrap();
    assert_eq!(claims["plan"], "Family");
    assert!(!claims.contains_key("_sd"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,300}~?") {
        let _ = Received::read(&text);
    }

    #[test]
    fn no_changed_letter_is_believed(place in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_.~-]") {
        let credential = credential();
        let at = place.index(credential.len());
        prop_assume!(credential[at..=at] != letter);
        let changed = format!("{}{letter}{}", &credential[..at], &credential[at + 1..]);
        let believed = Received::read(&changed).and_then(|received| received.verify(&PublicKey::from(&key())));
        prop_assert!(believed.is_err(), "{changed}");
    }
}

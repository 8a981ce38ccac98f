//! did:key and did:jwk against published examples, and what must be refused.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_did_resolver::{
    PublicKey, ResolveError, document::Relationship, key::KeyError, resolve, resolve::key_of,
};
use proptest::prelude::*;
use serde_json::json;

/// did:key specification, test vectors.
const DID_KEY_ED25519: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
const DID_KEY_P256: &str = "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169";
/// did:jwk specification, example P-256.
const DID_JWK_P256: &str = "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9";

#[test]
fn a_did_key_resolves_to_its_key() {
    for (did, agrees) in [(DID_KEY_ED25519, false), (DID_KEY_P256, true)] {
        let document = resolve(did).unwrap();
        let multikey = did.strip_prefix("did:key:").unwrap();
        assert_eq!(document.id, did);
        assert_eq!(document.authentication, [format!("{did}#{multikey}")]);
        assert_eq!(document.key_agreement.len(), usize::from(agrees));
        let key = document
            .key_for(&document.assertion_method[0], Relationship::AssertionMethod)
            .unwrap();
        assert_eq!(key.did_key(), did);
    }
}

#[test]
fn a_did_jwk_resolves_to_its_key() {
    let document = resolve(DID_JWK_P256).unwrap();
    assert_eq!(document.verification_method[0].id, format!("{DID_JWK_P256}#0"));
    let key = key_of(DID_JWK_P256).unwrap();
    assert_eq!(key.did_jwk(), DID_JWK_P256);
    assert_eq!(key.to_jwk()["x"], "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0");
}

#[test]
fn use_enc_in_a_did_jwk_takes_the_right_to_sign() {
    let mut jwk = key_of(DID_JWK_P256).unwrap().to_jwk();
    jwk["use"] = json!("enc");
    let document = resolve(&format!("did:jwk:{}", URL_SAFE_NO_PAD.encode(jwk.to_string()))).unwrap();
    assert!(document.assertion_method.is_empty());
    assert_eq!(document.key_agreement.len(), 1);
    let id = &document.verification_method[0].id;
    assert!(document.key_for(id, Relationship::AssertionMethod).is_none());
}

#[test]
fn a_thumbprint_is_that_of_rfc_8037() {
    // RFC 8037 appendix A.3.
    let key = PublicKey::from_jwk(&json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "ignored",
    }))
    .unwrap();
    assert_eq!(
        key.thumbprint_text(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn a_bad_key_is_refused_with_its_reason() {
    let good = key_of(DID_JWK_P256).unwrap().to_jwk();
    let with = |name: &str, value: serde_json::Value| {
        let mut jwk = good.clone();
        jwk[name] = value;
        PublicKey::from_jwk(&jwk)
    };
    assert_eq!(with("d", json!("AAAA")), Err(KeyError::PrivatePart));
    assert_eq!(with("crv", json!("P-384")), Err(KeyError::Unsupported));
    assert_eq!(with("alg", json!("ES384")), Err(KeyError::Unsupported));
    assert_eq!(with("x", json!("AAAA")), Err(KeyError::Malformed));
    assert_eq!(with("x", json!(1)), Err(KeyError::Malformed));
    // Off the curve: the coordinates of another point.
    assert_eq!(with("x", good["y"].clone()), Err(KeyError::NotOnCurve));
    let x = good["x"].as_str().unwrap();
    assert_eq!(with("x", json!(format!("{x}="))), Err(KeyError::Malformed));
    // Points of low order on Ed25519: the identity and one of order 8.
    for point in [
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o",
    ] {
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": point });
        assert_eq!(PublicKey::from_jwk(&jwk), Err(KeyError::NotOnCurve));
    }
}

#[test]
fn what_is_no_did_is_refused() {
    for did in [
        "",
        "did:",
        "did:key",
        "did:key:",
        "did:key:f00",
        "did:jwk:e30=",
        "urn:x",
        "DID:key:z6Mk",
    ] {
        assert!(
            matches!(resolve(did), Err(ResolveError::InvalidDid | ResolveError::Key(_))),
            "{did}"
        );
    }
    assert_eq!(
        resolve("did:web:example.org"),
        Err(ResolveError::MethodNotSupported)
    );
    assert_eq!(
        resolve(&format!("did:key:z{}", "1".repeat(4_000))),
        Err(ResolveError::InvalidDid)
    );
    // A key has one did:key: leading zeros (base58 `1`) would make another one.
    let padded = DID_KEY_P256.replace(":z", ":z1");
    assert!(resolve(&padded).is_err());
    // Repeated members.
    let twice = URL_SAFE_NO_PAD.encode(r#"{"kty":"OKP","kty":"EC"}"#);
    assert_eq!(
        resolve(&format!("did:jwk:{twice}")),
        Err(ResolveError::InvalidDid)
    );
}

proptest! {
    #[test]
    fn any_text_is_answered_without_a_panic(text in "(did:(key|jwk):)?.{0,120}") {
        let _ = resolve(&text);
    }

    #[test]
    fn any_key_survives_every_form(seed in any::<[u8; 32]>()) {
        let ed = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
        let mut keys = vec![PublicKey::Ed25519(ed)];
        if let Ok(secret) = p256::SecretKey::from_slice(&seed) {
            keys.push(secret.public_key().into());
        }
        for key in keys {
            prop_assert_eq!(key_of(&key.did_jwk()), Ok(key));
            prop_assert_eq!(key_of(&key.did_key()), Ok(key));
            prop_assert_eq!(PublicKey::from_jwk(&key.to_jwk()), Ok(key));
        }
    }
}

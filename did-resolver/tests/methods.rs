//! Methods that need nobody, against the examples of their specifications, and what must be refused.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_did_resolver::{
    Document, Options, PublicKey, ResolveError,
    document::Relationship,
    key::KeyError,
    resolve,
    resolve::{key_of, with_long_form},
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
    assert_eq!(with("crv", json!("P-521")), Err(KeyError::Unsupported));
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

#[test]
fn a_did_key_of_each_curve_resolves_as_the_specification_says() {
    // did:key specification, test vectors for X25519, P-384 and secp256k1.
    for (did, signs, agrees) in [
        (
            "did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F",
            false,
            true,
        ),
        (
            "did:key:z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9",
            true,
            true,
        ),
        (
            "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
            true,
            false,
        ),
    ] {
        let document = resolve(did).unwrap();
        assert_eq!(document.assertion_method.len(), usize::from(signs), "{did}");
        assert_eq!(document.key_agreement.len(), usize::from(agrees), "{did}");
        assert_eq!(
            document.verification_method[0].public_key().unwrap().did_key(),
            did
        );
    }
}

#[test]
fn a_did_pkh_resolves_to_its_account() {
    // Test vectors of the specification's repository.
    for (did, key) in [
        (
            "did:pkh:eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a",
            None,
        ),
        (
            "did:pkh:bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6",
            None,
        ),
        (
            "did:pkh:solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ:CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev",
            Some("qDkywhH-S6nNxQhA6SHKsoFW7A2gX-X0b3TtwVBMHm8"),
        ),
    ] {
        let document = resolve(did).unwrap();
        let method = &document.verification_method[0];
        assert_eq!(
            method.blockchain_account_id.as_deref(),
            did.strip_prefix("did:pkh:")
        );
        assert!(document.assertion_method.contains(&method.id));
        let found = document.key_for(&method.id, Relationship::AssertionMethod);
        assert_eq!(found.map(|key| key.to_jwk()["x"].clone()), key.map(|x| json!(x)));
    }
    for (did, expected) in [
        (
            "did:pkh:eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8",
            ResolveError::InvalidDid,
        ),
        (
            "did:pkh:eip155:01:0xb9c5714089478a327f09197987f16f9e5d936e8a",
            ResolveError::InvalidDid,
        ),
        (
            "did:pkh:eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a:x",
            ResolveError::InvalidDid,
        ),
        (
            "did:pkh:bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p7",
            ResolveError::InvalidDid,
        ),
        (
            "did:pkh:tezos:NetXdQprcVkpaWU:tz1TzrmTBSuiVHV2VfMnGRMYvTEPCP42oSM8",
            ResolveError::MethodNotSupported,
        ),
    ] {
        assert_eq!(resolve(did).unwrap_err(), expected, "{did}");
    }
}

/// Peer DID method specification, example of method 2.
const PEER_2: &str = "did:peer:2.Vz6Mkj3PUd1WjvaDhNZhhhXQdz5UnZXmS7ehtx8bsPpD47kKc.Ez6LSg8zQom395jKLrGiBNruB9MM6V8PWuf2FpEy4uRFiqQBR.SeyJ0IjoiZG0iLCJzIjp7InVyaSI6Imh0dHA6Ly9leGFtcGxlLmNvbS9kaWRjb21tIiwiYSI6WyJkaWRjb21tL3YyIl0sInIiOlsiZGlkOmV4YW1wbGU6MTIzNDU2Nzg5YWJjZGVmZ2hpI2tleS0xIl19fQ.SeyJ0IjoiZG0iLCJzIjp7InVyaSI6Imh0dHA6Ly9leGFtcGxlLmNvbS9hbm90aGVyIiwiYSI6WyJkaWRjb21tL3YyIl0sInIiOlsiZGlkOmV4YW1wbGU6MTIzNDU2Nzg5YWJjZGVmZ2hpI2tleS0yIl19fQ";

#[test]
fn a_did_peer_resolves_as_the_specification_says() {
    // Method 0: the example's key is that of the did:key.
    let zero = resolve("did:peer:0z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH").unwrap();
    let key = zero
        .key_for(&zero.authentication[0], Relationship::Authentication)
        .unwrap();
    assert_eq!(
        key.did_key(),
        "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
    );

    let two = resolve(PEER_2).unwrap();
    assert_eq!(
        serde_json::to_value(&two).unwrap(),
        json!({
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": PEER_2,
            "verificationMethod": [
                { "id": "#key-1", "controller": PEER_2, "type": "Multikey",
                  "publicKeyMultibase": "z6Mkj3PUd1WjvaDhNZhhhXQdz5UnZXmS7ehtx8bsPpD47kKc" },
                { "id": "#key-2", "controller": PEER_2, "type": "Multikey",
                  "publicKeyMultibase": "z6LSg8zQom395jKLrGiBNruB9MM6V8PWuf2FpEy4uRFiqQBR" },
            ],
            "authentication": ["#key-1"],
            "keyAgreement": ["#key-2"],
            "service": [
                { "type": "DIDCommMessaging", "id": "#service", "serviceEndpoint": {
                    "uri": "http://example.com/didcomm", "accept": ["didcomm/v2"],
                    "routingKeys": ["did:example:123456789abcdefghi#key-1"] } },
                { "type": "DIDCommMessaging", "id": "#service-1", "serviceEndpoint": {
                    "uri": "http://example.com/another", "accept": ["didcomm/v2"],
                    "routingKeys": ["did:example:123456789abcdefghi#key-2"] } },
            ],
            "alsoKnownAs": ["did:peer:3zQmd6RdU6e2nDrLn1rjwdA5Buzq7wJwsv3WJ1AgrwKYJoLE"],
        })
    );
    assert!(
        two.key_for(&format!("{PEER_2}#key-1"), Relationship::Authentication)
            .is_some()
    );

    // Method 4: the long form's document, and the short one's.
    let long = include_str!("peer4.txt").trim();
    let short = long.rsplit_once(':').unwrap().0;
    let four = resolve(long).unwrap();
    assert_eq!(
        (four.id.as_str(), four.also_known_as.as_slice()),
        (long, &[short.to_owned()][..])
    );
    assert!(
        four.key_for(&format!("{long}#6MkrCD1c"), Relationship::AssertionMethod)
            .is_some()
    );
    assert!(
        four.key_for(&format!("{long}#6LSqPZfn"), Relationship::KeyAgreement)
            .is_some()
    );
    assert!(
        four.key_for(&format!("{long}#6LSqPZfn"), Relationship::AssertionMethod)
            .is_none()
    );
    assert_eq!(resolve(short), Err(ResolveError::NotFound));
    let known = with_long_form(short, long).unwrap();
    assert_eq!(
        (known.id.as_str(), known.also_known_as.as_slice()),
        (short, &[long.to_owned()][..])
    );
    for bad in [
        &long[..long.len() - 1],
        &long.replacen("zQmd8", "zQmd9", 1),
        "did:peer:4zQm",
        "did:peer:2",
        "did:peer:2.",
        "did:peer:2.Xz6Mkj3PUd1WjvaDhNZhhhXQdz5UnZXmS7ehtx8bsPpD47kKc",
        "did:peer:0f00",
        "did:peer:9z",
    ] {
        assert!(
            matches!(resolve(bad), Err(ResolveError::InvalidDid | ResolveError::Key(_))),
            "{bad}"
        );
    }
    assert!(with_long_form(&short.replacen("zQmd8", "zQmd9", 1), long).is_err());
}

#[test]
fn a_document_gives_out_a_key_only_where_all_of_it_agrees() {
    let did = "did:web:clinic.example";
    let key = DID_KEY_ED25519.strip_prefix("did:key:").unwrap();
    let method = json!({ "id": "#a", "type": "Multikey", "controller": did, "publicKeyMultibase": key });
    let document = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = json!({
            "@context": "https://www.w3.org/ns/did/v1", "id": did, "controller": did, "custom": { "kept": [1.5] },
            "verificationMethod": [method],
            "assertionMethod": ["#a"],
            "authentication": [{ "id": "#b", "type": "Multikey", "controller": did, "publicKeyMultibase": key }],
        });
        change(&mut json);
        serde_json::from_value::<Document>(json)
    };
    let id = format!("{did}#a");
    let asserts = |change: &dyn Fn(&mut serde_json::Value)| {
        let document = document(change).unwrap();
        document.key_for(&id, Relationship::AssertionMethod).is_some()
    };
    assert!(asserts(&|_| ()));
    let plain = document(&|_| ()).unwrap();
    assert_eq!(plain.json()["custom"], json!({ "kept": [1.5] }));
    // A key inside one relationship serves that one alone.
    let embedded = format!("{did}#b");
    assert!(plain.key_for(&embedded, Relationship::Authentication).is_some());
    assert!(plain.key_for(&embedded, Relationship::AssertionMethod).is_none());
    assert!(!asserts(
        &|json| json["verificationMethod"][0]["controller"] = json!("did:web:other.example")
    ));
    assert!(!asserts(
        &|json| json["verificationMethod"][0]["type"] = json!("Unknown2030")
    ));
    assert!(!asserts(
        &|json| json["verificationMethod"][0]["type"] = json!("X25519KeyAgreementKey2020")
    ));
    assert!(!asserts(
        &|json| json["verificationMethod"][0]["publicKeyJwk"] = json!({})
    ));
    assert!(!asserts(
        &|json| json["verificationMethod"][0]["revoked"] = json!("2020-01-01T00:00:00Z")
    ));
    assert!(!asserts(&|json| json["assertionMethod"] = json!([])));
    let ends = |json: &mut serde_json::Value| {
        json["verificationMethod"][0]["expires"] = json!("2026-06-01T00:00:00Z");
    };
    assert!(!asserts(&ends));
    let ending = document(&ends).unwrap();
    let at = |time: &str| {
        ending
            .key_for_at(&id, Relationship::AssertionMethod, time.parse().unwrap())
            .is_some()
    };
    assert!(at("2026-05-31T23:59:59Z") && !at("2026-06-01T00:00:00Z"));
    // Two methods of one id: nobody can tell which is meant.
    assert!(document(&|json| json["authentication"][0]["id"] = json!("#a")).is_err());
    for name in [
        "id",
        "verificationMethod",
        "assertionMethod",
        "service",
        "alsoKnownAs",
        "controller",
    ] {
        assert!(document(&|json| json[name] = json!(1)).is_err(), "{name}");
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|flag| json!(flag)),
        any::<f64>().prop_map(|number| json!(number)),
        "(did:web:a|#k|Multikey|z6Mk|.{0,6})".prop_map(|text| json!(text)),
    ];
    let name = "(id|type|controller|service|verificationMethod|assertionMethod|publicKeyMultibase|expires|x)";
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::Array),
            prop::collection::btree_map(name, inner, 0..6).prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_a_document_that_stays_as_it_is_or_none(json in any_json()) {
        if let Ok(document) = serde_json::from_value::<Document>(json.clone()) {
            prop_assert_eq!(serde_json::to_value(&document).unwrap(), json);
            let _ = document.key_for("#k", Relationship::AssertionMethod);
        }
    }

    #[test]
    fn any_options_are_answered_without_a_panic(pairs in prop::collection::vec(("(versionId|versionTime|versionNumber|noCache|.{0,3})", ".{0,30}"), 0..4)) {
        let _ = Options::from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    }

    #[test]
    fn any_text_is_answered_without_a_panic(text in "(did:(key:|jwk:|pkh:(eip155|bip122|solana):|peer:[024][.z]?))?.{0,120}") {
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

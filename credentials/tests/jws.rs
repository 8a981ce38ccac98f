//! JWS: vectors, and what must be refused.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{
    jwk::PublicKey,
    jws::{self, JwsError},
    signature::QuickP256,
};
use p256::ecdsa::{
    Signature, SigningKey, VerifyingKey,
    signature::{Signer, Verifier},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const MAX: usize = 65_536;

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn signed(header: Value) -> String {
    let Value::Object(header) = header else {
        unreachable!()
    };
    // `sign` sets alg and typ; a hostile header is put together by hand and signed all the same.
    let parts = [Value::Object(header).to_string(), json!({ "a": 1 }).to_string()];
    let input = parts.map(|p| URL_SAFE_NO_PAD.encode(p)).join(".");
    let signature: Signature = key().sign(input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn verify(compact: &str) -> Result<jws::Verified, JwsError> {
    jws::verify(compact, "x+jwt", MAX, &PublicKey::from(&key()))
}

#[test]
fn the_issuer_signature_of_rfc_9901_appendix_a1_verifies() {
    // RFC 9901: the JWT of appendix A.1 (without disclosures) and the issuer's key of appendix A.5.
    let key = PublicKey::from_jwk(&json!({
        "kty": "EC", "crv": "P-256",
        "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
        "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
    }))
    .unwrap();
    let compact = include_str!("vectors/rfc9901-a1-issuer.jwt").trim_end();
    let verified = jws::verify(compact, "example+sd-jwt", MAX, &key).unwrap();
    assert_eq!(verified.payload["iss"], "https://issuer.example.com");
    assert_eq!(
        jws::verify(compact, "dc+sd-jwt", MAX, &key),
        Err(JwsError::WrongType)
    );
}

#[test]
fn a_good_signature_over_a_text_of_no_kind_is_refused() {
    // RFC 7515 appendix A.3 has no `typ`.
    let key = PublicKey::from_jwk(&json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }))
    .unwrap();
    let compact = "eyJhbGciOiJFUzI1NiJ9\
        .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
        .DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    assert_eq!(jws::verify(compact, "JWT", MAX, &key), Err(JwsError::WrongType));
}

#[test]
fn a_signature_is_deterministic_and_verifies() {
    let compact = jws::sign("x+jwt", Map::new(), br#"{"a":1}"#, &key());
    assert_eq!(compact, jws::sign("x+jwt", Map::new(), br#"{"a":1}"#, &key()));
    assert_eq!(verify(&compact).unwrap().payload["a"], 1);
    assert!(verify(&signed(json!({ "alg": "ES256", "typ": "application/X+JWT" }))).is_ok());
}

#[test]
fn each_bad_header_is_refused_for_its_own_reason() {
    let cases = [
        (json!({ "alg": "none", "typ": "x+jwt" }), JwsError::Unsigned),
        (json!({ "alg": "NoNe", "typ": "x+jwt" }), JwsError::Unsigned),
        (
            json!({ "alg": "HS256", "typ": "x+jwt" }),
            JwsError::WrongAlgorithm,
        ),
        (
            json!({ "alg": "ES384", "typ": "x+jwt" }),
            JwsError::WrongAlgorithm,
        ),
        (
            json!({ "alg": "EdDSA", "typ": "x+jwt" }),
            JwsError::WrongAlgorithm,
        ),
        (json!({ "typ": "x+jwt" }), JwsError::WrongAlgorithm),
        (
            json!({ "alg": ["ES256"], "typ": "x+jwt" }),
            JwsError::WrongAlgorithm,
        ),
        (json!({ "alg": "ES256" }), JwsError::WrongType),
        (json!({ "alg": "ES256", "typ": "y+jwt" }), JwsError::WrongType),
        (
            json!({ "alg": "ES256", "typ": "x+jwt", "crit": ["exp"] }),
            JwsError::Critical,
        ),
        (
            json!({ "alg": "ES256", "typ": "x+jwt", "crit": [] }),
            JwsError::Critical,
        ),
        (
            json!({ "alg": "ES256", "typ": "x+jwt", "b64": true }),
            JwsError::Critical,
        ),
    ];
    for (header, refusal) in cases {
        assert_eq!(verify(&signed(header.clone())), Err(refusal), "{header}");
    }
}

#[test]
fn an_altered_or_foreign_text_is_refused() {
    let good = jws::sign("x+jwt", Map::new(), br#"{"a":1}"#, &key());
    let (input, signature) = good.rsplit_once('.').unwrap();
    let other = SigningKey::from_slice(&[8; 32]).unwrap();
    assert_eq!(
        jws::verify(&good, "x+jwt", MAX, &PublicKey::from(&other)),
        Err(JwsError::BadSignature)
    );

    let header = input.split_once('.').unwrap().0;
    let forged = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(r#"{"a":2}"#));
    assert_eq!(verify(&forged), Err(JwsError::BadSignature));
    // r = s = 0 ("psychic signatures"), a DER signature, one cut short, none.
    for bad in [vec![0; 64], vec![0x30; 70], vec![1; 63]] {
        let bad = format!("{input}.{}", URL_SAFE_NO_PAD.encode(bad));
        assert_eq!(verify(&bad), Err(JwsError::BadSignature));
    }
    assert_eq!(verify(&format!("{input}.")), Err(JwsError::Unsigned));
    for bad in [
        input.to_owned(),
        format!("{good}.x"),
        format!("{good}="),
        format!(" {good}"),
        String::new(),
    ] {
        assert!(
            matches!(verify(&bad), Err(JwsError::NotCompact | JwsError::Header(_))),
            "{bad}"
        );
    }
    assert_eq!(jws::parse(&good, 10).unwrap_err(), JwsError::TooLarge);
}

#[test]
fn a_payload_that_reads_two_ways_is_refused_though_signed() {
    for payload in [r#"{"a":1,"a":2}"#, "[]", "x", r#"{"a":1}{}"#] {
        let compact = jws::sign("x+jwt", Map::new(), payload.as_bytes(), &key());
        assert!(matches!(verify(&compact), Err(JwsError::Payload(_))), "{payload}");
    }
}

#[test]
fn wycheproof_p256_vectors_are_judged_right() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/vectors/wycheproof/testvectors_v1/ecdsa_secp256r1_sha256_p1363_test.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: no Wycheproof vectors at {path}");
        return;
    };
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut judged = 0;
    for group in file["testGroups"].as_array().unwrap() {
        let point = hex(group["publicKey"]["uncompressed"].as_str().unwrap());
        let key = VerifyingKey::from_sec1_bytes(&point).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let message = hex(test["msg"].as_str().unwrap());
            let accepted = Signature::from_slice(&hex(test["sig"].as_str().unwrap()))
                .is_ok_and(|signature| key.verify(&message, &signature).is_ok());
            assert_eq!(accepted, test["result"] == "valid", "{}", test["tcId"]);
            judged += 1;
        }
    }
    assert!(judged > 200, "{judged}");
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
        .collect()
}

proptest! {
    #[test]
    fn what_a_busy_key_signs_verifies_as_any_signature_of_that_key_does(secret: [u8; 32], text: Vec<u8>) {
        let key = SigningKey::from_slice(&secret);
        prop_assume!(key.is_ok());
        let key = key.unwrap();
        let signed = jws::sign("x+jwt", Map::new(), br#"{"a":1}"#, &QuickP256::new(&key).unwrap());
        prop_assert!(jws::verify(&signed, "x+jwt", MAX, &PublicKey::from(&key)).is_ok());
        let signature = carnet_credentials::signature::Signer::sign(&QuickP256::new(&key).unwrap(), &text);
        let signature = Signature::from_slice(&signature).unwrap();
        prop_assert!(key.verifying_key().verify(&text, &signature).is_ok());
    }

    #[test]
    fn any_text_is_answered_without_a_panic(text in "[A-Za-z0-9_.=-]{0,200}|.{0,100}") {
        let _ = verify(&text);
    }

    #[test]
    fn one_changed_character_is_never_accepted(position in 0_usize..140, to in "[A-Za-z0-9_-]") {
        let good = jws::sign("x+jwt", Map::new(), br#"{"a":1}"#, &key());
        let position = position % good.len();
        let mut bad = good.clone();
        bad.replace_range(position..=position, &to);
        prop_assume!(bad != good);
        prop_assert!(verify(&bad).is_err());
    }
}

#[test]
fn a_key_that_is_for_something_else_checks_no_signature() {
    let jwk = |name: &str, value: Value| {
        let mut jwk = PublicKey::from(&key()).to_jwk();
        jwk[name] = value;
        jws::verification_key(&jwk)
    };
    assert!(jwk("use", json!("sig")).is_ok());
    assert!(jwk("key_ops", json!(["sign", "verify"])).is_ok());
    for (name, value) in [
        ("use", json!("enc")),
        ("use", json!(1)),
        ("key_ops", json!(["encrypt"])),
        ("key_ops", json!("verify")),
        ("alg", json!("ES384")),
    ] {
        assert!(jwk(name, value).is_err(), "{name}");
    }
    let agrees = json!({ "kty": "OKP", "crv": "X25519", "x": "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08" });
    assert!(jws::verification_key(&agrees).is_err());
}

#[test]
fn a_text_of_no_kind_is_verified_only_when_asked_for() {
    let text = signed(json!({ "alg": "ES256" }));
    let key = PublicKey::from(&key());
    let parsed = jws::parse(&text, MAX).unwrap();
    assert_eq!(parsed.clone().verify_untyped(&key).unwrap(), br#"{"a":1}"#);
    assert_eq!(parsed.verify("x+jwt", &key), Err(JwsError::WrongType));
    let critical = signed(json!({ "alg": "ES256", "crit": ["x"], "x": 1 }));
    let critical = jws::parse(&critical, MAX).unwrap();
    assert_eq!(critical.verify_untyped(&key), Err(JwsError::Critical));
}

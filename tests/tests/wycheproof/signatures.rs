//! Signatures and keys.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{
    jwk::PublicKey,
    jws::{self, verification_key},
    signature,
};
use serde_json::{Value, json};

use super::{agree, bytes, groups};

/// The key of a group, as a JWK.
fn key(group: &Value, crv: &str) -> PublicKey {
    let coordinate = |name: &str| {
        // As many digits as the number has, or a leading zero byte more than 32.
        let hex = format!("{:0>64}", group["publicKey"][name].as_str().unwrap());
        let bytes = hex::decode(&hex[hex.len() - 64..]).unwrap();
        URL_SAFE_NO_PAD.encode(bytes)
    };
    let jwk = if crv == "Ed25519" {
        json!({ "kty": "OKP", "crv": crv, "x": URL_SAFE_NO_PAD.encode(bytes(&group["publicKey"], "pk")) })
    } else {
        json!({ "kty": "EC", "crv": crv, "x": coordinate("wx"), "y": coordinate("wy") })
    };
    PublicKey::from_jwk(&jwk).unwrap()
}

#[test]
fn signatures_as_jws_writes_them() {
    for (file, crv) in [
        ("ecdsa_secp256r1_sha256_p1363_test.json", "P-256"),
        ("ecdsa_secp256k1_sha256_p1363_test.json", "secp256k1"),
        ("ed25519_test.json", "Ed25519"),
    ] {
        agree(file, |group, test| {
            let key = key(group, crv);
            Some(signature::verifies(
                &key,
                &bytes(test, "msg"),
                &bytes(test, "sig"),
            ))
        });
    }
}

/// No format here writes ECDSA signatures in DER; certificates do. Read by the library, verified through our door.
#[test]
fn signatures_in_der() {
    agree("ecdsa_secp256r1_sha256_test.json", |group, test| {
        let signature = p256::ecdsa::Signature::from_der(&bytes(test, "sig"));
        let key = key(group, "P-256");
        Some(signature.is_ok_and(|s| signature::verifies(&key, &bytes(test, "msg"), &s.to_bytes())))
    });
    agree("ecdsa_secp256k1_sha256_test.json", |group, test| {
        let signature = k256::ecdsa::Signature::from_der(&bytes(test, "sig"));
        let key = key(group, "secp256k1");
        Some(signature.is_ok_and(|s| signature::verifies(&key, &bytes(test, "msg"), &s.to_bytes())))
    });
}

/// Keys that agree on nothing but zero are refused when they are read, so no later step can forget to.
#[test]
fn keys_that_agree_on_zero() {
    agree("x25519_test.json", |_, test| {
        let jwk =
            json!({ "kty": "OKP", "crv": "X25519", "x": URL_SAFE_NO_PAD.encode(bytes(test, "public")) });
        let good = PublicKey::from_jwk(&jwk).is_ok();
        let zero = bytes(test, "shared").iter().all(|byte| *byte == 0);
        assert_eq!(good, !zero, "{}: {}", test["tcId"], test["comment"]);
        Some(good)
    });
}

/// Whether a text is accepted under the one key of its group. None where its algorithm is not spoken here and it is
/// refused.
fn accepts(group: &Value, test: &Value) -> Option<bool> {
    let key = group.get("public").or_else(|| group.get("private")).unwrap();
    let key = match key["keys"].as_array().map(Vec::as_slice) {
        Some([only]) => only.clone(),
        Some(several) => {
            // Of a set the key is chosen by its name; a set of several is only ever chosen from, never tried through.
            let kid = test["jws"].as_str().and_then(|jws| jws::parse(jws, 65_536).ok());
            let kid = kid.and_then(|jws| jws.header().get("kid").cloned());
            several
                .iter()
                .find(|key| Some(&key["kid"]) == kid.as_ref())
                .cloned()
                .unwrap_or_default()
        }
        None => key.clone(),
    };
    let spoken = key["kty"] == "EC" && key["crv"] != "P-521";
    let jws = test["jws"].as_str().unwrap_or_default();
    let good = verification_key(&key)
        .is_ok_and(|key| jws::parse(jws, 65_536).is_ok_and(|jws| jws.verify_untyped(&key).is_ok()));
    (good || spoken).then_some(good)
}

#[test]
fn signed_texts_and_their_keys() {
    agree("json_web_signature_test.json", accepts);
    agree("json_web_crypto_test.json", |group, test| {
        test.get("jws").and_then(|_| accepts(group, test))
    });
    let Some(groups) = groups("json_web_key_test.json") else {
        return;
    };
    // Nothing in this file is good with a curve: every such key is refused, by itself or under its text.
    let mut refused = 0;
    for group in &groups {
        for test in group["tests"].as_array().unwrap() {
            match accepts(group, test) {
                Some(good) => {
                    assert!(!good && test["result"] == "invalid", "{}", test["comment"]);
                    refused += 1;
                }
                None => assert_ne!(group["public"]["keys"][0]["kty"], "EC"),
            }
        }
    }
    println!("json_web_key_test.json: {refused} keys of curves refused, the others are of other algorithms");
    assert!(refused > 0);
}

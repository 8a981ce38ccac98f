use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::SecretKey;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const MAX: usize = 65_536;

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_slice(&[seed; 32]).unwrap()
}

fn recipient() -> EncryptionKey {
    EncryptionKey::new(secret(5).public_key(), Some("k1".into()))
}

fn sealed() -> String {
    encrypt(
        b"hello",
        &recipient(),
        &secret(6),
        [7; 12],
        content_type("text/plain"),
    )
    .unwrap()
}

/// A JWE of ours with another header, encrypted as that header says it is.
fn with_header(change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut header = Map::from_iter([
        ("alg".to_owned(), json!("ECDH-ES")),
        ("enc".to_owned(), json!("A256GCM")),
        ("epk".to_owned(), PublicKey::P256(secret(6).public_key()).to_jwk()),
    ]);
    change(&mut header);
    let protected = URL_SAFE_NO_PAD.encode(Value::Object(header).to_string());
    let key = agree(&secret(6), &secret(5).public_key(), &[], &[]).unwrap();
    let cipher = Aes256Gcm::new_from_slice(&*key).unwrap();
    let mut ciphertext = cipher
        .encrypt(
            &[7; 12].into(),
            Payload {
                msg: b"hello",
                aad: protected.as_bytes(),
            },
        )
        .unwrap();
    let tag = ciphertext.split_off(5);
    let [iv, ciphertext, tag] = [vec![7; 12], ciphertext, tag].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{protected}..{iv}.{ciphertext}.{tag}")
}

fn refusal(compact: &str) -> JweError {
    decrypt(compact, &secret(5), MAX).map(|_| ()).unwrap_err()
}

#[test]
fn the_key_agreement_of_rfc_7518_appendix_c_comes_out() {
    let alice = URL_SAFE_NO_PAD
        .decode("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo")
        .unwrap();
    let bob = PublicKey::from_jwk(&json!({
        "kty": "EC", "crv": "P-256",
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    }))
    .unwrap();
    let shared = SecretKey::from_slice(&alice)
        .unwrap()
        .diffie_hellman(bob.as_p256().unwrap());
    let mut key = [0; 16];
    derive(shared.raw_secret_bytes(), "A128GCM", b"Alice", b"Bob", &mut key).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(key), "VqqN6vgjbSBcIijNcacQGg");
}

#[test]
fn what_is_sealed_opens_with_its_header() {
    let (header, plaintext) = decrypt(&sealed(), &secret(5), MAX).unwrap();
    assert_eq!(&plaintext[..], b"hello");
    assert_eq!(header["cty"], "text/plain");
    assert_eq!(header["kid"], "k1");
    assert_eq!(
        decrypt(&sealed(), &secret(4), MAX).map(|_| ()),
        Err(JweError::Decrypt)
    );
}

#[test]
fn apu_and_apv_take_part_in_the_key() {
    let compact = with_header(|h| {
        h.insert("apu".into(), "QWxpY2U".into());
    });
    assert_eq!(refusal(&compact), JweError::Decrypt);
    assert_eq!(
        refusal(&with_header(|h| drop(h.insert("apv".into(), json!(1))))),
        JweError::Header
    );
}

#[test]
fn other_algorithms_and_bad_keys_are_refused() {
    assert!(decrypt(&with_header(|_| ()), &secret(5), MAX).is_ok());
    for (name, value) in [
        ("alg", json!("ECDH-ES+A256KW")),
        ("alg", json!("dir")),
        ("alg", json!("RSA-OAEP")),
        ("alg", json!(null)),
        ("enc", json!("A128GCM")),
        ("enc", json!("A256CBC-HS512")),
        ("zip", json!("DEF")),
        ("crit", json!(["exp"])),
    ] {
        let compact = with_header(|h| drop(h.insert(name.into(), value.clone())));
        assert_eq!(refusal(&compact), JweError::Algorithm, "{name} {value}");
    }
    let point = PublicKey::P256(secret(6).public_key()).to_jwk();
    let off_curve = json!({ "kty": "EC", "crv": "P-256", "x": point["y"], "y": point["x"] });
    let zero = json!({ "kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43) });
    let other_curve = json!({ "kty": "OKP", "crv": "X25519", "x": point["x"] });
    for epk in [off_curve, zero, other_curve, json!(null), json!("x")] {
        let compact = with_header(|h| drop(h.insert("epk".into(), epk.clone())));
        assert_eq!(refusal(&compact), JweError::Key, "{epk}");
    }
    assert_eq!(refusal(&with_header(|h| drop(h.remove("epk")))), JweError::Key);
}

#[test]
fn parts_of_the_wrong_shape_are_refused() {
    let good = sealed();
    let parts: Vec<&str> = good.split('.').collect();
    let join = |parts: [&str; 5]| parts.join(".");
    let [header, key, iv, text, tag] = parts[..] else {
        unreachable!()
    };
    for bad in [
        join([header, "AAAA", iv, text, tag]),
        join([header, key, "AAAA", text, tag]),
        join([header, key, iv, text, &tag[..20]]),
        join([header, key, iv, text, &format!("{tag}AA")]),
        format!("{good}."),
        good.rsplit_once('.').unwrap().0.to_owned(),
        String::new(),
    ] {
        assert_eq!(refusal(&bad), JweError::Malformed, "{bad}");
    }
    assert_eq!(
        decrypt(&good, &secret(5), 10).map(|_| ()),
        Err(JweError::TooLarge)
    );
    let twice = URL_SAFE_NO_PAD.encode(r#"{"alg":"dir","alg":"ECDH-ES"}"#);
    assert_eq!(refusal(&join([&twice, key, iv, text, tag])), JweError::Header);
}

#[test]
fn a_recipient_key_for_another_use_is_refused() {
    let jwk = recipient().to_jwk();
    assert_eq!(EncryptionKey::from_jwk(&jwk), Ok(recipient()));
    for (name, value) in [
        ("use", json!("sig")),
        ("alg", json!("ES256")),
        ("alg", json!("ECDH-ES+A256KW")),
        ("kid", json!(7)),
        ("kid", json!("a b")),
        ("d", json!("AA")),
        ("crv", json!("P-384")),
    ] {
        let mut jwk = jwk.clone();
        jwk[name] = value.clone();
        assert!(EncryptionKey::from_jwk(&jwk).is_err(), "{name} {value}");
    }
}

#[test]
fn wycheproof_vectors_are_judged_right() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/vectors/wycheproof/testvectors_v1/json_web_encryption_test.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: no Wycheproof vectors at {path}");
        return;
    };
    let file: Value = serde_json::from_str(&text).unwrap();
    let (mut opened, mut refused) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let jwk = &group["private"];
        let Some(d) = jwk["d"].as_str().filter(|_| jwk["crv"] == "P-256") else {
            continue;
        };
        let key = SecretKey::from_slice(&URL_SAFE_NO_PAD.decode(d).unwrap()).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let compact = test["jwe"].as_str().unwrap_or_default();
            // All that is valid there but not the one combination accepted here must be refused as well.
            let ours = test["result"] == "valid" && jwk["alg"] == "ECDH-ES" && test["enc"] == "A256GCM";
            match decrypt(compact, &key, MAX) {
                Ok((_, plaintext)) if ours => {
                    assert_eq!(hex::encode(&*plaintext), test["pt"].as_str().unwrap());
                    opened += 1;
                }
                Err(_) if !ours => refused += 1,
                _ => panic!("judged wrong: {}", test["tcId"]),
            }
        }
    }
    assert!(opened >= 1 && refused > 20, "{opened} {refused}");
}

proptest! {
    #[test]
    fn any_content_survives(content in proptest::collection::vec(any::<u8>(), 0..300), iv in any::<[u8; 12]>()) {
        let compact = encrypt(&content, &recipient(), &secret(6), iv, Map::new()).unwrap();
        prop_assert_eq!(&*decrypt(&compact, &secret(5), MAX).unwrap().1, &content);
    }

    #[test]
    fn one_changed_character_is_never_accepted(position in 0_usize..400, to in "[A-Za-z0-9_.-]") {
        let good = sealed();
        let position = position % good.len();
        let mut bad = good.clone();
        bad.replace_range(position..=position, &to);
        prop_assume!(bad != good);
        prop_assert!(decrypt(&bad, &secret(5), MAX).is_err());
    }

    #[test]
    fn any_text_is_answered_without_a_panic(text in "[A-Za-z0-9_.-]{0,200}|.{0,100}") {
        prop_assert!(decrypt(&text, &secret(5), MAX).is_err());
    }
}

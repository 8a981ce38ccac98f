//! Encryption to a recipient's key, and what it stands on.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::jwk::PublicKey;
use carnet_exchange::jwe;
use p256::{SecretKey, pkcs8::DecodePublicKey};
use serde_json::Value;

use super::{agree, bytes};

fn secret(jwk: &Value) -> Option<SecretKey> {
    let d = URL_SAFE_NO_PAD.decode(jwk["d"].as_str()?).ok()?;
    SecretKey::from_slice(&d).ok()
}

/// Opens a text with the key of its group. Only ECDH-ES with A256GCM is spoken: everything else must be refused, and
/// is counted as another algorithm where it would have been good.
fn opens(group: &Value, test: &Value) -> Option<bool> {
    let text = test["jwe"].as_str().unwrap_or_default();
    let opened = secret(&group["private"]).and_then(|key| jwe::decrypt(text, &key, 65_536).ok());
    if let Some((_, content)) = opened {
        let pt = test.get("pt").map(|_| bytes(test, "pt"));
        return Some(pt.is_none_or(|pt| *content == pt));
    }
    (test["result"] == "invalid" && group["private"]["kty"] == "EC").then_some(false)
}

#[test]
fn encrypted_texts() {
    agree("json_web_encryption_test.json", opens);
    agree("json_web_crypto_test.json", |group, test| {
        test.get("jwe").and_then(|_| opens(group, test))
    });
}

#[test]
fn key_agreement() {
    let shared =
        |key: &p256::PublicKey, secret: &SecretKey| secret.diffie_hellman(key).raw_secret_bytes().to_vec();
    agree("ecdh_secp256r1_webcrypto_test.json", |_, test| {
        let mut public = test["public"].clone();
        public.as_object_mut().unwrap().remove("kid");
        let key = jwe::EncryptionKey::from_jwk(&public)
            .ok()
            .map(|key| key.public_key());
        let (Some(PublicKey::P256(key)), Some(secret)) = (key, secret(&test["private"])) else {
            return Some(false);
        };
        Some(shared(&key, &secret) == bytes(test, "shared"))
    });
    agree("ecdh_secp256r1_test.json", |_, test| {
        let key = p256::PublicKey::from_public_key_der(&bytes(test, "public"));
        let Ok(key) = key else {
            return Some(false);
        };
        let private = bytes(test, "private");
        let mut padded = vec![0; 32_usize.saturating_sub(private.len())];
        padded.extend(&private[private.len().saturating_sub(32)..]);
        let secret = SecretKey::from_slice(&padded).unwrap();
        Some(shared(&key, &secret) == bytes(test, "shared"))
    });
}

#[test]
fn authenticated_encryption() {
    agree("aes_gcm_test.json", |group, test| {
        if group["keySize"] != 256 || group["ivSize"] != 96 || group["tagSize"] != 128 {
            return None;
        }
        let iv: [u8; 12] = bytes(test, "iv").try_into().unwrap();
        let cipher = Aes256Gcm::new_from_slice(&bytes(test, "key")).unwrap();
        let mut msg = bytes(test, "ct");
        msg.extend(bytes(test, "tag"));
        let aad = bytes(test, "aad");
        let opened = cipher.decrypt(&iv.into(), Payload { msg: &msg, aad: &aad });
        Some(opened.is_ok_and(|opened| opened == bytes(test, "msg")))
    });
}

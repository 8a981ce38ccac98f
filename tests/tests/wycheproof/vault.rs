//! The ciphers and derivations under the vault: the libraries by themselves, because the vault has no door that takes
//! another's keys.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{agree, bytes};

#[test]
fn sealing_with_xchacha20_poly1305() {
    agree("xchacha20_poly1305_test.json", |_, test| {
        // The nonce's length is in the type: another one can't be passed.
        let nonce: [u8; 24] = bytes(test, "iv").try_into().ok()?;
        let cipher = XChaCha20Poly1305::new_from_slice(&bytes(test, "key")).unwrap();
        let mut msg = bytes(test, "ct");
        msg.extend(bytes(test, "tag"));
        let aad = bytes(test, "aad");
        let opened = cipher.decrypt(&nonce.into(), Payload { msg: &msg, aad: &aad });
        Some(opened.is_ok_and(|opened| opened == bytes(test, "msg")))
    });
}

#[test]
fn deriving_with_hkdf() {
    agree("hkdf_sha256_test.json", |_, test| {
        let size = usize::try_from(test["size"].as_u64().unwrap()).unwrap();
        let mut okm = vec![0; size];
        let derived = Hkdf::<Sha256>::new(Some(&bytes(test, "salt")), &bytes(test, "ikm"))
            .expand(&bytes(test, "info"), &mut okm);
        Some(derived.is_ok() && okm == bytes(test, "okm"))
    });
}

#[test]
fn authenticating_with_hmac() {
    agree("hmac_sha256_test.json", |group, test| {
        if group["tagSize"] != 256 {
            return None;
        }
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&bytes(test, "key")).unwrap();
        mac.update(&bytes(test, "msg"));
        Some(mac.verify_slice(&bytes(test, "tag")).is_ok())
    });
}

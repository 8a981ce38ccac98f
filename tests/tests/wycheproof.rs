//! Project Wycheproof's vectors, for the ciphers and derivations under the vault: the libraries by themselves, because
//! the vault has no door that takes another's keys.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]
#![expect(
    clippy::print_stdout,
    reason = "how many vectors there were belongs into the test's output"
)]

use std::{fs, path::PathBuf};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

/// Asks about every vector, where they are at hand; `answer` is none for those of another form.
fn agree(file: &str, mut answer: impl FnMut(&Value, &Value) -> Option<bool>) {
    // Not `env!`: the vectors are beside the sources that are tested, wherever those were compiled.
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap();
    let path = folder
        .join("../../shared/data/vectors/wycheproof/testvectors_v1")
        .join(file);
    let Ok(text) = fs::read(path) else {
        println!("skipped: ../shared/data is not here");
        return;
    };
    let groups: Value = serde_json::from_slice(&text).unwrap();
    let (mut accepted, mut refused, mut not_ours) = (0, 0, 0);
    for group in groups["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            match answer(group, test) {
                None => not_ours += 1,
                Some(good) => {
                    *if good { &mut accepted } else { &mut refused } += 1;
                    assert_eq!(
                        good,
                        test["result"] == "valid",
                        "{file} {}: {}",
                        test["tcId"],
                        test["comment"]
                    );
                }
            }
        }
    }
    let total = accepted + refused + not_ours;
    println!("{file}: {accepted} accepted, {refused} refused, {not_ours} of another form; {total} in all");
    assert!(accepted > 0 && refused > 0);
}

fn bytes(test: &Value, name: &str) -> Vec<u8> {
    hex::decode(test[name].as_str().unwrap()).unwrap()
}

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

//! A counter's question, read by a wallet that nobody vouches to: as text, and as bytes that were signed.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
#[cfg(fuzzing)]
use carnet_exchange::counter::{Challenge, SealingSecret, answer, challenge, key_id};
#[cfg(fuzzing)]
use ed25519_dalek::{Signer as _, SigningKey};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let key = SigningKey::from_bytes(&[1; 32]);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Challenge::read_own(text, &key.verifying_key());
        let _ = challenge::is_challenge(text);
        if let Ok(secret) = SealingSecret::from_bytes(&[2; 32]) {
            let _ = answer::open(text, &secret, &challenge::digest_of(text));
        }
    }
    // What follows version and key id, signed by the one who is pinned.
    let signed = [&[1][..], &key_id(&key.verifying_key()), bytes].concat();
    let signature = key.sign(&[&b"carnet-counter-challenge-v1"[..], &signed].concat());
    let whole = [&signed[..], &signature.to_bytes()].concat();
    let text = format!("carnet:check?d={}", BASE64_URL_SAFE_NO_PAD.encode(whole));
    if let Ok(read) = Challenge::read_own(&text, &key.verifying_key())
        && let Ok(again) = read.sign(&key)
    {
        assert_eq!(again, text, "a question has one spelling");
    }
});

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is for `make fuzz`");
}

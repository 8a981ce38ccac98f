//! A presentation of a credential that the holder issued to itself.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use carnet_credentials::sd_jwt::{self, Expect, Issuer, Rules, StatusRule};
#[cfg(fuzzing)]
use jiff::{SignedDuration, Timestamp};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = sd_jwt::check(
        text,
        &Expect {
            credential: Rules {
                vct: "urn:carnet:holder:1",
                issuer: Issuer::SelfIssued,
                status: StatusRule::Later,
                legacy_typ: true,
                now: Timestamp::UNIX_EPOCH,
                leeway: SignedDuration::from_secs(60),
            },
            aud: "x509_hash:a",
            nonce: "n",
            max_age: SignedDuration::from_secs(300),
        },
    );
});

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is for `make fuzz`");
}

//! A W3C credential, with proofs inside or as a JWT.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use carnet_credentials::{
    status::bitstring::NoLists,
    vc::{self, Conditions, Offline},
};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let conditions = Conditions {
        now: jiff::Timestamp::UNIX_EPOCH,
        documents: &Offline,
        statuses: &NoLists,
    };
    if let Ok(json) = carnet_did_resolver::json::parse_object(bytes, 65_536) {
        let _ = vc::check(&json, &conditions);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = vc::jose::check(text, &conditions);
    }
});

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is for `make fuzz`");
}

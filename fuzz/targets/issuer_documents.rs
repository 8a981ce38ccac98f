//! What is fetched about an issuer and a credential type before any signature is known: a certificate, the issuer's
//! metadata, a type's description.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use carnet_credentials::{certificate::Leaf, issuer::IssuerMetadata, sd_jwt::type_metadata::Reading};
#[cfg(fuzzing)]
use jiff::Timestamp;

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Leaf::read(bytes, Timestamp::UNIX_EPOCH);
    let _ = IssuerMetadata::parse(bytes, "https://a.example");
    if let Ok(mut reading) = Reading::begin("urn:a", None)
        && reading.add(bytes).is_ok()
        && reading.wanted().is_none()
    {
        let _ = reading.finish();
    }
});

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is for `make fuzz`");
}

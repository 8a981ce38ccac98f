//! An identifier, the document it stands for, and the log of a did:webvh, as their hosts send them.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(json) = carnet_did_resolver::json::parse_object(bytes, 65_536) {
        let _ = carnet_did_resolver::Document::read(json);
    }
    let did = "did:webvh:QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE:example.com";
    let _ = carnet_did_resolver::webvh::resolve(
        did,
        bytes,
        Some(bytes),
        &carnet_did_resolver::Options::default(),
        jiff::Timestamp::UNIX_EPOCH,
    );
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = carnet_did_resolver::resolve(text);
    }
});

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is for `make fuzz`");
}

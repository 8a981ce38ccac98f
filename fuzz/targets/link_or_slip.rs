//! Text out of a QR code.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = text.parse::<carnet_exchange::RequestLink>();
    let _ = carnet_exchange::slip::Slip::parse(text, |_| carnet_consent::GrantId([7; 32]));
});

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is for `make fuzz`");
}

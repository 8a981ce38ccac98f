//! A backup: what stands before the sealed content, and the content itself as if its maker had the key.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    carnet_wallet_core::vault::fuzzing::backup(bytes);
});

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is for `make fuzz`");
}

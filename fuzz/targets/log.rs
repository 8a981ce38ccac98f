//! What the keeper of a register, a witness or another wallet brings: signed states, proofs, paths of tiles, evidence.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use carnet_exchange::evidence::Evidence;
#[cfg(fuzzing)]
use carnet_log::{Checkpoint, Part, Receipt, Witness, checkpoint::Log, receipt::read_lines};
#[cfg(fuzzing)]
use ed25519_dalek::SigningKey;

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Evidence::read(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let key = SigningKey::from_bytes(&[1; 32]);
    let keys = [key.verifying_key()];
    let log = Log {
        origin: "example.org/log",
        keys: &keys,
    };
    let _ = Checkpoint::read(text, log, &[]);
    let _ = Part::of(text);
    let _ = read_lines(text);
    if let Ok(receipt) = Receipt::read(text) {
        let _ = receipt.check(b"entry", log, &[]);
    }
    let witness = Witness {
        name: "w.example",
        key: &key,
    };
    let _ = witness.cosign(text, log, (0, carnet_log::Hash([0; 32])), 1);
});

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is for `make fuzz`");
}

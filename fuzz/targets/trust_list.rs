//! A trust list, and the file of a party's own entry: what is signed around them, and what stands in them.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    use carnet_exchange::trust::{self, RootKey, TrustList};
    let now = jiff::Timestamp::UNIX_EPOCH;
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = trust::verify_first(text, now);
        let _ = trust::verify_update(text, &RootKey([7; 32]), 1, now);
        let _ = trust::open_own(text);
        let _ = trust::look_alike(text, "Northgate Clinic");
    }
    // Behind the signature.
    if let Ok(list) = serde_json::from_slice::<TrustList>(bytes)
        && list.check().is_ok()
    {
        for entry in &list.entries {
            let _ = entry.resembled_in(&list);
            for client_id in &entry.client_ids {
                let _ = carnet_exchange::request::did_to_fetch(client_id);
            }
        }
    }
});

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is for `make fuzz`");
}

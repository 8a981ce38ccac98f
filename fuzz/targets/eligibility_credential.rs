//! A copy from an issuer, or what a stranger shows of one, as JSON.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use carnet_credentials::json;
#[cfg(fuzzing)]
use carnet_eligibility::{Kind, Request, credential};
#[cfg(fuzzing)]
use ed25519_dalek::SigningKey;

/// A question about a credential of this kind.
#[cfg(fuzzing)]
fn asked(kind: &Kind) -> Request {
    let mut statement = serde_json::to_value(kind).expect("a kind can be written");
    let members = statement.as_object_mut().expect("as an object");
    let name = members.remove("type").expect("with its name");
    let about = match name.as_str().unwrap_or_default() {
        "birth-date" => serde_json::json!({"statement": "age-at-least", "years": 65}),
        "cover" => serde_json::json!({"statement": "cover-active-on", "day": "2026-03-01"}),
        "income" => serde_json::json!({"statement": "income-below", "amount": 2_000_000}),
        "lab" => serde_json::json!({"statement": "lab-in-range", "low": 40, "high": 69, "max_age_days": 90}),
        _ => serde_json::json!({"statement": "code-among", "places": [3, 900, 65_535]}),
    };
    members.extend(about.as_object().expect("an object").clone());
    let request = serde_json::json!({
        "statement": statement, "as_of": "2026-03-01", "audience": "x509_hash:pharmacy", "nonce": "07".repeat(32),
    });
    serde_json::from_value(request).expect("a kind's members are those of its statements")
}

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = json::parse(bytes, bytes.len()) else {
        return;
    };
    let issuers = [SigningKey::from_bytes(&[1; 32]).verifying_key()];
    if let Ok((copy, opening)) = credential::read_issued(&value, &issuers) {
        assert_eq!(credential::issued(&copy, &opening), value);
    }
    if let Ok(kind) = credential::kind(&value) {
        let _ = credential::read_shown(&value, &asked(&kind), &issuers);
    }
});

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is for `make fuzz`");
}

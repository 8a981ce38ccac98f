//! A question about eligibility (JSON, one line), then an answer to it (bytes): both come from strangers.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use carnet_credentials::json;
#[cfg(fuzzing)]
use carnet_eligibility::{Presentation, Request, Rules, check, check::check_unsigned, check_all};
#[cfg(fuzzing)]
use ed25519_dalek::SigningKey;

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return;
    };
    let (question, answer) = (&bytes[..end], &bytes[end + 1..]);
    let Ok(value) = json::parse(question, question.len()) else {
        return;
    };
    let Ok(request) = serde_json::from_value::<Request>(value.clone()) else {
        return;
    };
    assert_eq!(
        serde_json::to_value(&request).ok(),
        Some(value),
        "a question has one spelling"
    );
    let _ = request.statement.says(request.as_of);
    let issuers = [SigningKey::from_bytes(&[1; 32]).verifying_key()];
    let rules = Rules {
        issuers: &issuers,
        today: request.as_of,
    };
    let alone = check(answer, &request, &rules);
    assert_eq!(check_all(&[(answer, &request)], &rules), [alone]);
    if let Ok(presentation) = Presentation::parse(answer, &request, &issuers) {
        assert_eq!(presentation.to_bytes(), answer);
    }
    let _ = check_unsigned(answer, &request, &issuers);
});

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is for `make fuzz`");
}

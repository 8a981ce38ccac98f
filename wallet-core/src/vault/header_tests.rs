//! Headers that somebody else wrote.

use proptest::prelude::*;

use super::{
    Passphrase,
    header::{Header, HeaderError},
    kdf::{Cost, KdfError},
};

const COST: (u32, u32) = (64 * 1024, 3);

fn header(byte: u8) -> Header {
    let key = [byte; 32];
    let cost = Cost::new(COST.0, COST.1, key);
    Header::make(
        [byte; 16],
        0,
        cost,
        &[byte ^ 0xff; 32],
        (&key, [1; 24]),
        (&key, [2; 24]),
    )
    .unwrap()
}

fn text(header: &Header) -> String {
    serde_json::to_string(header).unwrap()
}

fn refusal(bytes: &[u8]) -> &'static str {
    match Header::parse(bytes) {
        Ok(_) => "taken",
        Err(HeaderError::NewerVersion { .. }) => "newer",
        Err(HeaderError::NotAVault) => "not a vault",
        Err(HeaderError::Damaged) => "damaged",
        Err(HeaderError::Missing | HeaderError::Io(_)) => "not read",
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn bytes_that_are_no_header_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert_ne!(refusal(&bytes), "taken");
    }

    #[test]
    fn an_altered_header_is_refused_or_says_the_same(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let good = header(7);
        let mut bytes = text(&good).into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        match Header::parse(&bytes) {
            // The same digit in another case, the same white space.
            Ok(same) => prop_assert_eq!(same, good),
            Err(error) => prop_assert!(!matches!(error, HeaderError::Io(_))),
        }
    }

    #[test]
    fn a_cost_outside_the_limits_is_refused_before_any_memory_is_taken(memory in any::<u32>(), passes in any::<u32>(), lanes in any::<u32>()) {
        let mut altered = header(7);
        (altered.kdf.memory_kib, altered.kdf.passes, altered.kdf.lanes) = (memory, passes, lanes);
        altered.refresh_check();
        // Whoever knows the format can write it so that it is read; the limits stand behind.
        let read = Header::parse(text(&altered).as_bytes()).unwrap();
        let within = (64 << 10..=1 << 20).contains(&memory)
            && (3..=16).contains(&passes)
            && (1..=4).contains(&lanes)
            && u64::from(memory) * u64::from(passes) <= 4 << 20;
        prop_assert_eq!(read.kdf.check().is_ok(), within);
        if !within {
            let refused = read.kdf.derive(&Passphrase::new("correct horse".to_owned()));
            prop_assert_eq!(refused.err(), Some(KdfError::CostRefused));
        }
    }

    #[test]
    fn numbers_that_no_header_has_are_refused(number in "-?[0-9]{11,400}|-[0-9]{1,9}|[0-9]{1,9}\\.[0-9]{1,9}|[0-9]e[0-9]{1,6}|null|true|\\[\\]") {
        let good = text(&header(7));
        for member in ["\"memory_kib\":65536", "\"passes\":3", "\"lanes\":1"] {
            let name = member.split(':').next().unwrap();
            let bad = good.replace(member, &format!("{name}:{number}"));
            prop_assert_ne!(&bad, &good);
            // With zeros before it, it isn't even JSON.
            prop_assert!(["damaged", "not a vault"].contains(&refusal(bad.as_bytes())));
        }
        let bad = good.replace("\"carnet_vault\":1", &format!("\"carnet_vault\":{number}"));
        prop_assert_eq!(refusal(bad.as_bytes()), "not a vault");
    }
}

#[test]
fn members_twice_unknown_or_missing_are_refused() {
    let good: serde_json::Value = serde_json::from_str(&text(&header(7))).unwrap();
    let members = good.as_object().unwrap();
    for (name, value) in members {
        let twice = text(&header(7)).replacen('{', &format!("{{\"{name}\":{value},"), 1);
        assert!(
            ["damaged", "not a vault"].contains(&refusal(twice.as_bytes())),
            "{name}"
        );
        let mut without = members.clone();
        without.remove(name);
        let without = serde_json::to_vec(&without).unwrap();
        assert!(["damaged", "not a vault"].contains(&refusal(&without)), "{name}");
    }
    for store in ["\"../x\"", "-1", "4294967296", "1"] {
        let named = text(&header(7)).replacen('{', &format!("{{\"store\":{store},"), 1);
        assert_eq!(refusal(named.as_bytes()), "damaged", "{store}");
    }
    let later = text(&header(7)).replace("\"carnet_vault\":1", "\"carnet_vault\":2,\"more\":[]");
    assert_eq!(refusal(later.as_bytes()), "newer");
    let deep = format!("{}1{}", "[".repeat(8000), "]".repeat(8000));
    assert_eq!(refusal(deep.as_bytes()), "not a vault");
}

#[test]
fn a_wrap_of_another_vault_opens_nothing() {
    let (one, other) = (header(7), header(9));
    let mut swapped: serde_json::Value = serde_json::from_str(&text(&one)).unwrap();
    let from: serde_json::Value = serde_json::from_str(&text(&other)).unwrap();
    for wrap in ["passphrase_wrap", "words_wrap"] {
        swapped[wrap] = from[wrap].clone();
    }
    assert_eq!(refusal(swapped.to_string().as_bytes()), "damaged");
    let mut header: Header = serde_json::from_value(swapped).unwrap();
    header.refresh_check();
    let read = Header::parse(text(&header).as_bytes()).unwrap();
    for key in [[7; 32], [9; 32]] {
        assert!(read.open_with_passphrase_key(&key).is_none());
        assert!(read.open_with_words_key(&key).is_none());
    }
    assert!(!read.is_sealed_by(&[7 ^ 0xff; 32]) && !read.is_sealed_by(&[9 ^ 0xff; 32]));
}

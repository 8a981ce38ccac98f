//! Files from strangers: refused by entry with a reason, while the good entries import unchanged.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use carnet_fhir::{FileError, bundle, json, pretty, read_file, read_record};
use proptest::prelude::*;

const GOOD: &str = r#"{"resourceType":"Condition", "id":"c1","code":{"text":"Asthma"},
   "subject":{"reference":"Patient/1"}}"#;

fn with(entries: &[&str]) -> String {
    let entries: Vec<String> = entries
        .iter()
        .map(|entry| format!(r#"{{"resource": {entry} }}"#))
        .collect();
    format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{}]}}"#,
        entries.join(",")
    )
}

/// What the second of three entries is refused for; the two around it must import byte for byte.
fn refusal(entry: &[u8]) -> &'static str {
    let (before, after) = with(&[GOOD, "@", GOOD])
        .split_once('@')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let bytes = [before.as_bytes(), entry, after.as_bytes()].concat();
    let file = read_file(&bytes).unwrap();
    assert!(file.records.iter().filter(|record| record.raw == GOOD).count() >= 2);
    match file.rejected.listed.as_slice() {
        [] => "imported",
        [one] => {
            assert_eq!(one.entry, "entry[1]");
            one.code
        }
        _ => "several",
    }
}

fn deep(levels: usize) -> String {
    let (open, close) = (r#"{"extension":[{"url":"u","x":"#, "}]}");
    format!(
        r#"{{"resourceType":"Basic","x":{}1{}}}"#,
        open.repeat(levels),
        close.repeat(levels)
    )
}

#[test]
fn a_broken_entry_is_refused_alone_and_says_why() {
    assert_eq!(refusal(GOOD.as_bytes()), "imported");
    assert_eq!(
        refusal(br#"{"resourceType":"Condition","id":"a","id":"b"}"#),
        "duplicate_key"
    );
    assert_eq!(
        refusal(br#"{"resourceType":"Condition","code":{"text":"a","te\u0078t":"b"}}"#),
        "duplicate_key"
    );
    assert_eq!(
        refusal(b"{\"resourceType\":\"Condition\",\"id\":\"\xff\"}"),
        "not_json"
    );
    assert_eq!(
        refusal(br#"{"resourceType":"Condition","id":"\ud800"}"#),
        "not_json"
    );
    assert_eq!(refusal(br#"{"resourceType":"Condition","id":01}"#), "not_json");
    assert_eq!(
        refusal(br#"{"resourceType":"Observation","valueInteger":1e999}"#),
        "not_json"
    );
    assert_eq!(
        refusal(b"{\"resourceType\":\"Condition\",\"id\":\"a\nb\"}"),
        "not_json"
    );
    assert_eq!(refusal(deep(20).as_bytes()), "imported");
    assert_eq!(refusal(deep(40).as_bytes()), "too_deep");
    assert_eq!(
        refusal(format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)).as_bytes()),
        "too_deep"
    );
    assert_eq!(refusal(br#""Condition""#), "not_fhir");
    assert_eq!(refusal(b"null"), "not_fhir");
    assert_eq!(refusal(br#"{"resourceType":"Spell"}"#), "not_fhir");
    assert_eq!(refusal(br#"{"resourceType":["Condition"]}"#), "not_fhir");
    assert_eq!(refusal(br#"{"id":"1"}"#), "not_fhir");
    assert_eq!(
        refusal(format!("[{}1]", "1,".repeat(600_000)).as_bytes()),
        "too_large"
    );
}

#[test]
fn wrong_types_are_refused_with_their_place_and_without_their_value() {
    for (entry, place) in [
        (
            r#"{"resourceType":"Condition","id":7}"#,
            "Condition.id must be text",
        ),
        (
            r#"{"resourceType":"Observation","status":"final","code":"x-secret"}"#,
            "Observation.code must be an object",
        ),
        (
            r#"{"resourceType":"Observation","status":"final","code":{"coding":{"code":"x-secret"}}}"#,
            "Observation.code.coding must be a list",
        ),
        (
            r#"{"resourceType":"Observation","component":[{"code":{}},{"valueQuantity":{"value":"x-secret"}}]}"#,
            "Observation.component[1].valueQuantity.value must be a number",
        ),
        (
            r#"{"resourceType":"Patient","birthDate":"x-secret"}"#,
            "Patient.birthDate must be a date",
        ),
        (
            r#"{"resourceType":"Patient","active":"true"}"#,
            "Patient.active must be true or false",
        ),
        (
            r#"{"resourceType":"Patient","name":[{"given":["A",1]}]}"#,
            "Patient.name[0].given[1] must be text",
        ),
        (
            r#"{"resourceType":"Patient","contained":[{"id":"1"}]}"#,
            "Patient.contained[0] must be a FHIR R4 resource",
        ),
        (
            r#"{"resourceType":"Patient","_birthDate":"x"}"#,
            "Patient._birthDate must be an object",
        ),
    ] {
        let refused = read_file(with(&[entry]).as_bytes())
            .unwrap()
            .rejected
            .listed
            .remove(0);
        assert_eq!((refused.code, refused.message.as_str()), ("wrong_type", place));
        assert!(!refused.message.contains("x-secret"));
    }
}

#[test]
fn other_versions_of_fhir_are_told_apart() {
    for entry in [
        r#"{"resourceType":"MedicationOrder","status":"active"}"#,
        r#"{"resourceType":"NutritionIntake","status":"completed"}"#,
        r#"{"resourceType":"MedicationStatement","status":"recorded","medication":{"concept":{"text":"x"}}}"#,
        r#"{"resourceType":"Condition","clinicalStatus":"active"}"#,
        r#"{"resourceType":"Encounter","status":"completed","class":[{"coding":[{"code":"AMB"}]}]}"#,
        r#"{"resourceType":"Patient","careProvider":[{"reference":"Organization/1"}]}"#,
        r#"{"resourceType":"Observation","meta":{"profile":["http://hl7.org/fhir/5.0/StructureDefinition/Observation"]}}"#,
    ] {
        assert_eq!(refusal(entry.as_bytes()), "wrong_version", "{entry}");
        assert_eq!(read_file(entry.as_bytes()).unwrap_err(), FileError::WrongVersion);
        assert_eq!(
            read_file(with(&[entry, entry]).as_bytes()).unwrap_err(),
            FileError::WrongVersion
        );
    }
}

#[test]
fn a_file_that_is_no_fhir_is_refused_whole() {
    let code = |bytes: &[u8]| read_file(bytes).map_or_else(|error| error.code(), |_| "read");
    assert_eq!(code(b""), "not_json");
    assert_eq!(code(b"<Bundle/>"), "not_json");
    assert_eq!(code(b"[1]"), "not_json");
    assert_eq!(code(b"{}"), "not_fhir");
    assert_eq!(code(br#"{"resourceType":"Bundle","entry":{}}"#), "not_fhir");
    assert_eq!(
        code(br#"{"resourceType":"Bundle","entry":[],"entry":[]}"#),
        "not_json"
    );
    assert_eq!(code(br#"{"resourceType":"Bundle","entry":[{}}"#), "not_json");
    assert_eq!(code(deep(40).as_bytes()), "too_deep");
    assert_eq!(code(br#"{"resourceType":"Bundle","type":"collection"}"#), "read");
    assert_eq!(
        code([b"\xef\xbb\xbf", GOOD.as_bytes()].concat().as_slice()),
        "read"
    );
    let million = format!(
        r#"{{"resourceType":"Bundle","entry":[{}{{}}]}}"#,
        "{},".repeat(1_000_000)
    );
    assert_eq!(code(million.as_bytes()), "too_many_entries");
}

#[test]
fn every_kind_of_bundle_is_read_and_entries_without_a_record_are_named() {
    for kind in [
        "document",
        "collection",
        "searchset",
        "transaction",
        "batch",
        "history",
        "message",
    ] {
        let file = format!(
            r#"{{"resourceType":"Bundle","type":"{kind}","entry":[
                {{"fullUrl":"urn:uuid:1","resource":{GOOD},"request":{{"method":"PUT","url":"Condition/c1"}}}},
                {{"request":{{"method":"DELETE","url":"Condition/c2"}}}}]}}"#
        );
        let file = read_file(file.as_bytes()).unwrap();
        assert_eq!(file.records[0].raw, GOOD);
        assert_eq!(file.records[0].full_url.as_deref(), Some("urn:uuid:1"));
        assert_eq!(
            (
                file.rejected.listed[0].entry.as_str(),
                file.rejected.listed[0].code
            ),
            ("entry[1]", "no_resource")
        );
    }
}

#[test]
fn what_is_put_together_is_read_back_unchanged() {
    let now = "2026-03-02T10:20:00Z".parse().unwrap();
    let text = bundle([(Some("urn:uuid:\"1"), GOOD), (None, GOOD)].into_iter(), now);
    let file = read_file(text.as_bytes()).unwrap();
    assert_eq!(file.rejected.count, 0);
    assert_eq!(file.records[0].full_url.as_deref(), Some("urn:uuid:\"1"));
    assert!(file.records.iter().all(|record| record.raw == GOOD));
    assert!(
        read_file(bundle(std::iter::empty(), now).as_bytes())
            .unwrap()
            .records
            .is_empty()
    );
}

#[test]
fn nothing_readable_is_markup() {
    let raw = r#"{"resourceType":"Condition","code":{"text":"<<b>script>alert(1)</script> \u202egnp.exe <5 mg"},
        "note":[{"text":"<img src=x onerror=alert(1)>ok"}],
        "text":{"status":"generated","div":"<div><p>A &lt;b&gt; &amp; B&#x3c;script&#62;</p><script>evil()</script><td>1</td><td>2</td></div>"},
        "subject":{"reference":"Patient/1"}}"#;
    let lines = pretty(raw);
    let title = read_record(raw, None).unwrap().summary.title;
    assert_eq!(title, "< script>alert(1) gnp.exe <5 mg");
    assert_eq!(lines.last().unwrap().value, "A & B\n1 2");
    let markup = |text: &str| {
        text.match_indices('<')
            .any(|(at, _)| text[at + 1..].starts_with(|c: char| c.is_alphabetic() || c == '/'))
    };
    assert!(
        lines
            .iter()
            .all(|line| !markup(&line.value) && !line.value.contains('\u{202e}')),
        "{:?}",
        lines.iter().map(|l| &l.value).collect::<Vec<_>>()
    );
}

#[test]
fn text_made_to_waste_time_does_not() {
    let start = std::time::Instant::now();
    for piece in [
        "<a",
        "<script>",
        "<script></script>",
        "<",
        "&lt;b&gt;",
        "&&&&&&",
        "hiv-",
        "<style",
        "\\u0000",
    ] {
        let text = piece.repeat(2_000_000 / piece.len());
        let raw = format!(
            r#"{{"resourceType":"Condition","subject":{{}},"code":{{"text":"{text}"}},"note":[{{"text":"{text}"}}],"text":{{"status":"generated","div":"<div>{text}"}}}}"#
        );
        assert!(!read_file(raw.as_bytes()).unwrap().records.is_empty());
        assert!(!pretty(&raw).is_empty());
    }
    let codings = vec![r#"{"system":"s","code":"c","display":"d"}"#; 100_000].join(",");
    let raw = format!(r#"{{"resourceType":"Condition","subject":{{}},"code":{{"coding":[{codings}]}}}}"#);
    assert!(!read_file(raw.as_bytes()).unwrap().records.is_empty());
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

proptest! {
    #[test]
    fn no_bytes_panic_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_file(&bytes);
        let _ = read_file(&[br#"{"resourceType":"Bundle","entry":["#.as_slice(), &bytes].concat());
        let _ = pretty(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_spoiled_byte_never_spoils_its_neighbours(at in 0_usize..90, byte in any::<u8>()) {
        let mut entry = GOOD.as_bytes().to_vec();
        let at = at % entry.len();
        entry[at] = byte;
        let file = [br#"{"resourceType":"Bundle","entry":[{"resource":"#.as_slice(), GOOD.as_bytes(), br#"},{"resource":"#, &entry, b"}]}"].concat();
        if let Ok(file) = read_file(&file) {
            prop_assert_eq!(file.records[0].raw.as_str(), GOOD);
        }
    }

    #[test]
    fn strict_json_takes_nothing_that_serde_json_refuses(text in "[\\[\\]{}\",:0-9eE.+\\-a-z\\\\ ]{0,40}") {
        if json::parse(text.as_bytes(), 64).is_ok() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }
    }

    #[test]
    fn strict_json_reads_what_serde_json_writes(text in "\\PC{0,20}", number in any::<i64>(), float in -1e300_f64..1e300) {
        let value = serde_json::json!({"a": [text, number, float, null, true], "b": {"c": {}}});
        let written = value.to_string();
        let read = json::parse(written.as_bytes(), 64).unwrap();
        prop_assert_eq!(read.list("a")[0].clone(), json::Json::String(text.into()));
    }
}

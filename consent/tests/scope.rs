//! SMART v2 scopes.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use carnet_consent::{Purpose, Scope, excess_scope};
use carnet_fhir::{Group, read_record};
use proptest::prelude::*;

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

#[test]
fn filters_narrow_a_type() {
    let lab = read_record(
        r#"{"resourceType":"Observation","status":"final",
            "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],
            "code":{"coding":[{"system":"http://loinc.org","code":"4548-4"}]},"subject":{"reference":"Patient/1"}}"#,
        None,
    )
    .unwrap()
    .summary;
    for matching in [
        "patient/*.rs",
        "patient/Observation.rs",
        "patient/Observation.r",
        "patient/Observation.rs?category=laboratory",
        "patient/Observation.rs?category=vital-signs,laboratory",
        "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
        "patient/Observation.rs?category=laboratory&code=http://loinc.org|4548-4",
        "patient/Observation.rs?code=http%3A%2F%2Floinc.org%7C4548-4",
    ] {
        assert!(scope(matching).matches(&lab), "{matching}");
    }
    for other in [
        "patient/Condition.rs",
        "patient/Observation.rs?category=vital-signs",
        "patient/Observation.rs?category=other|laboratory",
        "patient/Observation.rs?category=laboratory&code=718-7",
    ] {
        assert!(!scope(other).matches(&lab), "{other}");
    }
}

#[test]
fn anything_else_is_no_scope() {
    for bad in [
        "",
        "patient/",
        "patient/Observation",
        "patient/Observation.read",
        "patient/Observation.sr",
        "patient/Observation.s",
        "patient/Observation.rrs",
        "patient/Observation.rs?",
        "patient/Observation.rs?category",
        "patient/Observation.rs?category=",
        "patient/Observation.rs?category=a&category=b",
        "patient/Observation.rs?_id=1",
        "patient/Observation.rs?category=a|",
        "patient/Observation.rs ",
        "patient/observation.rs",
        "patient/Observation.rs#x",
        "user/Observation.rs",
        "system/*.rs",
        "patient/Observation.rs?category=a%00",
        "patient/Observation.rs?category=a|b|c",
        "launch/patient",
        "openid",
    ] {
        assert!(bad.parse::<Scope>().is_err(), "{bad}");
    }
}

#[test]
fn asking_to_write_is_seen_and_never_granted() {
    let wide = scope("patient/*.cruds");
    assert!(wide.asks_to_write() && excess_scope(&[Purpose::Treatment], &wide));
    assert_eq!(wide.read_only().to_string(), "patient/*.rs");
    assert_eq!(wide.group(), None);
}

#[test]
fn excess_follows_the_purpose() {
    let excess = |purpose: Purpose, text: &str| excess_scope(&[purpose], &scope(text));
    assert!(!excess(Purpose::Treatment, "patient/AllergyIntolerance.rs"));
    assert!(excess(Purpose::Treatment, "patient/Coverage.rs"));
    assert!(excess(Purpose::Treatment, "patient/*.rs"));
    assert!(!excess(Purpose::PatientRequest, "patient/*.rs"));
    assert!(!excess(Purpose::Coverage, "patient/Coverage.rs"));
    assert!(excess(Purpose::Coverage, "patient/Condition.rs"));
    assert!(excess(Purpose::Marketing, "patient/Patient.rs"));
    assert!(!excess(
        Purpose::PublicHealth,
        "patient/Observation.rs?category=laboratory"
    ));
    assert!(excess(Purpose::PublicHealth, "patient/Observation.rs"));
    assert_eq!(
        scope("patient/Observation.rs?category=vital-signs").group(),
        Some(Group::Vitals)
    );
}

proptest! {
    #[test]
    fn one_meaning_has_one_spelling(
        kind in prop::sample::select(vec!["*", "Observation", "Condition", "MedicationRequest"]),
        permissions in prop::sample::select(vec!["r", "rs", "crs", "cruds"]),
        category in prop::collection::vec("[a-z-]{1,8}", 0..4),
        code in prop::collection::vec("(http://loinc\\.org\\|)?[0-9]{1,5}-[0-9]", 0..3),
    ) {
        let mut text = format!("patient/{kind}.{permissions}");
        let filters: Vec<String> = [("code", &code), ("category", &category)]
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(name, values)| format!("{name}={}", values.join(",")))
            .collect();
        if !filters.is_empty() {
            text = format!("{text}?{}", filters.join("&"));
        }
        let parsed: Scope = text.parse().unwrap();
        let again: Scope = parsed.to_string().parse().unwrap();
        prop_assert_eq!(&again, &parsed);
        prop_assert_eq!(again.to_string(), parsed.to_string());
    }

    #[test]
    fn no_text_panics_the_parser(text in "\\PC{0,80}", tail in "[ -~]{0,40}") {
        let _ = text.parse::<Scope>();
        if let Ok(scope) = format!("patient/Observation.rs?{tail}").parse::<Scope>() {
            prop_assert_eq!(scope.to_string().parse::<Scope>().unwrap(), scope);
        }
    }
}

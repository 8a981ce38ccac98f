//! Statements and values in words, and the lists that they speak of.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use carnet_eligibility::{Day, Kind, Statement, kind::ListDigest, list};
use serde_json::{Value, json};

fn day(text: &str) -> Day {
    serde_json::from_value(json!(text)).unwrap()
}

fn says(statement: Value) -> String {
    let statement: Statement = serde_json::from_value(statement).unwrap();
    statement.says(day("2026-11-23"))
}

fn conditions() -> String {
    list::lists()[0].digest.into()
}

#[test]
fn each_statement_is_said_with_its_limits() {
    let place = |code| list::lists()[0].place(code).unwrap();
    for (statement, words) in [
        (
            json!({"statement": "age-at-least", "years": 65}),
            "65 or older on 23 November 2026",
        ),
        (
            json!({"statement": "age-between", "from": 18, "to": 25}),
            "between 18 and 25 years old on 23 November 2026",
        ),
        (
            json!({"statement": "cover-active-on", "day": "2026-11-23"}),
            "covered on 23 November 2026",
        ),
        (
            json!({"statement": "income-below", "amount": 123_456_700, "currency": "EUR"}),
            "income below 1,234,567 EUR a year",
        ),
        (
            json!({"statement": "income-below", "amount": 5, "currency": "JPY"}),
            "income below 5 JPY a year",
        ),
        (
            json!({"statement": "lab-in-range", "loinc": "4548-4", "unit": "%", "scale": 1, "low": 5, "high": 75, "max_age_days": 90}),
            "HbA1c from 0.5 to 7.5 %, taken on 23 November 2026 or in the 90 days before",
        ),
        (
            json!({"statement": "code-in", "list": conditions(), "first": place("E10"), "last": place("E14")}),
            "Diabetes (E10 to E14)",
        ),
        (
            json!({"statement": "code-among", "list": conditions(), "places": [place("G35"), place("J45")]}),
            "one of: Multiple sclerosis (G35), Asthma (J45)",
        ),
    ] {
        assert_eq!(says(statement), words);
    }
}

#[test]
fn a_list_or_a_place_that_is_not_known_is_not_understood() {
    let statement = |list: &str, last| {
        let value = json!({"statement": "code-in", "list": list, "first": 1, "last": last});
        serde_json::from_value::<Statement>(value).unwrap()
    };
    assert!(statement(&conditions(), 3).is_understood());
    assert!(!statement(&"00".repeat(32), 3).is_understood());
    assert!(!statement(&conditions(), 999).is_understood());
    assert!(
        says(json!({"statement": "code-in", "list": "00".repeat(32), "first": 1, "last": 3}))
            .contains("doesn't know")
    );
}

#[test]
fn a_value_is_said_to_its_holder_as_the_issuer_committed_to_it() {
    let born = u32::from(day("1950-06-01").number());
    assert_eq!(Kind::BirthDate.value_says(&[born]), "born 1 June 1950");
    let income = Kind::Income {
        currency: String::from("EUR").try_into().unwrap(),
    };
    assert_eq!(income.value_says(&[2_000_050]), "income of 20,000.50 EUR a year");
    let list: ListDigest = conditions().try_into().unwrap();
    let place = list::lists()[0].place("E11").unwrap();
    assert_eq!(
        Kind::Code { list }.value_says(&[u32::from(place)]),
        "Type 2 diabetes (E11)"
    );
}

#[test]
fn the_bundled_list_is_the_published_one_and_its_families_are_intervals() {
    let list = &list::lists()[0];
    assert_eq!(
        String::from(list.digest),
        "1ae2c3c97415efe2f3d1ca50d971ae2664d64b19b8d5e66f0584c8d42559ef13",
        "another list is another file and another name"
    );
    assert!(list.codes.windows(2).all(|two| two[0].code < two[1].code));
    for family in &list.families {
        let (first, last) = (
            list.place(&family.first).unwrap(),
            list.place(&family.last).unwrap(),
        );
        assert_eq!(list.family(first, last), Some(family));
    }
}

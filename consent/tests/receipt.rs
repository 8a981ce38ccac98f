//! The receipt of a consent: the same facts give the same bytes, and what happened later adds to it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod asked;

use asked::request;
use carnet_consent::{Consent, Digest32, GrantId, Receipt, ReceiptFacts, Scope};
use jiff::Timestamp;
use serde_json::Value;

fn consent() -> Consent {
    let scopes: Vec<Scope> = vec!["patient/AllergyIntolerance.rs".parse().unwrap()];
    let holder = Digest32([9; 32]).to_string();
    Consent::from_request(&request(), &scopes, Digest32([7; 32]), holder, Digest32([8; 32]))
}

fn facts(consent: &Consent) -> ReceiptFacts<'_> {
    ReceiptFacts {
        consent,
        grant_id: GrantId([3; 32]),
        recipient: "Northgate Clinic",
        given: "2026-03-02T10:04:00Z".parse().unwrap(),
        withdrawn: None,
        erased: None,
    }
}

fn later(minutes: i64) -> Timestamp {
    let given: Timestamp = "2026-03-02T10:04:00Z".parse().unwrap();
    given + jiff::SignedDuration::from_mins(minutes)
}

/// `CARNET_VECTORS=write` writes it anew.
#[test]
fn the_published_receipt_is_what_these_facts_give() {
    let made = Receipt::of(&ReceiptFacts {
        withdrawn: Some(later(60)),
        erased: Some(later(61)),
        ..facts(&consent())
    });
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/receipt.json");
    if std::env::var_os("CARNET_VECTORS").is_some_and(|value| value == "write") {
        std::fs::write(file, made.to_json()).unwrap();
    }
    assert_eq!(
        String::from_utf8(made.to_json()).unwrap(),
        std::fs::read_to_string(file).unwrap()
    );
}

#[test]
fn the_same_facts_give_the_same_file_and_the_same_pages() {
    let (one, other) = (consent(), consent());
    let (one, other) = (Receipt::of(&facts(&one)), Receipt::of(&facts(&other)));
    assert_eq!(one.to_json(), other.to_json());
    let pages = one.to_pdf().unwrap();
    assert_eq!(pages, other.to_pdf().unwrap());
    assert!(pages.starts_with(b"%PDF-"));
}

#[test]
fn what_happened_later_makes_another_receipt_of_the_same_record() {
    let consent = consent();
    let before = Receipt::of(&facts(&consent)).to_value();
    let after = Receipt::of(&ReceiptFacts {
        withdrawn: Some(later(60)),
        ..facts(&consent)
    })
    .to_value();
    assert_ne!(before["receipt_id"], after["receipt_id"]);
    let (before, after) = (&before["consent_record"], &after["consent_record"]);
    assert_eq!(before["record_id"], after["record_id"]);
    let states = |record: &Value| -> Vec<String> {
        let events = record["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| event["event_state"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(states(before), ["consent given"]);
    assert_eq!(states(after), ["consent given", "consent withdrawn"]);
}

#[test]
fn a_copy_that_ran_out_by_itself_does_not_change_the_receipt() {
    // Only the recipient knows the moment at once; the receipt must be the same on both sides.
    let consent = consent();
    let ended = ReceiptFacts {
        erased: Some(later(60)),
        ..facts(&consent)
    };
    assert_eq!(Receipt::of(&ended), Receipt::of(&facts(&consent)));
}

#[test]
fn a_purpose_a_kind_or_a_recipient_makes_another_receipt() {
    let consent = consent();
    let mut other = consent.clone();
    other.granted = vec!["patient/Immunization.rs".parse().unwrap()];
    let renamed = ReceiptFacts {
        recipient: "N0rthgate Clinic",
        ..facts(&consent)
    };
    let id = |receipt: Receipt| receipt.to_value()["receipt_id"].clone();
    let ids = [
        id(Receipt::of(&facts(&consent))),
        id(Receipt::of(&facts(&other))),
        id(Receipt::of(&renamed)),
    ];
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
}

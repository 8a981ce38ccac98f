//! An answer is for one question: everything in the transcript is bound to, one by one.

use carnet_eligibility::{CheckError, Request, Statement};
use serde_json::{Value, json};

use crate::{
    by_hand::{ByHand, Entry, at, senior_bound},
    stage::{Held, all_that_hold, born, checked, day, held_by, held_for, senior, shown, statement},
};

fn mine() -> (Request, Held, ByHand) {
    let asked = senior();
    let held = held_for(&asked, &born("1950-06-01"));
    let by_hand = ByHand::of(&asked, &held, &[senior_bound()]);
    (asked, held, by_hand)
}

#[test]
fn what_is_made_by_hand_from_the_document_passes() {
    let (asked, _, by_hand) = mine();
    assert_eq!(checked(&by_hand.made(), &asked), Ok(()));
}

/// One entry altered in each way: content, length, label, missing, twice, in its neighbour's place.
fn alterations(entries: &[Entry], place: usize) -> Vec<Vec<Entry>> {
    let changed = |change: &dyn Fn(&mut Vec<Entry>)| {
        let mut entries = entries.to_vec();
        change(&mut entries);
        entries
    };
    let mut all = vec![
        changed(&|entries| entries[place].1[0] ^= 1),
        changed(&|entries| *entries[place].1.last_mut().unwrap() ^= 0x80),
        changed(&|entries| entries[place].1.push(0)),
        changed(&|entries| entries[place].0 = b"other"),
        changed(&|entries| drop(entries.remove(place))),
        changed(&|entries| entries.insert(place, entries[place].clone())),
    ];
    if place + 1 < entries.len() {
        all.push(changed(&|entries| entries.swap(place, place + 1)));
    }
    all
}

#[test]
fn every_part_of_the_transcript_is_bound_by_the_proof_and_by_the_holder_s_signature() {
    let (asked, _, by_hand) = mine();
    let (before, after) = (by_hand.entries(), by_hand.bound_entries());
    let whole = [&before[..], &after].concat();
    let labels: Vec<&[u8]> = whole.iter().map(|entry| entry.0).collect();
    assert_eq!(
        labels,
        [
            &b"purpose"[..],
            b"audience",
            b"nonce",
            b"statement",
            b"as-of",
            b"copy",
            b"issuer-signature",
            b"bits",
            b"ranges",
            b"value",
            b"direction",
            b"bound",
        ]
    );
    for place in 0..whole.len() {
        for (way, altered) in alterations(&whole, place).into_iter().enumerate() {
            let proof = by_hand.proof_in(&altered);
            // Signed for the true question, the proof itself gives it away.
            assert_eq!(
                checked(&by_hand.with(&proof), &asked),
                Err(CheckError::DoesNotHold),
                "proof, entry {place}, way {way}"
            );
        }
    }
    let proof = by_hand.proof();
    for place in 0..before.len() {
        for (way, altered) in alterations(&before, place).into_iter().enumerate() {
            let signature = by_hand.holder_signature(&altered, &proof);
            assert_eq!(
                checked(&by_hand.assembled(&proof, &signature), &asked),
                Err(CheckError::Holder),
                "signature, entry {place}, way {way}"
            );
        }
    }
}

#[test]
fn an_answer_can_not_be_replayed_to_another_verifier_session_day_or_statement() {
    for (asked, values) in all_that_hold() {
        let bytes = shown(&asked, &held_for(&asked, &values)).unwrap();
        let refused = |change: &dyn Fn(&mut Request)| {
            let mut other = asked.clone();
            change(&mut other);
            checked(&bytes, &other).unwrap_err()
        };
        for audience in ["x509_hash:other", "x509_hash:pharmacy ", "X509_hash:pharmacy"] {
            assert_eq!(refused(&|r| r.audience = audience.into()), CheckError::Holder);
        }
        assert_eq!(
            refused(&|r| r.nonce = serde_json::from_value(json!("08".repeat(32))).unwrap()),
            CheckError::Holder
        );
        for (as_of, why) in [
            ("2026-03-02", CheckError::Holder),
            ("2026-02-28", CheckError::Holder),
            ("2026-03-04", CheckError::Validity),
            ("2026-02-26", CheckError::Validity),
        ] {
            assert_eq!(refused(&|r| r.as_of = day(as_of)), why, "{as_of}");
        }
        for (name, other) in parameters_changed(&asked.statement) {
            let why = refused(&|r| r.statement = other.clone());
            // Where the change is one of the kind, the issuer has not signed that; a list of another length has another
            // length of answer.
            let expected = match name.as_str() {
                "loinc" | "unit" | "scale" | "currency" | "list" => {
                    CheckError::Copy(carnet_eligibility::CopyError::Signature)
                }
                "places+" => CheckError::Malformed,
                _ => CheckError::Holder,
            };
            assert_eq!(why, expected, "{name} of {other:?}");
        }
    }
}

/// The statement with each parameter changed by a little, one at a time.
fn parameters_changed(asked: &Statement) -> Vec<(String, Statement)> {
    let written = json!(asked);
    let mut all = Vec::new();
    for (name, value) in written.as_object().unwrap() {
        let others: Vec<(String, Value)> = match (name.as_str(), value) {
            ("statement", _) => continue,
            ("places", Value::Array(places)) => {
                let mut other = places.clone();
                other[0] = json!(places[0].as_u64().unwrap() + 1);
                let longer = [&[json!(0)], &places[..]].concat();
                vec![(name.clone(), json!(other)), ("places+".into(), json!(longer))]
            }
            ("day", _) => vec![
                (name.clone(), json!("2026-03-02")),
                (name.clone(), json!("2026-02-28")),
            ],
            ("currency", _) => vec![(name.clone(), json!("CHF"))],
            ("unit", _) => vec![(name.clone(), json!("mmol/mol"))],
            ("loinc", _) => vec![(name.clone(), json!("17856-6"))],
            ("list", _) => vec![(name.clone(), json!("cd".repeat(32)))],
            (_, value) => {
                let number = value.as_u64().unwrap();
                vec![
                    (name.clone(), json!(number + 1)),
                    (name.clone(), json!(number - 1)),
                ]
            }
        };
        for (what, other) in others {
            let mut changed = written.clone();
            changed[name] = other;
            all.push((what, statement(changed)));
        }
    }
    all
}

#[test]
fn two_statements_of_one_form_are_not_one() {
    // Same values, same number of bounds, same length of answer.
    let (asked, values) = all_that_hold().remove(5);
    let bytes = shown(&asked, &held_for(&asked, &values)).unwrap();
    let mut other = asked.clone();
    other.statement = statement(json!({"statement": "age-between", "from": 6, "to": 11}));
    assert_eq!(
        checked(&bytes, &other),
        Err(CheckError::Copy(carnet_eligibility::CopyError::Signature))
    );
}

#[test]
fn an_answer_is_of_the_holder_that_the_copy_was_made_for() {
    let (asked, _, by_hand) = mine();
    // A thief has copy and opening, but another key.
    let mut thief = by_hand.clone();
    thief.holder = crate::stage::key(66);
    assert_eq!(checked(&thief.made(), &asked), Err(CheckError::Holder));
    *thief.field("holder") = thief.holder.verifying_key().to_bytes().to_vec();
    assert_eq!(
        checked(&thief.made(), &asked),
        Err(CheckError::Copy(carnet_eligibility::CopyError::Signature))
    );
    // One person's proof in another's answer.
    let other = held_by(5, &asked.statement.kind(), &born("1940-01-01"), 50);
    let other = ByHand::of(&asked, &other, &[senior_bound()]);
    assert_eq!(
        checked(&by_hand.with(&other.proof()), &asked),
        Err(CheckError::DoesNotHold)
    );
    let mut mixed = by_hand.made();
    mixed[at::HOLDER_SIGNATURE..].copy_from_slice(&other.made()[at::HOLDER_SIGNATURE..]);
    assert_eq!(checked(&mixed, &asked), Err(CheckError::Holder));
}

//! At the limits: one more, one less, the other way round, and where numbers end.

use carnet_eligibility::{CheckError, Request};
use serde_json::json;

use crate::{
    by_hand::{Bound, ByHand},
    stage::{born, checked, held_for, holds, list, request, senior},
};

const TURNED_65: &str = "1961-03-01";

/// An answer by hand, with these bounds in the proof and in the transcript.
fn proves(asked: &Request, values: &[u32], bounds: &[Bound]) -> Result<(), CheckError> {
    let by_hand = ByHand::of(asked, &held_for(asked, values), bounds);
    let proof = by_hand.proof();
    assert!(
        bounds.is_empty()
            || by_hand
                .distances()
                .0
                .iter()
                .any(|distance| distance >> by_hand.bits != 0)
            || by_hand.crate_takes(&proof),
        "the dishonest proof is one of what it says"
    );
    checked(&by_hand.with(&proof), asked)
}

#[test]
fn one_day_decides() {
    let asked = || json!({"statement": "age-at-least", "years": 65});
    let limit = born(TURNED_65)[0];
    assert!(holds(asked(), &[limit - 1]));
    assert!(holds(asked(), &[limit]), "not strict: on the birthday");
    assert!(!holds(asked(), &[limit + 1]));
}

#[test]
fn another_limit_or_direction_proves_nothing() {
    let asked = senior();
    let limit = u64::from(born(TURNED_65)[0]);
    let too_young = [born(TURNED_65)[0] + 1];
    assert_eq!(
        proves(&asked, &born("1950-06-01"), &[(0, b"at-most", limit)]),
        Ok(())
    );
    for (bound, what) in [
        ((0, &b"at-most"[..], limit + 1), "a day later"),
        ((0, b"at-most", limit + 366), "a year later"),
        ((0, b"at-most", 65_535), "any day"),
        ((0, b"at-least", limit), "the other way round"),
        ((0, b"at-least", 0), "what everybody can show"),
    ] {
        assert_eq!(
            proves(&asked, &too_young, &[bound]),
            Err(CheckError::DoesNotHold),
            "{what}"
        );
    }
    // A stricter limit than the one asked about is another statement, even where it holds.
    assert_eq!(
        proves(&asked, &born("1950-06-01"), &[(0, b"at-most", limit - 1)]),
        Err(CheckError::DoesNotHold)
    );
}

#[test]
fn below_is_strict() {
    let asked = request(json!({"statement": "income-below", "amount": 1_000, "currency": "EUR"}));
    assert_eq!(proves(&asked, &[999], &[(0, b"at-most", 999)]), Ok(()));
    assert_eq!(
        proves(&asked, &[1_000], &[(0, b"at-most", 1_000)]),
        Err(CheckError::DoesNotHold)
    );
    assert_eq!(
        proves(&asked, &[1_000], &[(0, b"at-most", 999)]),
        Err(CheckError::DoesNotHold)
    );
}

#[test]
fn a_distance_below_zero_or_beyond_the_bits_has_no_proof() {
    let codes = request(json!({"statement": "code-in", "list": list(), "first": 100, "last": 200}));
    let both: [Bound; 2] = [(0, b"at-least", 100), (0, b"at-most", 200)];
    assert_eq!(proves(&codes, &[100], &both), Ok(()));
    assert_eq!(proves(&codes, &[200], &both), Ok(()));
    // −1 and −100, as an unsigned number would have them.
    for place in [99, 0, 201, 65_535] {
        assert_eq!(
            proves(&codes, &[place], &both),
            Err(CheckError::DoesNotHold),
            "{place}"
        );
    }
    // Distances of 2ⁿ − 1, the widest.
    let all = request(json!({"statement": "code-in", "list": list(), "first": 0, "last": 65_535}));
    let widest: [Bound; 2] = [(0, b"at-least", 0), (0, b"at-most", 65_535)];
    assert_eq!(proves(&all, &[0], &widest), Ok(()));
    assert_eq!(proves(&all, &[65_535], &widest), Ok(()));
    // 2ⁿ: the crate makes a proof of it, which holds of nothing.
    let mut beyond = ByHand::of(&all, &held_for(&all, &[65_535]), &widest);
    beyond.bounds[1].2 = 131_071;
    assert_eq!(beyond.distances().0[1], 65_536);
    assert_eq!(checked(&beyond.made(), &all), Err(CheckError::DoesNotHold));
    let euros = request(json!({"statement": "income-below", "amount": u32::MAX, "currency": "EUR"}));
    let limit = u64::from(u32::MAX - 1);
    assert_eq!(proves(&euros, &[0], &[(0, b"at-most", limit)]), Ok(()));
    assert_eq!(
        proves(&euros, &[u32::MAX], &[(0, b"at-most", limit)]),
        Err(CheckError::DoesNotHold)
    );
}

#[test]
fn a_bound_can_not_be_left_out_or_asked_of_another_value() {
    let today = u64::from(born(crate::stage::TODAY)[0]);
    let asked = request(json!({"statement": "cover-active-on", "day": crate::stage::TODAY}));
    // Began, but ended yesterday.
    let ended = [born("2025-01-01")[0], born("2026-02-28")[0]];
    for bounds in [
        [(0, &b"at-most"[..], today), (0, &b"at-most"[..], today)],
        [(0, b"at-most", today), (1, b"at-most", today)],
        [(0, b"at-most", today), (1, b"at-least", today - 1)],
    ] {
        assert_eq!(proves(&asked, &ended, &bounds), Err(CheckError::DoesNotHold));
    }
    // One bound alone makes a shorter proof.
    assert_eq!(
        proves(&asked, &ended, &[(0, b"at-most", today)]),
        Err(CheckError::Malformed)
    );
}

#[test]
fn a_narrower_proof_is_none() {
    // 8 bits are enough for the distance, but they are not what was asked.
    let codes = request(json!({"statement": "code-in", "list": list(), "first": 100, "last": 200}));
    let both: [Bound; 2] = [(0, b"at-least", 100), (0, b"at-most", 200)];
    let mut narrow = ByHand::of(&codes, &held_for(&codes, &[150]), &both);
    narrow.bits = 8;
    assert_eq!(checked(&narrow.made(), &codes), Err(CheckError::Malformed));
    // The same length made of 32 bits and one range instead of 16 and two.
    narrow.bits = 32;
    narrow.bounds.pop();
    assert_eq!(checked(&narrow.made(), &codes), Err(CheckError::DoesNotHold));
}

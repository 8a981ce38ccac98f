//! What the issuer signed, field by field; and what an issuer does not sign.

use carnet_eligibility::{CheckError, Copy, CopyError, Issuance, Kind, Rules, check, issue};
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use serde_json::json;

use crate::{
    by_hand::{Bound, ByHand, at, encoded, number, senior_bound},
    stage::{
        FROM, Held, TODAY, UNTIL, all_that_hold, born, bytes, checked, checked_on, day, hba1c, held,
        held_for, issuer, issuers, key, kind, list, request, senior, shown,
    },
};

const UNSIGNED: CheckError = CheckError::Copy(CopyError::Signature);

#[test]
fn every_field_that_the_issuer_signs_is_bound() {
    for (asked, values) in all_that_hold() {
        let held = held_for(&asked, &values);
        let answer = shown(&asked, &held).unwrap();
        let by_hand = ByHand::of(&asked, &held, &[]);
        let begin = at::ISSUER_SIGNATURE + 32 * (values.len() - 1);
        // What is signed by hand is what the issuer signs.
        assert_eq!(
            issuer().sign(&encoded(&by_hand.copy)).to_bytes(),
            held.copy.signature.to_bytes()
        );
        for place in 0..by_hand.copy.len() {
            let mut variants = vec![by_hand.copy.clone(); 6];
            variants[0][place].1[0] ^= 1;
            *variants[1][place].1.last_mut().unwrap() ^= 0x80;
            variants[2][place].1.push(0);
            variants[3][place].0 = "other";
            variants[4].remove(place);
            let again = variants[5][place].clone();
            variants[5].insert(place, again);
            for (way, fields) in variants.iter().enumerate() {
                let signature = issuer().sign(&encoded(fields)).to_bytes();
                let mut altered = answer.clone();
                altered[begin..begin + 64].copy_from_slice(&signature);
                assert_eq!(
                    checked(&altered, &asked),
                    Err(UNSIGNED),
                    "field {place}, way {way} of {:?}",
                    asked.statement
                );
                let copy = Copy {
                    signature: Signature::from_bytes(&signature),
                    ..held.copy.clone()
                };
                assert_eq!(
                    copy.check(&held.opening),
                    Err(CopyError::Signature),
                    "the wallet, too"
                );
            }
        }
    }
}

#[test]
fn one_kind_does_not_pass_for_another() {
    // Everybody's value is 1 and every question would hold of it.
    let age = |values: &[u32]| held(&Kind::BirthDate, values);
    let code = |list: String, values: &[u32]| held(&kind(json!({"type": "code", "list": list})), values);
    let income = |currency: &str| held(&kind(json!({"type": "income", "currency": currency})), &[1]);
    let lab = |loinc: &str, unit: &str, scale: u8| {
        let kind = kind(json!({"type": "lab", "loinc": loinc, "unit": unit, "scale": scale}));
        held(&kind, &[53, born(TODAY)[0]])
    };
    let euros = request(json!({"statement": "income-below", "amount": 5, "currency": "EUR"}));
    let at_most_four: &[Bound] = &[(0, b"at-most", 4)];
    let as_of = u64::from(born(TODAY)[0]);
    let percent = hba1c("%", 40, 69);
    let in_range: &[Bound] = &[
        (0, b"at-least", 40),
        (0, b"at-most", 69),
        (1, b"at-least", as_of - 90),
        (1, b"at-most", as_of),
    ];
    let first: &[Bound] = &[(0, b"at-least", 0), (0, b"at-most", 9)];
    let codes = request(json!({"statement": "code-in", "list": list(), "first": 0, "last": 9}));
    let right = [
        (&senior(), age(&[1]), &[senior_bound()][..]),
        (&euros, income("EUR"), at_most_four),
        (&percent, lab("4548-4", "%", 1), in_range),
        (&codes, code(list(), &[1]), first),
    ];
    for (asked, held, bounds) in &right {
        assert_eq!(checked(&ByHand::of(asked, held, bounds).made(), asked), Ok(()));
    }
    let wrong = [
        (
            &senior(),
            code(list(), &[1]),
            &[senior_bound()][..],
            "a place in a list as a day of birth",
        ),
        (&codes, age(&[1]), first, "a day of birth as a place in a list"),
        (&codes, code("cd".repeat(32), &[1]), first, "another list"),
        (&euros, income("CHF"), at_most_four, "another currency"),
        (&percent, lab("4548-4", "mmol/mol", 1), in_range, "another unit"),
        (&percent, lab("4548-4", "%", 0), in_range, "ten times as much"),
        (&percent, lab("17856-6", "%", 1), in_range, "another measurement"),
    ];
    for (asked, held, bounds, what) in &wrong {
        assert_eq!(
            checked(&ByHand::of(asked, held, bounds).made(), asked),
            Err(UNSIGNED),
            "{what}"
        );
    }
}

#[test]
fn who_is_not_trusted_for_it_has_issued_nothing() {
    let asked = senior();
    let held = held_for(&asked, &born("1950-06-01"));
    let answer = shown(&asked, &held).unwrap();
    let with = |issuers: &[VerifyingKey]| {
        let rules = Rules {
            issuers,
            today: day(TODAY),
        };
        check(&answer, &asked, &rules).map(|checked| (checked.issuer, checked.until))
    };
    assert_eq!(with(&[]), Err(CheckError::Issuer));
    assert_eq!(with(&[key(7).verifying_key()]), Err(CheckError::Issuer));
    assert_eq!(with(&issuers()), Ok((issuer().verifying_key(), day(UNTIL))));
    // Somebody else signs, and names the issuer.
    let forged = ByHand::of(&asked, &held, &[senior_bound()]).signed_by(&key(7));
    assert_eq!(checked(&forged.made(), &asked), Err(UNSIGNED));
    let own = ByHand::of(&asked, &held, &[senior_bound()]).signed_by(&held.holder);
    assert_eq!(checked(&own.made(), &asked), Err(UNSIGNED));
}

#[test]
fn the_validity_can_not_be_stretched() {
    let asked = senior();
    let held = held_for(&asked, &born("1950-06-01"));
    let by_hand = ByHand::of(&asked, &held, &[senior_bound()]);
    for (label, other, why) in [
        ("from", "2026-02-26", UNSIGNED),
        ("until", "2026-03-04", UNSIGNED),
        ("until", "2026-03-05", UNSIGNED),
        ("until", "2026-03-06", CheckError::Copy(CopyError::Validity)),
        ("until", "2026-02-26", CheckError::Copy(CopyError::Validity)),
    ] {
        let mut stretched = by_hand.clone();
        *stretched.field(label) = number(born(other)[0]);
        assert_eq!(checked(&stretched.made(), &asked), Err(why), "{label} {other}");
    }
    // An issuer that signs more than the seven days is not believed.
    let mut long = by_hand.clone();
    *long.field("until") = number(born("2026-03-06")[0]);
    assert_eq!(
        checked(&long.signed_by(&issuer()).made(), &asked),
        Err(CheckError::Copy(CopyError::Validity))
    );
    let answer = by_hand.made();
    for (today, outcome) in [
        ("2026-02-26", Err(CheckError::Validity)),
        (FROM, Ok(())),
        (UNTIL, Ok(())),
        ("2026-03-04", Err(CheckError::Validity)),
    ] {
        assert_eq!(checked_on(today, &answer, &asked), outcome, "{today}");
    }
}

#[test]
fn the_issuer_commits_to_what_fits_and_for_a_few_days() {
    let holder = key(2).verifying_key();
    let made = |kind: &Kind, values: &[u32], holder: &VerifyingKey, from: &str, until: &str| {
        let issuance = Issuance {
            kind,
            values,
            holder,
            from: day(from),
            until: day(until),
        };
        issue(&issuance, &issuer(), bytes(9)).map(drop)
    };
    let day_of = |values: &[u32]| made(&Kind::BirthDate, values, &holder, TODAY, TODAY);
    assert_eq!(day_of(&[0]), Ok(()));
    assert_eq!(day_of(&[65_535]), Ok(()), "2¹⁶ − 1");
    assert_eq!(day_of(&[65_536]), Err(CopyError::Value), "2¹⁶");
    assert_eq!(day_of(&[5_u32.wrapping_neg()]), Err(CopyError::Value), "−5");
    assert_eq!(day_of(&[1, 2]), Err(CopyError::Value));
    assert_eq!(day_of(&[]), Err(CopyError::Value));
    assert_eq!(
        made(&Kind::Cover, &[1], &holder, TODAY, TODAY),
        Err(CopyError::Value)
    );
    let for_days = |until: &str| made(&Kind::BirthDate, &[1], &holder, TODAY, until);
    assert_eq!(for_days("2026-03-07"), Ok(()), "seven days");
    assert_eq!(for_days("2026-03-08"), Err(CopyError::Validity));
    assert_eq!(for_days("2026-02-28"), Err(CopyError::Validity));
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let weak = VerifyingKey::from_bytes(&neutral).unwrap();
    assert_eq!(
        made(&Kind::BirthDate, &[1], &weak, TODAY, TODAY),
        Err(CopyError::WeakKey)
    );
}

#[test]
fn the_wallet_takes_no_copy_whose_values_are_not_its_own() {
    let Held { copy, opening, .. } = held(&Kind::Cover, &[10, 20]);
    let stored = opening.to_bytes();
    let read = |bytes: &[u8]| carnet_eligibility::Opening::from_bytes(&Kind::Cover, bytes);
    assert_eq!(copy.check(&read(&stored).unwrap()), Ok(()));
    for byte in 0..stored.len() {
        let mut altered = stored.to_vec();
        altered[byte] ^= 1;
        // Values beyond 16 bits, other values, other blindings; all are told apart from "not an opening at all".
        match read(&altered) {
            Ok(opening) => assert!(copy.check(&opening).is_err(), "byte {byte}"),
            Err(error) => assert_eq!(error, CopyError::Opening),
        }
    }
    // First and last day swapped.
    let swapped = [&stored[4..8], &stored[..4], &stored[8..]].concat();
    assert_eq!(copy.check(&read(&swapped).unwrap()), Err(CopyError::Opening));
    for length in [0, 36, 71, 73] {
        assert!(read(&vec![0; length]).is_err(), "{length}");
    }
}

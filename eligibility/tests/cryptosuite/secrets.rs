//! What must stay secret: the source of randomness, what two answers have in common, what is printed and what is kept.

use std::collections::HashSet;

use carnet_eligibility::{Issuance, Opening, Randomness, issue, prove};
use serde_json::json;
use sha2::{Digest as _, Sha512};
use zeroize::ZeroizeOnDrop;

use crate::stage::{
    FROM, UNTIL, all_that_hold, born, bytes, day, held_by, held_for, issuer, key, senior, shown,
};

/// All runs of eight bytes.
fn eights(bytes: &[u8]) -> HashSet<&[u8]> {
    bytes.windows(8).collect()
}

/// An answer without what everybody with a copy of this issuer has: version and issuer's key id, then the days.
fn own(answer: &[u8]) -> Vec<u8> {
    [&answer[9..41], &answer[45..]].concat()
}

#[test]
fn two_answers_have_nothing_in_common_but_the_issuer_and_the_days() {
    for (asked, values) in all_that_hold() {
        // The same values, question, verifier and day, from two copies; and the second copy asked something else.
        let kind = asked.statement.kind();
        let (one, two) = (held_by(4, &kind, &values, 20), held_by(5, &kind, &values, 30));
        let mut later = asked.clone();
        later.nonce = serde_json::from_value(json!("08".repeat(32))).unwrap();
        let first = own(&shown(&asked, &one).unwrap());
        let second = own(&shown(&asked, &two).unwrap());
        let third = own(&prove(&later, &two.copy, &two.opening, &two.holder, bytes(12))
            .unwrap()
            .to_bytes());
        assert!(
            eights(&first).is_disjoint(&eights(&second)),
            "{:?}",
            asked.statement
        );
        assert!(
            eights(&first).is_disjoint(&eights(&third)),
            "{:?}",
            asked.statement
        );
        // The same copy shown twice is recognised: that is why each is shown once.
        assert!(!eights(&second).is_disjoint(&eights(&third)));
    }
}

#[test]
fn a_broken_random_source_is_refused() {
    let half: [u8; 64] = Sha512::digest(b"x").into();
    let stuck_from = |from: usize| std::array::from_fn(|i| half[i.min(from)]);
    let counting = |width: usize, little: bool| {
        std::array::from_fn(|i| {
            let number = (i / width) as u64;
            let bytes = number.to_be_bytes();
            let digit = i % width;
            if little {
                number.to_le_bytes()[digit]
            } else {
                bytes[8 - width + digit]
            }
        })
    };
    let broken: [(&str, [u8; 64]); 14] = [
        ("zero", [0; 64]),
        ("all ones", [0xff; 64]),
        ("stuck at one byte", [0x5a; 64]),
        ("counting", std::array::from_fn(|i| i as u8)),
        ("counting in threes", std::array::from_fn(|i| (i * 3) as u8)),
        ("counting down", std::array::from_fn(|i| 200 - i as u8)),
        ("four bytes again and again", std::array::from_fn(|i| half[i % 4])),
        (
            "sixteen bytes again and again",
            std::array::from_fn(|i| half[i % 16]),
        ),
        ("32 bytes twice", std::array::from_fn(|i| half[i % 32])),
        ("32-bit numbers, counting", counting(4, false)),
        ("64-bit numbers, counting", counting(8, true)),
        ("stuck after a few bytes", stuck_from(8)),
        ("filled by a third", stuck_from(21)),
        (
            "digits",
            std::array::from_fn(|i| b"0123456789abcdef"[usize::from(half[i] % 16)]),
        ),
    ];
    for (what, bytes) in broken {
        assert!(Randomness::new(bytes).is_err(), "{what}");
    }
    assert!(Randomness::new(half).is_ok());
}

#[test]
fn a_source_that_repeats_itself_gives_nothing_away() {
    let again = || bytes(11);
    for (asked, values) in all_that_hold() {
        let held = held_for(&asked, &values);
        let mut later = asked.clone();
        later.nonce = serde_json::from_value(json!("08".repeat(32))).unwrap();
        let proof = |request| {
            let shown = prove(request, &held.copy, &held.opening, &held.holder, again())
                .unwrap()
                .to_bytes();
            shown[45 + 32 * values.len() + 64..].to_vec()
        };
        let (one, two) = (proof(&asked), proof(&later));
        assert!(eights(&one).is_disjoint(&eights(&two)), "{:?}", asked.statement);
    }
    // Copies: another value, another holder.
    let commitment = |holder: u8, value: u32| {
        let issuance = Issuance {
            kind: &senior().statement.kind(),
            values: &[value],
            holder: &key(holder).verifying_key(),
            from: day(FROM),
            until: day(UNTIL),
        };
        issue(&issuance, &issuer(), again()).unwrap()
    };
    let (first, second, third) = (commitment(4, 100), commitment(4, 101), commitment(5, 100));
    let blinding = |(_, opening): &(_, Opening)| opening.to_bytes()[4..].to_vec();
    let all: HashSet<_> = [&first, &second, &third].map(blinding).into();
    assert_eq!(all.len(), 3);
    // And of two values in one copy.
    let cover = held_by(4, &carnet_eligibility::Kind::Cover, &[7, 7], 11);
    assert_ne!(cover.copy.commitments[0], cover.copy.commitments[1]);
}

#[test]
fn secrets_are_wiped_and_never_printed() {
    fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<Opening>();
    wiped::<Randomness>();
    let held = held_for(&senior(), &born("1950-06-01"));
    assert_eq!(format!("{:?}", held.opening), "Opening(…)");
    assert_eq!(format!("{:?}", bytes(1)), "Randomness(…)");
    assert_eq!(format!("{:#?}", held.opening), "Opening(…)");
    let mut opening = held.opening.clone();
    zeroize::Zeroize::zeroize(&mut opening);
    assert!(opening.to_bytes().iter().all(|byte| *byte == 0));
}

//! The bytes of an answer: every bit, every length, every spelling.

use carnet_eligibility::{CheckError, CopyError, Rules, check};
use curve25519_dalek::{RistrettoPoint, Scalar};
use proptest::prelude::*;

use crate::{
    by_hand::{ByHand, at, senior_bound},
    stage::{TODAY, all_that_hold, born, checked, day, held_for, issuer, issuers, key, senior, shown},
};

/// The order of the group, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The same number, written with the group's order added.
fn order_added(scalar: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let mut sum = Vec::new();
    for (byte, order) in scalar.iter().zip(ORDER) {
        let digit = u16::from(*byte) + u16::from(order) + carry;
        sum.push(digit as u8);
        carry = digit >> 8;
    }
    sum
}

fn mine() -> ByHand {
    let asked = senior();
    ByHand::of(&asked, &held_for(&asked, &born("1950-06-01")), &[senior_bound()])
}

#[test]
fn every_altered_bit_is_noticed_alone_and_together() {
    let issuers = issuers();
    let rules = Rules {
        issuers: &issuers,
        today: day(TODAY),
    };
    for place in [0, 6] {
        let (asked, values) = all_that_hold().remove(place);
        let bytes = shown(&asked, &held_for(&asked, &values)).unwrap();
        checked(&bytes, &asked).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(check(&altered, &asked, &rules).is_err(), "bit {bit}");
            // Together: one bit of each byte.
            if bit % 9 == 0 {
                assert!(checked(&altered, &asked).is_err(), "bit {bit}");
            }
        }
    }
}

#[test]
fn no_other_length_is_read() {
    for (asked, values) in all_that_hold() {
        let bytes = shown(&asked, &held_for(&asked, &values)).unwrap();
        for length in 0..bytes.len() {
            assert_eq!(checked(&bytes[..length], &asked), Err(CheckError::Malformed));
        }
        for more in [&[0][..], &[0; 32], &[0; 64], &bytes] {
            assert_eq!(
                checked(&[&bytes, more].concat(), &asked),
                Err(CheckError::Malformed)
            );
        }
    }
}

#[test]
fn a_later_version_is_said_to_be_one() {
    let mut bytes = mine().made();
    for version in [0, 2, 255] {
        bytes[0] = version;
        assert_eq!(checked(&bytes, &senior()), Err(CheckError::Version));
    }
}

#[test]
fn every_byte_of_the_proof_is_checked_even_when_the_holder_signs_it() {
    let (asked, by_hand) = (senior(), mine());
    let proof = by_hand.proof();
    assert!(by_hand.crate_takes(&proof));
    for bit in (0..proof.len() * 8).step_by(7) {
        let mut altered = proof.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            checked(&by_hand.with(&altered), &asked),
            Err(CheckError::DoesNotHold),
            "bit {bit}"
        );
    }
}

#[test]
fn numbers_and_points_have_one_spelling() {
    let (asked, by_hand) = (senior(), mine());
    let proof = by_hand.proof();
    let with = |word: usize, bytes: &[u8]| {
        let mut proof = proof.clone();
        proof[32 * word..32 * word + 32].copy_from_slice(bytes);
        checked(&by_hand.with(&proof), &asked)
    };
    let words = proof.len() / 32;
    let scalars = [4, 5, 6, words - 2, words - 1];
    for word in 0..words {
        let own = &proof[32 * word..32 * word + 32];
        assert_eq!(with(word, own), Ok(()));
        if scalars.contains(&word) {
            assert_eq!(
                with(word, &order_added(own)),
                Err(CheckError::DoesNotHold),
                "{word}"
            );
            assert_eq!(with(word, &ORDER), Err(CheckError::DoesNotHold), "{word}");
            assert_eq!(with(word, &[0; 32]), Err(CheckError::DoesNotHold), "{word}");
        } else {
            // The neutral point, all ones, the high bit, and another sign: one minus it in the field's encoding.
            let mut high = own.to_vec();
            high[31] |= 0x80;
            let mut odd = own.to_vec();
            odd[0] |= 1;
            for other in [&[0; 32][..], &[0xff; 32], &high, &odd] {
                assert_eq!(with(word, other), Err(CheckError::DoesNotHold), "{word}");
            }
        }
    }
}

#[test]
fn signatures_have_one_spelling_and_keys_are_of_large_order() {
    let (asked, by_hand) = (senior(), mine());
    let bytes = by_hand.made();
    let with = |place: usize, other: &[u8]| {
        let mut altered = bytes.clone();
        altered[place..place + other.len()].copy_from_slice(other);
        checked(&altered, &asked)
    };
    let unsigned = Err(CheckError::Copy(CopyError::Signature));
    for (place, refused) in [
        (at::ISSUER_SIGNATURE, unsigned),
        (at::HOLDER_SIGNATURE, Err(CheckError::Holder)),
    ] {
        let s = place + 32;
        assert_eq!(with(s, &order_added(&bytes[s..s + 32])), refused, "s + ℓ");
        let mut neutral = [0; 64];
        neutral[0] = 1;
        assert_eq!(with(place, &neutral), refused, "R of order 1, s = 0");
        assert_eq!(with(place, &[0; 64]), refused);
    }
    // A holder key of order 1 would be satisfied with a signature by anybody.
    let mut weak = by_hand.clone();
    let mut neutral = vec![0; 32];
    neutral[0] = 1;
    *weak.field("holder") = neutral;
    let mut no_key = [0; 32];
    no_key[0] = 2;
    assert_eq!(
        checked(&weak.signed_by(&issuer()).made(), &asked),
        Err(CheckError::Copy(CopyError::WeakKey))
    );
    assert_eq!(with(at::HOLDER, &no_key), Err(CheckError::Malformed), "no key");
    assert_eq!(
        with(at::HOLDER, key(9).verifying_key().as_bytes()),
        unsigned,
        "another key"
    );
    assert_eq!(
        with(at::FROM, &[0, 0]),
        Err(CheckError::Copy(CopyError::Validity))
    );
    assert_eq!(with(at::PROOF, &[0; 32]), Err(CheckError::Holder));
    assert_eq!(with(at::COMMITMENT, &[0; 32]), unsigned);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// One word of the proof replaced by another number or point, signed by the holder: this crate alone, this crate
    /// among many, and the `bulletproofs` crate decide the same.
    #[test]
    fn the_three_checks_agree(word in 0..17_usize, seed in any::<[u8; 32]>(), keep in any::<bool>()) {
        let by_hand = mine();
        let mut proof = by_hand.proof();
        let scalar = Scalar::from_bytes_mod_order(seed);
        if !keep {
            let bytes = if [4, 5, 6, 15, 16].contains(&word) {
                scalar.to_bytes()
            } else {
                RistrettoPoint::mul_base(&scalar).compress().to_bytes()
            };
            proof[32 * word..32 * word + 32].copy_from_slice(&bytes);
        }
        let ours = checked(&by_hand.with(&proof), &senior());
        prop_assert_eq!(ours.is_ok(), by_hand.crate_takes(&proof));
        prop_assert_eq!(ours.is_ok(), keep);
    }

    #[test]
    fn arbitrary_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..1_100), place in 0..7_usize) {
        let (asked, _) = all_that_hold().remove(place);
        prop_assert!(checked(&bytes, &asked).is_err());
    }
}

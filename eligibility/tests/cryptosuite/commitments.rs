//! Commitments that the issuer did not sign, or that are none.

use carnet_eligibility::{CheckError, CopyError, Request};
use curve25519_dalek::{RistrettoPoint, Scalar, ristretto::CompressedRistretto, traits::Identity as _};

use crate::{
    by_hand::{ByHand, senior_bound},
    stage::{born, checked, held, held_by, held_for, issuer, request, senior},
};
use bulletproofs::PedersenGens;
use carnet_eligibility::Kind;
use serde_json::json;

const UNSIGNED: CheckError = CheckError::Copy(CopyError::Signature);

/// A child, who would like to be 65.
fn child() -> (Request, ByHand) {
    let asked = senior();
    let held = held_for(&asked, &born("2016-06-01"));
    let by_hand = ByHand::of(&asked, &held, &[senior_bound()]);
    (asked, by_hand)
}

fn bytes(point: RistrettoPoint) -> Vec<u8> {
    point.compress().to_bytes().to_vec()
}

fn commitment(value: i64, blinding: &Scalar) -> RistrettoPoint {
    let size = Scalar::from(value.unsigned_abs());
    let value = if value < 0 { -size } else { size };
    PedersenGens::default().commit(value, *blinding)
}

#[test]
fn a_value_that_the_holder_chose_is_not_the_issuer_s() {
    let (asked, child) = child();
    let blinding = child.secrets[0].1;
    let old_enough = born("1950-06-01")[0];
    // Own commitments to a value that would do: an opening of one's own, the value or zero or −5, or C shifted by δ·B.
    let delta = i64::from(old_enough) - i64::from(child.secrets[0].0);
    let signed: [u8; 32] = child.clone().field("commitment")[..].try_into().unwrap();
    let shifted = CompressedRistretto(signed).decompress().unwrap() + commitment(delta, &Scalar::ZERO);
    for (value, point) in [
        (old_enough, commitment(i64::from(old_enough), &blinding)),
        (0, commitment(0, &blinding)),
        (5_u32.wrapping_neg(), commitment(-5, &blinding)),
        (old_enough, shifted),
    ] {
        let mut own = child.clone();
        *own.field("commitment") = bytes(point);
        own.secrets[0].0 = value;
        assert_eq!(checked(&own.made(), &asked), Err(UNSIGNED), "{value}");
        // The signed commitment shown, the proof about the other one.
        let proof = own.proof_in(&[child.entries(), child.bound_entries()].concat());
        assert_eq!(
            checked(&child.with(&proof), &asked),
            Err(CheckError::DoesNotHold),
            "{value}"
        );
    }
    // Somebody else's signed commitment.
    let grandmother = held_by(4, &asked.statement.kind(), &born("1940-01-01"), 40);
    let lent = ByHand::of(&asked, &grandmother, &[senior_bound()]);
    let mut own = child.clone();
    *own.field("commitment") = lent.clone().field("commitment").clone();
    own.secrets = lent.secrets;
    assert_eq!(checked(&own.made(), &asked), Err(UNSIGNED));
}

#[test]
fn the_neutral_point_and_what_is_no_point_are_refused_even_when_an_issuer_signs_them() {
    let (asked, child) = child();
    let one = commitment(1, &Scalar::ONE).compress().to_bytes();
    let mut high_bit = one;
    high_bit[31] |= 0x80;
    let mut negative = one;
    negative[0] |= 1;
    // p + 2: the field element 2 written in another way.
    let mut non_canonical = [0xff; 32];
    non_canonical[0] = 0xef;
    non_canonical[31] = 0x7f;
    for encoded in [
        RistrettoPoint::identity().compress().to_bytes(),
        [0xff; 32],
        high_bit,
        negative,
        non_canonical,
    ] {
        let mut none = child.clone();
        *none.field("commitment") = encoded.to_vec();
        // Of the neutral point zero is the value: below every limit.
        none.secrets = vec![(0, Scalar::ZERO)];
        assert_eq!(
            checked(&none.signed_by(&issuer()).made(), &asked),
            Err(CheckError::Copy(CopyError::Commitment)),
            "{encoded:02x?}"
        );
        let mut copy = held_for(&asked, &born("2016-06-01"));
        copy.copy.commitments[0] = CompressedRistretto(encoded);
        assert!(copy.copy.check(&copy.opening).is_err());
    }
}

#[test]
fn five_below_zero_has_no_distance_to_a_lowest_limit() {
    // An issuer's program that counts below zero and signs it: still no proof of "at least".
    let asked = request(json!({"statement": "code-in", "list": crate::stage::list(), "first": 0, "last": 9}));
    let held = held_for(&asked, &[3]);
    let mut below = ByHand::of(&asked, &held, &[(0, b"at-least", 0), (0, b"at-most", 9)]);
    let blinding = below.secrets[0].1;
    *below.field("commitment") = bytes(commitment(-5, &blinding));
    for value in [5_u32.wrapping_neg(), 0, 5, 65_531] {
        below.secrets[0].0 = value;
        assert_eq!(
            checked(&below.clone().signed_by(&issuer()).made(), &asked),
            Err(CheckError::DoesNotHold),
            "{value}"
        );
    }
}

#[test]
fn other_generators_open_nothing() {
    let (asked, child) = child();
    let right = PedersenGens::default();
    let swapped = PedersenGens {
        B: right.B_blinding,
        B_blinding: right.B,
    };
    let other = PedersenGens {
        B: right.B,
        B_blinding: right.B * Scalar::from(7_u8),
    };
    for generators in [swapped, other] {
        let old_enough = born("1950-06-01")[0];
        let blinding = child.secrets[0].1;
        let point = generators.commit(Scalar::from(old_enough), blinding).compress();
        let mut by_hand = child.clone();
        by_hand.generators = generators;
        by_hand.secrets[0].0 = old_enough;
        *by_hand.field("commitment") = point.to_bytes().to_vec();
        // Not signed; signed by an issuer whose program has them; and with the name that they would have.
        assert_eq!(checked(&by_hand.made(), &asked), Err(UNSIGNED));
        assert_eq!(
            checked(&by_hand.clone().signed_by(&issuer()).made(), &asked),
            Err(CheckError::DoesNotHold)
        );
        *by_hand.field("generators") = b"bulletproofs-5/ristretto255/2".to_vec();
        assert_eq!(
            checked(&by_hand.signed_by(&issuer()).made(), &asked),
            Err(UNSIGNED)
        );
        // The wallet finds it when it gets the copy.
        let mut held = held(&Kind::BirthDate, &born("1950-06-01"));
        held.copy.commitments[0] = point;
        let mut resigned = ByHand::of(&asked, &held, &[]).signed_by(&issuer());
        *resigned.field("commitment") = point.to_bytes().to_vec();
        held.copy.signature =
            ed25519_dalek::Signature::from_bytes(&resigned.signed_by(&issuer()).issuer_signature);
        assert_eq!(held.copy.check(&held.opening), Err(CopyError::Opening));
    }
}

#[test]
fn first_and_last_day_can_not_change_places() {
    let asked = request(json!({"statement": "cover-active-on", "day": crate::stage::TODAY}));
    let today = u64::from(born(crate::stage::TODAY)[0]);
    let bounds: [_; 2] = [(0, &b"at-most"[..], today), (1, &b"at-least"[..], today)];
    let (first, last) = (born("2027-01-01")[0], born("2025-12-31")[0]);
    let held = held_for(&asked, &[first, last]);
    let mut swapped = ByHand::of(&asked, &held, &bounds);
    let places: Vec<usize> = (0..swapped.copy.len())
        .filter(|place| swapped.copy[*place].0 == "commitment")
        .collect();
    swapped.copy.swap(places[0], places[1]);
    swapped.secrets.swap(0, 1);
    assert_eq!(checked(&swapped.made(), &asked), Err(UNSIGNED));
}

//! One of a few codes: whoever holds none of them shows nothing, and which one it is stays unknown.

use carnet_eligibility::{CheckError, Request};
use curve25519_dalek::{RistrettoPoint, Scalar, ristretto::CompressedRistretto};
use merlin::Transcript;
use proptest::prelude::*;
use rand_core_for_bulletproofs::OsRng;
use serde_json::json;

use crate::{
    by_hand::ByHand,
    stage::{among, checked, held_for, holds, shown},
};

fn generators() -> bulletproofs::PedersenGens {
    bulletproofs::PedersenGens::default()
}

/// Challenges and responses, and for each place `C − t·B`.
pub(crate) struct Parts {
    transcript: Transcript,
    places: Vec<u16>,
    points: Vec<RistrettoPoint>,
    by_hand: ByHand,
}

impl Parts {
    fn of(asked: &Request, place: u32) -> Self {
        Self::of_copy(asked, ByHand::of(asked, &held_for(asked, &[place]), &[]))
    }

    pub(crate) fn of_copy(asked: &Request, by_hand: ByHand) -> Self {
        let commitment: [u8; 32] = by_hand.clone().field("commitment")[..].try_into().unwrap();
        let commitment = CompressedRistretto(commitment).decompress().unwrap();
        let places: Vec<u16> = serde_json::from_value(json!(asked.statement)["places"].clone()).unwrap();
        let point = |place: &u16| commitment - Scalar::from(*place) * generators().B;
        Self {
            transcript: crate::by_hand::transcript(&by_hand.entries()),
            points: places.iter().map(point).collect(),
            places,
            by_hand,
        }
    }

    /// The challenge that the announced points get.
    fn challenge(&self, announced: &[RistrettoPoint]) -> Scalar {
        let mut transcript = self.transcript.clone();
        transcript.append_message(b"members", &(self.places.len() as u64).to_le_bytes());
        for (place, announced) in self.places.iter().zip(announced) {
            transcript.append_message(b"place", &u64::from(*place).to_le_bytes());
            transcript.append_message(b"announced", announced.compress().as_bytes());
        }
        let mut wide = [0; 64];
        transcript.challenge_bytes(b"challenge", &mut wide);
        Scalar::from_bytes_mod_order_wide(&wide)
    }

    /// All parts simulated; with `own`, the one at that place made with the blinding.
    fn made(&self, own: Option<usize>) -> Vec<u8> {
        let mut parts: Vec<(Scalar, Scalar)> = (0..self.places.len())
            .map(|_| (Scalar::random(&mut OsRng), Scalar::random(&mut OsRng)))
            .collect();
        let secret = Scalar::random(&mut OsRng);
        let announced: Vec<RistrettoPoint> = parts
            .iter()
            .zip(&self.points)
            .enumerate()
            .map(|(at, ((challenge, response), point))| {
                if own == Some(at) {
                    secret * generators().B_blinding
                } else {
                    response * generators().B_blinding - challenge * point
                }
            })
            .collect();
        let whole = self.challenge(&announced);
        if let Some(own) = own {
            let others = parts.iter().enumerate().filter(|(at, _)| *at != own);
            let rest: Scalar = others.map(|(_, part)| part.0).sum();
            parts[own].0 = whole - rest;
            parts[own].1 = secret + (whole - rest) * self.by_hand.secrets[0].1;
        }
        parts
            .iter()
            .flat_map(|(challenge, response)| [challenge.to_bytes(), response.to_bytes()])
            .flatten()
            .collect()
    }

    /// Whether the proof holds, as the document says it.
    pub(crate) fn takes(&self, proof: &[u8]) -> bool {
        let scalar = |bytes: &[u8]| Scalar::from_canonical_bytes(bytes.try_into().unwrap()).unwrap();
        let parts: Vec<(Scalar, Scalar)> = proof
            .chunks_exact(64)
            .map(|part| (scalar(&part[..32]), scalar(&part[32..])))
            .collect();
        let announced: Vec<RistrettoPoint> = parts
            .iter()
            .zip(&self.points)
            .map(|((challenge, response), point)| response * generators().B_blinding - challenge * point)
            .collect();
        self.challenge(&announced) == parts.iter().map(|part| part.0).sum()
    }
}

#[test]
fn a_proof_by_hand_passes_and_both_agree() {
    let asked = among(&[3, 900, 65_535]);
    for (place, own) in [(3, 0), (900, 1), (65_535, 2)] {
        let parts = Parts::of(&asked, place);
        let proof = parts.made(Some(own));
        assert_eq!(checked(&parts.by_hand.with(&proof), &asked), Ok(()), "{place}");
        let theirs = shown(&asked, &held_for(&asked, &[place])).unwrap();
        let end = theirs.len() - 64;
        assert!(parts.takes(&theirs[141..end]), "{place}");
    }
}

#[test]
fn who_holds_none_of_them_can_only_simulate() {
    let asked = among(&[3, 900, 65_535]);
    let parts = Parts::of(&asked, 4);
    for own in [None, Some(0), Some(1), Some(2)] {
        assert_eq!(
            checked(&parts.by_hand.with(&parts.made(own)), &asked),
            Err(CheckError::DoesNotHold)
        );
    }
    // All zero: the announced points would be neutral.
    assert_eq!(
        checked(&parts.by_hand.with(&[0; 192]), &asked),
        Err(CheckError::DoesNotHold)
    );
}

#[test]
fn a_proof_is_of_its_places_in_their_order() {
    let asked = among(&[3, 900, 65_535]);
    let parts = Parts::of(&asked, 900);
    let proof = parts.made(Some(1));
    let swapped = [&proof[64..128], &proof[..64], &proof[128..]].concat();
    assert_eq!(
        checked(&parts.by_hand.with(&swapped), &asked),
        Err(CheckError::DoesNotHold)
    );
    for other in [&[3, 900, 901][..], &[2, 900, 65_535], &[900, 901, 902]] {
        let other = among(other);
        let by_hand = ByHand::of(&other, &held_for(&other, &[900]), &[]);
        assert_eq!(
            checked(&by_hand.with(&proof), &other),
            Err(CheckError::DoesNotHold)
        );
    }
    let two = among(&[3, 900]);
    assert_eq!(
        checked(&parts.by_hand.with(&proof), &two),
        Err(CheckError::Malformed)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_code_passes_exactly_when_it_is_one_of_them(
        places in proptest::collection::btree_set(any::<u16>(), 2..=16), other in any::<u16>(), at in any::<prop::sample::Index>(),
    ) {
        let places: Vec<u16> = places.into_iter().collect();
        let asked = || json!(among(&places).statement);
        prop_assert!(holds(asked(), &[u32::from(places[at.index(places.len())])]));
        prop_assert_eq!(holds(asked(), &[u32::from(other)]), places.contains(&other));
    }
}

//! Many answers checked together: each has the outcome that it has alone.

use carnet_eligibility::{CheckError, Request, Rules, check, check_all};
use curve25519_dalek::Scalar;
use proptest::prelude::*;

use crate::{
    by_hand::{ByHand, senior_bound},
    stage::{TODAY, all_that_hold, born, day, held_by, held_for, issuers, senior, shown},
};

fn outcomes(answers: &[(&[u8], &Request)]) -> Vec<Result<(), CheckError>> {
    let issuers = issuers();
    let rules = Rules {
        issuers: &issuers,
        today: day(TODAY),
    };
    let together = check_all(answers, &rules);
    let alone = answers
        .iter()
        .map(|(bytes, request)| check(bytes, request, &rules));
    assert_eq!(together, alone.collect::<Vec<_>>());
    together.into_iter().map(|outcome| outcome.map(drop)).collect()
}

/// The proof with a number added to its last scalar but one, after which no challenge is drawn; signed anew.
fn off_by(by_hand: &ByHand, proof: &[u8], by: Scalar) -> Vec<u8> {
    let begin = proof.len() - 64;
    let mut proof = proof.to_vec();
    let a = Scalar::from_canonical_bytes(proof[begin..begin + 32].try_into().unwrap()).unwrap();
    proof[begin..begin + 32].copy_from_slice((a + by).as_bytes());
    by_hand.with(&proof)
}

fn mine() -> ByHand {
    let asked = senior();
    ByHand::of(&asked, &held_for(&asked, &born("1950-06-01")), &[senior_bound()])
}

#[test]
fn one_bad_answer_is_found_wherever_it_stands() {
    let asked = all_that_hold();
    let good: Vec<Vec<u8>> = asked
        .iter()
        .map(|(asked, values)| shown(asked, &held_for(asked, values)).unwrap())
        .collect();
    let all: Vec<(&[u8], &Request)> = good
        .iter()
        .zip(&asked)
        .map(|(bytes, (asked, _))| (&bytes[..], asked))
        .collect();
    assert!(outcomes(&all).iter().all(Result::is_ok));
    // Wrong while the holder signed it: only the proof's own check can tell. Beside it one with a bad signature.
    let by_hand = mine();
    let wrong = off_by(&by_hand, &by_hand.proof(), Scalar::ONE);
    let mut unsigned = good[0].clone();
    *unsigned.last_mut().unwrap() ^= 1;
    let question = senior();
    for place in 0..=all.len() {
        for (bad, why) in [(&wrong, CheckError::DoesNotHold), (&unsigned, CheckError::Holder)] {
            let mut mixed = all.clone();
            mixed.insert(place, (bad, &question));
            for (at, outcome) in outcomes(&mixed).into_iter().enumerate() {
                assert_eq!(
                    outcome,
                    if at == place { Err(why) } else { Ok(()) },
                    "{place}: {at}"
                );
            }
        }
    }
    assert!(outcomes(&[]).is_empty());
}

#[test]
fn errors_that_cancel_each_other_do_not_pass() {
    let asked = senior();
    let by_hand = mine();
    let proof = by_hand.proof();
    // In one and the same transcript a is off by as much up as down: without weights the sum would be zero.
    let delta = Scalar::from(77_u8);
    let (up, down) = (off_by(&by_hand, &proof, delta), off_by(&by_hand, &proof, -delta));
    let good = by_hand.with(&proof);
    assert_eq!(outcomes(&[(&good, &asked)]), [Ok(())]);
    let bad = Err(CheckError::DoesNotHold);
    assert_eq!(outcomes(&[(&up, &asked), (&down, &asked)]), [bad, bad]);
    assert_eq!(
        outcomes(&[(&down, &asked), (&good, &asked), (&up, &asked)]),
        [bad, Ok(()), bad]
    );
    let third = off_by(&by_hand, &proof, -delta - delta);
    assert_eq!(
        outcomes(&[(&up, &asked), (&third, &asked), (&up, &asked)]),
        [bad, bad, bad]
    );
}

#[test]
fn two_proofs_that_changed_places_are_both_refused() {
    let asked = senior();
    let one = mine();
    let other = held_by(5, &asked.statement.kind(), &born("1940-01-01"), 50);
    let two = ByHand::of(&asked, &other, &[senior_bound()]);
    let (first, second) = (one.with(&two.proof()), two.with(&one.proof()));
    let bad = Err(CheckError::DoesNotHold);
    assert_eq!(outcomes(&[(&first, &asked), (&second, &asked)]), [bad, bad]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_mixture_has_the_outcomes_that_each_has_alone(
        picks in proptest::collection::vec((0..7_usize, any::<Option<(prop::sample::Index, u8)>>()), 0..6),
    ) {
        let asked = all_that_hold();
        let answers: Vec<(Vec<u8>, usize, bool)> = picks
            .into_iter()
            .map(|(place, flip)| {
                let (request, values) = &asked[place];
                let mut bytes = shown(request, &held_for(request, values)).unwrap();
                if let Some((at, bit)) = flip {
                    let at = at.index(bytes.len());
                    bytes[at] ^= 1 << (bit % 8);
                }
                (bytes, place, flip.is_none())
            })
            .collect();
        let all: Vec<(&[u8], &Request)> = answers.iter().map(|(bytes, place, _)| (&bytes[..], &asked[*place].0)).collect();
        for (outcome, (_, _, good)) in outcomes(&all).iter().zip(&answers) {
            prop_assert_eq!(outcome.is_ok(), *good);
        }
    }
}

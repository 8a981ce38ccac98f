//! Many answers at once: all range proofs in one multi-scalar multiplication, each with weights of its own, so that no errors
//! can cancel. One that does not hold is then found by itself: everything that the single check decides, this decides the
//! same way.

use merlin::Transcript;

use crate::{
    CheckError, Checked, Request, Rules,
    check::{Signed, checked},
    randomness::public_source,
    range::{Sum, weights},
};

/// The outcome of each, in their order: the same as [`crate::check`] of each.
pub fn check_all(answers: &[(&[u8], &Request)], rules: &Rules<'_>) -> Vec<Result<Checked, CheckError>> {
    let mut outcomes = Vec::with_capacity(answers.len());
    let mut waiting = Vec::new();
    for (place, (bytes, request)) in answers.iter().enumerate() {
        match Signed::read(bytes, request, rules) {
            Ok(signed) => {
                outcomes.push(Ok(checked(&signed.presentation)));
                waiting.push((place, signed));
            }
            Err(error) => outcomes.push(Err(error)),
        }
    }
    if !all_hold(&waiting) {
        for (place, signed) in &waiting {
            if let Err(error) = signed.check_proof() {
                outcomes[*place] = Err(error);
            }
        }
    }
    outcomes
}

fn all_hold(waiting: &[(usize, Signed<'_>)]) -> bool {
    // Weights are drawn from what every holder signed, which has its proof in it: no proof can be made to fit them.
    let mut seed = Transcript::new(crate::SUITE.as_bytes());
    seed.append_message(b"purpose", b"batch");
    let mut played = Vec::with_capacity(waiting.len());
    for (_, signed) in waiting {
        seed.append_message(b"answer", &signed.message);
        if signed.request.statement.members().is_some() {
            if signed.check_proof().is_err() {
                return false;
            }
        } else if let Ok(proof) = signed.played() {
            played.push(proof);
        } else {
            return false;
        }
    }
    if played.is_empty() {
        return true;
    }
    let mut source = public_source(&seed);
    let mut sum = Sum::new();
    sum.add(&played, |_| weights(&mut source)).is_some() && sum.is_zero()
}

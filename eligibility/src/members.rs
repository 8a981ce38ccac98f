//! Being one of a few codes that are no interval: for one of the places `t`, `C − t·B` is a multiple of `B̃` whose factor the
//! holder knows. A disjunction of Schnorr proofs (Cramer, Damgård and Schoenmakers, CRYPTO '94): all but one are simulated, and
//! nobody can tell which one is not.
//!
//! As bytes: a challenge and a response, 32 bytes each, for every place, in their order.

use curve25519_dalek::{
    RistrettoPoint, Scalar, ristretto::CompressedRistretto, traits::VartimeMultiscalarMul as _,
};
use merlin::{Transcript, TranscriptRng};
use rand_core_for_bulletproofs::RngCore as _;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::Zeroizing;

use crate::generators::{blinding_table, pedersen, public_times_base};

/// `None` when the value is none of them.
pub(crate) fn prove(
    transcript: &mut Transcript,
    places: &[u16],
    value: u32,
    blinding: &Scalar,
    points: &[RistrettoPoint],
    source: &mut TranscriptRng,
) -> Option<Vec<u8>> {
    let point = points.first()?;
    let mut holds = Choice::from(0);
    let secret = Zeroizing::new(draw(source));
    let mut simulated = Vec::with_capacity(places.len());
    let mut announced = Vec::with_capacity(places.len());
    let mut rest = Scalar::ZERO;
    for place in places {
        let real = u32::from(*place).ct_eq(&value);
        holds |= real;
        let (challenge, response) = (draw(source), draw(source));
        let simulation = &response * blinding_table() - challenge * shifted(point, *place);
        let genuine = &*secret * blinding_table();
        announced.push(RistrettoPoint::conditional_select(&simulation, &genuine, real).compress());
        rest += Scalar::conditional_select(&challenge, &Scalar::ZERO, real);
        simulated.push((challenge, response));
    }
    if !bool::from(holds) {
        return None;
    }
    let whole = challenge(transcript, places, &announced);
    let own = whole - rest;
    let answer = Zeroizing::new(*secret + own * blinding);
    let mut proof = Vec::with_capacity(64 * places.len());
    for (place, (challenge, response)) in places.iter().zip(simulated) {
        let real = u32::from(*place).ct_eq(&value);
        proof.extend_from_slice(Scalar::conditional_select(&challenge, &own, real).as_bytes());
        proof.extend_from_slice(Scalar::conditional_select(&response, &answer, real).as_bytes());
    }
    Some(proof)
}

/// Whether the proof holds.
pub(crate) fn check(
    transcript: &mut Transcript,
    places: &[u16],
    points: &[RistrettoPoint],
    proof: &[u8],
) -> bool {
    let Some(point) = points.first() else { return false };
    if proof.len() != 64 * places.len() {
        return false;
    }
    let mut announced = Vec::with_capacity(places.len());
    let mut sum = Scalar::ZERO;
    for (place, part) in places.iter().zip(proof.chunks_exact(64)) {
        let scalar = |bytes: &[u8]| {
            let bytes = bytes.try_into().ok()?;
            Option::<Scalar>::from(Scalar::from_canonical_bytes(bytes))
        };
        let (Some(challenge), Some(response)) = (scalar(&part[..32]), scalar(&part[32..])) else {
            return false;
        };
        let point = shifted(point, *place);
        let commitment =
            RistrettoPoint::vartime_multiscalar_mul([response, -challenge], [pedersen().B_blinding, point]);
        announced.push(commitment.compress());
        sum += challenge;
    }
    challenge(transcript, places, &announced) == sum
}

fn shifted(point: &RistrettoPoint, place: u16) -> RistrettoPoint {
    point - public_times_base(u32::from(place))
}

fn challenge(transcript: &mut Transcript, places: &[u16], announced: &[CompressedRistretto]) -> Scalar {
    transcript.append_u64(b"members", places.len() as u64);
    for (place, announced) in places.iter().zip(announced) {
        transcript.append_u64(b"place", u64::from(*place));
        transcript.append_message(b"announced", announced.as_bytes());
    }
    let mut wide = [0; 64];
    transcript.challenge_bytes(b"challenge", &mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

fn draw(source: &mut TranscriptRng) -> Scalar {
    let mut wide = Zeroizing::new([0; 64]);
    source.fill_bytes(wide.as_mut());
    Scalar::from_bytes_mod_order_wide(&wide)
}

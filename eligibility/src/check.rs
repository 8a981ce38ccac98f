//! The verifier's side.

use bulletproofs::RangeProof;
use curve25519_dalek::{RistrettoPoint, ristretto::CompressedRistretto};
use ed25519_dalek::VerifyingKey;
use merlin::Transcript;

use crate::{
    CopyError, Day, Presentation, Request, StatementError,
    bounds::Bound,
    generators::{pedersen, vectors},
    members, transcript,
};

/// What the verifier trusts.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The keys of the issuers that may say this.
    pub issuers: &'a [VerifyingKey],
    /// The verifier's own day.
    pub today: Day,
}

/// What the verifier has learnt: that it holds, and this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Who issued the value.
    pub issuer: VerifyingKey,
    /// Last day of the copy's validity.
    pub until: Day,
}

/// Why a presentation shows nothing. None of these means "no".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Of another length, or with a part that is no key or point.
    #[error("this is not an answer to this question")]
    Malformed,
    /// Made by a later version.
    #[error("the answer is of a newer form than this program knows")]
    Version,
    /// The question can't be asked.
    #[error("the question can't be asked: {0}")]
    Request(#[from] StatementError),
    /// Issued by nobody who is trusted for it.
    #[error("it was issued by nobody who is trusted for it")]
    Issuer,
    /// The copy is not genuine.
    #[error("the issuer's part is not genuine: {0}")]
    Copy(#[from] CopyError),
    /// Not valid today, or not on the day that was asked about.
    #[error("it is not valid any more, or not yet")]
    Validity,
    /// Not signed by the holder for this question.
    #[error("it was made for another question, or by somebody else")]
    Holder,
    /// The proof does not hold.
    #[error("the proof does not hold")]
    DoesNotHold,
}

impl CheckError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "eligibility_malformed",
            Self::Version => "eligibility_version",
            Self::Request(_) => "eligibility_request",
            Self::Issuer => "eligibility_issuer",
            Self::Copy(_) => "eligibility_copy",
            Self::Validity => "eligibility_validity",
            Self::Holder => "eligibility_holder",
            Self::DoesNotHold => "eligibility_proof",
        }
    }
}

/// Checks an answer. `Ok` is "yes".
pub fn check(bytes: &[u8], request: &Request, rules: &Rules<'_>) -> Result<Checked, CheckError> {
    let presentation = signatures(bytes, request, rules)?;
    check_proof(&presentation, request)?;
    Ok(checked(&presentation))
}

pub(crate) fn checked(presentation: &Presentation) -> Checked {
    Checked {
        issuer: presentation.copy.issuer,
        until: presentation.copy.until,
    }
}

/// Everything but the proof itself.
pub(crate) fn signatures(
    bytes: &[u8],
    request: &Request,
    rules: &Rules<'_>,
) -> Result<Presentation, CheckError> {
    request.check()?;
    let presentation = Presentation::parse(bytes, request, rules.issuers)?;
    let copy = &presentation.copy;
    copy.check_form()?;
    let valid = copy.from..=copy.until;
    if !valid.contains(&rules.today) || !valid.contains(&request.as_of) {
        return Err(CheckError::Validity);
    }
    copy.check_signature()?;
    let message = transcript::holder_message(transcript::begin(request, copy), &presentation.proof);
    copy.holder
        .verify_strict(&message, &presentation.holder_signature)
        .map_err(|_| CheckError::Holder)?;
    Ok(presentation)
}

/// The proof alone.
pub(crate) fn check_proof(presentation: &Presentation, request: &Request) -> Result<(), CheckError> {
    let points = presentation.copy.points()?;
    let mut transcript = transcript::begin(request, &presentation.copy);
    if let Some(places) = request.statement.members() {
        return if members::check(&mut transcript, places, &points, &presentation.proof) {
            Ok(())
        } else {
            Err(CheckError::DoesNotHold)
        };
    }
    let bounds = request.statement.bounds(request.as_of)?;
    let bits = presentation.copy.kind.bits();
    transcript::bounds(&mut transcript, &bounds, bits);
    let shifted = compressed(&shifted(&bounds, &points)?);
    let proof = RangeProof::from_bytes(&presentation.proof).map_err(|_| CheckError::Malformed)?;
    let mut source = verifier_source(&transcript, &presentation.proof);
    proof
        .verify_multiple_with_rng(
            vectors(),
            pedersen(),
            &mut transcript,
            &shifted,
            bits as usize,
            &mut source,
        )
        .map_err(|_| CheckError::DoesNotHold)
}

/// The verifier's one random number weighs two equations against each other; it must only be unknown to the prover when the
/// proof is made, and it is drawn from the whole proof.
fn verifier_source(transcript: &Transcript, proof: &[u8]) -> merlin::TranscriptRng {
    let mut transcript = transcript.clone();
    transcript.append_message(b"proof", proof);
    crate::randomness::public_source(&transcript)
}

/// The commitments that the ranges are about, the last repeated until their number is a power of two.
pub(crate) fn shifted(
    bounds: &[Bound],
    points: &[RistrettoPoint],
) -> Result<Vec<RistrettoPoint>, CheckError> {
    let mut shifted = Vec::with_capacity(bounds.len().next_power_of_two());
    for bound in bounds {
        shifted.push(bound.shift(points.get(bound.value).ok_or(CheckError::Malformed)?));
    }
    while !shifted.len().is_power_of_two() {
        shifted.extend_from_within(shifted.len() - 1..);
    }
    Ok(shifted)
}

pub(crate) fn compressed(points: &[RistrettoPoint]) -> Vec<CompressedRistretto> {
    points.iter().map(RistrettoPoint::compress).collect()
}

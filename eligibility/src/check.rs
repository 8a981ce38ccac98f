//! The verifier's side.

use curve25519_dalek::RistrettoPoint;
use ed25519_dalek::VerifyingKey;
use merlin::Transcript;

use crate::{
    CopyError, Day, Presentation, Request, StatementError,
    bounds::Bound,
    members,
    randomness::public_source,
    range::{Played, weights},
    transcript,
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
    let signed = Signed::read(bytes, request, rules)?;
    signed.check_proof()?;
    Ok(checked(&signed.presentation))
}

pub(crate) fn checked(presentation: &Presentation) -> Checked {
    Checked {
        issuer: presentation.copy.issuer,
        until: presentation.copy.until,
    }
}

/// An answer in which all is well but the proof, which is not checked yet.
pub(crate) struct Signed<'a> {
    pub(crate) request: &'a Request,
    pub(crate) presentation: Presentation,
    /// What the holder signed: a digest of the whole transcript.
    pub(crate) message: Vec<u8>,
    transcript: Transcript,
    commitments: Vec<RistrettoPoint>,
}

impl<'a> Signed<'a> {
    /// Checks everything but the proof.
    pub(crate) fn read(bytes: &[u8], request: &'a Request, rules: &Rules<'_>) -> Result<Self, CheckError> {
        request.check()?;
        let presentation = Presentation::parse(bytes, request, rules.issuers)?;
        let copy = &presentation.copy;
        copy.check_form()?;
        let valid = copy.from..=copy.until;
        if !valid.contains(&rules.today) || !valid.contains(&request.as_of) {
            return Err(CheckError::Validity);
        }
        let bytes = copy.signed();
        copy.check_signature(&bytes)?;
        let transcript = transcript::begin(request, copy, &bytes);
        let message = transcript::holder_message(transcript.clone(), &presentation.proof);
        copy.holder
            .verify_strict(&message, &presentation.holder_signature)
            .map_err(|_| CheckError::Holder)?;
        Ok(Self {
            request,
            commitments: copy.points()?,
            presentation,
            message,
            transcript,
        })
    }

    /// The proof alone.
    pub(crate) fn check_proof(&self) -> Result<(), CheckError> {
        let copy = &self.presentation.copy;
        check_proof(
            &self.transcript,
            self.request,
            copy.kind.bits(),
            &self.commitments,
            &self.presentation.proof,
        )
    }

    /// A range proof's transcript played through, for a sum of many.
    pub(crate) fn played(&self) -> Result<Played, CheckError> {
        let copy = &self.presentation.copy;
        played(
            &mut self.transcript.clone(),
            self.request,
            copy.kind.bits(),
            &self.commitments,
            &self.presentation.proof,
        )
    }
}

/// The proof alone, without the signatures, which no altered bytes get past.
#[cfg(fuzzing)]
pub fn check_unsigned(bytes: &[u8], request: &Request, issuers: &[VerifyingKey]) -> Result<(), CheckError> {
    request.check()?;
    let presentation = Presentation::parse(bytes, request, issuers)?;
    let copy = &presentation.copy;
    let transcript = transcript::begin(request, copy, &copy.signed());
    let points = copy.points()?;
    check_proof(
        &transcript,
        request,
        copy.kind.bits(),
        &points,
        &presentation.proof,
    )
}

/// Whether a proof holds of these commitments. `transcript` stands where the proof begins.
pub(crate) fn check_proof(
    transcript: &Transcript,
    request: &Request,
    bits: u32,
    commitments: &[RistrettoPoint],
    proof: &[u8],
) -> Result<(), CheckError> {
    let mut transcript = transcript.clone();
    let holds = if let Some(places) = request.statement.members() {
        members::check(&mut transcript, places, commitments, proof)
    } else {
        let played = played(&mut transcript, request, bits, commitments, proof)?;
        // The last two scalars are the only part that no challenge was drawn from yet.
        transcript.append_message(b"proof", proof);
        played.holds(weights(&mut public_source(&transcript)))
    };
    if holds {
        Ok(())
    } else {
        Err(CheckError::DoesNotHold)
    }
}

fn played(
    transcript: &mut Transcript,
    request: &Request,
    bits: u32,
    commitments: &[RistrettoPoint],
    proof: &[u8],
) -> Result<Played, CheckError> {
    let bounds = request.statement.bounds(request.as_of)?;
    transcript::bounds(transcript, &bounds, bits);
    let shifted = shifted(&bounds, commitments)?;
    Played::through(transcript, proof, shifted, bits as usize).ok_or(CheckError::DoesNotHold)
}

/// The commitments that the ranges are about, the last repeated until their number is a power of two.
fn shifted(bounds: &[Bound], points: &[RistrettoPoint]) -> Result<Vec<RistrettoPoint>, CheckError> {
    let mut shifted = Vec::with_capacity(bounds.len().next_power_of_two());
    for bound in bounds {
        shifted.push(bound.shift(points.get(bound.value).ok_or(CheckError::Malformed)?));
    }
    while !shifted.len().is_power_of_two() {
        shifted.extend_from_within(shifted.len() - 1..);
    }
    Ok(shifted)
}

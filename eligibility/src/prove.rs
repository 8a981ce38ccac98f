//! The holder's side.

use bulletproofs::RangeProof;
use curve25519_dalek::Scalar;
use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use crate::{
    Copy, CopyError, Opening, Presentation, Randomness, Request, StatementError,
    bounds::Bound,
    check::{self, CheckError},
    generators::{pedersen, vectors},
    members, transcript,
};

/// Why nothing is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// The request can't be asked.
    #[error("what is asked can't be asked: {0}")]
    Request(#[from] StatementError),
    /// The copy is of something else, is not of this holder, or is not genuine.
    #[error("this is no copy for that question")]
    Copy,
    /// Not valid on the day that is asked about.
    #[error("the copy is not valid on the day that is asked about")]
    Validity,
    /// The statement does not hold. To the verifier: "not shown".
    #[error("it does not hold, and nothing was shown")]
    DoesNotHold,
    /// The proof that was made does not check; nothing was sent.
    #[error("the proof could not be made")]
    Failed,
}

impl From<CopyError> for ProveError {
    fn from(_: CopyError) -> Self {
        Self::Copy
    }
}

/// Shows that the statement holds of the copy's values. The copy must not be used again, whatever comes of it.
pub fn prove(
    request: &Request,
    copy: &Copy,
    opening: &Opening,
    holder: &SigningKey,
    randomness: Randomness,
) -> Result<Presentation, ProveError> {
    request.check()?;
    if copy.kind != request.statement.kind() || copy.holder != holder.verifying_key() {
        return Err(ProveError::Copy);
    }
    // The crate's prover returns a proof for values that are outside; whether it holds is decided here.
    copy.check(opening)?;
    if request.as_of < copy.from || request.as_of > copy.until {
        return Err(ProveError::Validity);
    }
    let begun = transcript::begin(request, copy, &copy.signed());
    let mut transcript = begun.clone();
    let commitments = copy.points()?;
    let secrets: Vec<Zeroizing<[u8; 32]>> = opening
        .blindings
        .iter()
        .map(|blinding| Zeroizing::new(blinding.to_bytes()))
        .collect();
    let stored = opening.to_bytes();
    let mut secret: Vec<&[u8]> = vec![&stored, holder.as_bytes()];
    secret.extend(secrets.iter().map(|secret| secret.as_slice()));
    let mut source = randomness.source(&transcript, &secret);

    let proof = if let Some(places) = request.statement.members() {
        let (value, blinding) = opening
            .values
            .first()
            .zip(opening.blindings.first())
            .ok_or(ProveError::Copy)?;
        members::prove(
            &mut transcript,
            places,
            *value,
            blinding,
            &commitments,
            &mut source,
        )
        .ok_or(ProveError::DoesNotHold)?
    } else {
        let bounds = request.statement.bounds(request.as_of)?;
        transcript::bounds(&mut transcript, &bounds, copy.kind.bits());
        let (distances, blindings) = distances(&bounds, opening)?;
        let made = RangeProof::prove_multiple_with_rng(
            vectors(),
            pedersen(),
            &mut transcript,
            &distances,
            &blindings,
            copy.kind.bits() as usize,
            &mut source,
        );
        made.map_err(|_| ProveError::Failed)?.0.to_bytes()
    };

    // As the verifier does.
    match check::check_proof(&begun, request, copy.kind.bits(), &commitments, &proof) {
        Ok(()) => {}
        Err(CheckError::DoesNotHold) => return Err(ProveError::DoesNotHold),
        Err(_) => return Err(ProveError::Failed),
    }
    let message = transcript::holder_message(begun, &proof);
    Ok(Presentation {
        copy: copy.clone(),
        proof,
        holder_signature: holder.sign(&message),
    })
}

type Secrets = (Zeroizing<Vec<u64>>, Zeroizing<Vec<Scalar>>);

/// What the ranges are about; the last one is repeated until their number is a power of two.
fn distances(bounds: &[Bound], opening: &Opening) -> Result<Secrets, ProveError> {
    let mut distances = Zeroizing::new(Vec::with_capacity(bounds.len().next_power_of_two()));
    let mut blindings = Zeroizing::new(Vec::with_capacity(distances.capacity()));
    for bound in bounds {
        let value = opening.values.get(bound.value).ok_or(ProveError::Copy)?;
        let blinding = opening.blindings.get(bound.value).ok_or(ProveError::Copy)?;
        distances.push(u64::from(bound.distance(*value).ok_or(ProveError::DoesNotHold)?));
        blindings.push(bound.blinding(blinding));
    }
    while !distances.len().is_power_of_two() {
        let last = distances.last().copied();
        distances.extend(last);
        let last = blindings.last().copied();
        blindings.extend(last);
    }
    Ok((distances, blindings))
}

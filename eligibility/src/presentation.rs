//! A presentation as bytes. The request says which copy and which proof it must be made of, so nothing of that is repeated.
//!
//! `version(1) ‖ issuer key id(8) ‖ holder key(32) ‖ from(2) ‖ until(2) ‖ commitments(32 each) ‖ issuer signature(64) ‖ proof ‖
//! holder signature(64)`; numbers are big-endian.

use curve25519_dalek::ristretto::CompressedRistretto;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::{Copy, Day, Kind, Request, Statement, StatementError, check::CheckError};

const VERSION: u8 = 1;
const FIXED: usize = 1 + 8 + 32 + 2 + 2 + 64 + 64;

/// A presentation taken apart; nothing in it is checked but its lengths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presentation {
    pub(crate) copy: Copy,
    pub(crate) proof: Vec<u8>,
    pub(crate) holder_signature: Signature,
}

/// First 8 bytes of the SHA-256 of an issuer's key.
pub fn key_id(issuer: &VerifyingKey) -> [u8; 8] {
    let digest: [u8; 32] = Sha256::digest(issuer.as_bytes()).into();
    let mut id = [0; 8];
    id.copy_from_slice(&digest[..8]);
    id
}

/// Length of the proof of a statement, in bytes: `32·(9 + 2·log₂(bits·ranges))`, or 64 for each member.
pub(crate) fn proof_length(statement: &Statement, as_of: Day) -> Result<usize, StatementError> {
    let ranges = statement.bounds(as_of)?.len();
    Ok(if let Some(places) = statement.members() {
        64 * places.len()
    } else {
        let width = statement.kind().bits() * ranges.next_power_of_two() as u32;
        32 * (9 + 2 * width.ilog2() as usize)
    })
}

impl Presentation {
    /// The copy that it is about.
    pub fn copy(&self) -> &Copy {
        &self.copy
    }

    /// As it travels.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FIXED + 32 * self.copy.commitments.len() + self.proof.len());
        put_copy(&mut bytes, VERSION, &self.copy);
        bytes.extend_from_slice(&self.proof);
        bytes.extend_from_slice(&self.holder_signature.to_bytes());
        bytes
    }

    /// Takes an answer to this request apart. `issuers` are the keys that the verifier trusts for this kind.
    pub fn parse(bytes: &[u8], request: &Request, issuers: &[VerifyingKey]) -> Result<Self, CheckError> {
        let kind = request.statement.kind();
        let proof = proof_length(&request.statement, request.as_of)?;
        if bytes.len() != FIXED + 32 * kind.values() + proof {
            return Err(CheckError::Malformed);
        }
        let (copy, rest) = take_copy(bytes, VERSION, kind, issuers)?;
        let (proof, end) = rest.split_at_checked(proof).ok_or(CheckError::Malformed)?;
        Ok(Self {
            copy,
            proof: proof.to_vec(),
            holder_signature: Signature::from_bytes(&Rest(end).take()?),
        })
    }
}

/// What a copy and a presentation of it begin with.
pub(crate) fn put_copy(bytes: &mut Vec<u8>, version: u8, copy: &Copy) {
    bytes.push(version);
    bytes.extend_from_slice(&key_id(&copy.issuer));
    bytes.extend_from_slice(copy.holder.as_bytes());
    bytes.extend_from_slice(&copy.from.number().to_be_bytes());
    bytes.extend_from_slice(&copy.until.number().to_be_bytes());
    for commitment in &copy.commitments {
        bytes.extend_from_slice(commitment.as_bytes());
    }
    bytes.extend_from_slice(&copy.signature.to_bytes());
}

/// Reads [`put_copy`]; returns what follows it too.
pub(crate) fn take_copy<'a>(
    bytes: &'a [u8],
    version: u8,
    kind: Kind,
    issuers: &[VerifyingKey],
) -> Result<(Copy, &'a [u8]), CheckError> {
    let mut rest = Rest(bytes);
    if rest.take::<1>()? != [version] {
        return Err(CheckError::Version);
    }
    let id = rest.take::<8>()?;
    let issuer = issuers.iter().find(|issuer| key_id(issuer) == id);
    let issuer = *issuer.ok_or(CheckError::Issuer)?;
    let holder = VerifyingKey::from_bytes(&rest.take()?).map_err(|_| CheckError::Malformed)?;
    let from = Day::of_number(u16::from_be_bytes(rest.take()?));
    let until = Day::of_number(u16::from_be_bytes(rest.take()?));
    let commitments = (0..kind.values()).map(|_| Ok(CompressedRistretto(rest.take()?)));
    let commitments = commitments.collect::<Result<_, CheckError>>()?;
    let signature = Signature::from_bytes(&rest.take()?);
    let copy = Copy {
        kind,
        issuer,
        holder,
        from,
        until,
        commitments,
        signature,
    };
    Ok((copy, rest.0))
}

struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], CheckError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(CheckError::Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }
}

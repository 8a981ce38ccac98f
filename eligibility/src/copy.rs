//! What the issuer signs: commitments to its own values, with what they stand for, for one holder key, for a few days.

use curve25519_dalek::{RistrettoPoint, Scalar, ristretto::CompressedRistretto, traits::IsIdentity as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use merlin::Transcript;
use rand_core_for_bulletproofs::RngCore as _;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    Day, Kind, Randomness, SUITE,
    fields::Fields,
    generators::{EDITION, blinding_table, times_base},
};

/// Longest validity, in days; both ends included.
pub const MAX_DAYS: u16 = 7;

/// A signed copy. It shows who issued it, until when it is valid, and nothing of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// What the values are.
    pub kind: Kind,
    /// The issuer's Ed25519 key.
    pub issuer: VerifyingKey,
    /// The holder's Ed25519 key, made for this one copy.
    pub holder: VerifyingKey,
    /// First day.
    pub from: Day,
    /// Last day.
    pub until: Day,
    /// One for each value.
    pub commitments: Vec<CompressedRistretto>,
    /// The issuer's, of all of the above.
    pub signature: Signature,
}

/// What only the issuer and the holder know of a copy. Wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Opening {
    pub(crate) values: Vec<u32>,
    pub(crate) blindings: Vec<Scalar>,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opening(…)")
    }
}

/// What goes into a copy.
#[derive(Debug, Clone, Copy)]
pub struct Issuance<'a> {
    /// What the values are.
    pub kind: &'a Kind,
    /// One for each place of the kind.
    pub values: &'a [u32],
    /// The holder's key for this one copy.
    pub holder: &'a VerifyingKey,
    /// First day.
    pub from: Day,
    /// Last day, at most [`MAX_DAYS`] in all.
    pub until: Day,
}

/// Why a copy is not made, or not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CopyError {
    /// Another number of values than the kind has, or one that is wider.
    #[error("a value does not fit its kind")]
    Value,
    /// Ends before it begins, or is valid for too long.
    #[error("the validity is empty or too long")]
    Validity,
    /// The holder's or the issuer's key is of small order.
    #[error("a key is weak")]
    WeakKey,
    /// Not the issuer's signature of this.
    #[error("the issuer's signature does not hold")]
    Signature,
    /// A commitment that is no point, or the neutral one.
    #[error("a commitment is not one")]
    Commitment,
    /// The values are not what was committed to.
    #[error("the values are not those that the issuer committed to")]
    Opening,
}

impl CopyError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Value => "eligibility_copy_value",
            Self::Validity => "eligibility_copy_validity",
            Self::WeakKey => "eligibility_copy_weak_key",
            Self::Signature => "eligibility_copy_signature",
            Self::Commitment => "eligibility_copy_commitment",
            Self::Opening => "eligibility_copy_opening",
        }
    }
}

/// Commits to the values and signs.
pub fn issue(
    issuance: &Issuance<'_>,
    issuer: &SigningKey,
    randomness: Randomness,
) -> Result<(Copy, Opening), CopyError> {
    check_values(issuance.kind, issuance.values)?;
    let mut copy = Copy {
        kind: issuance.kind.clone(),
        issuer: issuer.verifying_key(),
        holder: *issuance.holder,
        from: issuance.from,
        until: issuance.until,
        commitments: Vec::with_capacity(issuance.values.len()),
        signature: Signature::from_bytes(&[0; 64]),
    };
    copy.check_form()?;
    let mut transcript = Transcript::new(SUITE.as_bytes());
    transcript.append_message(b"purpose", b"issue");
    transcript.append_message(b"holder", copy.holder.as_bytes());
    let values: Zeroizing<Vec<u8>> = Zeroizing::new(
        issuance
            .values
            .iter()
            .flat_map(|value| value.to_be_bytes())
            .collect(),
    );
    let mut source = randomness.source(&transcript, &[&values, issuer.as_bytes()]);
    let mut opening = Opening {
        values: issuance.values.to_vec(),
        blindings: Vec::with_capacity(issuance.values.len()),
    };
    for value in issuance.values {
        let mut wide = Zeroizing::new([0; 64]);
        source.fill_bytes(wide.as_mut());
        let blinding = Scalar::from_bytes_mod_order_wide(&wide);
        copy.commitments.push(commitment(*value, &blinding).compress());
        opening.blindings.push(blinding);
    }
    copy.signature = issuer.sign(&copy.signed());
    Ok((copy, opening))
}

fn commitment(value: u32, blinding: &Scalar) -> RistrettoPoint {
    times_base(&Scalar::from(value)) + blinding * blinding_table()
}

fn check_values(kind: &Kind, values: &[u32]) -> Result<(), CopyError> {
    let fits = |value: &u32| kind.bits() >= 32 || value >> kind.bits() == 0;
    if values.len() == kind.values() && values.iter().all(fits) {
        Ok(())
    } else {
        Err(CopyError::Value)
    }
}

impl Copy {
    /// The bytes that the issuer signs.
    pub(crate) fn signed(&self) -> Vec<u8> {
        let mut fields = Fields::of("copy");
        fields.put("generators", EDITION.as_bytes());
        fields.put("issuer", self.issuer.as_bytes());
        fields.put("holder", self.holder.as_bytes());
        self.kind.put(&mut fields);
        fields.number("from", u32::from(self.from.number()));
        fields.number("until", u32::from(self.until.number()));
        for commitment in &self.commitments {
            fields.put("commitment", commitment.as_bytes());
        }
        fields.bytes()
    }

    /// Keys and times, before anything costly.
    pub(crate) fn check_form(&self) -> Result<(), CopyError> {
        if self.until < self.from || self.until.number() - self.from.number() >= MAX_DAYS {
            return Err(CopyError::Validity);
        }
        if self.issuer.is_weak() || self.holder.is_weak() {
            return Err(CopyError::WeakKey);
        }
        Ok(())
    }

    /// The commitments as points; neither the neutral one nor anything that is none.
    pub(crate) fn points(&self) -> Result<Vec<RistrettoPoint>, CopyError> {
        if self.commitments.len() != self.kind.values() {
            return Err(CopyError::Commitment);
        }
        let point = |commitment: &CompressedRistretto| {
            let point = commitment.decompress().ok_or(CopyError::Commitment)?;
            if point.is_identity() {
                Err(CopyError::Commitment)
            } else {
                Ok(point)
            }
        };
        self.commitments.iter().map(point).collect()
    }

    /// `signed` are the bytes of [`Self::signed`].
    pub(crate) fn check_signature(&self, signed: &[u8]) -> Result<(), CopyError> {
        self.issuer
            .verify_strict(signed, &self.signature)
            .map_err(|_| CopyError::Signature)
    }

    /// The wallet's check of what an issuer gave it.
    pub fn check(&self, opening: &Opening) -> Result<(), CopyError> {
        self.check_form()?;
        let points = self.points()?;
        self.check_signature(&self.signed())?;
        check_values(&self.kind, &opening.values)?;
        if opening.blindings.len() != points.len() {
            return Err(CopyError::Opening);
        }
        let mut same = subtle::Choice::from(1);
        for ((value, blinding), point) in opening.values.iter().zip(&opening.blindings).zip(&points) {
            same &= commitment(*value, blinding).ct_eq(point);
        }
        if same.into() {
            Ok(())
        } else {
            Err(CopyError::Opening)
        }
    }
}

impl Opening {
    /// The values, in the kind's order: for the holder's own screen.
    pub fn values(&self) -> &[u32] {
        &self.values
    }

    /// For the vault: each value in four bytes (big-endian), then each blinding in 32.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.values.len() * 36));
        self.values
            .iter()
            .for_each(|value| bytes.extend_from_slice(&value.to_be_bytes()));
        self.blindings
            .iter()
            .for_each(|blinding| bytes.extend_from_slice(blinding.as_bytes()));
        bytes
    }

    /// Reads [`Self::to_bytes`] of a copy of this kind.
    pub fn from_bytes(kind: &Kind, bytes: &[u8]) -> Result<Self, CopyError> {
        let count = kind.values();
        if bytes.len() != count * 36 {
            return Err(CopyError::Opening);
        }
        let (values, blindings) = bytes.split_at(count * 4);
        let values = values
            .chunks_exact(4)
            .map(|four| four.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)));
        let blindings = blindings.chunks_exact(32).map(|bytes| {
            let bytes = bytes.try_into().map_err(|_| CopyError::Opening)?;
            Option::from(Scalar::from_canonical_bytes(bytes)).ok_or(CopyError::Opening)
        });
        Ok(Self {
            values: values.collect(),
            blindings: blindings.collect::<Result<_, _>>()?,
        })
    }
}

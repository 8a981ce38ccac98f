//! A bound on a committed value, and the commitment whose value must then not be negative.

use curve25519_dalek::{RistrettoPoint, Scalar};

use crate::generators::public_times_base;

/// On which side of the bound a value must be; the bound itself is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    AtLeast,
    AtMost,
}

/// One bound on one of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    /// Place of the value among the copy's.
    pub(crate) value: usize,
    pub(crate) relation: Relation,
    pub(crate) limit: u32,
}

impl Bound {
    pub(crate) fn direction(&self) -> &'static [u8] {
        match self.relation {
            Relation::AtLeast => b"at-least",
            Relation::AtMost => b"at-most",
        }
    }

    /// How far the value is on the right side; none when it is on the wrong one.
    pub(crate) fn distance(&self, value: u32) -> Option<u32> {
        match self.relation {
            Relation::AtLeast => value.checked_sub(self.limit),
            Relation::AtMost => self.limit.checked_sub(value),
        }
    }

    /// The blinding of the distance's commitment.
    pub(crate) fn blinding(&self, blinding: &Scalar) -> Scalar {
        match self.relation {
            Relation::AtLeast => *blinding,
            Relation::AtMost => -blinding,
        }
    }

    /// The distance's commitment: `C − t·B` or `t·B − C`.
    pub(crate) fn shift(&self, commitment: &RistrettoPoint) -> RistrettoPoint {
        let bound = public_times_base(self.limit);
        match self.relation {
            Relation::AtLeast => commitment - bound,
            Relation::AtMost => bound - commitment,
        }
    }
}

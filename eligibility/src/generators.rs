//! The generators: bulletproofs' own. Their name and edition stand in every signature and transcript.

use std::sync::OnceLock;

use bulletproofs::{BulletproofGens, PedersenGens};
use curve25519_dalek::ristretto::{RistrettoBasepointTable, RistrettoPoint};
use sha3_for_bulletproofs::{
    Shake256,
    digest::{ExtendableOutput as _, Update as _, XofReader as _},
};

/// Which generators these are.
pub(crate) const EDITION: &str = "bulletproofs-5/ristretto255/1";
/// Widest range, in bits.
pub(crate) const MAX_BITS: usize = 32;
/// Most ranges in one proof.
pub(crate) const MAX_RANGES: usize = 4;

/// `B` and `B̃` of the commitments.
pub(crate) fn pedersen() -> &'static PedersenGens {
    static GENERATORS: OnceLock<PedersenGens> = OnceLock::new();
    GENERATORS.get_or_init(PedersenGens::default)
}

/// The vectors of the range proofs.
pub(crate) fn vectors() -> &'static BulletproofGens {
    static GENERATORS: OnceLock<BulletproofGens> = OnceLock::new();
    GENERATORS.get_or_init(|| BulletproofGens::new(MAX_BITS, MAX_RANGES))
}

/// The H vector of one range of a proof, which the crate keeps to itself: SHAKE256 of `GeneratorsChain`, `H` and the range's
/// place (four bytes, little-endian), 64 bytes to a point.
pub(crate) fn h_vector(range: usize) -> &'static [RistrettoPoint] {
    static VECTORS: OnceLock<Vec<Vec<RistrettoPoint>>> = OnceLock::new();
    let vectors = VECTORS.get_or_init(|| (0..MAX_RANGES as u32).map(|range| chain(b'H', range)).collect());
    vectors.get(range).map_or(&[], Vec::as_slice)
}

fn chain(vector: u8, range: u32) -> Vec<RistrettoPoint> {
    let mut shake = Shake256::default();
    shake.update(b"GeneratorsChain");
    shake.update(&[vector]);
    shake.update(&range.to_le_bytes());
    let mut stream = shake.finalize_xof();
    let point = |_| {
        let mut bytes = [0; 64];
        stream.read(&mut bytes);
        RistrettoPoint::from_uniform_bytes(&bytes)
    };
    (0..MAX_BITS).map(point).collect()
}

/// `B̃` with a table, for issuing many copies.
pub(crate) fn blinding_table() -> &'static RistrettoBasepointTable {
    static TABLE: OnceLock<RistrettoBasepointTable> = OnceLock::new();
    TABLE.get_or_init(|| RistrettoBasepointTable::create(&pedersen().B_blinding))
}

/// `bound·B`, in constant time.
pub(crate) fn times_base(scalar: &curve25519_dalek::Scalar) -> RistrettoPoint {
    scalar * curve25519_dalek::constants::RISTRETTO_BASEPOINT_TABLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_is_that_of_the_crate() {
        for range in 0..MAX_RANGES {
            let crates: Vec<_> = vectors().share(range).G(MAX_BITS).copied().collect();
            assert!(chain(b'G', range as u32) == crates);
        }
    }
}

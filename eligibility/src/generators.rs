//! The generators: bulletproofs' own. Their name and edition stand in every signature and transcript.

use std::sync::OnceLock;

use bulletproofs::{BulletproofGens, PedersenGens};
use curve25519_dalek::{
    ristretto::{RistrettoBasepointTable, RistrettoPoint, VartimeRistrettoPrecomputation},
    traits::{Identity as _, VartimePrecomputedMultiscalarMul as _},
};
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

/// All generators of a proof of so many ranges of so many bits, with tables: B, B̃, then G and H of each range. For checking
/// only: multiplying by them takes a time that depends on the numbers.
pub(crate) fn tables(bits: usize, ranges: usize) -> Option<&'static VartimeRistrettoPrecomputation> {
    static TABLES: [OnceLock<VartimeRistrettoPrecomputation>; 6] = [const { OnceLock::new() }; 6];
    let place = [(16, 1), (16, 2), (16, 4), (32, 1), (32, 2), (32, 4)]
        .iter()
        .position(|width| *width == (bits, ranges))?;
    Some(TABLES[place].get_or_init(|| {
        let mut points = vec![pedersen().B, pedersen().B_blinding];
        for range in 0..ranges {
            points.extend(vectors().share(range).G(bits));
            points.extend(&h_vector(range)[..bits]);
        }
        VartimeRistrettoPrecomputation::new(points)
    }))
}

/// `number·B`, by a table for each four bits. For numbers that everybody knows: the time depends on them.
pub(crate) fn public_times_base(number: u32) -> RistrettoPoint {
    static TABLE: OnceLock<Vec<[RistrettoPoint; 16]>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut step = pedersen().B;
        let row = |_| {
            let mut multiples = [RistrettoPoint::identity(); 16];
            for digit in 1..16 {
                multiples[digit] = multiples[digit - 1] + step;
            }
            step += multiples[15];
            multiples
        };
        (0..8).map(row).collect()
    });
    let digits = table.iter().enumerate();
    digits.fold(RistrettoPoint::identity(), |sum, (place, multiples)| {
        match number >> (4 * place) & 15 {
            0 => sum,
            digit => sum + multiples[digit as usize],
        }
    })
}

/// `scalar·B`, in constant time.
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

    #[test]
    fn public_multiples_are_those_of_the_secret_ones() {
        for number in [0, 1, 15, 16, 31, 46_125, 65_535, 65_536, u32::MAX] {
            let scalar = curve25519_dalek::Scalar::from(number);
            assert_eq!(public_times_base(number), times_base(&scalar), "{number}");
        }
    }
}

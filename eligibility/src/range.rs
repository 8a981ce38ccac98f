//! The range proof's equation, for one proof or a sum of many.
//!
//! It is that of the `bulletproofs` crate's verifier (Bünz et al., section 6.2), whose transcript labels are repeated here. The
//! crate has no door for several proofs with different transcripts, nor for generators with tables. Tests hold the two
//! against each other.

use curve25519_dalek::{
    RistrettoPoint, Scalar,
    ristretto::CompressedRistretto,
    traits::{IsIdentity as _, VartimeMultiscalarMul as _, VartimePrecomputedMultiscalarMul as _},
};
use merlin::Transcript;
use rand_core_for_bulletproofs::RngCore as _;

use crate::generators::{MAX_BITS, MAX_RANGES, h_vector, pedersen, tables, vectors};

/// A proof whose transcript was played through: its points and challenges.
pub(crate) struct Played {
    bits: usize,
    commitments: Vec<RistrettoPoint>,
    parts: Parts,
    y: Scalar,
    z: Scalar,
    x: Scalar,
    w: Scalar,
    u: Vec<Scalar>,
}

impl Played {
    /// Plays the transcript through, to the last challenge. `None`: no proof of these ranges.
    #[expect(clippy::many_single_char_names, reason = "the paper's letters")]
    pub(crate) fn through(
        transcript: &mut Transcript,
        proof: &[u8],
        commitments: Vec<RistrettoPoint>,
        bits: usize,
    ) -> Option<Self> {
        let parts = Parts::read(proof)?;
        let width = bits * commitments.len();
        if width != 1 << parts.left_right.len() {
            return None;
        }
        transcript.append_message(b"dom-sep", b"rangeproof v1");
        transcript.append_u64(b"n", bits as u64);
        transcript.append_u64(b"m", commitments.len() as u64);
        for commitment in &commitments {
            transcript.append_message(b"V", commitment.compress().as_bytes());
        }
        append(transcript, b"A", &parts.a_point)?;
        append(transcript, b"S", &parts.s_point)?;
        let y = challenge(transcript, b"y");
        let z = challenge(transcript, b"z");
        append(transcript, b"T_1", &parts.t_1)?;
        append(transcript, b"T_2", &parts.t_2)?;
        let x = challenge(transcript, b"x");
        transcript.append_message(b"t_x", parts.t_x.as_bytes());
        transcript.append_message(b"t_x_blinding", parts.t_x_blinding.as_bytes());
        transcript.append_message(b"e_blinding", parts.e_blinding.as_bytes());
        let w = challenge(transcript, b"w");
        transcript.append_message(b"dom-sep", b"ipp v1");
        transcript.append_u64(b"n", width as u64);
        let mut u = Vec::with_capacity(parts.left_right.len());
        for (left, right) in &parts.left_right {
            append(transcript, b"L", left)?;
            append(transcript, b"R", right)?;
            u.push(challenge(transcript, b"u"));
        }
        Some(Self {
            bits,
            commitments,
            parts,
            y,
            z,
            x,
            w,
            u,
        })
    }

    /// Whether this one proof holds. The weights, which the prover can't have known, keep its two equations apart.
    pub(crate) fn holds(self, weights: [Scalar; 2]) -> bool {
        let (bits, ranges) = (self.bits, self.commitments.len());
        let mut sum = Sum::new();
        sum.add(&[self], |_| weights).is_some() && sum.is_zero_with_tables(bits, ranges)
    }
}

/// Σ of equations: factors of the shared generators, and every proof's own points.
pub(crate) struct Sum {
    base: Scalar,
    blinding: Scalar,
    g: [[Scalar; MAX_BITS]; MAX_RANGES],
    h: [[Scalar; MAX_BITS]; MAX_RANGES],
    scalars: Vec<Scalar>,
    points: Vec<RistrettoPoint>,
}

impl Sum {
    pub(crate) fn new() -> Self {
        Self {
            base: Scalar::ZERO,
            blinding: Scalar::ZERO,
            g: [[Scalar::ZERO; MAX_BITS]; MAX_RANGES],
            h: [[Scalar::ZERO; MAX_BITS]; MAX_RANGES],
            scalars: Vec::new(),
            points: Vec::new(),
        }
    }

    /// Adds proofs, each one's inner-product equation and its polynomial one with a weight of their own. `None`: one of them
    /// can't hold.
    pub(crate) fn add(
        &mut self,
        proofs: &[Played],
        mut weights: impl FnMut(usize) -> [Scalar; 2],
    ) -> Option<()> {
        // One inversion for all challenges of all proofs.
        let mut inverses: Vec<Scalar> = proofs
            .iter()
            .flat_map(|proof| proof.u.iter().chain([&proof.y]).copied())
            .collect();
        if inverses.contains(&Scalar::ZERO) {
            return None;
        }
        Scalar::batch_invert(&mut inverses);
        let mut rest = inverses.as_slice();
        for (place, proof) in proofs.iter().enumerate() {
            let (inverses, others) = rest.split_at_checked(proof.u.len() + 1)?;
            rest = others;
            let (y_inverse, u_inverses) = inverses.split_last()?;
            self.add_one(proof, u_inverses, y_inverse, weights(place))?;
        }
        Some(())
    }

    fn own(&mut self, scalar: Scalar, point: RistrettoPoint) {
        self.scalars.push(scalar);
        self.points.push(point);
    }

    #[expect(clippy::many_single_char_names, reason = "the paper's letters")]
    fn add_one(
        &mut self,
        proof: &Played,
        u_inverses: &[Scalar],
        y_inverse: &Scalar,
        [rho, c]: [Scalar; 2],
    ) -> Option<()> {
        let (n, m) = (proof.bits, proof.commitments.len());
        let (parts, y, z, x, w) = (&proof.parts, &proof.y, &proof.z, &proof.x, &proof.w);
        let mut squares: Vec<Scalar> = proof.u.iter().map(|u| u * u).collect();
        let inverse_squares: Vec<Scalar> = u_inverses.iter().map(|inverse| inverse * inverse).collect();
        let (a, b, zz) = (parts.a, parts.b, z * z);

        self.own(rho, parts.a_point.decompress()?);
        self.own(rho * x, parts.s_point.decompress()?);
        self.own(c * x, parts.t_1.decompress()?);
        self.own(c * x * x, parts.t_2.decompress()?);
        for ((square, inverse), (left, right)) in squares.iter().zip(&inverse_squares).zip(&parts.left_right)
        {
            self.own(rho * square, left.decompress()?);
            self.own(rho * inverse, right.decompress()?);
        }
        let mut z_power = c * zz;
        for commitment in &proof.commitments {
            self.own(z_power, *commitment);
            z_power *= z;
        }
        self.blinding -= rho * parts.e_blinding + c * parts.t_x_blinding;
        self.base += rho * w * (parts.t_x - a * b) + c * (delta(n, m, y, z) - parts.t_x);

        // For the k-th generators (k = j·n + i): −z − a·sₖ, and z + y⁻ᵏ·(z²⁺ʲ·2ⁱ − b/sₖ). Both sₖ and y⁻ᵏ/sₖ are products over
        // the bits of k, and the middle term grows by 2/y, so that each takes one multiplication.
        let rounds = proof.u.len();
        let y_powers: Vec<Scalar> = std::iter::successors(Some(*y_inverse), |power| Some(power * power))
            .take(rounds)
            .collect();
        let steps: Vec<Scalar> = inverse_squares
            .iter()
            .rev()
            .zip(&y_powers)
            .map(|(inverse, power)| inverse * power)
            .collect();
        squares.reverse();
        let g = products(rho * a * u_inverses.iter().product::<Scalar>(), &squares);
        let h = products(rho * b * proof.u.iter().product::<Scalar>(), &steps);
        let rho_z = rho * z;
        let (two_over_y, next_range) = (
            y_inverse + y_inverse,
            z * y_powers.get(n.ilog2() as usize).unwrap_or(y),
        );
        let mut range = rho * zz;
        for j in 0..m {
            let mut middle = range;
            for i in 0..n {
                let k = j * n + i;
                self.g[j][i] -= rho_z + g[k];
                self.h[j][i] += rho_z + middle - h[k];
                middle *= two_over_y;
            }
            range *= next_range;
        }
        Some(())
    }

    /// For many proofs: buckets, which cost little for each point once there are many.
    pub(crate) fn is_zero(&self) -> bool {
        let own = self.scalars.iter();
        let mut scalars: Vec<&Scalar> = own.chain([&self.base, &self.blinding]).collect();
        let shared = [&pedersen().B, &pedersen().B_blinding];
        let mut points: Vec<&RistrettoPoint> = self.points.iter().chain(shared).collect();
        for j in 0..MAX_RANGES {
            scalars.extend(self.g[j].iter().chain(&self.h[j]));
            points.extend(vectors().share(j).G(MAX_BITS).chain(h_vector(j)));
        }
        RistrettoPoint::vartime_multiscalar_mul(scalars, points).is_identity()
    }

    /// For one proof: the shared generators have tables.
    fn is_zero_with_tables(&self, bits: usize, ranges: usize) -> bool {
        let Some(tables) = tables(bits, ranges) else {
            return self.is_zero();
        };
        let mut shared = vec![&self.base, &self.blinding];
        for j in 0..ranges {
            shared.extend(self.g[j][..bits].iter().chain(&self.h[j][..bits]));
        }
        tables
            .vartime_mixed_multiscalar_mul(shared, &self.scalars, &self.points)
            .is_identity()
    }
}

/// Two weights of 128 bits that nobody could choose.
pub(crate) fn weights(source: &mut merlin::TranscriptRng) -> [Scalar; 2] {
    let mut drawn = [0; 32];
    source.fill_bytes(&mut drawn);
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u128::from(*byte))
    };
    [
        Scalar::from(number(&drawn[..16])),
        Scalar::from(number(&drawn[16..])),
    ]
}

/// A range proof's parts.
struct Parts {
    a_point: CompressedRistretto,
    s_point: CompressedRistretto,
    t_1: CompressedRistretto,
    t_2: CompressedRistretto,
    t_x: Scalar,
    t_x_blinding: Scalar,
    e_blinding: Scalar,
    left_right: Vec<(CompressedRistretto, CompressedRistretto)>,
    a: Scalar,
    b: Scalar,
}

impl Parts {
    /// In the crate's order: A, S, T₁, T₂, three scalars, pairs of L and R, two scalars.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() || words.len() < 9 || words.len() % 2 == 0 {
            return None;
        }
        let point = |place: usize| words.get(place).map(|word| CompressedRistretto(*word));
        let scalar = |place: usize| Option::from(Scalar::from_canonical_bytes(*words.get(place)?));
        let end = words.len() - 2;
        let pairs = words.get(7..end)?.chunks_exact(2);
        Some(Self {
            a_point: point(0)?,
            s_point: point(1)?,
            t_1: point(2)?,
            t_2: point(3)?,
            t_x: scalar(4)?,
            t_x_blinding: scalar(5)?,
            e_blinding: scalar(6)?,
            left_right: pairs
                .map(|pair| (CompressedRistretto(pair[0]), CompressedRistretto(pair[1])))
                .collect(),
            a: scalar(end)?,
            b: scalar(end + 1)?,
        })
    }
}

fn append(transcript: &mut Transcript, label: &'static [u8], point: &CompressedRistretto) -> Option<()> {
    if point.is_identity() {
        return None;
    }
    transcript.append_message(label, point.as_bytes());
    Some(())
}

fn challenge(transcript: &mut Transcript, label: &'static [u8]) -> Scalar {
    let mut wide = [0; 64];
    transcript.challenge_bytes(label, &mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

/// For every k the product of `first` and of those `steps` whose bit of k is set, the lowest bit's first.
fn products(first: Scalar, steps: &[Scalar]) -> Vec<Scalar> {
    let mut all = Vec::with_capacity(1 << steps.len());
    all.push(first);
    for step in steps {
        for k in 0..all.len() {
            all.push(all[k] * step);
        }
    }
    all
}

/// (z − z²)·⟨1, yⁿᵐ⟩ − Σ z^{j+3}·⟨1, 2ⁿ⟩.
fn delta(n: usize, m: usize, y: &Scalar, z: &Scalar) -> Scalar {
    // The numbers of terms are powers of two: 1 + y + … + y^(2t−1) = (1 + y)(1 + y²)(1 + y⁴)…
    let sum = |base: &Scalar, terms: usize| {
        let mut power = *base;
        (0..terms.ilog2()).fold(Scalar::ONE, |sum, _| {
            let next = sum * (Scalar::ONE + power);
            power *= power;
            next
        })
    };
    let two = Scalar::from((1_u64 << n) - 1);
    (z - z * z) * sum(y, n * m) - z * z * z * two * sum(z, m)
}

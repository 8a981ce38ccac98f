//! Many answers at once: all range proofs in one multi-scalar multiplication, each with a weight of its own, so that no errors
//! can cancel. One that does not hold is then found by itself.
//!
//! The equation is that of the `bulletproofs` crate's verifier (Bünz et al., section 6.2), whose transcript labels are repeated
//! here: the crate has no door for several proofs with different transcripts. Everything that the single check decides, this
//! decides the same way; tests hold the two against each other.

use curve25519_dalek::{
    RistrettoPoint, Scalar,
    ristretto::CompressedRistretto,
    traits::{IsIdentity as _, VartimeMultiscalarMul as _},
};
use merlin::Transcript;
use rand_core_for_bulletproofs::RngCore as _;

use crate::{
    CheckError, Checked, Presentation, Request, Rules,
    bounds::Bound,
    check::{check_proof, checked, compressed, shifted, signatures},
    generators::{MAX_BITS, MAX_RANGES, h_vector, pedersen, vectors},
    randomness::public_source,
    transcript,
};

/// The outcome of each, in their order: the same as [`crate::check`] of each.
pub fn check_all(answers: &[(&[u8], &Request)], rules: &Rules<'_>) -> Vec<Result<Checked, CheckError>> {
    let mut outcomes = Vec::with_capacity(answers.len());
    let mut waiting = Vec::new();
    for (place, (bytes, request)) in answers.iter().enumerate() {
        match signatures(bytes, request, rules) {
            Ok(presentation) => {
                outcomes.push(Ok(checked(&presentation)));
                waiting.push((place, presentation, *request));
            }
            Err(error) => outcomes.push(Err(error)),
        }
    }
    if !all_hold(&waiting) {
        for (place, presentation, request) in &waiting {
            if let Err(error) = check_proof(presentation, request) {
                outcomes[*place] = Err(error);
            }
        }
    }
    outcomes
}

type Waiting<'a> = (usize, Presentation, &'a Request);

fn all_hold(waiting: &[Waiting<'_>]) -> bool {
    // Weights are drawn from every proof together: none of them could be made to fit them.
    let mut seed = Transcript::new(crate::SUITE.as_bytes());
    seed.append_message(b"purpose", b"batch");
    for (_, presentation, _) in waiting {
        seed.append_message(b"answer", &presentation.to_bytes());
        seed.append_message(b"holder-signature", &presentation.holder_signature.to_bytes());
    }
    let mut source = public_source(&seed);
    let mut sum = Sum::new();
    for (_, presentation, request) in waiting {
        if request.statement.members().is_some() {
            if check_proof(presentation, request).is_err() {
                return false;
            }
            continue;
        }
        let weights = [weight(&mut source), weight(&mut source)];
        if sum.add(presentation, request, weights).is_none() {
            return false;
        }
    }
    sum.is_zero()
}

fn weight(source: &mut merlin::TranscriptRng) -> Scalar {
    let mut wide = [0; 64];
    source.fill_bytes(&mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

/// Σ of all equations: factors of the shared generators, and every proof's own points.
struct Sum {
    base: Scalar,
    blinding: Scalar,
    g: [[Scalar; MAX_BITS]; MAX_RANGES],
    h: [[Scalar; MAX_BITS]; MAX_RANGES],
    scalars: Vec<Scalar>,
    points: Vec<RistrettoPoint>,
}

impl Sum {
    fn new() -> Self {
        Self {
            base: Scalar::ZERO,
            blinding: Scalar::ZERO,
            g: [[Scalar::ZERO; MAX_BITS]; MAX_RANGES],
            h: [[Scalar::ZERO; MAX_BITS]; MAX_RANGES],
            scalars: Vec::new(),
            points: Vec::new(),
        }
    }

    fn own(&mut self, scalar: Scalar, point: RistrettoPoint) {
        self.scalars.push(scalar);
        self.points.push(point);
    }

    /// Adds one proof, its inner-product equation and its polynomial one each with a weight. `None`: it can't hold.
    #[expect(clippy::many_single_char_names, reason = "the paper's letters")]
    fn add(&mut self, presentation: &Presentation, request: &Request, [rho, c]: [Scalar; 2]) -> Option<()> {
        let bounds: Vec<Bound> = request.statement.bounds(request.as_of).ok()?;
        let n = presentation.copy.kind.bits() as usize;
        let shifted = shifted(&bounds, &presentation.copy.points().ok()?).ok()?;
        let m = shifted.len();
        let mut transcript = transcript::begin(request, &presentation.copy);
        transcript::bounds(&mut transcript, &bounds, presentation.copy.kind.bits());
        let proof = Parts::read(&presentation.proof)?;

        transcript.append_message(b"dom-sep", b"rangeproof v1");
        transcript.append_u64(b"n", n as u64);
        transcript.append_u64(b"m", m as u64);
        for commitment in compressed(&shifted) {
            transcript.append_message(b"V", commitment.as_bytes());
        }
        append(&mut transcript, b"A", &proof.a_point)?;
        append(&mut transcript, b"S", &proof.s_point)?;
        let y = challenge(&mut transcript, b"y");
        let z = challenge(&mut transcript, b"z");
        append(&mut transcript, b"T_1", &proof.t_1)?;
        append(&mut transcript, b"T_2", &proof.t_2)?;
        let x = challenge(&mut transcript, b"x");
        transcript.append_message(b"t_x", proof.t_x.as_bytes());
        transcript.append_message(b"t_x_blinding", proof.t_x_blinding.as_bytes());
        transcript.append_message(b"e_blinding", proof.e_blinding.as_bytes());
        let w = challenge(&mut transcript, b"w");
        transcript.append_message(b"dom-sep", b"ipp v1");
        transcript.append_u64(b"n", (n * m) as u64);
        let mut u = Vec::with_capacity(proof.left_right.len());
        for (left, right) in &proof.left_right {
            append(&mut transcript, b"L", left)?;
            append(&mut transcript, b"R", right)?;
            u.push(challenge(&mut transcript, b"u"));
        }
        if n * m != 1 << u.len() {
            return None;
        }

        // One inversion for all challenges.
        let mut inverses = u.clone();
        inverses.push(y);
        Scalar::batch_invert(&mut inverses);
        let y_inverse = inverses.pop()?;
        let s = factors(&u, &inverses);
        let (a, b) = (proof.a, proof.b);
        let zz = z * z;

        self.own(rho, proof.a_point.decompress()?);
        self.own(rho * x, proof.s_point.decompress()?);
        self.own(c * x, proof.t_1.decompress()?);
        self.own(c * x * x, proof.t_2.decompress()?);
        for ((u, inverse), (left, right)) in u.iter().zip(&inverses).zip(&proof.left_right) {
            self.own(rho * u * u, left.decompress()?);
            self.own(rho * inverse * inverse, right.decompress()?);
        }
        let mut z_power = zz;
        for commitment in shifted {
            self.own(c * z_power, commitment);
            z_power *= z;
        }
        self.blinding -= rho * proof.e_blinding + c * proof.t_x_blinding;
        self.base += rho * w * (proof.t_x - a * b) + c * (delta(n, m, &y, &z) - proof.t_x);

        let (rho_a, rho_b, rho_z) = (rho * a, rho * b, rho * z);
        let mut y_power = Scalar::ONE;
        let mut z_and_2 = zz * rho;
        for j in 0..m {
            let mut power = z_and_2;
            for i in 0..n {
                let k = j * n + i;
                self.g[j][i] -= rho_z + rho_a * s[k];
                self.h[j][i] += rho_z + y_power * (power - rho_b * s[n * m - 1 - k]);
                y_power *= y_inverse;
                power += power;
            }
            z_and_2 *= z;
        }
        Some(())
    }

    fn is_zero(&self) -> bool {
        let vectors = vectors();
        let mut scalars = self.scalars.clone();
        let mut points = self.points.clone();
        scalars.extend([self.base, self.blinding]);
        points.extend([pedersen().B, pedersen().B_blinding]);
        for j in 0..MAX_RANGES {
            let share = vectors.share(j);
            scalars.extend(self.g[j].iter().chain(&self.h[j]));
            points.extend(share.G(MAX_BITS).chain(h_vector(j)));
        }
        RistrettoPoint::vartime_multiscalar_mul(scalars, points).is_identity()
    }
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

/// The products of challenges and inverse challenges that the folded generators carry.
fn factors(u: &[Scalar], inverses: &[Scalar]) -> Vec<Scalar> {
    let rounds = u.len();
    let mut s = Vec::with_capacity(1 << rounds);
    s.push(inverses.iter().product());
    for i in 1..1_usize << rounds {
        let round = i.ilog2() as usize;
        let square = u[rounds - 1 - round] * u[rounds - 1 - round];
        s.push(s[i - (1 << round)] * square);
    }
    s
}

/// (z − z²)·⟨1, yⁿᵐ⟩ − Σ z^{j+3}·⟨1, 2ⁿ⟩.
fn delta(n: usize, m: usize, y: &Scalar, z: &Scalar) -> Scalar {
    let sum = |base: &Scalar, terms: usize| {
        let mut power = Scalar::ONE;
        (0..terms).fold(Scalar::ZERO, |sum, _| {
            let next = sum + power;
            power *= base;
            next
        })
    };
    let two = sum(&Scalar::from(2_u8), n);
    (z - z * z) * sum(y, n * m) - z * z * z * two * sum(z, m)
}

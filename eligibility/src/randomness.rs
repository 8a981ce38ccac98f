//! Randomness, passed in by the caller as 64 bytes fresh from the system.
//!
//! Every secret number is drawn from these bytes mixed with the secrets and the whole transcript, so that a source that
//! repeats itself still never uses one number for two different proofs. A source that is plainly broken is refused.

use merlin::{Transcript, TranscriptRng};
use rand_core_for_bulletproofs::{CryptoRng, Error, RngCore};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// 64 fresh bytes, for one use. Wiped when dropped.
#[derive(ZeroizeOnDrop)]
pub struct Randomness(Zeroizing<[u8; 64]>);

/// What the system gave does not look random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's random source is broken; nothing was made")]
pub struct BrokenRandomness;

impl std::fmt::Debug for Randomness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Randomness(…)")
    }
}

/// Fewer different values than this among 64 random bytes come about once in 10³⁵ draws.
const DISTINCT: usize = 24;

impl Randomness {
    /// Refuses bytes that repeat themselves or have hardly any different values.
    pub fn new(bytes: [u8; 64]) -> Result<Self, BrokenRandomness> {
        let bytes = Zeroizing::new(bytes);
        let mut seen = [false; 256];
        bytes.iter().for_each(|byte| seen[usize::from(*byte)] = true);
        let distinct = seen.iter().filter(|seen| **seen).count();
        let counts_up = bytes
            .windows(2)
            .all(|two| two[1].wrapping_sub(two[0]) == bytes[1].wrapping_sub(bytes[0]));
        if distinct < DISTINCT || counts_up || bytes[..32] == bytes[32..] {
            Err(BrokenRandomness)
        } else {
            Ok(Self(bytes))
        }
    }

    /// A source for one proof: these bytes, the secrets, and everything said so far.
    pub(crate) fn source(self, transcript: &Transcript, secrets: &[&[u8]]) -> TranscriptRng {
        let mut builder = transcript.build_rng();
        for secret in secrets {
            builder = builder.rekey_with_witness_bytes(b"secret", secret);
        }
        builder = builder.rekey_with_witness_bytes(b"system", &self.0[..32]);
        builder.finalize(&mut Once(&self.0[32..]))
    }
}

/// Gives its 32 bytes to the one who asks for exactly these.
struct Once<'a>(&'a [u8]);

impl RngCore for Once<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, to: &mut [u8]) {
        let (now, later) = self.0.split_at(to.len().min(self.0.len()));
        to[..now.len()].copy_from_slice(now);
        self.0 = later;
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(to);
        Ok(())
    }
}

impl CryptoRng for Once<'_> {}

/// A source that everybody who knows the transcript draws the same numbers from: for weights, never for secrets.
pub(crate) fn public_source(transcript: &Transcript) -> TranscriptRng {
    transcript.build_rng().finalize(&mut Once(&[0; 32]))
}

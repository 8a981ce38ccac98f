//! From a passphrase to a key: Argon2id (RFC 9106), dear on purpose.

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::{Passphrase, hex_bytes::Hex};

const KIB_PER_MIB: u32 = 1024;
/// Least and most memory, in KiB: 64 MiB and 1 GiB.
const MEMORY: std::ops::RangeInclusive<u32> = 64 * KIB_PER_MIB..=1024 * KIB_PER_MIB;
const PASSES: std::ops::RangeInclusive<u32> = 3..=16;
const LANES: std::ops::RangeInclusive<u32> = 1..=4;
/// Most memory × passes, in KiB: about four seconds.
const MOST_WORK: u64 = 4 * 1024 * 1024;

/// How long opening a vault may take on the machine that made it.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(1);

/// How dear the passphrase is to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KdfChoice {
    /// 256 MiB and 3 passes, adjusted to take 0.5 to 1 s on this machine.
    Calibrated,
    /// Exactly this, within the limits; for tests.
    Fixed {
        /// Memory in MiB, 64 to 1,024.
        mib: u32,
        /// Passes over the memory, 3 to 16, together at most 4 GiB.
        passes: u32,
    },
}

/// What the header says about the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cost {
    pub(super) name: Name,
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
    pub(super) salt: Hex<32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Name {
    /// Argon2id, version 0x13.
    #[serde(rename = "argon2id")]
    Argon2id,
}

/// Why no key came of a passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KdfError {
    /// Outside the limits; nothing was allocated.
    CostRefused,
    OutOfMemory,
}

impl Cost {
    pub(super) fn new(memory_kib: u32, passes: u32, salt: [u8; 32]) -> Self {
        Self {
            name: Name::Argon2id,
            memory_kib,
            passes,
            lanes: 1,
            salt: Hex(salt),
        }
    }

    /// Every member, for what is authenticated.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let Self {
            name: _,
            memory_kib,
            passes,
            lanes,
            salt,
        } = self;
        [
            memory_kib.to_be_bytes().as_slice(),
            &passes.to_be_bytes(),
            &lanes.to_be_bytes(),
            &salt.0,
        ]
        .concat()
    }

    /// Within the limits? Looked at before anything is allocated.
    pub(super) fn check(&self) -> Result<(), KdfError> {
        let work = u64::from(self.memory_kib) * u64::from(self.passes);
        let within = MEMORY.contains(&self.memory_kib)
            && PASSES.contains(&self.passes)
            && LANES.contains(&self.lanes)
            && work <= MOST_WORK;
        if within {
            Ok(())
        } else {
            Err(KdfError::CostRefused)
        }
    }

    /// The key of this passphrase. The working memory is wiped.
    pub(super) fn derive(&self, passphrase: &Passphrase) -> Result<Zeroizing<[u8; 32]>, KdfError> {
        self.check()?;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|_| KdfError::CostRefused)?;
        let mut blocks: Vec<Block> = Vec::new();
        blocks
            .try_reserve_exact(params.block_count())
            .map_err(|_| KdfError::OutOfMemory)?;
        blocks.resize(params.block_count(), Block::new());
        let mut key = Zeroizing::new([0; 32]);
        let derived = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(
                passphrase.bytes(),
                &self.salt.0,
                key.as_mut_slice(),
                &mut blocks,
            );
        for block in &mut blocks {
            block.zeroize();
        }
        derived.map_err(|_| KdfError::CostRefused)?;
        Ok(key)
    }
}

impl KdfChoice {
    /// Settles the cost, and derives the key with it.
    pub(super) fn make(
        self,
        passphrase: &Passphrase,
        salt: [u8; 32],
    ) -> Result<(Cost, Zeroizing<[u8; 32]>), KdfError> {
        match self {
            Self::Fixed { mib, passes } => {
                let memory_kib = mib.checked_mul(KIB_PER_MIB).ok_or(KdfError::CostRefused)?;
                let cost = Cost::new(memory_kib, passes, salt);
                Ok((cost, cost.derive(passphrase)?))
            }
            Self::Calibrated => {
                let cost = Cost::new(256 * KIB_PER_MIB, 3, salt);
                let (started, busy) = (Instant::now(), time_on_cpu());
                let key = cost.derive(passphrase)?;
                let took = time_on_cpu()
                    .zip(busy)
                    .map(|(now, before)| now.saturating_sub(before));
                let adjusted = adjust(cost, took.unwrap_or_else(|| started.elapsed()));
                let key = if adjusted == cost {
                    key
                } else {
                    adjusted.derive(passphrase)?
                };
                Ok((adjusted, key))
            }
        }
    }
}

/// How long this thread has been computing, where the system says so. A busy machine must not make a weak vault.
fn time_on_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// The cost for this machine, given how long the default took: more passes on a fast one, less memory on a slow one.
fn adjust(cost: Cost, took: Duration) -> Cost {
    let took = took.max(Duration::from_millis(1)).as_secs_f64();
    if took < SHORTEST.as_secs_f64() {
        let most = (MOST_WORK / u64::from(cost.memory_kib)) as u32;
        let passes = f64::from(cost.passes) * SHORTEST.as_secs_f64() * 1.1 / took;
        Cost {
            passes: (passes.ceil() as u32).min(most).min(*PASSES.end()),
            ..cost
        }
    } else if took > LONGEST.as_secs_f64() {
        let memory = f64::from(cost.memory_kib) * LONGEST.as_secs_f64() * 0.8 / took;
        let whole_mib = memory as u32 / KIB_PER_MIB * KIB_PER_MIB;
        Cost {
            memory_kib: whole_mib.max(*MEMORY.start()),
            ..cost
        }
    } else {
        cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(memory_kib: u32, passes: u32, lanes: u32) -> Cost {
        Cost {
            lanes,
            ..Cost::new(memory_kib, passes, [0; 32])
        }
    }

    #[test]
    fn costs_under_the_floor_or_over_the_limit_are_refused() {
        let mib = KIB_PER_MIB;
        for good in [
            cost(64 * mib, 3, 1),
            cost(256 * mib, 3, 1),
            cost(1024 * mib, 4, 4),
            cost(64 * mib, 16, 1),
        ] {
            assert_eq!(good.check(), Ok(()));
        }
        for bad in [
            cost(64 * mib - 1, 3, 1),
            cost(64 * mib, 2, 1),
            cost(64 * mib, 17, 1),
            cost(1024 * mib + 1, 3, 1),
            cost(1024 * mib, 5, 1),
            cost(64 * mib, 3, 0),
            cost(64 * mib, 3, 5),
            cost(u32::MAX, u32::MAX, u32::MAX),
        ] {
            assert_eq!(bad.check(), Err(KdfError::CostRefused), "{bad:?}");
        }
    }

    #[test]
    fn calibration_stays_within_the_limits_on_any_machine() {
        let default = cost(256 * KIB_PER_MIB, 3, 1);
        for millis in [0, 1, 20, 100, 499, 500, 750, 1_000, 1_001, 2_000, 60_000] {
            let adjusted = adjust(default, Duration::from_millis(millis));
            assert_eq!(adjusted.check(), Ok(()));
            assert_eq!(
                adjusted == default,
                (500..=1_000).contains(&millis),
                "{millis} ms"
            );
            // Scaled by its work, the new cost falls into the window unless a limit stops it.
            let work = f64::from(adjusted.memory_kib * adjusted.passes) / f64::from(default.memory_kib * 3);
            let predicted = millis as f64 * work;
            if (100..3_000).contains(&millis) {
                assert!(
                    (500.0..=1_000.0).contains(&predicted),
                    "{millis} ms → {predicted} ms"
                );
            }
        }
    }
}

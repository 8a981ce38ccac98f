//! What strangers may ask of the station, all in one place.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Connections open at the same time at the public door.
pub const CONNECTIONS: usize = 256;
/// Deliveries taken at the same time.
pub const DELIVERIES: usize = 4;
/// A request line with its headers has to be here within this time.
pub const HEADERS: Duration = Duration::from_secs(10);
/// A request has to be answered within this time…
pub const REQUEST: Duration = Duration::from_secs(15);
/// …but a delivery within this.
pub const DELIVERY: Duration = Duration::from_mins(3);
/// Bytes of anything small. What is larger has its bound in [`carnet_exchange::limits`].
pub const SMALL_BYTES: usize = 16 * 1024;
/// Revocations of grants that nobody here has heard of: so many are brought to a chain, and paid, in an hour.
pub const TOMBSTONES: u16 = 20;
/// Strangers' questions that wait for the nodes of a chain at the same time.
pub const ASKING: usize = 32;
/// A picture of a code, in bytes.
pub const PICTURE_BYTES: usize = 8 << 20;
/// Wrong codes until a question is locked.
pub const TRIES: u8 = 3;

/// A token bucket for each key: `burst` at once, then `per_second`.
#[derive(Debug)]
pub struct Buckets<K> {
    burst: f64,
    per_second: f64,
    levels: Mutex<HashMap<K, (f64, Instant)>>,
}

impl<K: Hash + Eq> Buckets<K> {
    const ROOM: usize = 16_384;

    pub fn new(burst: f64, per_second: f64) -> Self {
        Self {
            burst,
            per_second,
            levels: Mutex::new(HashMap::new()),
        }
    }

    /// Takes one token; `false` when there is none.
    pub fn take(&self, key: K, now: Instant) -> bool {
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        if levels.len() >= Self::ROOM {
            let (burst, rate) = (self.burst, self.per_second);
            levels
                .retain(|_, (level, at)| now.duration_since(*at).as_secs_f64().mul_add(rate, *level) < burst);
            if levels.len() >= Self::ROOM {
                return false;
            }
        }
        let (level, at) = levels.entry(key).or_insert((self.burst, now));
        *level = now
            .duration_since(*at)
            .as_secs_f64()
            .mul_add(self.per_second, *level)
            .min(self.burst);
        *at = now;
        let enough = *level >= 1.0;
        if enough {
            *level -= 1.0;
        }
        enough
    }

    /// Gives the tokens of one key back.
    pub fn forgive(&self, key: &K) {
        self.levels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key);
    }
}

/// What counts as one stranger: an IPv4 address, or an IPv6 /64.
pub fn stranger(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let buckets = Buckets::new(3.0, 1.0);
        let start = Instant::now();
        assert!((0..3).all(|_| buckets.take("a", start)));
        assert!(!buckets.take("a", start));
        assert!(buckets.take("b", start));
        assert!(buckets.take("a", start + Duration::from_secs(1)));
        assert!(!buckets.take("a", start + Duration::from_secs(1)));
    }
}

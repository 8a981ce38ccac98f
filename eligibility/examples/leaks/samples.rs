//! Samples of each class, and what they say.

use std::{
    error::Error,
    hint::black_box,
    time::{Duration, Instant},
};

use carnet_eligibility::{Copy, Day, Issuance, Kind, Opening, Randomness, Request, issue, prove};
use curve25519_dalek::{RistrettoPoint, Scalar};
use ed25519_dalek::SigningKey;
use rand_core_for_bulletproofs::{OsRng, RngCore as _};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The slowest samples are cut off at these shares of all: what interrupts a thread is not the value's doing.
const CROPS: [f64; 6] = [1.0, 0.99, 0.95, 0.9, 0.75, 0.5];

/// One way of using a value.
struct Use {
    what: &'static str,
    statement: serde_json::Value,
    fixed: u32,
    random: fn() -> u32,
    /// Issuing is timed, not proving.
    issuing: bool,
    /// So many multiplications whose time depends on the value come on top.
    leaks: u32,
}

pub(crate) fn print(seconds: u64) {
    let places: Vec<u16> = (0..16).map(|place| place * 4_000 + 7).collect();
    let age = || json!({"statement": "age-at-least", "years": 18});
    let income = || json!({"statement": "income-below", "amount": u32::MAX, "currency": "EUR"});
    let codes = json!({"statement": "code-among", "list": "ab".repeat(32), "places": places});
    let day = || OsRng.next_u32() % 39_000;
    let amount = || OsRng.next_u32() >> 1;
    let one = |what, statement, fixed, random| Use {
        what,
        statement,
        fixed,
        random,
        issuing: false,
        leaks: 0,
    };
    let uses = [
        one("proven, 16 bits: day 0", age(), 0, day),
        one("proven, 32 bits: nothing", income(), 0, amount),
        one("proven, one of 16 codes: the first", codes, 7, || {
            OsRng.next_u32() % 16 * 4_000 + 7
        }),
        Use {
            issuing: true,
            ..one("issued, 32 bits: nothing", income(), 0, amount)
        },
        Use {
            leaks: 4,
            ..one("LEAKY proven, 16 bits: day 0", age(), 0, day)
        },
        Use {
            issuing: true,
            leaks: 1,
            ..one("LEAKY issued, 32 bits: nothing", income(), 0, amount)
        },
    ];
    println!(
        "{:36} {:>9} {:>9} {:>11} {:>11} {:>8}",
        "fixed value against random ones", "samples", "median µs", "difference", "± (1 s.e.)", "max |t|"
    );
    for case in uses {
        match case.measured(Duration::from_secs(seconds)) {
            Ok(classes) => case.say(&classes),
            Err(error) => println!("{}: not measured: {error}", case.what),
        }
    }
}

/// Nanoseconds of fixed and of random values.
type Classes = [Vec<f64>; 2];

impl Use {
    fn measured(&self, time: Duration) -> Outcome<Classes> {
        let today: Day = serde_json::from_value(json!("2026-03-01"))?;
        let request: Request = serde_json::from_value(json!({
            "statement": self.statement, "as_of": today, "audience": "x509_hash:a", "nonce": "07".repeat(32),
        }))?;
        let kind = request.statement.kind();
        let issuer = SigningKey::from_bytes(&seed());
        let mut classes = Classes::default();
        let mut warm = 50;
        let begun = Instant::now();
        while begun.elapsed() < time {
            // Keys and randomness are fresh each time, so that nothing but the value can tell the classes apart.
            let class = OsRng.next_u32() as usize % 2;
            let random = (self.random)();
            let value = [self.fixed, random][class];
            let holder = SigningKey::from_bytes(&seed());
            let spent = self.spent(&kind, &request, today, value, &issuer, &holder)?;
            if warm > 0 {
                warm -= 1;
            } else if let Some(samples) = classes.get_mut(class) {
                samples.push(spent);
            }
        }
        Ok(classes)
    }

    fn spent(
        &self,
        kind: &Kind,
        request: &Request,
        today: Day,
        value: u32,
        issuer: &SigningKey,
        holder: &SigningKey,
    ) -> Outcome<f64> {
        let public = holder.verifying_key();
        let issuance = Issuance {
            kind,
            values: &[value],
            holder: &public,
            from: today,
            until: today,
        };
        let (first, second) = (randomness()?, randomness()?);
        let before = thread_time();
        let (copy, opening): (Copy, Opening) = issue(&issuance, issuer, first)?;
        let mut begun = before;
        let mut ended = thread_time();
        if !self.issuing {
            begun = thread_time();
            black_box(prove(request, &copy, &opening, holder, second)?);
            ended = thread_time();
        }
        let leak_begun = thread_time();
        for _ in 0..self.leaks {
            let base = curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
            black_box(RistrettoPoint::vartime_double_scalar_mul_basepoint(
                &Scalar::from(black_box(value)),
                &base,
                &Scalar::ZERO,
            ));
        }
        ended += thread_time() - leak_begun;
        Ok((ended - begun) as f64)
    }

    fn say(&self, classes: &Classes) {
        let mut all: Vec<f64> = classes.concat();
        all.sort_by(f64::total_cmp);
        let at = |share: f64| {
            all.get(((all.len() as f64 * share) as usize).saturating_sub(1))
                .copied()
        };
        let worst = CROPS
            .iter()
            .filter_map(|share| welch(classes, at(*share)?))
            .max_by(|one, other| one.t().abs().total_cmp(&other.t().abs()));
        if let Some(welch) = worst {
            println!(
                "{:36} {:>9} {:>9.1} {:>8.0} ns {:>8.0} ns {:>8.2}",
                self.what,
                all.len(),
                at(0.5).unwrap_or_default() / 1_000.0,
                welch.difference,
                welch.error,
                welch.t().abs()
            );
        }
    }
}

struct Welch {
    difference: f64,
    error: f64,
}

impl Welch {
    fn t(&self) -> f64 {
        self.difference / self.error
    }
}

/// Of the samples up to `longest`.
fn welch(classes: &Classes, longest: f64) -> Option<Welch> {
    let [fixed, random] = classes.each_ref().map(|samples| {
        let kept: Vec<f64> = samples
            .iter()
            .copied()
            .filter(|sample| *sample <= longest)
            .collect();
        let count = kept.len() as f64;
        let mean = kept.iter().sum::<f64>() / count;
        let variance = kept.iter().map(|sample| (sample - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (kept.len() > 100).then_some((mean, variance / count))
    });
    let ((one, one_error), (other, other_error)) = fixed.zip(random)?;
    Some(Welch {
        difference: one - other,
        error: (one_error + other_error).sqrt(),
    })
}

fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    OsRng.fill_bytes(&mut seed);
    seed
}

fn randomness() -> Outcome<Randomness> {
    let mut bytes = [0; 64];
    OsRng.fill_bytes(&mut bytes);
    Ok(Randomness::new(bytes)?)
}

/// Nanoseconds of this thread on a processor.
fn thread_time() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

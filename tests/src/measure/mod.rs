//! What `carnet-bench-credentials`, `carnet-bench-exchange` and `carnet-bench-ledger` print: processor time of this thread, beside the bare operations that it stands on,
//! measured in the same run. One file for each family of formats.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod check;
mod did;
mod eligibility;
mod exchange;
mod ledger;
mod sd_jwt;
mod vc;

use std::{fs, hint::black_box, time::Duration};

/// Prints everything.
pub fn credentials() {
    println!(
        "{:52} {:>12} {:>12}   ratio   target",
        "one thread, processor time", "ours", "bare"
    );
    sd_jwt::print();
    vc::print();
    did::print();
    eligibility::print();
}

/// Prints what reading a question, checking an answer and a flood cost.
///
/// # Errors
/// When the station does not start or does not answer.
pub fn exchange() -> Result<(), crate::processes::Trouble> {
    println!(
        "{:52} {:>12} {:>12}   ratio   target",
        "one thread, processor time", "ours", "bare"
    );
    exchange::print()?;
    check::print()
}

/// Prints what the station's own register does and costs.
///
/// # Errors
/// When it can't be made or written.
pub fn ledger() -> Result<(), crate::processes::Trouble> {
    ledger::print()
}

/// Processor time of one run: the median of `rounds`, each of `runs` runs, after one round for the caches.
pub fn cpu_each<T>(rounds: usize, runs: u32, mut body: impl FnMut() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..=rounds)
        .map(|_| {
            let begun = thread_cpu();
            for _ in 0..runs {
                black_box(body());
            }
            thread_cpu().saturating_sub(begun) / runs
        })
        .skip(1)
        .collect();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// One line: ours, the bare operations, their ratio, and what is aimed at.
pub fn line(what: &str, ours: Duration, bare: Duration, target: &str) {
    let micros = |d: Duration| d.as_secs_f64() * 1e6;
    println!(
        "{what:52} {:>9.1} µs {:>9.1} µs   {:>5.2}   {target}",
        micros(ours),
        micros(bare),
        micros(ours) / micros(bare)
    );
}

/// Time this thread was on a processor (Linux, nanoseconds).
pub fn thread_cpu() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0))
}

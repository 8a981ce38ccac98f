//! Whether the time that a prover or an issuer takes depends on the value: Welch's t-test on processor time between one fixed
//! value and random ones, interleaved (Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?", DATE 2017).
//!
//! By hand, on a machine that does little else: `cargo run -p carnet-eligibility --example leaks -- 120` takes 120 seconds for
//! each line. |t| below 4.5 is no evidence of a leak; the last two lines leak on purpose and must be found. The mean
//! difference says how small a leak these samples could have shown.
#![allow(clippy::print_stdout, reason = "it prints its figures")]

#[cfg(unix)]
mod samples;

fn main() {
    #[cfg(unix)]
    samples::print(
        std::env::args()
            .nth(1)
            .and_then(|text| text.parse().ok())
            .unwrap_or(60),
    );
}

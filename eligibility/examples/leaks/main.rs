//! Whether the time that a prover or an issuer takes depends on the value: Welch's t-test on processor time between one fixed
//! value and random ones, interleaved (Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?", DATE 2017).
//!
//! By hand, on a machine that does little else: `cargo run -p carnet-eligibility --example leaks -- 120` takes 120 seconds for
//! each line, or with a further word for those lines only that have it. |t| below 4.5 is no evidence of a leak; the last two
//! lines leak on purpose and must be found. The standard error says how small a leak these samples could have shown.
#![allow(clippy::print_stdout, reason = "it prints its figures")]

#[cfg(unix)]
mod samples;

fn main() {
    #[cfg(unix)]
    {
        let mut arguments = std::env::args().skip(1);
        let seconds = arguments.next().and_then(|text| text.parse().ok());
        samples::print(seconds.unwrap_or(60), &arguments.next().unwrap_or_default());
    }
}

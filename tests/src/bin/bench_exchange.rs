//! Part of `make bench`: reading a question, checking an answer, a station under flood.

fn main() -> Result<(), carnet_tests::processes::Trouble> {
    carnet_tests::measure::exchange()
}

//! Part of `make bench`: the register that a station keeps itself.

fn main() -> Result<(), carnet_tests::processes::Trouble> {
    carnet_tests::measure::ledger()
}

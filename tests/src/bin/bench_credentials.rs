//! Part of `make bench`: checking credentials, looking up status and identifiers.

fn main() {
    carnet_tests::measure::credentials();
}

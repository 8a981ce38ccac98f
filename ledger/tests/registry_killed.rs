//! The crash harness, as often as a test run can afford. `make crash` goes on for longer.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::{
    path::Path,
    process::{Command, Output},
};

fn carnet_crash_ledger(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_carnet-crash-ledger"));
    command.args(arguments);
    // A kill leaves what the system has in memory: a folder in memory is as good, and doesn't wait for the disk.
    if Path::new("/dev/shm").is_dir() {
        command.args(["--folder", "/dev/shm"]);
    }
    command.output().unwrap()
}

fn expect_nothing_lost(engine: &str) {
    let output = carnet_crash_ledger(&["--engine", engine, "--kills", "200"]);
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn two_hundred_kills_of_a_registry_on_sled_lose_no_operation_and_no_state_of_its_log() {
    expect_nothing_lost("sled");
}

#[test]
fn two_hundred_kills_of_a_registry_on_redb_lose_no_operation_and_no_state_of_its_log() {
    expect_nothing_lost("redb");
}

#[test]
fn a_store_that_answers_before_it_has_written_is_found_out() {
    let output = carnet_crash_ledger(&["--engine", "redb", "--kills", "12", "--hasty"]);
    assert_eq!(output.status.code(), Some(1));
}

//! The crash harness, as often as a test run can afford. `make crash` goes on for longer.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::{path::Path, process::Command};

fn carnet_crash(arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_carnet-crash"));
    command.args(arguments);
    // A kill leaves what the system has in memory: a folder in memory is as good, and doesn't wait for the disk.
    if Path::new("/dev/shm").is_dir() {
        command.args(["--folder", "/dev/shm"]);
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn two_hundred_kills_lose_nothing_with_sled() {
    carnet_crash(&["--engine", "sled", "--kills", "200"]);
}

#[test]
fn two_hundred_kills_lose_nothing_with_redb() {
    carnet_crash(&["--engine", "redb", "--kills", "200"]);
}

#[test]
fn no_fault_loses_anything_or_passes_in_silence_with_sled() {
    carnet_crash(&["--engine", "sled", "--faults"]);
}

#[test]
fn no_fault_loses_anything_or_passes_in_silence_with_redb() {
    carnet_crash(&["--engine", "redb", "--faults"]);
}

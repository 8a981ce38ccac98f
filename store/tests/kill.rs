//! A process that is killed at any moment has lost nothing that it acknowledged.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::{
    env,
    io::{BufRead, BufReader, Write},
    ops::ControlFlow,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use carnet_store::{Batch, Store, open_sled};

const FOLDER: &str = "CARNET_STORE_TEST_FOLDER";
const KILLS: u64 = 20;

/// Batch `n` puts three entries and `last`, and deletes one entry of batch `n - 5`. Every third has a large value.
fn batch(n: u64) -> Batch {
    let mut batch = Batch::new();
    for part in 0..3 {
        batch.put(key(n, part), value(n, part));
    }
    if let Some(earlier) = n.checked_sub(5) {
        batch.delete(key(earlier, 2));
    }
    batch.put("last", n.to_be_bytes());
    batch
}

fn key(n: u64, part: u64) -> Vec<u8> {
    format!("{n:06}/{part}").into_bytes()
}

fn value(n: u64, part: u64) -> Vec<u8> {
    let length = if n.is_multiple_of(3) && part > 0 {
        70_000
    } else {
        10 + n * 797 % 20_000
    };
    vec![(n + part) as u8; length as usize]
}

fn last(store: &dyn Store) -> u64 {
    store
        .get(b"last")
        .unwrap()
        .map_or(0, |bytes| u64::from_be_bytes(bytes.try_into().unwrap()))
}

/// The part of the child: commits without end, and says each number once it is acknowledged.
fn write_without_end(dir: &Path) {
    let store = open_sled(dir).unwrap();
    for n in last(&store) + 1.. {
        store.commit(batch(n)).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {n}").unwrap();
        out.flush().unwrap();
    }
}

/// Everything up to `last`, and nothing of a later batch.
fn check(store: &dyn Store) -> u64 {
    let last = last(store);
    let mut expected = vec![];
    for n in 1..=last {
        let parts = if n + 5 <= last { 0..2 } else { 0..3 };
        expected.extend(parts.map(|part| (key(n, part), value(n, part))));
    }
    let mut expected = expected.into_iter();
    store
        .scan(b"0", &mut |key, value| {
            let (expected_key, expected_value) = expected.next().unwrap();
            assert_eq!(key, expected_key);
            assert!(
                value == expected_value,
                "value of {}",
                String::from_utf8_lossy(key)
            );
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(expected.next(), None, "entries are missing");
    last
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    if let Some(dir) = env::var_os(FOLDER) {
        return write_without_end(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    for round in 0..KILLS {
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "--nocapture",
                "nothing_acknowledged_is_lost_when_the_process_is_killed",
            ])
            .env(FOLDER, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut newest = 0;
        let wanted = 1 + round * 7 % 12;
        let mut heard = 0;
        let read = |line: Option<std::io::Result<String>>, newest: &mut u64| {
            let line = line?.ok()?;
            if let Some((_, number)) = line.split_once("acknowledged ") {
                *newest = number.parse().unwrap();
            }
            Some(())
        };
        while heard < wanted {
            let before = newest;
            read(lines.next(), &mut newest).expect("the writer ended by itself");
            heard += u64::from(newest != before);
        }
        // Each round strikes at another point of the next batch.
        let heard_at = Instant::now();
        while heard_at.elapsed() < Duration::from_micros(round * 311 % 4_000) {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        while read(lines.next(), &mut newest).is_some() {}

        let found = check(&open_sled(dir.path()).unwrap());
        assert!(found >= newest, "acknowledged {newest}, found {found}");
        assert!(found <= newest + 1, "acknowledged {newest}, found {found}");
    }
}

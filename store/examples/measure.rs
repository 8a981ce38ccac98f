//! What the engines take: `cargo run --workspace --all-features --example store-measure`.
#![expect(clippy::print_stdout, reason = "it is what the program is for")]

use std::{error::Error, fs, ops::ControlFlow, path::Path, time::Duration};

use carnet_store::{Batch, EngineKind, Store, open, open_existing};

const ENTRIES: u64 = 100_000;
const AT_ONCE: u64 = 1_000;
const VALUE_BYTES: usize = 600;
const KEY_BYTES: usize = 25;

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "{:5} {:34} {:>9} {:>9} {:>7} {:>8} {:>8} {:>8}",
        "", "", "put MB", "disk MB", "factor", "CPU s", "open s", "RSS MB"
    );
    for kind in EngineKind::ALL {
        many_small(kind)?;
        many_large(kind)?;
    }
    Ok(())
}

/// 100,000 entries of 600 bytes with random keys, 1,000 at a time.
fn many_small(kind: EngineKind) -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let mut random = 1;
    let started = cpu();
    let store = open(dir.path(), kind)?;
    for _ in 0..ENTRIES / AT_ONCE {
        let mut batch = Batch::new();
        for _ in 0..AT_ONCE {
            batch.put(bytes(KEY_BYTES, &mut random), bytes(VALUE_BYTES, &mut random));
        }
        store.commit(batch)?;
    }
    let put = ENTRIES * (KEY_BYTES + VALUE_BYTES) as u64;
    report(
        kind,
        "100,000 of 600 B, open",
        put,
        dir.path(),
        since(started),
        None,
    );
    let started = cpu();
    drop(store);
    report(
        kind,
        "… closed",
        put,
        dir.path(),
        since(started),
        Some(reopen(dir.path())?),
    );
    fs::remove_file(dir.path().join("clean"))?;
    report(
        kind,
        "… opened after a kill",
        put,
        dir.path(),
        Duration::ZERO,
        Some(reopen(dir.path())?),
    );
    let store = open_existing(dir.path())?;
    let started = cpu();
    store.compact()?;
    drop(store);
    report(
        kind,
        "… compacted",
        put,
        dir.path(),
        since(started),
        Some(reopen(dir.path())?),
    );
    let started = cpu();
    let mut seen = 0;
    open_existing(dir.path())?.scan(b"", &mut |_, _| {
        seen += 1;
        ControlFlow::Continue(())
    })?;
    report(
        kind,
        "… opened and scanned",
        put,
        dir.path(),
        since(started),
        None,
    );
    Ok(())
}

/// 2,000 large values and 20,000 small ones.
fn many_large(kind: EngineKind) -> Result<(), Box<dyn Error>> {
    const LARGE_BYTES: usize = 256 * 1024;
    let dir = tempfile::tempdir()?;
    let mut random = 2;
    let started = cpu();
    let store = open(dir.path(), kind)?;
    for _ in 0..20 {
        let mut batch = Batch::new();
        for _ in 0..AT_ONCE {
            batch.put(bytes(KEY_BYTES, &mut random), bytes(VALUE_BYTES, &mut random));
        }
        for _ in 0..100 {
            batch.put(bytes(KEY_BYTES, &mut random), bytes(LARGE_BYTES, &mut random));
        }
        store.commit(batch)?;
    }
    drop(store);
    let put = 20 * (AT_ONCE * (KEY_BYTES + VALUE_BYTES) as u64 + 100 * LARGE_BYTES as u64);
    report(
        kind,
        "20,000 of 600 B, 2,000 of 256 KiB",
        put,
        dir.path(),
        since(started),
        Some(reopen(dir.path())?),
    );
    Ok(())
}

fn reopen(dir: &Path) -> Result<Duration, Box<dyn Error>> {
    let started = cpu();
    let store = open_existing(dir)?;
    let opened = since(started);
    drop(store);
    Ok(opened)
}

fn report(kind: EngineKind, what: &str, put: u64, dir: &Path, cpu: Duration, open: Option<Duration>) {
    const MEGABYTE: f64 = 1e6;
    let disk = size(dir);
    println!(
        "{:5} {what:34} {:>9.1} {:>9.1} {:>7.2} {:>8.2} {:>8} {:>8}",
        kind.name(),
        put as f64 / MEGABYTE,
        disk as f64 / MEGABYTE,
        disk as f64 / put as f64,
        cpu.as_secs_f64(),
        open.map_or_else(|| "–".to_owned(), |open| format!("{:.2}", open.as_secs_f64())),
        resident() / 1024,
    );
}

/// Bytes that the files take on the disk: holes and what was only reserved don't count.
fn size(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => size(&entry.path()),
            Ok(about) => blocks(&about),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(unix)]
fn blocks(about: &fs::Metadata) -> u64 {
    512 * std::os::unix::fs::MetadataExt::blocks(about)
}

#[cfg(not(unix))]
fn blocks(about: &fs::Metadata) -> u64 {
    about.len()
}

fn bytes(length: usize, random: &mut u64) -> Vec<u8> {
    (0..length.div_ceil(8))
        .flat_map(|_| {
            *random ^= *random << 13;
            *random ^= *random >> 7;
            *random ^= *random << 17;
            random.to_le_bytes()
        })
        .take(length)
        .collect()
}

fn since(started: Duration) -> Duration {
    cpu().saturating_sub(started)
}

/// Processor time of this process (Linux; in hundredths of a second).
fn cpu() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<u64> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    Duration::from_millis(fields.iter().sum::<u64>() * 10)
}

/// Memory of this process in KiB (Linux).
fn resident() -> u64 {
    fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

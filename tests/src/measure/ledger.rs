//! The register that a station keeps itself: one grant alone, many at once with log and promises, a look, and a large one opened.

use std::{
    env, fs,
    hint::black_box,
    io::Write as _,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use carnet_consent::GrantId;
use carnet_credentials::signature::QuickP256;
use carnet_exchange::promise::{self, Operation, Promise};
use carnet_ledger::{
    Grant, Ledger, LedgerError, address_of,
    embedded::{Embedded, chain_id_from},
    grant_id, sign_grant,
};
use carnet_store::{EngineKind, open};
use k256::ecdsa::{RecoveryId, Signature, SigningKey};
use secp256k1::{Message, SECP256K1, ecdsa::RecoverableSignature};

use super::{cpu_each, line, thread_cpu};
use crate::processes::Trouble;

/// Unix seconds, on the hour.
const NOW: u64 = 1_900_000_800;
const DAY: u64 = 24 * 60 * 60;
const ALONE: u64 = 200;
const CALLERS: usize = 512;
const TOGETHER: u64 = 8_192;
/// Grants of the large register, unless the variable says otherwise.
const LARGE: u64 = 100_000;
const LARGE_IS: &str = "CARNET_BENCH_GRANTS";

fn trouble(error: impl std::fmt::Display) -> Trouble {
    Trouble(error.to_string())
}

type Signed = (Grant, [u8; 65]);

/// Different grants, signed. One key for all: what differs between two persons costs the same.
fn grants(ledger: &Embedded, key: &SigningKey, numbers: std::ops::Range<u64>) -> Vec<Signed> {
    let domain = ledger.domain();
    let one = |n: u64| {
        let mut commitment = [0; 32];
        commitment[..8].copy_from_slice(&n.to_be_bytes());
        let grant = Grant {
            subject: address_of(key),
            commitment,
            not_before: NOW,
            expiry: NOW + DAY,
            revoke_hash: commitment,
        };
        (grant, sign_grant(&domain, &grant, key))
    };
    numbers.map(one).collect()
}

pub(super) fn print() -> Result<(), Trouble> {
    let key = SigningKey::from_slice(&[7; 32]).map_err(trouble)?;
    let recover = bare_recovery(&key)?;
    println!(
        "\na register in the station: bare recovery of a signer {:.1} µs of a processor",
        micros(recover)
    );
    for kind in EngineKind::ALL {
        one_engine(kind, &key, recover)?;
    }
    Ok(())
}

fn one_engine(kind: EngineKind, key: &SigningKey, recover: Duration) -> Result<(), Trouble> {
    let name = kind.name();
    let folder = tempfile::tempdir().map_err(trouble)?;
    let fsync = bare_fsync(folder.path())?;
    let ledger = opened(folder.path(), kind)?;
    let empty = look(&ledger, &[0; 32]);

    let alone = grants(&ledger, key, 0..ALONE);
    let (mut times, cpu) = (Vec::new(), thread_cpu());
    for (grant, signature) in &alone {
        let begun = Instant::now();
        ledger.grant(grant, signature).map_err(trouble)?;
        times.push(begun.elapsed());
    }
    let cpu = (thread_cpu().saturating_sub(cpu)) / u32::try_from(ALONE).unwrap_or(1);
    line(
        &format!("{name}: one grant, durable, p50 (bare: an fsync)"),
        median(&mut times),
        fsync,
        "≤ 2,000 µs idle",
    );
    line(
        &format!("{name}: processor time of it (bare: a recovery)"),
        cpu,
        recover,
        "",
    );
    together(name, &ledger, key)?;
    let id = grant_id(&ledger.domain(), &alone[0].0);
    drop(ledger);
    large(kind, folder.path(), key, (&id, empty))
}

/// As a station does it: every grant with its promise.
fn together(name: &str, ledger: &Embedded, key: &SigningKey) -> Result<(), Trouble> {
    let all = grants(ledger, key, ALONE..ALONE + TOGETHER);
    let log_key = p256::ecdsa::SigningKey::from_slice(&[5; 32]).map_err(trouble)?;
    let log_key = QuickP256::new(&log_key).ok_or_else(|| trouble("the key is not taken"))?;
    let (begun, cpu) = (Instant::now(), process_cpu());
    let mut times = by_many(ledger, &all, Some(&log_key))?;
    let (wall, cpu) = (begun.elapsed(), process_cpu().saturating_sub(cpu));
    let many = all.len() as f64;
    println!(
        "{name}: {CALLERS} callers, with log and promises: {:.0} grants/s, p50 {:.0} ms; {:.1} µs of a processor each, so at most {:.0}/s on two",
        many / wall.as_secs_f64(),
        median(&mut times).as_secs_f64() * 1e3,
        cpu.as_secs_f64() * 1e6 / many,
        2.0 * many / cpu.as_secs_f64(),
    );
    Ok(())
}

/// A register of very many: on disk, opened, and looked at.
fn large(
    kind: EngineKind,
    folder: &Path,
    key: &SigningKey,
    (id, empty): (&[u8; 32], Duration),
) -> Result<(), Trouble> {
    const STRETCH: u64 = 20_000;
    let asked: u64 = env::var(LARGE_IS)
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(LARGE);
    let mut many = ALONE + TOGETHER;
    let ledger = opened(folder, kind)?;
    while many < asked {
        let next = (many + STRETCH).min(asked);
        by_many(&ledger, &grants(&ledger, key, many..next), None)?;
        many = next;
    }
    drop(ledger);
    let bytes = size_of(folder)?;
    let (begun, cpu) = (Instant::now(), process_cpu());
    let ledger = opened(folder, kind)?;
    let (wall, cpu) = (begun.elapsed(), process_cpu().saturating_sub(cpu));
    let full = look(&ledger, id);
    println!(
        "{}: {many} grants: {} bytes each; opened in {:.2} s ({:.2} s of a processor)",
        kind.name(),
        bytes / many,
        wall.as_secs_f64(),
        cpu.as_secs_f64(),
    );
    line(
        &format!(
            "{}: a look, {:.0}/s and core (bare: of an empty one)",
            kind.name(),
            1.0 / full.as_secs_f64()
        ),
        full,
        empty,
        "≥ 300,000/s, ≤ 2 ×",
    );
    Ok(())
}

/// Gives how long each of them waited.
fn by_many(ledger: &Embedded, all: &[Signed], log_key: Option<&QuickP256>) -> Result<Vec<Duration>, Trouble> {
    let one = |(grant, signature): &Signed| -> Result<Duration, Trouble> {
        let begun = Instant::now();
        let recorded = ledger.grant(grant, signature).map_err(trouble)?;
        if let Some(log_key) = log_key {
            let domain = ledger.domain();
            let promise = Promise {
                grant_id: GrantId(grant_id(&domain, grant)),
                operation: Operation::Grant,
                sequence: recorded.sequence,
                time: recorded.time,
                chain_id: domain.chain_id.to_string(),
                registry: domain.registry.to_string(),
            };
            black_box(promise::sign(&promise, log_key).map_err(trouble)?);
        }
        Ok(begun.elapsed())
    };
    thread::scope(|scope| {
        let callers: Vec<_> = all
            .chunks(all.len().div_ceil(CALLERS).max(1))
            .map(|part| scope.spawn(|| part.iter().map(one).collect::<Result<Vec<_>, _>>()))
            .collect();
        let mut times = Vec::with_capacity(all.len());
        for caller in callers {
            times.extend(caller.join().map_err(|_| trouble("a caller panicked"))??);
        }
        Ok(times)
    })
}

fn opened(folder: &Path, kind: EngineKind) -> Result<Embedded, Trouble> {
    let store = open(folder, kind).map_err(trouble)?;
    Embedded::open(Arc::new(store), chain_id_from([3; 8]), Arc::new(|| NOW)).map_err(trouble)
}

fn look(ledger: &Embedded, id: &[u8; 32]) -> Duration {
    cpu_each(9, 20_000, || -> Result<_, LedgerError> { ledger.status(id) })
}

/// What the EVM does for each signature, by itself.
fn bare_recovery(key: &SigningKey) -> Result<Duration, Trouble> {
    let digest = [9; 32];
    let (signature, recovery): (Signature, RecoveryId) = key.sign_prehash_recoverable(&digest);
    let recovery = i32::from(recovery.to_byte()).try_into().map_err(trouble)?;
    let signature = RecoverableSignature::from_compact(&signature.to_bytes(), recovery).map_err(trouble)?;
    let message = Message::from_digest(digest);
    SECP256K1.recover_ecdsa(message, &signature).map_err(trouble)?;
    Ok(cpu_each(9, 4_000, || {
        SECP256K1.recover_ecdsa(message, &signature)
    }))
}

/// A kilobyte appended and made durable: median.
fn bare_fsync(folder: &Path) -> Result<Duration, Trouble> {
    let path = folder.join("bare");
    let mut file = fs::File::create(&path).map_err(trouble)?;
    let mut times = Vec::new();
    for _ in 0..ALONE {
        let begun = Instant::now();
        file.write_all(&[0x5a; 1_024]).map_err(trouble)?;
        file.sync_data().map_err(trouble)?;
        times.push(begun.elapsed());
    }
    fs::remove_file(path).map_err(trouble)?;
    Ok(median(&mut times))
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Blocks that the files take, so that what is only reserved does not count.
fn size_of(folder: &Path) -> Result<u64, Trouble> {
    use std::os::unix::fs::MetadataExt as _;
    let mut bytes = 0;
    for entry in fs::read_dir(folder).map_err(trouble)? {
        let entry = entry.map_err(trouble)?;
        let facts = entry.metadata().map_err(trouble)?;
        bytes += if facts.is_dir() {
            size_of(&entry.path())?
        } else {
            facts.blocks() * 512
        };
    }
    Ok(bytes)
}

/// Time that all threads of this process were on a processor (Linux; to a hundredth of a second).
fn process_cpu() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the program's name, which stands in brackets: fields 14 and 15 of proc(5), in ticks of 10 ms.
    let ticks: u64 = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(10 * ticks)
}

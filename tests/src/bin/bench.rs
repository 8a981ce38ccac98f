//! `make bench`: the figures of the main job, on loopback, each beside what it is made of. Medians of wall time and of
//! this thread's CPU time; the machine is shared, so look at the ratios.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    fs,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Params, Version};
use carnet_tests::{Desk, Station, decades, processes::Trouble, records};
use carnet_wallet_core::{
    Choice, Clock, Source, Wallet, unwatched,
    vault::{KdfChoice, Passphrase},
    views::RecordsFilter,
};
use serde_json::Value;

const MEBIBYTES: u32 = 64;
const PASSES: u32 = 3;
const PASSPHRASE: &str = "a lamp, two boats and the long road";

fn main() -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => match measure(&runtime).and_then(|()| measure_decades(&runtime)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(trouble) => {
                eprintln!("the measurement stopped: {trouble}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Wall and CPU time of one run.
fn timed<T>(body: impl FnOnce() -> Result<T, Trouble>) -> Result<(T, Duration, Duration), Trouble> {
    let (wall, cpu) = (Instant::now(), thread_cpu());
    let result = body()?;
    Ok((result, wall.elapsed(), thread_cpu().saturating_sub(cpu)))
}

/// Time this thread was on a processor (Linux, nanoseconds).
fn thread_cpu() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0))
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn line(what: &str, target: &str, wall: &mut [Duration], cpu: Option<&mut [Duration]>, beside: &str) {
    let ms = |d: Duration| format!("{:8.1} ms", d.as_secs_f64() * 1000.0);
    let cpu = cpu.map_or_else(|| "          –".to_owned(), |c| ms(median(c)));
    println!("{what:46} {} {cpu}   {target:9} {beside}", ms(median(wall)));
}

fn trouble(error: impl std::fmt::Display) -> Trouble {
    Trouble(error.to_string())
}

fn measure(runtime: &tokio::runtime::Runtime) -> Result<(), Trouble> {
    println!("{:46} {:>11} {:>11}   {:9} beside", "", "wall", "CPU", "target");
    let home = tempfile::tempdir().map_err(trouble)?;
    let station = Station::start(&home.path().join("station"), "Northgate Clinic")?;
    let desk = Desk::at(&station)?;
    let trust = fs::read(&station.trust_list).map_err(trouble)?;
    let passphrase = Passphrase::new("a lamp, two boats and the long road".to_owned());
    let kdf = KdfChoice::Fixed {
        mib: MEBIBYTES,
        passes: PASSES,
    };

    let large = records::project().join(
        "../shared/data/fhir/synthea-r4/LARGE_Fletcher_Hyatt_fe0562b5-f517-4951-8366-32fdab088930.json",
    );
    let (file, named) = if large.is_file() {
        (large, "3.9 MB Synthea bundle")
    } else {
        (
            records::project().join("demo/maria.json"),
            "sample bundle (the 3.9 MB one is absent)",
        )
    };
    let bytes = fs::read(file).map_err(trouble)?;

    let (mut import, mut import_cpu, mut parse) = (vec![], vec![], vec![]);
    for run in 0..5 {
        let folder = home.path().join(format!("import-{run}"));
        let wallet = Wallet::create(&folder, &passphrase, kdf, Clock::system())
            .map_err(trouble)?
            .wallet;
        let ((), wall, cpu) = timed(|| take_in(&wallet, &bytes))?;
        import.push(wall);
        import_cpu.push(cpu);
        let ((), wall, _) = timed(|| serde_json::from_slice::<Value>(&bytes).map(drop).map_err(trouble))?;
        parse.push(wall);
    }
    let bare = median(&mut parse);
    line(
        &format!("import, {named}"),
        "≤ 1000 ms",
        &mut import,
        Some(&mut import_cpu),
        &format!("serde_json alone {bare:.1?}"),
    );

    let vault = home.path().join("import-0");
    let (mut rest, mut rest_cpu, mut kdfs) = (vec![], vec![], vec![]);
    for _ in 0..7 {
        let ((), kdf_wall, kdf_cpu) = timed(bare_kdf)?;
        let (wallet, wall, cpu) =
            timed(|| Wallet::unlock(&vault, &passphrase, Clock::system()).map_err(trouble))?;
        drop(wallet);
        rest.push(wall.saturating_sub(kdf_wall));
        rest_cpu.push(cpu.saturating_sub(kdf_cpu));
        kdfs.push(kdf_wall);
    }
    let kdf_alone = median(&mut kdfs);
    line(
        "unlock minus the KDF",
        "≤ 100 ms",
        &mut rest,
        Some(&mut rest_cpu),
        &format!("Argon2id {MEBIBYTES} MiB, t = {PASSES} alone {kdf_alone:.1?}"),
    );

    let folder = home.path().join("patient");
    let wallet = Wallet::create(&folder, &passphrase, kdf, Clock::system())
        .map_err(trouble)?
        .wallet;
    wallet.take_trust(&trust).map_err(trouble)?;
    take_in(&wallet, &bytes)?;
    let (mut ask, mut grant, mut readable, mut denied) = (vec![], vec![], vec![], vec![]);
    let mut fsyncs = vec![];
    for _ in 0..9 {
        let asked = desk.ask(
            "TREAT",
            &[
                ("patient/Condition.rs", true),
                ("patient/MedicationRequest.rs", true),
                ("patient/Observation.rs?category=laboratory", false),
            ],
            30,
        )?;
        let uri = asked["uri"].as_str().unwrap_or_default().to_owned();
        let (question, wall, _) = timed(|| runtime.block_on(wallet.inspect(&uri)).map_err(trouble))?;
        ask.push(wall);
        let begun = Instant::now();
        let answer = runtime
            .block_on(wallet.answer(&question.request_id, &Choice::All, &[]))
            .map_err(trouble)?;
        grant.push(begun.elapsed());
        let grant_id = answer.grant_id.unwrap_or_default();
        desk.confirm(
            asked["id"].as_str().unwrap_or_default(),
            &answer.code.unwrap_or_default(),
        )?;
        let (status, _) = desk.records(&grant_id)?;
        readable.push(begun.elapsed());
        if status != 200 {
            return Err(Trouble(format!("the desk reads with {status}")));
        }
        let begun = Instant::now();
        runtime
            .block_on(wallet.revoke(answer.consent_id.as_deref().unwrap_or_default()))
            .map_err(trouble)?;
        let (status, _) = desk.records(&grant_id)?;
        denied.push(begun.elapsed());
        if status != 403 {
            return Err(Trouble(format!("after taking back the desk reads with {status}")));
        }
        fsyncs.push(bare_fsync(home.path())?);
    }
    let fsync = format!("bare write + fsync {:.1?}", median(&mut fsyncs));
    line("link read → question", "≤ 300 ms", &mut ask, None, "");
    line(
        "grant → active on the ledger, delivered, durable",
        "≤ 300 ms",
        &mut grant,
        None,
        &fsync,
    );
    line(
        "grant → records read at the desk",
        "≤ 500 ms",
        &mut readable,
        None,
        "digits typed at once",
    );
    line(
        "taken back → next read denied",
        "≤ 300 ms",
        &mut denied,
        None,
        &fsync,
    );
    Ok(())
}

/// A lifetime: 100,000 resources.
fn measure_decades(runtime: &tokio::runtime::Runtime) -> Result<(), Trouble> {
    // More by hand: 550000 are a GiB.
    let resources: u32 = std::env::var("CARNET_BENCH_RESOURCES")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(100_000);
    let home = tempfile::tempdir().map_err(trouble)?;
    let file = home.path().join("decades.json");
    let input = decades::write_decades(&file, resources)?;
    println!("\n{resources} resources, {:.0} MiB", mib(input));

    let bytes = fs::read(&file).map_err(trouble)?;
    let ((), parse, parse_cpu) = timed(|| {
        let entries: Value = serde_json::from_slice(&bytes).map_err(trouble)?;
        drop(entries);
        Ok(())
    })?;
    let ((), write, _) = timed(|| {
        let path = home.path().join("bare");
        fs::write(&path, &bytes).map_err(trouble)?;
        fs::File::open(&path).and_then(|f| f.sync_all()).map_err(trouble)
    })?;
    drop(bytes);

    let folder = home.path().join("vault");
    decades::cost_of(&folder, PASSPHRASE, &["init"])?;
    let path = file.to_string_lossy().into_owned();
    let import = decades::cost_of(&folder, PASSPHRASE, &["records", "import", &path])?;
    if import.answer["imported"] != resources {
        return Err(Trouble(format!("not all were imported: {}", import.answer)));
    }
    let beside =
        format!("parsing alone {parse:.1?} (CPU {parse_cpu:.1?}), writing and syncing alone {write:.1?}");
    line(
        "import, by a carnet process",
        "≤ 60 s",
        &mut [import.wall],
        Some(&mut [import.cpu]),
        &beside,
    );
    println!(
        "{:46} {:8.0} MiB               ≤ 300 MiB the KDF's 64 MiB are given back before",
        "most memory while importing",
        mib(import.peak)
    );
    let space = decades::bytes_under(&folder);
    println!(
        "{:46} {:8.2} ×                 ≤ 3 ×     {:.0} MiB",
        "space on the disk by input, sled",
        space as f64 / input as f64,
        mib(space)
    );
    measure_rescue(home.path(), &folder, input)?;

    let passphrase = Passphrase::new(PASSPHRASE.to_owned());
    let ((), kdf_wall, kdf_cpu) = timed(bare_kdf)?;
    let (wallet, wall, cpu) =
        timed(|| Wallet::unlock(&folder, &passphrase, Clock::system()).map_err(trouble))?;
    line(
        "open minus the KDF",
        "≤ 1 s",
        &mut [wall.saturating_sub(kdf_wall)],
        Some(&mut [cpu.saturating_sub(kdf_cpu)]),
        "",
    );
    let (_, wall, cpu) = timed(|| wallet.home().map_err(trouble))?;
    line("first screen", "", &mut [wall], Some(&mut [cpu]), "");
    let filter = RecordsFilter::default();
    let (_, wall, cpu) = timed(|| wallet.records_page(&filter, 0, 50).map_err(trouble))?;
    line(
        "first page of the list, index read",
        "≤ 1 s",
        &mut [wall],
        Some(&mut [cpu]),
        "",
    );
    let text = RecordsFilter {
        text: Some("warfarin".to_owned()),
        ..filter
    };
    let (_, wall, cpu) = timed(|| wallet.records_page(&text, 100, 50).map_err(trouble))?;
    line(
        "a page of what is searched for",
        "",
        &mut [wall],
        Some(&mut [cpu]),
        "",
    );
    let lines = wallet.records(Some("Observation")).map_err(trouble)?;
    let (mut shown, mut shown_cpu) = (vec![], vec![]);
    for record in lines.iter().step_by(lines.len() / 100 + 1) {
        let (_, wall, cpu) = timed(|| wallet.record(&record.id).map_err(trouble))?;
        shown.push(wall);
        shown_cpu.push(cpu);
    }
    line(
        "a record shown, with its series",
        "≤ 5 ms",
        &mut shown,
        Some(&mut shown_cpu),
        "",
    );
    let ((), wall, cpu) = timed(|| {
        wallet
            .export_records(&mut std::io::sink())
            .map(drop)
            .map_err(trouble)
    })?;
    line("everything exported", "", &mut [wall], Some(&mut [cpu]), "");

    let station = Station::start(&home.path().join("station"), "Northgate Clinic")?;
    let desk = Desk::at(&station)?;
    let trust = fs::read(&station.trust_list).map_err(trouble)?;
    wallet.take_trust(&trust).map_err(trouble)?;
    let items = [("patient/Condition.rs", true), ("patient/Observation.rs", false)];
    let asked = desk.ask("TREAT", &items, 30)?;
    let uri = asked["uri"].as_str().unwrap_or_default();
    let (question, wall, cpu) = timed(|| runtime.block_on(wallet.inspect(uri)).map_err(trouble))?;
    let matching: u32 = question.items.iter().map(|item| item.matching).sum();
    line(
        "link read → question over all of it",
        "",
        &mut [wall],
        Some(&mut [cpu]),
        &format!("{matching} records match"),
    );
    let choice = Choice::Required;
    let (answer, wall, cpu) = timed(|| {
        let answer = wallet.answer(&question.request_id, &choice, &[]);
        runtime.block_on(answer).map_err(trouble)
    })?;
    line(
        "grant → delivered",
        "",
        &mut [wall],
        Some(&mut [cpu]),
        &format!("{} records", answer.records),
    );
    Ok(())
}

/// A backup, a wallet made of it on another device, and the other storage engine.
fn measure_rescue(home: &Path, folder: &Path, input: u64) -> Result<(), Trouble> {
    let backup = home.join("backup");
    let path = backup.to_string_lossy().into_owned();
    let made = decades::cost_of(folder, PASSPHRASE, &["backup", "create", &path])?;
    let restored = decades::cost_of(&home.join("another"), PASSPHRASE, &["backup", "restore", &path])?;
    for (what, cost) in [("backup", made), ("restore", restored)] {
        line(
            &format!("{what} of all of it, by a carnet process"),
            "",
            &mut [cost.wall],
            Some(&mut [cost.cpu]),
            "",
        );
        println!(
            "{:46} {:8.0} MiB               ≤ 300 MiB",
            format!("most memory for the {what}"),
            mib(cost.peak)
        );
    }
    let size = fs::metadata(&backup).map_err(trouble)?.len();
    println!(
        "{:46} {:8.2} ×",
        "size of the backup by input",
        size as f64 / input as f64
    );
    let other = home.join("another");
    let converted = decades::cost_of(&other, PASSPHRASE, &["vault", "convert", "--store", "redb"])?;
    line(
        "sled → redb, by a carnet process",
        "",
        &mut [converted.wall],
        Some(&mut [converted.cpu]),
        "",
    );
    println!(
        "{:46} {:8.2} ×                 ≤ 2.5 ×",
        "space on the disk by input, redb",
        decades::bytes_under(&other) as f64 / input as f64
    );
    fs::remove_dir_all(&other).map_err(trouble)
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn take_in(wallet: &Wallet, bytes: &[u8]) -> Result<(), Trouble> {
    let done = wallet.import(&mut Source::bytes("records.json", bytes), false, &mut unwatched);
    done.map(drop).map_err(trouble)
}

fn bare_kdf() -> Result<(), Trouble> {
    let params = Params::new(MEBIBYTES * 1024, PASSES, 1, Some(32)).map_err(trouble)?;
    let mut out = [0_u8; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(PASSPHRASE.as_bytes(), b"0123456789abcdef", &mut out)
        .map_err(trouble)
}

fn bare_fsync(folder: &std::path::Path) -> Result<Duration, Trouble> {
    let begun = Instant::now();
    let path = folder.join("fsync");
    fs::write(&path, [7_u8; 4096]).map_err(trouble)?;
    fs::File::open(&path)
        .and_then(|f| f.sync_all())
        .map_err(trouble)?;
    Ok(begun.elapsed())
}

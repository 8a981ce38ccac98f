//! Faults of the files themselves, between two runs, and of two processes.

use std::{fs, io, path::Path, thread, time::Duration};

use carnet_store::{EngineKind, Store, StoreError, open, open_existing};

use crate::{
    Trouble,
    child::Writer,
    faults::Row,
    folder::{copy_anew, engine, files, main_file},
    history::{self, Lasts, judge, mix},
};

/// So many lengths or places are tried for each kind of damage.
const PLACES: u64 = 40;
const KILLS: u64 = 12;

/// A closed store with so many batches.
pub(crate) fn write(dir: &Path, kind: EngineKind, batches: u64) -> Result<Lasts, Trouble> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    let store = open(dir, kind)?;
    for n in 1..=batches {
        store.commit(history::batch(0, n))?;
    }
    let mut lasts = Lasts::default();
    lasts[0] = batches;
    Ok(lasts)
}

pub(crate) fn strike_all(
    dir: &Path,
    kind: EngineKind,
    seed: u64,
    see: &mut dyn FnMut(Row),
) -> Result<(), Trouble> {
    let before = dir.with_extension("before");
    let acknowledged = write(&before, kind, 30)?;
    let struck = Struck {
        before: &before,
        dir,
        acknowledged,
    };
    see(struck.each("the database file cut short", PLACES, &|n| {
        let path = main_file(dir)?;
        let used = used(&path)?;
        fs::OpenOptions::new()
            .write(true)
            .open(path)?
            .set_len(used * n / PLACES)
    })?);
    see(struck.each("the end of the database file zeroed", PLACES, &|n| {
        overwrite(&main_file(dir)?, |bytes, used| {
            bytes[used * n as usize / PLACES as usize..].fill(0);
        })
    })?);
    see(
        struck.each("bytes of the database file flipped", 2 * PLACES, &|n| {
            overwrite(&main_file(dir)?, |bytes, used| {
                let dice = mix(seed ^ n);
                let at = (dice >> 8) as usize % used;
                let end = (at + 1 + dice as usize % 64).min(bytes.len());
                bytes[at..end].iter_mut().for_each(|byte| *byte ^= 0x5a);
            })
        })?,
    );
    let names = files(&before)?;
    let count = names.len() as u64;
    let nth = |n: u64| {
        dir.join(
            names[n as usize]
                .strip_prefix(&before)
                .unwrap_or(&names[n as usize]),
        )
    };
    see(struck.each("each file in turn deleted", count, &|n| fs::remove_file(nth(n)))?);
    see(struck.each("each file in turn emptied", count, &|n| fs::write(nth(n), b""))?);
    see(struck.each("each file in turn cut to half", count, &|n| {
        let bytes = fs::read(nth(n))?;
        fs::write(nth(n), &bytes[..bytes.len() / 2])
    })?);
    see(struck.each("a byte of each file in turn flipped", count, &|n| {
        overwrite(&nth(n), |bytes, used| {
            if let Some(byte) = bytes.get_mut(used / 2) {
                *byte ^= 1;
            }
        })
    })?);
    see(struck.each("half-written snapshot, value, format", 4, &|n| {
        let half = match n {
            0 => engine(dir)?.join("snap.00000000000F4240.generating"),
            1 => engine(dir)?.join("snap.0FFFFFFFFFFFFFFF"),
            2 => dir.join("values").join(format!("{}.unfinished", "ab".repeat(32))),
            _ => dir.join("format.unfinished"),
        };
        fs::write(half, [7; 100])
    })?);
    see(power_cut(dir, kind, seed)?);
    see(older_engine(dir, kind)?);
    see(two_processes(dir, kind)?);
    see(killed_while_converting(dir, kind, seed)?);
    #[cfg(unix)]
    see(file_size_limit(dir, kind)?);
    Ok(())
}

/// A store that was closed in order, and what is done to copies of it.
struct Struck<'a> {
    before: &'a Path,
    dir: &'a Path,
    acknowledged: Lasts,
}

impl Struck<'_> {
    fn each(
        &self,
        what: &'static str,
        times: u64,
        damage: &dyn Fn(u64) -> io::Result<()>,
    ) -> Result<Row, Trouble> {
        let mut row = Row::new(what);
        for n in 0..times {
            copy_anew(self.before, self.dir)?;
            damage(n)?;
            row.runs += 1;
            let found = contents(self.dir)?;
            let is_refused = expect_whole_or_refused(&mut row, n, self.dir, self.acknowledged)?;
            if is_refused && contents(self.dir)? != found {
                // The engine was whole and something else is damaged: with that put back, all is there.
                self.put_back_all_but_the_engine()?;
                match open_existing(self.dir).and_then(|store| judge(&store, self.acknowledged)) {
                    Ok((_, verdict)) if verdict.is_good() => {}
                    other => row.bad.push(format!(
                        "run {n}: refused, and the engine's files were altered: {other:?}"
                    )),
                }
            }
        }
        Ok(row)
    }

    fn put_back_all_but_the_engine(&self) -> Result<(), Trouble> {
        let engine = engine(self.before)?;
        for path in files(self.before)? {
            if !path.starts_with(&engine)
                && let Ok(name) = path.strip_prefix(self.before)
            {
                fs::copy(&path, self.dir.join(name))?;
            }
        }
        Ok(())
    }
}

/// Whether it was refused. Otherwise everything is there, or reading it is refused and a check sees it.
fn expect_whole_or_refused(row: &mut Row, n: u64, dir: &Path, acknowledged: Lasts) -> Result<bool, Trouble> {
    let store = match open_existing(dir) {
        Ok(store) => store,
        Err(error) => {
            row.refuse(error.code());
            return Ok(true);
        }
    };
    match judge(&store, acknowledged) {
        Ok((found, verdict)) if verdict.is_good() && found == acknowledged => row.whole += 1,
        Ok((found, verdict)) => row.bad.push(format!("run {n}: found {found:?}: {verdict:?}")),
        Err(error @ StoreError::Damaged { .. }) => {
            row.refuse(&format!("{} when read", error.code()));
            if store.check()?.problem.is_none() {
                row.bad.push(format!("run {n}: the check did not see it"));
            }
        }
        Err(error) => row.bad.push(format!("run {n}: {error:?}")),
    }
    Ok(false)
}

/// The engine's files and their bytes.
fn contents(dir: &Path) -> Result<Vec<(std::path::PathBuf, Vec<u8>)>, Trouble> {
    let Ok(engine) = engine(dir) else {
        return Ok(Vec::new());
    };
    files(&engine)?
        .into_iter()
        .map(|path| Ok((path.clone(), fs::read(path)?)))
        .collect()
}

/// Bytes of a file up to the last that isn't zero.
fn used(path: &Path) -> io::Result<u64> {
    let bytes = fs::read(path)?;
    Ok(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1) as u64)
}

fn overwrite(path: &Path, change: impl FnOnce(&mut [u8], usize)) -> io::Result<()> {
    let used = used(path)? as usize;
    let mut bytes = fs::read(path)?;
    change(&mut bytes, used);
    fs::write(path, bytes)
}

/// The power fails while a batch goes to the disk: of what it changed since the last fsync, any sectors have arrived.
fn power_cut(dir: &Path, kind: EngineKind, seed: u64) -> Result<Row, Trouble> {
    let mut row = Row::new("power cut: any sectors of the batch under way have arrived");
    let (before, after) = (dir.with_extension("older"), dir.with_extension("newer"));
    for n in 0..2 * PLACES {
        let mut acknowledged = write(dir, kind, n % 20 + 1)?;
        let store = open_existing(dir)?;
        acknowledged[0] += 1;
        store.commit(history::batch(0, acknowledged[0]))?;
        let head = fs::read(dir.join("head"))?;
        copy_anew(&engine(dir)?, &before)?;
        store.commit(history::batch(0, acknowledged[0] + 1))?;
        copy_anew(&engine(dir)?, &after)?;
        drop(store);
        fs::remove_file(dir.join("clean"))?;
        // It is written after the fsync.
        fs::write(dir.join("head"), head)?;
        let engine = engine(dir)?;
        fs::remove_dir_all(&engine)?;
        mix_sectors(&before, &after, &engine, mix(seed ^ n))?;
        row.runs += 1;
        match open_existing(dir).and_then(|store| judge(&store, acknowledged)) {
            Ok((_, verdict)) if verdict.is_good() => row.whole += 1,
            other => row.bad.push(format!("run {n}: {other:?}")),
        }
    }
    Ok(row)
}

/// Files of which each sector is as before or as after. New files have arrived in part.
fn mix_sectors(before: &Path, after: &Path, to: &Path, mut dice: u64) -> Result<(), Trouble> {
    const SECTOR: usize = 512;
    // From almost nothing to almost everything.
    let share = dice % 9 + 1;
    for path in files(after)? {
        let name = path.strip_prefix(after).unwrap_or(&path);
        let new = fs::read(&path)?;
        let mut bytes = fs::read(before.join(name)).unwrap_or_default();
        bytes.resize(new.len(), 0);
        for (sector, new) in bytes.chunks_mut(SECTOR).zip(new.chunks(SECTOR)) {
            dice = mix(dice);
            if dice % 10 < share {
                sector.copy_from_slice(new);
            }
        }
        let target = to.join(name);
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        fs::write(target, bytes)?;
    }
    Ok(())
}

/// The engine's files as they were some batches ago, under a newer head.
fn older_engine(dir: &Path, kind: EngineKind) -> Result<Row, Trouble> {
    let mut row = Row::new("an older copy of the engine's files put back");
    let older = dir.with_extension("older");
    for batches in 1..8 {
        write(dir, kind, batches)?;
        copy_anew(&engine(dir)?, &older)?;
        let store = open_existing(dir)?;
        store.commit(history::batch(0, batches + 1))?;
        drop(store);
        copy_anew(&older, &engine(dir)?)?;
        row.runs += 1;
        match open_existing(dir) {
            Err(error @ StoreError::Damaged { .. }) => row.refuse(error.code()),
            Err(error) => row.bad.push(format!("{error:?}")),
            Ok(_) => row.bad.push("opened as if nothing had happened".to_owned()),
        }
    }
    Ok(row)
}

fn two_processes(dir: &Path, kind: EngineKind) -> Result<Row, Trouble> {
    let mut row = Row::new("two processes at once");
    let acknowledged = write(dir, kind, 3)?;
    for n in 0..3 {
        let mut holder = Writer::start("hold", dir, kind, acknowledged)?;
        if !holder.hear()? {
            return Err(Trouble("the other process did not open the store".to_owned()));
        }
        row.runs += 1;
        match open_existing(dir) {
            Err(error @ StoreError::InUse) => row.refuse(error.code()),
            other => row.bad.push(format!("run {n}: {other:?}")),
        }
        holder.kill()?;
        expect_whole_or_refused(&mut row, n, dir, acknowledged)?;
    }
    Ok(row)
}

fn killed_while_converting(dir: &Path, kind: EngineKind, seed: u64) -> Result<Row, Trouble> {
    let mut row = Row::new("killed while the engine is changed to and fro");
    let acknowledged = write(dir, kind, 40)?;
    for n in 0..KILLS {
        let mut child = Writer::start("convert", dir, kind, acknowledged)?;
        child.hear()?;
        thread::sleep(Duration::from_micros(mix(seed ^ n) % 150_000));
        child.kill()?;
        row.runs += 1;
        expect_whole_or_refused(&mut row, n, dir, acknowledged)?;
    }
    if !row.refused.is_empty() {
        row.bad.push("a kill never needs a refusal".to_owned());
    }
    Ok(row)
}

/// Writes of the engine itself fail: the system allows no larger files.
#[cfg(unix)]
fn file_size_limit(dir: &Path, kind: EngineKind) -> Result<Row, Trouble> {
    let mut row = Row::new("files may not grow over a limit (the engine's own writes)");
    for kibibytes in [64, 200, 600, 1_100, 1_700, 2_500, 4_000, 5_000] {
        if dir.exists() {
            fs::remove_dir_all(dir)?;
        }
        let mut child = Writer::start_limited(kibibytes, dir, kind, Lasts::default())?;
        // Compacting keeps small what could grow: that it goes on for long is fine as well.
        while child.acknowledged.iter().sum::<u64>() < 400 && child.hear()? {}
        let (acknowledged, refusal) = child.kill()?;
        row.runs += 1;
        if let Some(code) = refusal {
            row.refuse(&code);
        }
        match open_existing(dir).and_then(|store| judge(&store, acknowledged)) {
            Ok((_, verdict)) if verdict.is_good() => row.whole += 1,
            Err(StoreError::Missing) if acknowledged == Lasts::default() => row.whole += 1,
            other => row.bad.push(format!(
                "{kibibytes} KiB: acknowledged {acknowledged:?}: {other:?}"
            )),
        }
    }
    Ok(row)
}

//! The table of faults. First those of a disk that fails as planned: the n-th operation of a kind, for n = 1, 2, … until a
//! run passes untouched.

use std::{collections::BTreeMap, fs, ops::ControlFlow, path::Path, sync::Arc};

use carnet_store::{
    EngineKind, Store, StoreError,
    faults::{Disk, Fault, Faults, Op, convert_on, open_on},
    open_existing,
};

use crate::{
    Trouble, damage,
    folder::copy_anew,
    history::{self, Lasts, judge},
};

/// What came of all runs of one kind of fault.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) runs: u64,
    /// Everything acknowledged was there.
    pub(crate) whole: u64,
    /// Refusals by their codes: while it failed, or afterwards.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Never allowed.
    pub(crate) bad: Vec<String>,
}

impl Row {
    pub(crate) fn new(what: &'static str) -> Self {
        Self {
            what,
            ..Self::default()
        }
    }

    pub(crate) fn refuse(&mut self, code: &str) {
        *self.refused.entry(code.to_owned()).or_default() += 1;
    }

    fn print(&self, kind: EngineKind) {
        let refused: Vec<_> = self
            .refused
            .iter()
            .map(|(code, times)| format!("{code} {times}"))
            .collect();
        println!(
            "{:5} {:58} {:>5} {:>6} {:>4}  {}",
            kind.name(),
            self.what,
            self.runs,
            self.whole,
            self.bad.len(),
            refused.join(", ")
        );
        for bad in &self.bad {
            println!("      NOT ALLOWED: {bad}");
        }
    }
}

const SPACE: &[Op] = &[Op::MakeDir, Op::Create, Op::Write, Op::SetLength, Op::Copy];
const CHANGES: &[Op] = &[
    Op::MakeDir,
    Op::Create,
    Op::Write,
    Op::SetLength,
    Op::Copy,
    Op::Sync,
    Op::Rename,
    Op::Remove,
];
const ALL: &[Op] = &[
    Op::MakeDir,
    Op::Create,
    Op::Write,
    Op::SetLength,
    Op::Copy,
    Op::Sync,
    Op::Rename,
    Op::Remove,
    Op::Read,
    Op::List,
];

/// Name, operations, fault, and whether it lasts.
const PLANS: &[(&str, &[Op], Fault, bool)] = &[
    (
        "disk full at the n-th write, then free again",
        SPACE,
        Fault::NoSpace,
        false,
    ),
    ("disk full from the n-th write on", SPACE, Fault::NoSpace, true),
    (
        "the n-th write stops after 100 bytes, full from then on",
        &[Op::Write],
        Fault::Short(100),
        true,
    ),
    ("the n-th fsync fails", &[Op::Sync], Fault::Io, false),
    (
        "the n-th renaming or removing fails",
        &[Op::Rename, Op::Remove],
        Fault::Io,
        false,
    ),
    (
        "the n-th reading or listing fails",
        &[Op::Read, Op::List],
        Fault::Io,
        false,
    ),
    (
        "read-only from the n-th change on",
        CHANGES,
        Fault::ReadOnly,
        true,
    ),
    ("nothing works from the n-th operation on", ALL, Fault::Io, true),
];

/// Whether nothing happened that is never allowed.
pub(crate) fn strike_all(folder: &Path, engines: &[EngineKind], seed: u64) -> Result<bool, Trouble> {
    // Engines have assertions on the ways of damaged files. They are caught, and end as refusals.
    std::panic::set_hook(Box::new(|_| {}));
    println!(
        "{:5} {:58} {:>5} {:>6} {:>4}  refusals (each says what to do)",
        "", "fault", "runs", "whole", "bad"
    );
    let mut good = true;
    for kind in engines {
        let dir = folder.join(kind.name());
        let mut see = |row: Row| {
            row.print(*kind);
            good &= row.bad.is_empty() && row.runs > 0;
        };
        for (what, ops, fault, lasting) in PLANS {
            let plan = |nth| {
                if *lasting {
                    Faults::from(ops, nth, *fault)
                } else {
                    Faults::once(ops, nth, *fault)
                }
            };
            see(while_committing(&dir, *kind, what, &plan)?);
        }
        see(while_converting(&dir, *kind)?);
        damage::strike_all(&dir, *kind, seed, &mut see)?;
    }
    Ok(good)
}

/// Making, committing, compacting, closing, opening, committing: each operation in turn is the one that fails.
fn while_committing(
    dir: &Path,
    kind: EngineKind,
    what: &'static str,
    plan: &dyn Fn(u64) -> Faults,
) -> Result<Row, Trouble> {
    let mut row = Row::new(what);
    for nth in 1.. {
        if dir.exists() {
            fs::remove_dir_all(dir)?;
        }
        let faults = Arc::new(plan(nth));
        let disk = Disk::failing(Arc::clone(&faults));
        let mut acknowledged = Lasts::default();
        let mut errors = Vec::new();
        let mut silent = false;
        for _ in 0..2 {
            silent |= story(&disk, dir, kind, &faults, &mut acknowledged, &mut errors);
        }
        if !faults.struck() {
            return if errors.is_empty() {
                Ok(row)
            } else {
                Err(Trouble(format!("the story fails by itself: {errors:?}")))
            };
        }
        row.runs += 1;
        if let Some(error) = errors.first() {
            row.refuse(error.code());
        }
        if silent && faults.only_concerns(Op::Sync) {
            row.bad
                .push(format!("operation {nth}: acknowledged, although an fsync failed"));
        }
        expect_whole(&mut row, nth, dir, acknowledged);
    }
    Ok(row)
}

/// Returns whether something failed in the middle of a commit that was acknowledged.
fn story(
    disk: &Disk,
    dir: &Path,
    kind: EngineKind,
    faults: &Faults,
    acknowledged: &mut Lasts,
    errors: &mut Vec<StoreError>,
) -> bool {
    let mut silent = false;
    let store = match open_on(disk, dir, Some(kind)) {
        Ok(store) => store,
        Err(error) => {
            errors.push(error);
            return silent;
        }
    };
    for _ in 0..3 {
        let next = acknowledged[0] + 1;
        // A caller may try again; what is then acknowledged counts.
        for _ in 0..2 {
            let before = faults.struck();
            match store.commit(history::batch(0, next)) {
                Ok(()) => {
                    silent |= faults.struck() && !before;
                    acknowledged[0] = next;
                    break;
                }
                Err(error) => errors.push(error),
            }
        }
    }
    if acknowledged[0] <= 3
        && let Err(error) = store.compact()
    {
        errors.push(error);
    }
    silent
}

fn expect_whole(row: &mut Row, nth: u64, dir: &Path, acknowledged: Lasts) {
    let found = open_existing(dir).and_then(|store| {
        let (found, verdict) = judge(&store, acknowledged)?;
        // It works again.
        store.commit(history::batch(0, found[0] + 1))?;
        Ok(verdict)
    });
    match found {
        Ok(verdict) if verdict.is_good() => row.whole += 1,
        Err(StoreError::Missing) if acknowledged == Lasts::default() => row.whole += 1,
        Ok(verdict) => row.bad.push(format!("operation {nth}: {verdict:?}")),
        Err(error) => row
            .bad
            .push(format!("operation {nth}: refused on a healthy disk: {error:?}")),
    }
}

/// Changing the engine: each operation in turn is the last one that works.
fn while_converting(dir: &Path, kind: EngineKind) -> Result<Row, Trouble> {
    let mut row = Row::new("changing the engine, nothing works from the n-th operation on");
    let to = if kind == EngineKind::Sled {
        EngineKind::Redb
    } else {
        EngineKind::Sled
    };
    let before = dir.with_extension("before");
    let acknowledged = damage::write(&before, kind, 6)?;
    for nth in 1.. {
        copy_anew(&before, dir)?;
        let faults = Arc::new(Faults::from(ALL, nth, Fault::Io));
        let disk = Disk::failing(Arc::clone(&faults));
        let outcome = convert_on(&disk, dir, to, &mut |_, _| ControlFlow::Continue(()));
        if !faults.struck() {
            outcome?;
            return Ok(row);
        }
        row.runs += 1;
        if let Err(error) = outcome {
            row.refuse(error.code());
        }
        expect_whole(&mut row, nth, dir, acknowledged);
        let left = fs::read_dir(dir)?
            .filter_map(Result::ok)
            .filter(|entry| entry.path().is_dir())
            .count();
        if left != 2 {
            row.bad.push(format!("operation {nth}: {left} folders were left"));
        }
    }
    Ok(row)
}

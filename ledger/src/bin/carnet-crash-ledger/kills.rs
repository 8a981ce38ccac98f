//! SIGKILL at random points, then: nothing acknowledged is missing, torn or stale.

use std::{
    fs,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use carnet_ledger::{Ledger as _, embedded::Embedded};
use carnet_store::{EngineKind, StoreError, open_existing};

use crate::{
    Asked, Trouble,
    child::{Told, Writer},
    history::{NOW, mix},
    verdict::{Verdict, judge},
    writer::Start,
};

/// A registry lives so many kills long, so that making one is struck as well.
const KILLS_A_FOLDER: u64 = 20;

/// What came of it.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Kills {
    rounds: u64,
    /// Operations.
    acknowledged: u64,
    /// Operations under way at a kill that are there.
    more: u64,
    /// States of the log that were told.
    heads: u64,
    refused: u64,
    verdict: Verdict,
}

pub(crate) const HEADING: &str =
    "engine  kills  acknowledged  under way  log states  lost  torn  stale  refused";

impl Kills {
    pub(crate) fn are_good(&self) -> bool {
        self.verdict.is_good() && self.refused == 0
    }

    pub(crate) fn line(&self, kind: EngineKind) -> String {
        format!(
            "{:6} {:>6} {:>13} {:>10} {:>11} {:>5} {:>5} {:>6} {:>8}",
            kind.name(),
            self.rounds,
            self.acknowledged,
            self.more,
            self.heads,
            self.verdict.lost,
            self.verdict.torn,
            self.verdict.stale,
            self.refused,
        )
    }
}

pub(crate) fn kill_again_and_again(folder: &Path, kind: EngineKind, asked: &Asked) -> Result<Kills, Trouble> {
    let mut outcome = Kills::default();
    let mut told = Told::default();
    let mut dir = folder.join("0");
    for round in 0..asked.kills {
        if round.is_multiple_of(KILLS_A_FOLDER) {
            if round > 0 && dir.exists() {
                fs::remove_dir_all(&dir)?;
            }
            dir = folder.join(round.to_string());
            told = Told::default();
        }
        let dice = mix(asked.seed ^ mix(round));
        let (done, heads) = (told.done.len(), told.heads.len());
        fs::create_dir_all(&dir)?;
        told = strike(&dir, kind, asked.hasty, told, dice)?;
        outcome.rounds += 1;
        outcome.acknowledged += (told.done.len() - done) as u64;
        outcome.heads += (told.heads.len() - heads) as u64;

        match look(&dir, &told, dice) {
            Ok(None) => {}
            Ok(Some((found, verdict))) => {
                if !verdict.is_good() {
                    eprintln!("{} round {round}: {verdict:?}", kind.name());
                }
                outcome.verdict.add(verdict);
                outcome.more += found.done.len().saturating_sub(told.done.len()) as u64;
                told = found;
            }
            Err(trouble) => {
                eprintln!("{} round {round}: {trouble}", kind.name());
                outcome.refused += 1;
                // Go on in a new folder.
                dir = folder.join(format!("{round}-after-refusal"));
                told = Told::default();
            }
        }
    }
    Ok(outcome)
}

/// Opens it again, with a clock that may have gone back. None: it was killed before there was a registry.
fn look(dir: &Path, told: &Told, dice: u64) -> Result<Option<(Told, Verdict)>, Trouble> {
    let store = match open_existing(dir) {
        Err(StoreError::Missing) if told.chain_id.is_none() => return Ok(None),
        store => store?,
    };
    // If it were made anew here, its chain id would be another than was told.
    let ledger = Embedded::open(Arc::new(store), 1, Arc::new(move || clock(dice)))?;
    if told.chain_id.is_none() && ledger.events(0, 1)?.last == 0 {
        // It was just made, by us: the next writer begins with it.
        return Ok(None);
    }
    judge(&ledger, told).map(Some)
}

/// Somewhere in twelve hours, so mostly before what the registry has seen.
fn clock(dice: u64) -> u64 {
    NOW + mix(dice) % (12 * 60 * 60)
}

/// Lets a writer begin and kills it: while it opens, or after some acknowledgements, a random moment into what follows.
fn strike(dir: &Path, kind: EngineKind, hasty: bool, told: Told, dice: u64) -> Result<Told, Trouble> {
    let start = Start {
        clock: clock(dice ^ 1),
        chain: dice,
        lasts: told.lasts(),
    };
    let mut writer = Writer::start(dir, kind, hasty, start, told)?;
    let pause = if dice.is_multiple_of(6) {
        Duration::from_micros((dice >> 16) % 60_000)
    } else {
        for _ in 0..=(dice >> 8) % 24 {
            if !writer.hear()? {
                return Err(Trouble::Said(format!(
                    "the writer ended by itself: {}",
                    writer.refusal.as_deref().unwrap_or("it did not say why")
                )));
            }
        }
        Duration::from_micros((dice >> 16) % 6_000)
    };
    let started = Instant::now();
    while started.elapsed() < pause {
        thread::yield_now();
    }
    writer.kill()
}

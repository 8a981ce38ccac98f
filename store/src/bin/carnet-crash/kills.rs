//! SIGKILL at random points, then: nothing acknowledged is missing, torn or stale.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use carnet_store::{EngineKind, StoreError, open_existing};

use crate::{
    Trouble,
    child::Writer,
    history::{Lasts, Verdict, judge, mix},
};

/// A folder lives so many kills long, so that making one is struck as well.
const KILLS_A_FOLDER: u64 = 50;

/// What came of it.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Kills {
    pub(crate) rounds: u64,
    /// Batches.
    pub(crate) acknowledged: u64,
    pub(crate) reopened: u64,
    pub(crate) refused: u64,
    pub(crate) verdict: Verdict,
}

impl Kills {
    pub(crate) fn are_good(&self) -> bool {
        self.verdict.is_good() && self.refused == 0
    }
}

pub(crate) fn kill_again_and_again(
    folder: &Path,
    kind: EngineKind,
    kills: u64,
    seed: u64,
) -> Result<Kills, Trouble> {
    let mut outcome = Kills::default();
    let mut acknowledged = Lasts::default();
    let mut dir = folder.join("0");
    for round in 0..kills {
        if round.is_multiple_of(KILLS_A_FOLDER) {
            if round > 0 {
                fs::remove_dir_all(&dir)?;
                println!(
                    "{}: {round} kills, {} batches acknowledged, lost {}, torn {}, stale {}, refused {}",
                    kind.name(),
                    outcome.acknowledged,
                    outcome.verdict.lost,
                    outcome.verdict.torn,
                    outcome.verdict.stale,
                    outcome.refused,
                );
            }
            dir = folder.join(round.to_string());
            acknowledged = Lasts::default();
        }
        let before: u64 = acknowledged.iter().sum();
        acknowledged = strike(&dir, kind, acknowledged, mix(seed ^ mix(round)))?;
        outcome.rounds += 1;
        outcome.acknowledged += acknowledged.iter().sum::<u64>() - before;

        match open_existing(&dir).and_then(|store| judge(&store, acknowledged)) {
            Ok((found, verdict)) => {
                outcome.reopened += 1;
                if !verdict.is_good() {
                    eprintln!("round {round}: acknowledged {acknowledged:?}, found {found:?}: {verdict:?}");
                }
                outcome.verdict.add(verdict);
                // What was under way and is there counts from now on.
                acknowledged = found;
            }
            // Killed while it was being made.
            Err(StoreError::Missing) if acknowledged == Lasts::default() => outcome.reopened += 1,
            Err(error) => {
                eprintln!("round {round}: {error} {}", error.next());
                outcome.refused += 1;
                // Go on in a new folder, and keep this one to be looked at.
                dir = folder.join(format!("{round}-after-refusal"));
                acknowledged = Lasts::default();
            }
        }
    }
    Ok(outcome)
}

/// Lets a writer begin and kills it: while it opens, or after some acknowledgements, a random moment into what follows.
fn strike(dir: &Path, kind: EngineKind, acknowledged: Lasts, dice: u64) -> Result<Lasts, Trouble> {
    let mut writer = Writer::start("write", dir, kind, acknowledged)?;
    let more = (dice >> 8) % 12;
    let pause = if dice.is_multiple_of(6) {
        Duration::from_micros((dice >> 16) % 30_000)
    } else {
        for _ in 0..=more {
            if !writer.hear()? {
                return Err(Trouble(format!(
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
    Ok(writer.kill()?.0)
}

//! `carnet-crash`: strikes the store down in every way that a laptop knows, and looks at what is left.
//!
//! - `--engine sled|redb|both --kills N --seed S`: kills a writer N times with SIGKILL.
//! - `--faults`: full disk, failed fsync, damaged, deleted and old files, …: a table of what came of each.
//!
//! `--folder DIR` says where; else in the system's temporary folder. Ends with failure if anything acknowledged was lost.
#![expect(clippy::print_stdout, reason = "it prints what it found")]

mod child;
mod damage;
mod faults;
mod folder;
mod history;
mod kills;
mod writer;

use std::{env, path::PathBuf, process::ExitCode};

use carnet_store::{EngineKind, StoreError};
use folder::Scratch;

/// Why the harness itself stopped.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Trouble(pub(crate) String);

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self(format!("{error} ({error:?})"))
    }
}

struct Asked {
    engines: Vec<EngineKind>,
    kills: u64,
    seed: u64,
    faults: bool,
    /// For the processes that this one starts.
    part: Option<String>,
    folder: PathBuf,
}

const USAGE: &str = "carnet-crash [--engine sled|redb|both] [--kills N] [--seed S] [--faults] [--folder DIR]";

fn asked() -> Result<Asked, Trouble> {
    let mut asked = Asked {
        engines: EngineKind::ALL.to_vec(),
        kills: 2_000,
        seed: 1,
        faults: false,
        part: None,
        folder: env::temp_dir(),
    };
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--faults" {
            asked.faults = true;
            continue;
        }
        let value = words.next().ok_or_else(|| Trouble(USAGE.to_owned()))?;
        let number = || value.parse().map_err(|_| Trouble(USAGE.to_owned()));
        match word.as_str() {
            "--engine" if value == "both" => {}
            "--engine" => {
                asked.engines = vec![EngineKind::named(&value).ok_or_else(|| Trouble(USAGE.to_owned()))?];
            }
            "--kills" => asked.kills = number()?,
            "--seed" => asked.seed = number()?,
            "--folder" => asked.folder = value.into(),
            "--part" => asked.part = Some(value),
            _ => return Err(Trouble(USAGE.to_owned())),
        }
    }
    Ok(asked)
}

fn main() -> ExitCode {
    match asked().and_then(run) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::from(2)
        }
    }
}

/// Whether everything was as it must be.
fn run(asked: Asked) -> Result<bool, Trouble> {
    if let Some(part) = &asked.part {
        let kind = asked.engines.first().copied().unwrap_or_default();
        return match part.as_str() {
            "write" => writer::write_without_end(&asked.folder, kind),
            "convert" => writer::convert_without_end(&asked.folder),
            _ => writer::hold(&asked.folder, kind),
        }
        .map(|()| true)
        .map_err(Trouble::from);
    }
    let scratch = Scratch::new(&asked.folder)?;
    if asked.faults {
        faults::strike_all(scratch.path(), &asked.engines, asked.seed)
    } else {
        kill_all(scratch.path(), &asked)
    }
}

fn kill_all(folder: &std::path::Path, asked: &Asked) -> Result<bool, Trouble> {
    let mut good = true;
    let mut lines = Vec::new();
    for kind in &asked.engines {
        let folder = folder.join(kind.name());
        let kills = kills::kill_again_and_again(&folder, *kind, asked.kills, asked.seed)?;
        good &= kills.are_good();
        lines.push(format!(
            "{:6} {:>6} {:>13} {:>9} {:>5} {:>5} {:>6} {:>8}",
            kind.name(),
            kills.rounds,
            kills.acknowledged,
            kills.reopened,
            kills.verdict.lost,
            kills.verdict.torn,
            kills.verdict.stale,
            kills.refused,
        ));
    }
    println!(
        "engine  kills  acknowledged  reopened  lost  torn  stale  refused   (seed {})",
        asked.seed
    );
    for line in lines {
        println!("{line}");
    }
    Ok(good)
}

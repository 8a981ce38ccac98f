//! `carnet-crash-ledger`: kills a registry at random moments, opens it again and looks for everything that it had acknowledged.
//!
//! `--engine sled|redb|both --kills N --seed S --folder DIR`. `--hasty` puts a store under the registry that answers before it
//! has written: then this program must find something. Ends with failure if anything was lost, torn, stale or refused.
#![expect(clippy::print_stdout, reason = "it prints what it found")]

mod child;
mod hasty;
mod history;
mod kills;
mod verdict;
mod writer;

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{self, ExitCode},
};

use carnet_ledger::LedgerError;
use carnet_log::TreeError;
use carnet_store::{EngineKind, StoreError};

use crate::writer::Start;

/// Why the harness itself stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("{0}")]
    Said(String),
    #[error("a file or a process: {0}")]
    System(#[from] io::Error),
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    #[error("the registry: {0}")]
    Ledger(#[from] LedgerError),
    #[error("the log: {0}")]
    Log(#[from] TreeError),
}

const USAGE: &str =
    "carnet-crash-ledger [--engine sled|redb|both] [--kills N] [--seed S] [--hasty] [--folder DIR]";

struct Asked {
    engines: Vec<EngineKind>,
    kills: u64,
    seed: u64,
    hasty: bool,
    folder: PathBuf,
    /// Set for the processes that this one starts.
    start: Option<Start>,
}

fn asked() -> Result<Asked, Trouble> {
    let usage = || Trouble::Said(USAGE.to_owned());
    let mut asked = Asked {
        engines: EngineKind::ALL.to_vec(),
        kills: 200,
        seed: 1,
        hasty: false,
        folder: env::temp_dir(),
        start: None,
    };
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--hasty" {
            asked.hasty = true;
            continue;
        }
        let value = words.next().ok_or_else(usage)?;
        let number = || value.parse().map_err(|_| usage());
        match word.as_str() {
            "--engine" if value == "both" => {}
            "--engine" => asked.engines = vec![EngineKind::named(&value).ok_or_else(usage)?],
            "--kills" => asked.kills = number()?,
            "--seed" => asked.seed = number()?,
            "--folder" => asked.folder = value.into(),
            "--start" => asked.start = Some(Start::read(&value).ok_or_else(usage)?),
            _ => return Err(usage()),
        }
    }
    Ok(asked)
}

fn main() -> ExitCode {
    match asked().and_then(|asked| run(&asked)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::from(2)
        }
    }
}

/// Whether everything was as it must be.
fn run(asked: &Asked) -> Result<bool, Trouble> {
    if let Some(start) = asked.start {
        let kind = asked.engines.first().copied().unwrap_or_default();
        return writer::record_without_end(&asked.folder, kind, asked.hasty, start).map(|()| true);
    }
    let scratch = Scratch::new(&asked.folder)?;
    let mut good = true;
    let mut lines = Vec::new();
    for kind in &asked.engines {
        let folder = scratch.0.join(kind.name());
        let kills = kills::kill_again_and_again(&folder, *kind, asked)?;
        good &= kills.are_good();
        lines.push(kills.line(*kind));
    }
    println!("{}   (seed {})", kills::HEADING, asked.seed);
    for line in lines {
        println!("{line}");
    }
    Ok(good)
}

/// A folder that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(parent: &Path) -> io::Result<Self> {
        let path = parent.join(format!("carnet-crash-ledger-{}", process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is in the system's folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

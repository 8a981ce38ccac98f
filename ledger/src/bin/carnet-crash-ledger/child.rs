//! Starting a writer, hearing what it acknowledged, and killing it.

use std::{
    collections::BTreeMap,
    env,
    io::{self, BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use carnet_ledger::Recorded;
use carnet_log::Hash;
use carnet_store::EngineKind;

use crate::{
    Trouble,
    history::{Lasts, WRITERS},
    writer::Start,
};

/// All that a registry has told anybody.
#[derive(Debug, Default, Clone)]
pub(crate) struct Told {
    /// Its chain id, from the first time on that it was open.
    pub(crate) chain_id: Option<u64>,
    /// Writer and number of an operation → what was answered.
    pub(crate) done: BTreeMap<(usize, u64), Recorded>,
    /// States of its log.
    pub(crate) heads: Vec<(u64, Hash)>,
    /// A writer was told another chain id than one before it.
    pub(crate) is_another: bool,
}

impl Told {
    pub(crate) fn lasts(&self) -> Lasts {
        let mut lasts = Lasts::default();
        for (writer, n) in self.done.keys() {
            lasts[*writer] = lasts[*writer].max(*n);
        }
        lasts
    }
}

/// A process of this same program.
pub(crate) struct Writer {
    child: Child,
    lines: io::Lines<BufReader<ChildStdout>>,
    pub(crate) told: Told,
    /// Why it ended by itself, if it said so.
    pub(crate) refusal: Option<String>,
}

impl Writer {
    pub(crate) fn start(
        dir: &Path,
        kind: EngineKind,
        hasty: bool,
        start: Start,
        told: Told,
    ) -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.args(["--engine", kind.name(), "--start", &start.to_text()]);
        if hasty {
            command.arg("--hasty");
        }
        let mut child = command
            .arg("--folder")
            .arg(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let out = child.stdout.take();
        let out = out.ok_or_else(|| io::Error::other("the writer has no output"))?;
        Ok(Self {
            child,
            lines: BufReader::new(out).lines(),
            told,
            refusal: None,
        })
    }

    /// Hears one line; `false` at the end.
    pub(crate) fn hear(&mut self) -> Result<bool, Trouble> {
        let Some(line) = self.lines.next().transpose()? else {
            return Ok(false);
        };
        if let Some(refusal) = line.strip_prefix("refused ") {
            self.refusal = Some(refusal.to_owned());
            return Ok(true);
        }
        self.note(&line)
            .ok_or_else(|| Trouble::Said(format!("the writer said something odd: {line}")))?;
        Ok(true)
    }

    fn note(&mut self, line: &str) -> Option<()> {
        let words: Vec<&str> = line.split(' ').collect();
        match *words {
            ["open", chain] => {
                let chain = chain.parse().ok()?;
                self.told.is_another |= *self.told.chain_id.get_or_insert(chain) != chain;
            }
            ["done", writer, n, sequence, time] => {
                let writer = writer.parse().ok().filter(|writer| *writer < WRITERS as usize)?;
                let recorded = Recorded {
                    sequence: sequence.parse().ok()?,
                    time: time.parse().ok()?,
                };
                self.told.done.insert((writer, n.parse().ok()?), recorded);
            }
            ["head", size, root] => {
                let root = hex::decode(root).ok()?.try_into().ok()?;
                self.told.heads.push((size.parse().ok()?, Hash(root)));
            }
            _ => return None,
        }
        Some(())
    }

    /// Kills it and hears what it had said.
    pub(crate) fn kill(mut self) -> Result<Told, Trouble> {
        self.child.kill()?;
        self.child.wait()?;
        while self.hear()? {}
        match self.refusal {
            None => Ok(self.told),
            Some(refusal) => Err(Trouble::Said(format!("the writer ended by itself: {refusal}"))),
        }
    }
}

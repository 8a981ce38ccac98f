//! Starting a writer, hearing what it acknowledged, and killing it.

use std::{
    env,
    io::{self, BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use carnet_store::EngineKind;

use crate::history::Lasts;

/// A process of this same program.
pub(crate) struct Writer {
    child: Child,
    lines: io::Lines<BufReader<ChildStdout>>,
    /// What it has acknowledged so far.
    pub(crate) acknowledged: Lasts,
    /// Why it ended by itself, if it said so.
    pub(crate) refusal: Option<String>,
}

impl Writer {
    pub(crate) fn start(part: &str, dir: &Path, kind: EngineKind, acknowledged: Lasts) -> io::Result<Self> {
        Self::run(Command::new(env::current_exe()?), part, dir, kind, acknowledged)
    }

    /// One that may not make a file larger than so many KiB.
    #[cfg(unix)]
    pub(crate) fn start_limited(
        kibibytes: u64,
        dir: &Path,
        kind: EngineKind,
        acknowledged: Lasts,
    ) -> io::Result<Self> {
        // The signal is ignored, so that the write fails instead of ending the process.
        let limited = format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$0\" \"$@\"");
        let mut command = Command::new("bash");
        command.args(["-c", &limited]).arg(env::current_exe()?);
        Self::run(command, "write", dir, kind, acknowledged)
    }

    fn run(
        mut command: Command,
        part: &str,
        dir: &Path,
        kind: EngineKind,
        acknowledged: Lasts,
    ) -> io::Result<Self> {
        let mut child = command
            .args(["--part", part, "--engine", kind.name(), "--folder"])
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let out = child
            .stdout
            .take()
            .ok_or_else(|| io::Error::other("the writer has no output"))?;
        Ok(Self {
            child,
            lines: BufReader::new(out).lines(),
            acknowledged,
            refusal: None,
        })
    }

    /// Hears one line; `false` at the end.
    pub(crate) fn hear(&mut self) -> io::Result<bool> {
        let Some(line) = self.lines.next().transpose()? else {
            return Ok(false);
        };
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("done"), Some(writer), Some(n)) => {
                let (Ok(writer), Ok(n)) = (writer.parse::<usize>(), n.parse()) else {
                    return Err(io::Error::other("the writer said something odd"));
                };
                if let Some(last) = self.acknowledged.get_mut(writer) {
                    *last = n;
                }
            }
            (Some("refused"), Some(code), None) => self.refusal = Some(code.to_owned()),
            _ => {}
        }
        Ok(true)
    }

    /// Kills it and hears what it had said.
    pub(crate) fn kill(mut self) -> io::Result<(Lasts, Option<String>)> {
        self.child.kill()?;
        self.child.wait()?;
        while self.hear()? {}
        Ok((self.acknowledged, self.refusal.take()))
    }
}

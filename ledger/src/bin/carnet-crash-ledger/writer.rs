//! The process that is killed: records without end and says each operation once it is acknowledged.

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
    thread,
};

use carnet_ledger::embedded::{Embedded, chain_id_from};
use carnet_store::{EngineKind, Store, open};

use crate::{
    Trouble,
    hasty::Hasty,
    history::{Lasts, mix, operation},
};

/// Every so many operations the first writer says how the log stands.
const SAYS_HEAD_EVERY: u64 = 3;

/// How a writer begins: its clock, what its chain id would be if there is no registry yet, and each writer's last operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) clock: u64,
    pub(crate) chain: u64,
    pub(crate) lasts: Lasts,
}

impl Start {
    pub(crate) fn to_text(self) -> String {
        let [a, b, c] = self.lasts;
        format!("{},{},{a},{b},{c}", self.clock, self.chain)
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split(',').map(|number| number.parse().ok());
        let mut next = || numbers.next().flatten();
        Some(Self {
            clock: next()?,
            chain: next()?,
            lasts: [next()?, next()?, next()?],
        })
    }
}

/// Ends only by being killed, or by a refusal, which it says.
pub(crate) fn record_without_end(
    dir: &Path,
    kind: EngineKind,
    hasty: bool,
    start: Start,
) -> Result<(), Trouble> {
    let mut store: Arc<dyn Store> = Arc::new(open(dir, kind)?);
    if hasty {
        store = Arc::new(Hasty::over(store));
    }
    let clock = start.clock;
    let ledger = Embedded::open(
        store,
        chain_id_from(mix(start.chain).to_be_bytes()),
        Arc::new(move || clock),
    )?;
    say(&format!(
        "open {}\n",
        carnet_ledger::Ledger::domain(&ledger).chain_id
    ));
    let outcome = thread::scope(|scope| {
        let writers: Vec<_> = (0..)
            .zip(start.lasts)
            .map(|(writer, last)| {
                let ledger = &ledger;
                scope.spawn(move || record(ledger, writer, last))
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| {
                writer
                    .join()
                    .unwrap_or_else(|_| Err(Trouble::Said("a writer panicked".to_owned())))
            })
            .fold(Ok(()), Result::and)
    });
    if let Err(trouble) = &outcome {
        say(&format!("refused {trouble}\n"));
    }
    outcome
}

fn record(ledger: &Embedded, writer: u64, last: u64) -> Result<(), Trouble> {
    for n in last + 1.. {
        let operation = operation(writer, n).ok_or_else(|| Trouble::Said("no key".to_owned()))?;
        let recorded = operation.record(ledger)?;
        say(&format!(
            "done {writer} {n} {} {}\n",
            recorded.sequence, recorded.time
        ));
        if writer == 0 && n.is_multiple_of(SAYS_HEAD_EVERY) {
            let tree = ledger.log()?;
            let root = tree.root(ledger)?;
            say(&format!("head {} {}\n", tree.size(), hex::encode(root.0)));
        }
    }
    Ok(())
}

/// One write to the pipe, so that a kill never leaves half a line. Nobody to hear it means that the parent is gone.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

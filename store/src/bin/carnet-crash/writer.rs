//! The process that is killed: commits without end and says each number once it is acknowledged.

use std::{
    io::{self, Write},
    ops::ControlFlow,
    path::Path,
    thread,
};

use carnet_store::{EngineKind, FolderStore, Store, StoreError, convert, open};

use crate::history::{self, WRITERS};

/// Every so many batches the first writer compacts.
const COMPACTS_EVERY: u64 = 23;

/// Ends only by being killed, or by a refusal, which it says.
pub(crate) fn write_without_end(dir: &Path, kind: EngineKind) -> Result<(), StoreError> {
    let store = open(dir, kind)?;
    say(b"open\n");
    let lasts = history::lasts(&store)?;
    let outcome = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .zip(lasts)
            .map(|(writer, last)| {
                let store = &store;
                scope.spawn(move || write(store, writer, last))
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap_or(Err(StoreError::Broken)))
            .fold(Ok(()), Result::and)
    });
    if let Err(error) = &outcome {
        say(format!("refused {}\n", error.code()).as_bytes());
    }
    outcome
}

fn write(store: &FolderStore, writer: u64, last: u64) -> Result<(), StoreError> {
    for n in last + 1.. {
        store.commit(history::batch(writer, n))?;
        say(format!("done {writer} {n}\n").as_bytes());
        if writer == 0 && n.is_multiple_of(COMPACTS_EVERY) {
            store.compact()?;
        }
    }
    Ok(())
}

/// Moves from one engine to the other and back, without end.
pub(crate) fn convert_without_end(dir: &Path) -> Result<(), StoreError> {
    say(b"open\n");
    for turn in 0_usize.. {
        let to = EngineKind::ALL[turn % EngineKind::ALL.len()];
        convert(dir, to, &mut |_, _| ControlFlow::Continue(()))?;
    }
    Ok(())
}

/// Holds the store open until it is killed.
pub(crate) fn hold(dir: &Path, kind: EngineKind) -> Result<(), StoreError> {
    let _store = open(dir, kind)?;
    say(b"open\n");
    // The other end of the pipe never writes.
    let _ = io::stdin().read_line(&mut String::new());
    Ok(())
}

/// One write to the pipe, so that a kill never leaves half a line. Nobody to hear it means that the parent is gone.
fn say(line: &[u8]) {
    let mut out = io::stdout().lock();
    if out.write_all(line).and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

//! `carnet records import`: file after file, with a line that says how far it is, until Ctrl-C.

use std::{
    io::{IsTerminal, Write},
    ops::ControlFlow,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use carnet_wallet_core::{Progress, Source, Wallet, views::RejectedView};
use serde_json::json;

use crate::{answers::Answer, failure::Failure, plain};

pub(crate) fn import(
    wallet: &Wallet,
    files: &[PathBuf],
    other_person: bool,
    json: bool,
) -> Result<Answer, Failure> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let noticed = Arc::clone(&cancelled);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            noticed.store(true, Ordering::Relaxed);
        }
    });
    let shown = !json && std::io::stderr().is_terminal();
    let (mut imported, mut already_here, mut rejected_total) = (0, 0, 0);
    let mut rejected: Vec<RejectedView> = Vec::new();
    for file in files {
        let mut watch = |progress: Progress| {
            if shown {
                show(progress);
            }
            if cancelled.load(Ordering::Relaxed) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let done = Source::file(file)
            .map_err(|error| {
                Failure::here(
                    "unreadable_file",
                    format!("{} can't be read: {error}", file.display()),
                    "Check the name and try again.",
                )
            })
            .and_then(|mut source| Ok(wallet.import(&mut source, other_person, &mut watch)?));
        if shown {
            erase();
        }
        let done = done.map_err(|failure| {
            failure.about(&match imported {
                0 => format!("{}: ", file.display()),
                n => format!(
                    "({n} records of the files before were imported.) {}: ",
                    file.display()
                ),
            })
        })?;
        imported += done.imported;
        already_here += done.already_here;
        rejected_total += done.rejected_total;
        rejected.extend(done.rejected.into_iter().map(|mut entry| {
            if files.len() > 1 {
                entry.entry = format!("{}: {}", file.display(), entry.entry);
            }
            entry
        }));
    }
    let json = json!({
        "imported": imported,
        "already_here": already_here,
        "rejected": rejected,
        "rejected_total": rejected_total,
    });
    Ok(Answer::new(
        &json,
        plain::imported(imported, already_here, &rejected, rejected_total),
    ))
}

/// One line on the terminal, written over itself. Nobody is left to tell when stderr is gone.
fn show(progress: Progress) {
    let percent = progress.done * 100 / progress.total.max(1);
    // A file is read twice.
    let doing = if percent < 50 {
        "looking through"
    } else {
        "taking in"
    };
    let _ = write!(std::io::stderr(), "\r\x1b[K{percent:>3} %  {doing}");
}

fn erase() {
    let _ = write!(std::io::stderr(), "\r\x1b[K");
}

//! Long work tells a person at a terminal how far it is, and Ctrl-C stops it at the next safe moment.

use std::{
    io::{IsTerminal, Write},
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use carnet_wallet_core::Progress;

use crate::arguments::Common;

/// What to hand to the work. With `--json`, or where nobody looks, nothing is shown.
pub(crate) fn watched(
    common: &Common,
    doing: &'static str,
) -> impl FnMut(Progress) -> ControlFlow<()> + Send {
    let shown = !common.json && std::io::stderr().is_terminal();
    let stopped = Arc::new(AtomicBool::new(false));
    let noticed = Arc::clone(&stopped);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            noticed.store(true, Ordering::Relaxed);
        }
    });
    let mut before = None;
    move |progress: Progress| {
        let percent = (progress.done * 100)
            .checked_div(progress.total)
            .unwrap_or(0)
            .min(100);
        if shown && before != Some(percent) {
            before = Some(percent);
            let end = if percent == 100 { "\r\x1b[K" } else { "" };
            // Nobody is left to tell when stderr is gone.
            let _ = write!(std::io::stderr(), "\r\x1b[K{percent:>3} %  {doing}{end}");
        }
        if stopped.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

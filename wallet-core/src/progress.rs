//! Long work tells how far it is, and can be stopped.

use std::ops::ControlFlow;

/// How far a piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes or entries, whatever the work counts.
    pub done: u64,
    /// The same unit; a good guess.
    pub total: u64,
}

/// Called again and again while the work goes on; a break stops it at the next safe moment.
pub type Watch<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// For whoever watches nothing and stops nothing.
pub fn unwatched(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

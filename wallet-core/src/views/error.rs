//! What went wrong.

use serde::Serialize;
use specta::Type;

/// How an error reaches a screen or a terminal.
#[derive(Debug, Clone, Serialize, Type, thiserror::Error)]
#[error("{message}")]
pub struct ErrorView {
    /// Stable, `snake_case`; the screen's words are chosen by it.
    pub code: String,
    /// What happened and what is safe.
    pub message: String,
    /// What to do next.
    pub next: String,
}

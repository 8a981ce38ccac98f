//! Long work: one piece at a time, told to the pages, stopped when a page asks.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use carnet_wallet_core::Progress;
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri_specta::Event;

use crate::state::AppState;

/// Pages are told at most this often.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    Backup,
    Restore,
    Rotate,
    Scan,
    Import,
}

/// How far a long task is. At most ten times a second.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type, Event)]
pub struct TaskProgress {
    pub task: Task,
    /// Bytes or entries.
    pub done: f64,
    pub total: Option<f64>,
}

/// A task that goes on; over when dropped.
#[derive(Debug)]
pub struct Running {
    state: AppState,
    task: Task,
    stop: Arc<AtomicBool>,
    told: Option<Instant>,
}

impl Running {
    pub(crate) fn new(state: AppState, task: Task, stop: Arc<AtomicBool>) -> Self {
        Self {
            state,
            task,
            stop,
            told: None,
        }
    }

    /// Tells the pages; a break when they asked to stop.
    pub fn at(&mut self, progress: Progress) -> ControlFlow<()> {
        let over = progress.done >= progress.total;
        if over || self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            self.told = Some(Instant::now());
            self.state.tell(TaskProgress {
                task: self.task,
                done: progress.done as f64,
                total: (progress.total > 0).then_some(progress.total as f64),
            });
        }
        if self.stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.state.ended();
    }
}

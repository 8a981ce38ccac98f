//! One commit after the other. While one is on its way to the disk the next group runs already, on top of it; if it fails, that
//! group runs anew on what is there.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use super::queue::lock;

/// New values for keys; `None` removes.
pub(super) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The commits of one registry.
#[derive(Debug, Default)]
pub(super) struct Commits {
    turn: Mutex<()>,
    under_way: Mutex<UnderWay>,
}

/// What is on its way to the disk.
#[derive(Clone, Debug, Default)]
pub(super) struct UnderWay {
    pub(super) changes: Option<Arc<Changes>>,
    /// How many commits have failed before.
    failed: u64,
}

impl Commits {
    /// What whoever runs operations now runs them on top of.
    pub(super) fn under_way(&self) -> UnderWay {
        lock(&self.under_way).clone()
    }

    /// Waits until nothing is on its way.
    pub(super) fn turn(&self) -> CommitTurn<'_> {
        CommitTurn {
            commits: self,
            state: Turn::Waiting,
            _turn: lock(&self.turn),
        }
    }
}

/// Being the one who commits.
#[derive(Debug)]
pub(super) struct CommitTurn<'a> {
    commits: &'a Commits,
    state: Turn,
    _turn: MutexGuard<'a, ()>,
}

#[derive(Debug, PartialEq, Eq)]
enum Turn {
    Waiting,
    Begun,
    Succeeded,
}

impl CommitTurn<'_> {
    /// Whether what was on its way then is where it was to go.
    pub(super) fn has_taken(&self, base: &UnderWay) -> bool {
        base.changes.is_none() || lock(&self.commits.under_way).failed == base.failed
    }

    /// From here on others may run on top of these changes.
    pub(super) fn begin(&mut self, changes: Arc<Changes>) {
        self.state = Turn::Begun;
        lock(&self.commits.under_way).changes = Some(changes);
    }

    /// They are durable. Given back without this, they failed, also when the commit panicked.
    pub(super) fn succeeded(&mut self) {
        self.state = Turn::Succeeded;
    }
}

impl Drop for CommitTurn<'_> {
    fn drop(&mut self) {
        let mut under_way = lock(&self.commits.under_way);
        under_way.changes = None;
        if self.state == Turn::Begun {
            under_way.failed += 1;
        }
    }
}

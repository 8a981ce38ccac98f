//! What is there after a kill, against all that was told before it.

use carnet_ledger::{
    EventKind, Ledger as _,
    embedded::{Embedded, entry_of},
};
use carnet_log::{
    Tree,
    tree::{check_entry, check_growth},
};

use crate::{
    Trouble,
    child::Told,
    history::{Lasts, operation, whose},
};

/// What was wrong with what was found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Acknowledged operations that are missing, and states of the log that it no longer begins with.
    pub(crate) lost: u64,
    /// Operations that are there in part: recorded and not in force, not in the log, twice, or nobody's.
    pub(crate) torn: u64,
    /// Another place, time or chain id than was told; a time before the one before it.
    pub(crate) stale: u64,
}

impl Verdict {
    pub(crate) fn is_good(self) -> bool {
        self == Self::default()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.torn += other.torn;
        self.stale += other.stale;
    }
}

/// Looks at everything. Also gives what is there and counts as told from now on.
pub(crate) fn judge(ledger: &Embedded, told: &Told) -> Result<(Told, Verdict), Trouble> {
    let mut verdict = Verdict::default();
    let domain = ledger.domain();
    verdict.stale += u64::from(told.is_another || told.chain_id.is_some_and(|id| id != domain.chain_id));

    let mut found = Told {
        chain_id: Some(domain.chain_id),
        ..Told::default()
    };
    let listed = ledger.events(0, usize::MAX)?;
    // A writer has at most one operation under way.
    let most = told.lasts().into_iter().max().unwrap_or_default() + 1;
    let whose = whose(&domain, most);
    let tree = ledger.log()?;
    let head = (tree.size(), tree.root(ledger)?);
    verdict.torn += u64::from(head.0 != listed.last || listed.events.len() as u64 != listed.last);
    let mut time = 0;
    for (index, event) in (0..).zip(&listed.events) {
        let key = (event.grant_id, event.kind == EventKind::Granted);
        match whose.get(&key) {
            Some(of) if found.done.insert(*of, event.recorded).is_none() => {}
            _ => verdict.torn += 1,
        }
        verdict.torn += u64::from(event.recorded.sequence != index + 1);
        verdict.stale += u64::from(event.recorded.time < time);
        time = event.recorded.time;
        let proven = tree
            .prove_entry(index, ledger)
            .and_then(|proof| check_entry(&proof, head, index, &entry_of(event)));
        verdict.torn += u64::from(proven.is_err());
    }
    verdict.stale += u64::from(ledger.time() < time);

    for (of, recorded) in &told.done {
        match found.done.get(of) {
            None => verdict.lost += 1,
            Some(now) => verdict.stale += u64::from(now != recorded),
        }
    }
    verdict.torn += gaps(&found, told.lasts());
    verdict.torn += not_in_force(ledger, &found)?;
    for earlier in &told.heads {
        let begins_with_it = Tree::prove_growth(tree, earlier.0, ledger)
            .and_then(|proof| check_growth(&proof, *earlier, head));
        verdict.lost += u64::from(begins_with_it.is_err());
    }
    found.heads = vec![head];
    Ok((found, verdict))
}

/// Each writer's operations are there in order, at most one more than was told.
fn gaps(found: &Told, told: Lasts) -> u64 {
    let mut many = Lasts::default();
    for (writer, _) in found.done.keys() {
        many[*writer] += 1;
    }
    (0..)
        .zip(many.into_iter().zip(told))
        .map(|(writer, (many, told))| {
            let has_gap = (1..=many).any(|n| !found.done.contains_key(&(writer, n)));
            u64::from(has_gap || many > told + 1)
        })
        .sum()
}

/// Operations after which the grant doesn't stand as they left it, or that can be recorded a second time.
fn not_in_force(ledger: &Embedded, found: &Told) -> Result<u64, Trouble> {
    let mut wrong = 0;
    for ((writer, n), recorded) in &found.done {
        let Some(done) = operation(*writer as u64, *n) else {
            continue;
        };
        // What is taken back two steps later is looked at there.
        let is_over = n % 4 == 1 && found.done.contains_key(&(*writer, n + 2));
        if is_over {
            continue;
        }
        let id = carnet_ledger::grant_id(&ledger.domain(), &done.grant);
        wrong += u64::from(ledger.status(&id)? != done.leaves());
        // Each again costs a signature's check; the newest are those that a kill can hurt.
        if n + 8 > found.lasts()[*writer] {
            wrong += u64::from(done.record(ledger)? != *recorded);
        }
    }
    Ok(wrong)
}

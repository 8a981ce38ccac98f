//! Independent witnesses: who of them stays away from a log that they had signed.

use std::collections::BTreeMap;

use carnet_exchange::{TrustList, trust::Role};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::KeptLog;

/// A keeper of a log hands on what the first of several witnesses has signed, so the others are often a little late. Nobody is
/// told before a look, so long after the first one, has still not found them.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// Ids of witnesses that had signed an earlier state and have not signed the newest one, each since when.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Absent(BTreeMap<String, Timestamp>);

impl Absent {
    /// Who is absent from a state that was signed by `present`. Nobody waits for who is no witness of the list any more.
    pub(super) fn after(
        before: Option<&KeptLog>,
        present: &[String],
        list: &TrustList,
        now: Timestamp,
    ) -> Self {
        let Some(before) = before else {
            return Self::default();
        };
        let were = before.absent.0.iter().map(|(id, since)| (id, *since));
        let are = before.witnesses.iter().map(|id| (id, now));
        let is_witness = |id: &str| list.by_id(id).is_some_and(|party| party.has_role(Role::Witness));
        let absent = are
            .chain(were)
            .filter(|(id, _)| !present.contains(id) && is_witness(id))
            .map(|(id, since)| (id.clone(), since));
        Self(absent.collect())
    }

    /// Those whose absence is told of a state that was seen then.
    pub(super) fn missing(&self, seen: Timestamp) -> impl Iterator<Item = (&str, Timestamp)> {
        self.all().filter(move |(_, since)| is_late(*since, seen))
    }

    /// Those that may only be a little late.
    pub(super) fn awaited(&self, seen: Timestamp) -> impl Iterator<Item = &str> {
        self.all()
            .filter(move |(_, since)| !is_late(*since, seen))
            .map(|(id, _)| id)
    }

    fn all(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        self.0.iter().map(|(id, since)| (id.as_str(), *since))
    }
}

fn is_late(since: Timestamp, seen: Timestamp) -> bool {
    seen.duration_since(since) >= LATE
}

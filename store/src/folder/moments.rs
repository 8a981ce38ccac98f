//! A long read shows one moment without holding anybody up: writers keep what they replace as long as somebody needs it.

use std::{collections::BTreeMap, ops::Bound};

use crate::engine::Page;

/// What was replaced since the oldest read that is under way. Empty when nobody reads.
#[derive(Default)]
pub(super) struct Moments {
    /// How many reads show the state after the batch of this number.
    readers: BTreeMap<u64, u64>,
    /// For each key, what stood there until the batch of this number.
    replaced: BTreeMap<Vec<u8>, Vec<Replaced>>,
}

/// Number of the batch, and what it found; `None`: the key was not there.
type Replaced = (u64, Option<Vec<u8>>);

impl Moments {
    pub(super) fn begin(&mut self, number: u64) {
        *self.readers.entry(number).or_default() += 1;
    }

    pub(super) fn end(&mut self, number: u64) {
        if let Some(readers) = self.readers.get_mut(&number) {
            *readers -= 1;
            if *readers == 0 {
                self.readers.remove(&number);
            }
        }
        match self.readers.keys().next() {
            None => self.replaced.clear(),
            Some(oldest) if *oldest > number => self.replaced.retain(|_, values| {
                values.retain(|(until, _)| until > oldest);
                !values.is_empty()
            }),
            Some(_) => {}
        }
    }

    /// Called by a batch for each key that it changes.
    pub(super) fn keep(&mut self, number: u64, key: &[u8], before: Option<&[u8]>) {
        if !self.readers.is_empty() {
            self.replaced
                .entry(key.to_vec())
                .or_default()
                .push((number, before.map(<[u8]>::to_vec)));
        }
    }

    /// Turns a page of now, read behind `after`, into one of the moment after the batch `number`.
    pub(super) fn turn_back(&self, number: u64, prefix: &[u8], after: Option<&[u8]>, page: &mut Page) {
        if self.replaced.is_empty() {
            return;
        }
        let last = page
            .pairs
            .last()
            .filter(|_| page.more)
            .map(|(key, _)| key.clone());
        let start = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let end = last.as_deref().map_or(Bound::Unbounded, Bound::Included);
        let mut then: Option<BTreeMap<Vec<u8>, Vec<u8>>> = None;
        for (key, values) in self.replaced.range::<[u8], _>((start, end)) {
            if !key.starts_with(prefix) {
                break;
            }
            let Some((_, value)) = values.iter().find(|(until, _)| *until > number) else {
                continue;
            };
            let then = then.get_or_insert_with(|| std::mem::take(&mut page.pairs).into_iter().collect());
            match value {
                Some(value) => then.insert(key.clone(), value.clone()),
                None => then.remove(key),
            };
        }
        if let Some(then) = then {
            page.pairs = then.into_iter().collect();
        }
    }
}

//! Reading: page by page, so that memory stays flat however much there is.

use std::{ops::ControlFlow, sync::atomic::Ordering};

use super::{FolderStore, entry_key, values::Stored};
use crate::{StoreError, engine::guarded, store::Visit};

/// Called with a key and what the engine keeps for it.
type VisitStored<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError> + 'a;

/// One moment of the store, until dropped.
pub(super) struct Moment<'a> {
    store: &'a FolderStore,
    number: u64,
}

impl Drop for Moment<'_> {
    fn drop(&mut self) {
        if let Ok(mut moments) = self.store.moments.lock() {
            moments.end(self.number);
        }
    }
}

impl FolderStore {
    /// The present moment.
    pub(super) fn moment(&self) -> Result<Moment<'_>, StoreError> {
        // No batch is being applied while this is held.
        let _current = self.current.read().map_err(|_| StoreError::Broken)?;
        let number = self.applied.load(Ordering::Acquire);
        self.moments.lock().map_err(|_| StoreError::Broken)?.begin(number);
        Ok(Moment { store: self, number })
    }

    pub(super) fn visit_values(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let _reading = self.reading.read();
        let moment = self.moment()?;
        moment.visit(prefix, &mut |key, stored| {
            Ok(match Stored::parse(stored)? {
                Stored::Inline(value) => visit(key, value),
                Stored::File(digest, _) => visit(key, &self.values.read(&digest)?),
            })
        })
    }

    pub(super) fn visit_lengths(
        &self,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], u64) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let moment = self.moment()?;
        moment.visit(prefix, &mut |key, stored| {
            Ok(visit(key, Stored::parse(stored)?.len()))
        })
    }

    pub(super) fn value(&self, mut stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        match Stored::parse(&stored)? {
            Stored::Inline(_) => Ok(stored.split_off(1)),
            Stored::File(digest, _) => self.values.read(&digest),
        }
    }
}

impl Moment<'_> {
    /// Visits what the engine keeps for each key with this prefix.
    pub(super) fn visit(&self, prefix: &[u8], visit: &mut VisitStored<'_>) -> Result<(), StoreError> {
        let prefix = entry_key(prefix);
        let mut after: Option<Vec<u8>> = None;
        loop {
            let (page, next) = {
                let current = self.store.current.read().map_err(|_| StoreError::Broken)?;
                let engine = &current.as_ref().ok_or(StoreError::Broken)?.engine;
                let mut page = guarded(|| engine.page(&prefix, after.as_deref()))?;
                let next = page
                    .pairs
                    .last()
                    .filter(|_| page.more)
                    .map(|(key, _)| key.clone());
                let moments = self.store.moments.lock().map_err(|_| StoreError::Broken)?;
                moments.turn_back(self.number, &prefix, after.as_deref(), &mut page);
                (page, next)
            };
            for (key, stored) in &page.pairs {
                if visit(&key[1..], stored)?.is_break() {
                    return Ok(());
                }
            }
            if next.is_none() {
                return Ok(());
            }
            after = next;
        }
    }
}

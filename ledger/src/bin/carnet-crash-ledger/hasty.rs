//! A store that answers before it has written. It shows that this harness finds what it is there to find.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use carnet_store::{Batch, Export, Store, StoreError, Visit};

/// Batches that are held back.
const HELD: usize = 4;

#[derive(Debug)]
pub(crate) struct Hasty {
    inner: Arc<dyn Store>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    batches: usize,
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Hasty {
    pub(crate) fn over(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            held: Mutex::default(),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Hasty {
    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let mut held = self.held();
        held.changes.extend(batch.into_changes());
        held.batches += 1;
        if held.batches < HELD {
            return Ok(());
        }
        let mut all = Batch::new();
        for (key, value) in std::mem::take(&mut *held).changes {
            match value {
                Some(value) => all.put(key, value),
                None => all.delete(key),
            }
        }
        self.inner.commit(all)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.held().changes.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.inner.get(key),
        }
    }

    fn scan(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.inner.scan(prefix, visit)
    }

    fn compact(&self) -> Result<(), StoreError> {
        self.inner.compact()
    }

    fn export(&self, visit: &mut Export<'_>) -> Result<(), StoreError> {
        self.inner.export(visit)
    }
}

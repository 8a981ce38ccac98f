//! The one trait that engines implement.

use std::ops::ControlFlow;

use crate::{Batch, StoreError};

/// Called with a key and its value; breaks to see no more.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Called with a key and its value; an error ends the export.
pub type Export<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError> + 'a;

/// Durable pairs of bytes, ordered by key. Keys are at most 1 KiB.
///
/// Reads see whole batches only. A batch may be seen before its `commit` returns, never in part.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// All or nothing; durable (fsynced) when it returns `Ok`.
    fn commit(&self, batch: Batch) -> Result<(), StoreError>;

    /// The value of `key`.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Visits pairs with this prefix in key order, as of one moment; stop with [`ControlFlow::Break`].
    fn scan(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError>;

    /// As [`Store::scan`], but only keys and lengths of values (bytes): no large value is read.
    fn scan_keys(
        &self,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], u64) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.scan(prefix, &mut |key, value| visit(key, value.len() as u64))
    }

    /// Rewrites the files so that space of deleted and replaced values is given back.
    fn compact(&self) -> Result<(), StoreError>;

    /// Visits every pair in key order, as of one moment; the first error of `visit` ends it.
    fn export(&self, visit: &mut Export<'_>) -> Result<(), StoreError>;

    /// Reads every value and says whether all is as it was put.
    fn check(&self) -> Result<Checked, StoreError> {
        let mut checked = Checked::default();
        self.scan(&[], &mut |_, value| {
            checked.entries += 1;
            checked.bytes += value.len() as u64;
            ControlFlow::Continue(())
        })?;
        Ok(checked)
    }
}

/// What a check went over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Entries that were read.
    pub entries: u64,
    /// How many of them have a value in a file of its own.
    pub large: u64,
    /// Bytes of all values.
    pub bytes: u64,
    /// The first thing that is not as it should be.
    pub problem: Option<&'static str>,
}

//! Typed rows over the durable store: one JSON document per row, `table/id` as key; beside them the few that are bytes.

use std::{ops::ControlFlow, sync::Arc};

use carnet_store::{Batch, Store, StoreError};
use serde::{Serialize, de::DeserializeOwned};

/// Why a row could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("the station's storage did not take or give a row")]
    Store(#[from] StoreError),
    #[error("a row of the station's storage could not be understood")]
    Damaged(#[source] serde_json::Error),
}

/// The station's rows.
#[derive(Debug, Clone)]
pub struct Db(Arc<dyn Store>);

impl Db {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }

    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, DbError> {
        self.0
            .get(key.as_bytes())?
            .map(|bytes| serde_json::from_slice(&bytes).map_err(DbError::Damaged))
            .transpose()
    }

    /// The bytes of a row that is no document.
    pub fn bytes(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DbError> {
        Ok(self.0.get(key)?)
    }

    /// Every row under the prefix, in key order.
    pub fn all<T: DeserializeOwned>(&self, prefix: &str) -> Result<Vec<T>, DbError> {
        Ok(self.named(prefix)?.into_iter().map(|(_, row)| row).collect())
    }

    /// Every row under the prefix with the rest of its key.
    pub fn named<T: DeserializeOwned>(&self, prefix: &str) -> Result<Vec<(String, T)>, DbError> {
        let mut rows = Vec::new();
        let mut failed = None;
        self.0.scan(
            prefix.as_bytes(),
            &mut |key, value| match serde_json::from_slice(value) {
                Ok(row) => {
                    let rest = key.get(prefix.len()..).unwrap_or_default();
                    rows.push((String::from_utf8_lossy(rest).into_owned(), row));
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            },
        )?;
        failed.map_or(Ok(rows), |error| Err(DbError::Damaged(error)))
    }

    /// How many rows stand under the prefix.
    pub fn count(&self, prefix: &str) -> Result<u64, DbError> {
        let mut count = 0;
        self.0.scan(prefix.as_bytes(), &mut |_, _| {
            count += 1;
            ControlFlow::Continue(())
        })?;
        Ok(count)
    }

    /// One row, alone and durable.
    pub fn put<T: Serialize>(&self, key: &str, row: &T) -> Result<(), DbError> {
        let mut change = Change::default();
        change.put(key, row)?;
        self.commit(change)
    }

    /// All rows of the change or none; durable when this returns.
    pub fn commit(&self, change: Change) -> Result<(), DbError> {
        if change.0.is_empty() {
            return Ok(());
        }
        Ok(self.0.commit(change.0)?)
    }
}

/// Rows that change together.
#[derive(Default)]
pub struct Change(Batch);

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Change")
    }
}

impl Change {
    pub fn put<T: Serialize>(&mut self, key: &str, row: &T) -> Result<(), DbError> {
        self.0
            .put(key.as_bytes(), serde_json::to_vec(row).map_err(DbError::Damaged)?);
        Ok(())
    }

    /// A row that is no document.
    pub fn put_bytes(&mut self, key: Vec<u8>, bytes: Vec<u8>) {
        self.0.put(key, bytes);
    }

    pub fn delete(&mut self, key: &str) {
        self.0.delete(key.as_bytes());
    }
}

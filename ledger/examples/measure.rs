//! How long a grant and a look take here: `cargo run -p carnet-ledger --features embedded --example measure`.
#![expect(clippy::print_stdout, reason = "it is what the program is for")]

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use carnet_ledger::{Grant, Ledger, LedgerError, address_of, embedded::Embedded, grant_id, sign_grant};
use carnet_store::{Batch, EngineKind, Export, Store, StoreError, Visit, open};
use k256::ecdsa::SigningKey;

const NOW: u64 = 1_900_000_800;
const GRANTS: u64 = 500;
const CALLERS: u64 = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let (folder, other) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let key = SigningKey::from_slice(&[7; 32])?;
    let stores: [(&str, Arc<dyn Store>); 3] = [
        ("in memory, no fsync", Arc::new(Memory::default())),
        ("sled, durable", Arc::new(open(folder.path(), EngineKind::Sled)?)),
        ("redb, durable", Arc::new(open(other.path(), EngineKind::Redb)?)),
    ];
    for (name, store) in stores {
        let ledger = Embedded::open(store, 1, Arc::new(|| NOW))?;
        let grants: Vec<_> = (0..2 * GRANTS)
            .map(|n| {
                let grant = Grant {
                    subject: address_of(&key),
                    commitment: [0; 32],
                    not_before: NOW,
                    expiry: NOW + 1 + n,
                    revoke_hash: [0; 32],
                };
                (grant, sign_grant(&ledger.domain(), &grant, &key))
            })
            .collect();
        let (alone, together) = grants.split_at(grants.len() / 2);

        let one = mean(alone.len(), || {
            alone
                .iter()
                .try_for_each(|(grant, s)| ledger.grant(grant, s).map(drop))
        })?;
        let id = grant_id(&ledger.domain(), &alone[0].0);
        let look = mean(alone.len(), || {
            alone.iter().try_for_each(|_| ledger.status(&id).map(drop))
        })?;
        let shared = mean(together.len(), || {
            std::thread::scope(|scope| {
                let each = together.len().div_ceil(usize::try_from(CALLERS).unwrap_or(1));
                let ledger = &ledger;
                let callers: Vec<_> = together
                    .chunks(each)
                    .map(|part| {
                        scope.spawn(move || part.iter().try_for_each(|(g, s)| ledger.grant(g, s).map(drop)))
                    })
                    .collect();
                callers.into_iter().try_for_each(|caller| {
                    caller
                        .join()
                        .unwrap_or(Err(LedgerError::Damaged("a caller panicked")))
                })
            })
        })?;
        println!("{name}: a grant {one:?}, with {CALLERS} callers {shared:?} each, a look {look:?}");
    }
    Ok(())
}

fn mean(times: usize, work: impl FnOnce() -> Result<(), LedgerError>) -> Result<Duration, LedgerError> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed() / u32::try_from(times).unwrap_or(u32::MAX))
}

/// What is left when there is no disk.
#[derive(Debug, Default)]
struct Memory(Mutex<std::collections::HashMap<Vec<u8>, Vec<u8>>>);

impl Store for Memory {
    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let mut pairs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in batch.into_changes() {
            match value {
                Some(value) => pairs.insert(key, value),
                None => pairs.remove(&key),
            };
        }
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned())
    }

    fn scan(&self, _: &[u8], _: &mut Visit<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    fn compact(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn export(&self, _: &mut Export<'_>) -> Result<(), StoreError> {
        Ok(())
    }
}

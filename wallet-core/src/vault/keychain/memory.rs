//! A keychain that ends with the process: it notices a copy exchanged while the program runs, no other.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::{Keychain, NoKeychain, Remembered};

/// Remembers as long as it lives.
#[derive(Debug, Default)]
pub struct MemoryKeychain(Mutex<HashMap<[u8; 16], Remembered>>);

impl Keychain for MemoryKeychain {
    fn remembered(&self, vault: [u8; 16]) -> Result<Option<Remembered>, NoKeychain> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(known.get(&vault).copied())
    }

    fn remember(&self, vault: [u8; 16], what: Remembered) -> Result<(), NoKeychain> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(vault, what);
        Ok(())
    }
}

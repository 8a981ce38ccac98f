//! What the wallet finds around it: the time, and a place outside of the vault.

use std::sync::Arc;

use crate::{
    Clock,
    vault::{Absent, Keychain, keychain_from_env},
};

/// Handed in by whoever opens a wallet. A [`Clock`] alone is a device without a keychain.
#[derive(Debug, Clone)]
pub struct Device {
    pub clock: Clock,
    pub keychain: Arc<dyn Keychain>,
}

impl Device {
    /// The machine's own clock, and the keychain that `CARNET_KEYCHAIN` names (`system`, `memory`, `none`).
    pub fn system() -> Self {
        Self {
            clock: Clock::system(),
            keychain: keychain_from_env(),
        }
    }
}

impl From<Clock> for Device {
    fn from(clock: Clock) -> Self {
        Self {
            clock,
            keychain: Arc::new(Absent),
        }
    }
}

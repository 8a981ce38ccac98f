//! Where the vault lies and which list of organisations it is offered.

use std::{ffi::OsString, path::PathBuf};

/// What the surroundings say. `CARNET_VAULT`: the vault's folder. `CARNET_TRUST`: a signed list of organisations, taken at each
/// unlock. `CARNET_DEMO=1`: the pages say that this is sample data.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub vault: Option<PathBuf>,
    pub trust: Option<PathBuf>,
    pub demo: bool,
}

impl Settings {
    /// Read from this process's environment.
    #[must_use]
    pub fn from_env() -> Self {
        let path = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        Self {
            vault: path("CARNET_VAULT"),
            trust: path("CARNET_TRUST"),
            demo: std::env::var_os("CARNET_DEMO") == Some(OsString::from("1")),
        }
    }

    /// Completed by the person's own folders.
    #[must_use]
    pub fn or_app_data(self, app_data: PathBuf, documents: PathBuf) -> Places {
        Places {
            documents,
            vault: self.vault.unwrap_or_else(|| app_data.join("vault")),
            trust: self.trust,
            demo: self.demo,
        }
    }
}

/// Settings with nothing left open.
#[derive(Debug, Clone)]
pub struct Places {
    /// Where a file is suggested to be put.
    pub documents: PathBuf,
    pub vault: PathBuf,
    pub trust: Option<PathBuf>,
    pub demo: bool,
}

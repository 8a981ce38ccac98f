//! Evidence: the logs of the registry's operations and of what was read, for wallets that keep this station to account.
//! Everything here may be known to everybody.

pub mod reads;
pub mod witnesses;

use axum::http::StatusCode;
use carnet_ledger::{
    Ledger as _, LedgerError,
    embedded::{Embedded, entry_of},
};
use carnet_log::{
    Checkpoint, CheckpointError, Hash, Part, Tiles, Tree, TreeError, entry, receipt::lines, tree::bundle,
};

use self::reads::{ReadsLog, ReadsLogError};
use crate::{app::App, errors::Told};

/// Why a part of the log can't be given.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    #[error("The log has no such part, or not yet.")]
    Unknown,
    #[error(
        "This station keeps no log of operations: its registry is on a chain, which is its own evidence."
    )]
    OnChain,
    #[error("The log can't be read.")]
    Log(#[source] TreeError),
    #[error("The log's state can't be signed.")]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Reads(#[from] ReadsLogError),
}

impl Told for EvidenceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::OnChain => "registry_on_chain",
            Self::Log(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
            Self::Ledger(error) => error.code(),
            Self::Reads(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Unknown => "Look at the log's newest state.",
            Self::OnChain => "Read the registry through a node of the chain.",
            Self::Log(_) | Self::Checkpoint(_) | Self::Ledger(_) | Self::Reads(_) => {
                "Nothing was changed. Look at the station's log."
            }
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Unknown | Self::OnChain => StatusCode::NOT_FOUND,
            Self::Ledger(error) if error.is_outage() => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<TreeError> for EvidenceError {
    fn from(error: TreeError) -> Self {
        match error {
            TreeError::OutOfRange | TreeError::TooLarge => Self::Unknown,
            other => Self::Log(other),
        }
    }
}

/// Which of its logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Book {
    /// What the registry has recorded, where this station keeps it.
    Operations,
    /// What this station's people have read.
    Reads,
}

impl Book {
    pub const ALL: [Self; 2] = [Self::Operations, Self::Reads];

    /// The log's name.
    pub fn origin(self, app: &App) -> String {
        match self {
            Self::Operations => {
                let registry = app.ledger_ref();
                entry::operations(&registry.chain_id, &registry.registry)
            }
            Self::Reads => entry::reads(&app.id()),
        }
    }

    fn kept(self, app: &App) -> Result<&dyn Kept, EvidenceError> {
        match self {
            Self::Operations => match &app.registry {
                Some(registry) => Ok(&**registry),
                None => Err(EvidenceError::OnChain),
            },
            Self::Reads => Ok(&app.reads),
        }
    }

    /// How many entries it has.
    fn size(self, app: &App) -> Result<u64, EvidenceError> {
        Ok(self.kept(app)?.log()?.size())
    }

    /// Its state now, signed: a note (c2sp.org/tlog-checkpoint).
    pub fn signed(self, app: &App) -> Result<Checkpoint, EvidenceError> {
        let kept = self.kept(app)?;
        let tree = kept.log()?;
        let root = tree.root(kept)?;
        let key = &app.keys.checkpoint;
        Ok(Checkpoint::sign(&self.origin(app), tree.size(), root, key)?)
    }

    /// Its state now or a moment later, with the lines of the witnesses that have signed it. None: no witness has.
    pub async fn cosigned(self, app: &App) -> Result<Option<String>, EvidenceError> {
        // Whoever asks must find everything in it that was promised before.
        Ok(app.witnesses.signed_since(self, self.size(app)?).await)
    }

    /// Proof that the log of `to` entries begins with the one of `from`.
    fn growth_of(self, app: &App, from: u64, to: u64) -> Result<Vec<Hash>, EvidenceError> {
        let kept = self.kept(app)?;
        Ok(log_of(kept, to)?.prove_growth(from, kept)?)
    }

    /// The same: a line for each hash.
    pub fn growth(self, app: &App, from: u64, to: u64) -> Result<String, EvidenceError> {
        Ok(lines(&self.growth_of(app, from, to)?))
    }

    /// Proof that the entry at this place is in the log of `size` entries.
    pub fn inclusion(self, app: &App, index: u64, size: u64) -> Result<String, EvidenceError> {
        let kept = self.kept(app)?;
        Ok(lines(&log_of(kept, size)?.prove_entry(index, kept)?))
    }

    /// A tile or a bundle of entries (c2sp.org/tlog-tiles), by its path.
    pub fn part(self, app: &App, path: &str) -> Result<Vec<u8>, EvidenceError> {
        let kept = self.kept(app)?;
        let tree = kept.log()?;
        match Part::of(path).ok_or(EvidenceError::Unknown)? {
            Part::Hashes(place, width) => {
                let hashes = tree.hashes(place, width, kept)?;
                hashes.ok_or(EvidenceError::Unknown)
            }
            Part::Entries(first, many) => {
                if first.saturating_add(u64::from(many)) > tree.size() {
                    return Err(EvidenceError::Unknown);
                }
                let entries = kept.entries_of(first, many)?;
                bundle(entries.iter().map(Vec::as_slice)).ok_or(EvidenceError::Unknown)
            }
        }
    }
}

/// A log that this station keeps, as far as it is durable.
trait Kept: Tiles {
    fn log(&self) -> Result<Tree, EvidenceError>;
    /// So many entries from this one on.
    fn entries_of(&self, first: u64, many: u32) -> Result<Vec<Vec<u8>>, EvidenceError>;
}

impl Kept for Embedded {
    fn log(&self) -> Result<Tree, EvidenceError> {
        Ok(Self::log(self)?)
    }

    fn entries_of(&self, first: u64, many: u32) -> Result<Vec<Vec<u8>>, EvidenceError> {
        let events = self.events(first, many as usize)?.events;
        Ok(events.iter().map(entry_of).collect())
    }
}

impl Kept for ReadsLog {
    fn log(&self) -> Result<Tree, EvidenceError> {
        Ok(self.tree()?)
    }

    fn entries_of(&self, first: u64, many: u32) -> Result<Vec<Vec<u8>>, EvidenceError> {
        Ok(self.entries(first, many)?)
    }
}

fn log_of(kept: &dyn Kept, size: u64) -> Result<Tree, EvidenceError> {
    if size > kept.log()?.size() {
        return Err(EvidenceError::Unknown);
    }
    Ok(Tree::of(size)?)
}

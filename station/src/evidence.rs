//! Evidence: the log of the registry's operations, for wallets that keep this station to account. Everything here may be known
//! to everybody.

pub mod witnesses;

use axum::http::StatusCode;
use carnet_ledger::{
    Ledger as _, LedgerError,
    embedded::{Embedded, entry_of},
};
use carnet_log::{
    Checkpoint, CheckpointError, Hash, Part, Tree, TreeError, entry, receipt::lines, tree::bundle,
};

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
}

impl Told for EvidenceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::OnChain => "registry_on_chain",
            Self::Log(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
            Self::Ledger(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Unknown => "Look at the log's newest state.",
            Self::OnChain => "Read the registry through a node of the chain.",
            Self::Log(_) | Self::Checkpoint(_) | Self::Ledger(_) => {
                "Nothing was changed. Look at the station's log."
            }
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Unknown | Self::OnChain => StatusCode::NOT_FOUND,
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

/// The log's name.
pub fn origin(app: &App) -> String {
    let registry = app.ledger_ref();
    entry::operations(&registry.chain_id, &registry.registry)
}

/// Its state now, signed: a note (c2sp.org/tlog-checkpoint).
pub fn signed(app: &App) -> Result<Checkpoint, EvidenceError> {
    let registry = kept(app)?;
    let tree = registry.log()?;
    let root = tree.root(registry)?;
    Ok(Checkpoint::sign(
        &origin(app),
        tree.size(),
        root,
        &app.keys.checkpoint,
    )?)
}

/// Its state now or a moment later, with the lines of the witnesses that have signed it. None: no witness has.
pub async fn cosigned(app: &App) -> Result<Option<String>, EvidenceError> {
    // Whoever asks must find everything in it that was promised before.
    Ok(app.witnesses.signed_since(kept(app)?.log()?.size()).await)
}

/// Proof that the log of `to` operations begins with the one of `from`: a line for each hash.
pub fn growth(app: &App, from: u64, to: u64) -> Result<String, EvidenceError> {
    Ok(lines(&growth_of(app, from, to)?))
}

fn growth_of(app: &App, from: u64, to: u64) -> Result<Vec<Hash>, EvidenceError> {
    let registry = kept(app)?;
    Ok(log_of(registry, to)?.prove_growth(from, registry)?)
}

/// Proof that the entry at this place is in the log of `size` operations.
pub fn inclusion(app: &App, index: u64, size: u64) -> Result<String, EvidenceError> {
    let registry = kept(app)?;
    Ok(lines(&log_of(registry, size)?.prove_entry(index, registry)?))
}

/// A tile or a bundle of entries (c2sp.org/tlog-tiles), by its path.
pub fn part(app: &App, path: &str) -> Result<Vec<u8>, EvidenceError> {
    let registry = kept(app)?;
    let tree = registry.log()?;
    match Part::of(path).ok_or(EvidenceError::Unknown)? {
        Part::Hashes(place, width) => {
            let hashes = tree.hashes(place, width, registry)?;
            hashes.ok_or(EvidenceError::Unknown)
        }
        Part::Entries(first, many) => {
            if first.saturating_add(u64::from(many)) > tree.size() {
                return Err(EvidenceError::Unknown);
            }
            let events = registry.events(first, many as usize)?.events;
            let entries: Vec<Vec<u8>> = events.iter().map(entry_of).collect();
            bundle(entries.iter().map(Vec::as_slice)).ok_or(EvidenceError::Unknown)
        }
    }
}

fn kept(app: &App) -> Result<&Embedded, EvidenceError> {
    app.registry.as_deref().ok_or(EvidenceError::OnChain)
}

fn log_of(registry: &Embedded, size: u64) -> Result<Tree, EvidenceError> {
    if size > registry.log()?.size() {
        return Err(EvidenceError::Unknown);
    }
    Ok(Tree::of(size)?)
}

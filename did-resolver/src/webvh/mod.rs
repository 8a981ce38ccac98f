//! did:webvh 1.0 (<https://identity.foundation/didwebvh/v1.0/>): a DID whose whole history can be checked.
//!
//! [`Log::read`] checks everything that the log itself can show: the name's own hash, the chain of entries, their
//! times, who was allowed to sign, what was promised about the next keys, and every move. [`Log::witnessed`] then
//! checks the witnesses' file, where one is needed. Both are pure. [`write`] makes logs that pass.
//!
//! One invalid entry makes the whole log invalid, also for the versions before it: the specification leaves the choice,
//! and a log that somebody broke is nothing to rely on.

mod entry;
mod error;
mod history;
mod log;
mod parameters;
mod witness;
pub mod write;

pub use error::WebvhError;
pub use history::History;
pub use log::Log;

use crate::{
    address::Location,
    error::ResolveError,
    resolution::{Options, Resolved},
};
use jiff::Timestamp;

/// Largest log that is looked at, in bytes.
pub const MAX_LOG_LEN: usize = 4 << 20;
/// Largest witness file that is looked at, in bytes.
pub const MAX_WITNESS_LEN: usize = 1 << 20;
/// Most entries of one log. Each takes two canonical forms and a signature, some 100 µs.
pub const MAX_ENTRIES: usize = 4_096;
/// Seconds a log may be kept where it doesn't say.
pub const DEFAULT_TTL: u32 = 3_600;

/// Resolves a DID from its files. `witness` is `did-witness.json`, where there is one.
pub fn resolve(
    did: &str,
    log: &[u8],
    witness: Option<&[u8]>,
    options: &Options,
    now: Timestamp,
) -> Result<Resolved, ResolveError> {
    Log::read(did, log, now)?.witnessed(witness)?.version(options)
}

/// Where the log of a did:webvh lies.
pub fn file_of(did: &str) -> Result<url::Url, ResolveError> {
    parts(did)?.1.file("did.jsonl")
}

/// SCID and location of `did:webvh:SCID:host…`.
pub(crate) fn parts(did: &str) -> Result<(&str, Location), ResolveError> {
    let (scid, location) = did
        .strip_prefix("did:webvh:")
        .and_then(|rest| rest.split_once(':'))
        .ok_or(ResolveError::InvalidDid)?;
    if entry::is_multihash(scid) {
        Ok((scid, Location::parse(location)?))
    } else {
        Err(ResolveError::InvalidDid)
    }
}

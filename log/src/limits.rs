//! How large anything may be that comes from outside.

/// A signed checkpoint, in bytes.
pub(crate) const NOTE_BYTES: usize = 16 * 1024;
/// Hashes of one proof: enough for a tree of 2⁶² entries.
pub(crate) const PROOF_HASHES: usize = 63;
/// Entries of a log.
pub(crate) const ENTRIES: u64 = 1 << 48;

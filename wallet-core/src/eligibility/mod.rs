//! Showing that a statement holds, without the value (`docs/eligibility.md`).
//!
//! - [`asked`]: what would be shown, by which cards, and what they learn
//! - [`held`]: which statements could be shown at all
//! - [`prove`]: the proof, and using its copy up
//! - [`probing`]: who asks again and again with other limits has to wait

mod asked;
mod held;
mod probing;
mod prove;
#[cfg(test)]
mod tests;

pub use held::StatementsError;
pub(crate) use prove::Proof;
pub use prove::ProofError;

use carnet_eligibility::{Copy, Opening};

use crate::credentials::KeptCredential;

/// A copy that could answer a question.
pub(crate) struct Provable {
    /// Id of the copy.
    pub(crate) id: String,
    pub(crate) kept: KeptCredential,
    pub(crate) copy: Copy,
    pub(crate) opening: Opening,
    pub(crate) key: ed25519_dalek::SigningKey,
    /// Copies of the same card that could answer it too, this one included.
    pub(crate) copies: u32,
    /// Whether the statement holds of its value: nobody but the patient learns that.
    pub(crate) holds: bool,
}

impl std::fmt::Debug for Provable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Provable(…)")
    }
}

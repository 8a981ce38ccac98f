//! An append-only log that its keeper can't rewrite unseen. Whoever keeps a [`Checkpoint`] can demand, of every later one, a
//! proof that nothing before it has changed; whoever was promised an entry can demand a proof that it is in there.
//!
//! The forms are those of C2SP, so that other people's software can read, mirror and witness these logs: signed notes
//! (c2sp.org/signed-note), checkpoints (c2sp.org/tlog-checkpoint), tiles of 256 hashes (c2sp.org/tlog-tiles), cosignatures
//! (c2sp.org/tlog-cosignature), what a witness is asked (c2sp.org/tlog-witness) and a proof in a file (c2sp.org/tlog-proof).
//! The tree is that of RFC 6962, section 2.1.
//!
//! - [`tree`]: growing the log, and proving things of it
//! - [`entry`]: what Carnet's logs say
//! - [`checkpoint`]: what the keeper signs
//! - [`history`]: what one who checks keeps, and what it says of a later checkpoint
//! - [`contradiction`]: what shows to anybody that a log was changed
//! - [`receipt`]: one entry's proof, to show to somebody else
//! - [`witness`]: somebody else who signs only what fits what they saw before
//!
//! Pure: no clock, no network, no storage. Callers commit the tiles together with what they are about.

pub mod checkpoint;
pub mod contradiction;
pub mod entry;
pub mod history;
mod limits;
mod note;
pub mod receipt;
pub mod tree;
pub mod witness;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use history::{Broken, compare};
pub use note::{read_verifier_key, verifier_key};
pub use receipt::{Receipt, ReceiptError};
pub use tree::{Hash, Part, Place, Tiles, Tree, TreeError};
pub use witness::{Cosigned, Refusal, Witness};

//! A backup: everything in a vault as one sealed file that needs nothing but its passphrase, or the 24 words.
//!
//! ```text
//! "carnet-backup\n" ‖ length of the header 4 ‖ header (JSON) ‖ content in pieces of 1 MiB, each with its tag 16
//! ```
//! A random file key is wrapped by the passphrase and by the words, as a vault key is. The content is sealed by STREAM
//! (Hoang, Reyhanitabar, Rogaway, Vizár: "Online authenticated-encryption and its nonce-reuse misuse-resistance", 2015;
//! big-endian counter of 32 bits and a mark on the last piece) with XChaCha20-Poly1305, under
//! HKDF-SHA256(salt = SHA-256 of everything before the content, key = file key, info = `carnet-backup-v1 content`): 32 bytes
//! of key, 19 of nonce. So nothing can be altered, exchanged, left out or cut off, header included, without being refused.
//!
//! The content is a sequence of items, see `item.rs`. It holds values, not sealed entries: a restored vault has keys of its own.

mod error;
#[cfg(fuzzing)]
pub(super) mod fuzzing;
mod header;
mod item;
mod make;
mod restore;
mod stream;
#[cfg(test)]
mod tests;

pub use error::{BackupError, RestoreError};
pub use make::Contents;
pub use restore::{BackupSecret, Restored};

/// The first bytes of every backup.
const MAGIC: &[u8; 14] = b"carnet-backup\n";
const VERSION: u32 = 1;
/// Longest header, in bytes.
const MOST_HEADER: u32 = 4 * 1024;

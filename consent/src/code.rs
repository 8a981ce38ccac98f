//! The four digits that are spoken at the desk.

use std::fmt;

use sha2::{Digest, Sha256};

/// Four digits; `Display` keeps leading zeros (`0427`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code(u16);

impl Code {
    /// Whether these typed characters are the code. Spaces around them do not count.
    pub fn is(self, typed: &str) -> bool {
        self.to_string() == typed.trim()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// SHA-256 of `"carnet-code-v1" ‖ request digest ‖ holder key thumbprint (RFC 7638) ‖ grant id`, the first 8 bytes as a
/// big-endian integer, modulo 10,000.
pub fn code(request_digest: &[u8; 32], holder_thumbprint: &[u8; 32], grant_id: &[u8; 32]) -> Code {
    let digest = Sha256::new()
        .chain_update(b"carnet-code-v1")
        .chain_update(request_digest)
        .chain_update(holder_thumbprint)
        .chain_update(grant_id)
        .finalize();
    let number = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    Code((number % 10_000) as u16)
}

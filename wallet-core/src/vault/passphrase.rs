//! What the patient types.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Shortest passphrase that a new vault takes, in characters.
pub const SHORTEST_PASSPHRASE: usize = 8;

/// A passphrase. Wiped when dropped; never printed by `Debug`.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes the passphrase as typed: nothing is trimmed, case counts. Only the two ways in which keyboards write an accented
    /// letter are made one (NFC, RFC 8265 section 4.2).
    pub fn new(typed: impl Into<Zeroizing<String>>) -> Self {
        let typed = typed.into();
        // NFC at most triples the length; a string that grows leaves copies of itself behind.
        let mut normal = Zeroizing::new(String::with_capacity(3 * typed.len()));
        normal.extend(typed.nfc());
        Self(normal)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(super) fn is_too_short(&self) -> bool {
        self.0.chars().count() < SHORTEST_PASSPHRASE
    }
}

impl From<String> for Passphrase {
    fn from(typed: String) -> Self {
        Self::new(typed)
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

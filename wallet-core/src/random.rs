//! The one place where the use cases draw randomness from the operating system.

use zeroize::Zeroizing;

/// The operating system gave no randomness.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("This device gave no randomness. Nothing was changed and nothing was sent.")]
pub struct NoRandomness;

/// Fresh random bytes.
pub(crate) fn make_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A fresh one-time P-256 key.
pub(crate) fn make_key() -> Result<p256::SecretKey, NoRandomness> {
    loop {
        let bytes = Zeroizing::new(make_bytes::<32>()?);
        // Not every 32 bytes are a scalar of the field; the odds against are 2⁻³².
        if let Ok(key) = p256::SecretKey::from_slice(bytes.as_slice()) {
            return Ok(key);
        }
    }
}

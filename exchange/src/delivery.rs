//! The sealed records: a FHIR Bundle as JWE to the one-time key of the request. It is made before the consent, which
//! names its digest, and sent only when the grant stands.

use carnet_consent::Digest32;
use p256::SecretKey;
use serde_json::Value;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    jwe::{self, EncryptionKey, JweError},
    limits::DELIVERY_BYTES,
};

const CTY: &str = "application/fhir+json";

/// Why a delivery is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Over [`DELIVERY_BYTES`] once sealed.
    #[error("the records are too many for one delivery")]
    TooLarge,
    /// It isn't for this key, or was altered.
    #[error("the sealed records can't be opened: {0}")]
    Sealed(#[from] JweError),
    /// The content isn't marked as FHIR.
    #[error("the sealed content is not marked as health records")]
    WrongContent,
}

impl DeliveryError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "delivery_too_large",
            Self::Sealed(e) => e.code(),
            Self::WrongContent => "delivery_wrong_content",
        }
    }
}

/// Seals a Bundle to the station's one-time key. `ephemeral` and `iv` must be fresh.
pub fn seal(
    bundle: &[u8],
    recipient: &EncryptionKey,
    ephemeral: &SecretKey,
    iv: [u8; 12],
) -> Result<String, DeliveryError> {
    // Base64 makes 4 of 3: what would not be accepted is not encrypted either.
    if bundle.len() > DELIVERY_BYTES / 4 * 3 - 4_096 {
        return Err(DeliveryError::TooLarge);
    }
    Ok(jwe::encrypt(
        bundle,
        recipient,
        ephemeral,
        iv,
        jwe::content_type(CTY),
    )?)
}

/// SHA-256 of the sealed text, as the consent names it.
pub fn digest(sealed: &str) -> Digest32 {
    Digest32(Sha256::digest(sealed.as_bytes()).into())
}

/// Opens a delivery with the one-time key.
pub fn open(sealed: &str, key: &SecretKey) -> Result<Zeroizing<Vec<u8>>, DeliveryError> {
    if sealed.len() > DELIVERY_BYTES {
        return Err(DeliveryError::TooLarge);
    }
    let (header, bundle) = jwe::decrypt(sealed, key, DELIVERY_BYTES)?;
    if header.get("cty").and_then(Value::as_str) == Some(CTY) {
        Ok(bundle)
    } else {
        Err(DeliveryError::WrongContent)
    }
}

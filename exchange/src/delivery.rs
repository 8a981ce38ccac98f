//! The sealed records: a FHIR Bundle, sealed to the one-time keys of the request. It is made before the consent, which names
//! its digest, and sent only when the grant stands.
//!
//! A request that offers an HPKE key gets HPKE and nothing weaker, and who offered it takes nothing weaker; a request that
//! offers only the P-256 key gets a JWE with ECDH-ES. The HPKE context is the request (its digest): what was sealed for one
//! question opens under no other. The grant can't be part of it, since the grant names the consent and the consent names
//! this digest; that chain is what binds a delivery to its grant.

use carnet_consent::{Digest32, Endpoint};
use carnet_credentials::jwk::KeyError;
use p256::SecretKey;
use serde_json::Value;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    hpke::{self, HpkeKey, HpkeSecret, RANDOM_BYTES},
    jwe::{self, EncryptionKey, JweError},
    limits::DELIVERY_BYTES,
    media,
};

const CTY: &str = "application/fhir+json";
const CONTEXT: &[u8] = b"carnet-delivery-v1";

/// Why a delivery is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Over [`DELIVERY_BYTES`] once sealed.
    #[error("the records are too many for one delivery")]
    TooLarge,
    /// It isn't for this key, or was altered.
    #[error("the sealed records can't be opened: {0}")]
    Sealed(#[from] JweError),
    /// HPKE was offered, and this is something weaker.
    #[error("the records were sealed in a weaker way than was agreed")]
    Downgraded,
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
            Self::Downgraded => "delivery_downgraded",
            Self::WrongContent => "delivery_wrong_content",
        }
    }
}

/// The one-time public keys of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryKey {
    jwk: EncryptionKey,
    hpke: Option<HpkeKey>,
}

impl DeliveryKey {
    /// Reads what a consent request offers. A key that isn't understood is not passed over: who offers it takes nothing
    /// else.
    pub fn of(endpoint: &Endpoint) -> Result<Self, KeyError> {
        Ok(Self {
            jwk: EncryptionKey::from_jwk(&endpoint.jwk)?,
            hpke: endpoint.hpke.as_ref().map(HpkeKey::from_jwk).transpose()?,
        })
    }

    /// Whether records sealed to it stay sealed when elliptic curves no longer do.
    pub fn is_post_quantum(&self) -> bool {
        self.hpke.is_some()
    }
}

/// The one-time secret keys of a request.
#[derive(Debug)]
pub struct DeliverySecret {
    /// For a JWE.
    pub p256: SecretKey,
    /// For HPKE, where it was offered.
    pub hpke: Option<HpkeSecret>,
}

/// Seals a Bundle to the one-time keys of the request with that digest. `random` must be fresh.
pub fn seal(
    bundle: &[u8],
    recipient: &DeliveryKey,
    request_digest: &[u8; 32],
    random: &[u8; RANDOM_BYTES],
) -> Result<String, DeliveryError> {
    // Base64 makes 4 of 3: what would not be accepted is not encrypted either.
    if bundle.len() > DELIVERY_BYTES / 4 * 3 - 4_096 {
        return Err(DeliveryError::TooLarge);
    }
    let header = jwe::content_type(CTY);
    if let Some(key) = &recipient.hpke {
        return Ok(hpke::seal(bundle, key, &context(request_digest), random, header)?);
    }
    let (ephemeral, rest) = random.split_at(32);
    // All but one in 2³² draws are below the order.
    let ephemeral = SecretKey::from_slice(ephemeral).map_err(|_| JweError::Key)?;
    let mut iv = [0; 12];
    iv.copy_from_slice(&rest[..12]);
    Ok(jwe::encrypt(bundle, &recipient.jwk, &ephemeral, iv, header)?)
}

/// SHA-256 of the sealed text, as the consent names it.
pub fn digest(sealed: &str) -> Digest32 {
    Digest32(Sha256::digest(sealed.as_bytes()).into())
}

/// The content type under which a sealed text travels.
pub fn media_type(sealed: &str) -> &'static str {
    if hpke::is_sealed(sealed) {
        media::DELIVERY_HPKE
    } else {
        media::DELIVERY
    }
}

/// Opens a delivery with the one-time keys of the request with that digest.
pub fn open(
    sealed: &str,
    keys: &DeliverySecret,
    request_digest: &[u8; 32],
) -> Result<Zeroizing<Vec<u8>>, DeliveryError> {
    if sealed.len() > DELIVERY_BYTES {
        return Err(DeliveryError::TooLarge);
    }
    let (header, bundle) = match &keys.hpke {
        Some(_) if !hpke::is_sealed(sealed) => return Err(DeliveryError::Downgraded),
        Some(key) => hpke::open(sealed, key, &context(request_digest), DELIVERY_BYTES)?,
        None => jwe::decrypt(sealed, &keys.p256, DELIVERY_BYTES)?,
    };
    if header.get("cty").and_then(Value::as_str) == Some(CTY) {
        Ok(bundle)
    } else {
        Err(DeliveryError::WrongContent)
    }
}

fn context(request_digest: &[u8; 32]) -> Vec<u8> {
    [CONTEXT, &[0], request_digest].concat()
}

//! HPKE (RFC 9180) in base mode with X-Wing (ML-KEM-768 and X25519 together), as JWE in compact form: algorithm `HPKE-11`
//! of draft-reddy-cose-jose-pqc-hybrid-hpke (KEM 0x647a, KDF SHAKE256, AEAD ChaCha20Poly1305) in the integrated mode of
//! draft-ietf-jose-hpke-encrypt, and nothing else. Who records it today can't open it with a quantum computer later.

use std::{convert::Infallible, fmt};

use ::hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable,
    aead::ChaCha20Poly1305,
    kdf::KdfShake256,
    kem::XWing,
    rand_core::{TryCryptoRng, TryRng},
    single_shot_open, single_shot_seal_with_rng,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{json, jwk::KeyError};
use serde_json::{Map, Value, json};
use zeroize::{Zeroize, Zeroizing};

use crate::jwe::{Decrypted, JweError, MAX_HEADER};

/// Name of the algorithm in keys and headers.
pub const ALG: &str = "HPKE-11";
/// Bytes of randomness that one sealing takes.
pub const RANDOM_BYTES: usize = 64;

type PublicKey = <XWing as Kem>::PublicKey;
type PrivateKey = <XWing as Kem>::PrivateKey;
type Encapsulated = <XWing as Kem>::EncappedKey;

/// A recipient's public key.
#[derive(Clone, PartialEq, Eq)]
pub struct HpkeKey(Box<PublicKey>);

/// A recipient's secret key: 32 bytes from which both halves are derived.
pub struct HpkeSecret(PrivateKey);

impl HpkeKey {
    /// Reads a JWK of type `AKP` for this algorithm, and no other.
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if text("kty") != Some("AKP") || text("alg") != Some(ALG) {
            return Err(KeyError::Unsupported);
        }
        if jwk.get("use").is_some_and(|u| u != "enc") || jwk.get("priv").is_some() {
            return Err(KeyError::Unsupported);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text("pub").ok_or(KeyError::Malformed)?)
            .map_err(|_| KeyError::Malformed)?;
        PublicKey::from_bytes(&bytes)
            .map(|key| Self(Box::new(key)))
            .map_err(|_| KeyError::Malformed)
    }

    /// The JWK.
    pub fn to_jwk(&self) -> Value {
        json!({ "kty": "AKP", "alg": ALG, "use": "enc", "pub": URL_SAFE_NO_PAD.encode(self.0.to_bytes()) })
    }
}

impl fmt::Debug for HpkeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HpkeKey")
    }
}

impl HpkeSecret {
    /// From 32 random bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        PrivateKey::from_bytes(bytes)
            .map(Self)
            .map_err(|_| KeyError::Malformed)
    }

    /// The public half.
    pub fn public(&self) -> HpkeKey {
        HpkeKey(Box::new(XWing::sk_to_pk(&self.0)))
    }
}

impl fmt::Debug for HpkeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HpkeSecret")
    }
}

/// Seals to a recipient, for one context only: `info` must be the same when it is opened. `random` must be fresh.
pub fn seal(
    plaintext: &[u8],
    recipient: &HpkeKey,
    info: &[u8],
    random: &[u8; RANDOM_BYTES],
    extra_header: Map<String, Value>,
) -> Result<String, JweError> {
    let mut header = extra_header;
    header.insert("alg".into(), ALG.into());
    let protected = URL_SAFE_NO_PAD.encode(Value::Object(header).to_string());
    let (encapsulated, sealed) = single_shot_seal_with_rng::<ChaCha20Poly1305, KdfShake256, XWing>(
        &OpModeS::Base,
        &recipient.0,
        info,
        plaintext,
        protected.as_bytes(),
        &mut Given::new(random),
    )
    .map_err(|_| JweError::Key)?;

    let mut compact = String::with_capacity(protected.len() + (sealed.len() + 1_200) / 3 * 4 + 16);
    compact.push_str(&protected);
    compact.push('.');
    URL_SAFE_NO_PAD.encode_string(encapsulated.to_bytes(), &mut compact);
    // No initialisation vector and no tag of its own.
    compact.push_str("..");
    URL_SAFE_NO_PAD.encode_string(sealed, &mut compact);
    compact.push('.');
    Ok(compact)
}

/// Opens what was sealed to this key in this context.
pub fn open(compact: &str, key: &HpkeSecret, info: &[u8], max_len: usize) -> Result<Decrypted, JweError> {
    if compact.len() > max_len {
        return Err(JweError::TooLarge);
    }
    let mut parts = compact.splitn(6, '.');
    let mut part = || parts.next().ok_or(JweError::Malformed);
    let (protected, encapsulated, iv, sealed, tag) = (part()?, part()?, part()?, part()?, part()?);
    if parts.next().is_some() || !iv.is_empty() || !tag.is_empty() {
        return Err(JweError::Malformed);
    }
    let header = header(protected)?;
    if header.get("alg").and_then(Value::as_str) != Some(ALG)
        || ["enc", "zip", "crit", "ek", "psk_id"]
            .iter()
            .any(|name| header.contains_key(*name))
    {
        return Err(JweError::Algorithm);
    }
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| JweError::Malformed);
    let encapsulated = Encapsulated::from_bytes(&decode(encapsulated)?).map_err(|_| JweError::Key)?;
    let plaintext = single_shot_open::<ChaCha20Poly1305, KdfShake256, XWing>(
        &OpModeR::Base,
        &key.0,
        &encapsulated,
        info,
        &decode(sealed)?,
        protected.as_bytes(),
    )
    .map_err(|_| JweError::Decrypt)?;
    Ok((header, Zeroizing::new(plaintext)))
}

/// Whether a compact text says of itself that it is sealed this way.
pub fn is_sealed(compact: &str) -> bool {
    let protected = compact.split('.').next().unwrap_or_default();
    header(protected).is_ok_and(|header| header.get("alg").and_then(Value::as_str) == Some(ALG))
}

fn header(protected: &str) -> Result<Map<String, Value>, JweError> {
    if protected.len() > MAX_HEADER {
        return Err(JweError::TooLarge);
    }
    let bytes = URL_SAFE_NO_PAD
        .decode(protected)
        .map_err(|_| JweError::Malformed)?;
    json::parse_object(&bytes, MAX_HEADER).map_err(|_| JweError::Header)
}

/// The randomness of one sealing, handed in. What asks for more than was given gets zeros, and no sealing here does.
pub(crate) struct Given {
    left: [u8; RANDOM_BYTES],
    used: usize,
}

impl Given {
    pub(crate) fn new(random: &[u8; RANDOM_BYTES]) -> Self {
        Self {
            left: *random,
            used: 0,
        }
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        self.left.zeroize();
    }
}

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        dst.fill(0);
        let from = &self.left[self.used..];
        let length = from.len().min(dst.len());
        dst[..length].copy_from_slice(&from[..length]);
        self.used += length;
        Ok(())
    }
}

impl TryCryptoRng for Given {}

//! Public keys of people, clinics and devices: P-256 (ES256, ECDH-ES) and Ed25519 (EdDSA).

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::elliptic_curve::sec1::ToSec1Point;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// multicodec `p256-pub` and `ed25519-pub`, as unsigned varints.
const MULTICODEC_P256: [u8; 2] = [0x80, 0x24];
const MULTICODEC_ED25519: [u8; 2] = [0xed, 0x01];

/// A public key that lies on its curve and isn't weak. Serialised as a JWK.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PublicKey {
    /// NIST P-256.
    P256(p256::PublicKey),
    /// Ed25519 (RFC 8032).
    Ed25519(ed25519_dalek::VerifyingKey),
}

/// Why a key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A member is missing or of the wrong type or length, or the encoding isn't canonical.
    #[error("the key is not well formed")]
    Malformed,
    /// A key type, curve or algorithm other than P-256/ES256/ECDH-ES and Ed25519/EdDSA.
    #[error("keys of this kind are not supported")]
    Unsupported,
    /// The point isn't on the curve, or its order is low.
    #[error("the key is not a valid point of its curve")]
    NotOnCurve,
    /// The private part was sent along: the key is no longer anybody's.
    #[error("the key discloses its private part")]
    PrivatePart,
}

impl KeyError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "key_malformed",
            Self::Unsupported => "key_unsupported",
            Self::NotOnCurve => "key_not_on_curve",
            Self::PrivatePart => "key_private_part",
        }
    }
}

impl PublicKey {
    /// Reads a JWK (RFC 7517; RFC 7518 section 6.2; RFC 8037 section 2). Unknown members are ignored, a private
    /// part is refused, and `alg`, where given, must fit the key.
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let jwk = jwk.as_object().ok_or(KeyError::Malformed)?;
        if jwk.contains_key("d") {
            return Err(KeyError::PrivatePart);
        }
        let (key, algorithms): (Self, &[&str]) = match (text(jwk, "kty")?, text(jwk, "crv")?) {
            ("EC", "P-256") => {
                let mut point = [4; 65];
                point[1..33].copy_from_slice(&coordinate(jwk, "x")?);
                point[33..].copy_from_slice(&coordinate(jwk, "y")?);
                (Self::p256(&point)?, &["ES256", "ECDH-ES"])
            }
            ("OKP", "Ed25519") => (Self::ed25519(&coordinate(jwk, "x")?)?, &["EdDSA", "Ed25519"]),
            _ => return Err(KeyError::Unsupported),
        };
        match jwk.get("alg") {
            None => Ok(key),
            Some(Value::String(alg)) if algorithms.contains(&alg.as_str()) => Ok(key),
            Some(Value::String(_)) => Err(KeyError::Unsupported),
            Some(_) => Err(KeyError::Malformed),
        }
    }

    /// The JWK with the required members only, in the order of RFC 7638.
    pub fn to_jwk(&self) -> Value {
        match self {
            Self::P256(key) => {
                let (x, y) = coordinates(key);
                json!({ "crv": "P-256", "kty": "EC", "x": x, "y": y })
            }
            Self::Ed25519(key) => {
                json!({ "crv": "Ed25519", "kty": "OKP", "x": URL_SAFE_NO_PAD.encode(key.as_bytes()) })
            }
        }
    }

    /// SHA-256 thumbprint (RFC 7638), 32 bytes.
    pub fn thumbprint(&self) -> [u8; 32] {
        Sha256::digest(self.canonical_jwk()).into()
    }

    /// The thumbprint in base64url without padding, 43 characters.
    pub fn thumbprint_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.thumbprint())
    }

    /// `did:jwk:…` of this key.
    pub fn did_jwk(&self) -> String {
        format!("did:jwk:{}", URL_SAFE_NO_PAD.encode(self.canonical_jwk()))
    }

    /// `did:key:z…` of this key.
    pub fn did_key(&self) -> String {
        format!("did:key:{}", self.to_multikey())
    }

    /// Multikey (W3C Controlled Identifiers 1.0, section 2.2.2): base58btc with the prefix `z`.
    pub fn to_multikey(&self) -> String {
        let mut bytes = Vec::with_capacity(35);
        match self {
            Self::P256(key) => {
                bytes.extend(MULTICODEC_P256);
                bytes.extend_from_slice(key.to_sec1_point(true).as_bytes());
            }
            Self::Ed25519(key) => {
                bytes.extend(MULTICODEC_ED25519);
                bytes.extend_from_slice(key.as_bytes());
            }
        }
        format!("z{}", bs58::encode(bytes).into_string())
    }

    /// Reads a multikey. At most 64 characters are looked at.
    pub fn from_multikey(text: &str) -> Result<Self, KeyError> {
        let encoded = text.strip_prefix('z').ok_or(KeyError::Malformed)?;
        if encoded.len() > 64 {
            return Err(KeyError::Malformed);
        }
        let bytes = bs58::decode(encoded)
            .into_vec()
            .map_err(|_| KeyError::Malformed)?;
        let (codec, key) = bytes.split_at_checked(2).ok_or(KeyError::Malformed)?;
        let key = match (codec, key.len()) {
            (c, 33) if c == MULTICODEC_P256 => Self::p256(key)?,
            (c, 32) if c == MULTICODEC_ED25519 => {
                Self::ed25519(&key.try_into().map_err(|_| KeyError::Malformed)?)?
            }
            (c, _) if c == MULTICODEC_P256 || c == MULTICODEC_ED25519 => return Err(KeyError::Malformed),
            _ => return Err(KeyError::Unsupported),
        };
        // One key, one spelling: a second one would be a second identity.
        if key.to_multikey() == text {
            Ok(key)
        } else {
            Err(KeyError::Malformed)
        }
    }

    /// The P-256 key, where it is one.
    pub fn as_p256(&self) -> Option<&p256::PublicKey> {
        match self {
            Self::P256(key) => Some(key),
            Self::Ed25519(_) => None,
        }
    }

    fn p256(sec1: &[u8]) -> Result<Self, KeyError> {
        p256::PublicKey::from_sec1_bytes(sec1)
            .map(Self::P256)
            .map_err(|_| KeyError::NotOnCurve)
    }

    fn ed25519(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotOnCurve)?;
        if key.is_weak() {
            Err(KeyError::NotOnCurve)
        } else {
            Ok(Self::Ed25519(key))
        }
    }

    fn canonical_jwk(&self) -> String {
        // RFC 7638 section 3.1: required members, lexicographic order, no white space.
        match self {
            Self::P256(key) => {
                let (x, y) = coordinates(key);
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Self::Ed25519(key) => {
                let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)
            }
        }
    }
}

fn coordinates(key: &p256::PublicKey) -> (String, String) {
    let point = key.to_sec1_point(false);
    let bytes = point.as_bytes();
    (
        URL_SAFE_NO_PAD.encode(&bytes[1..33]),
        URL_SAFE_NO_PAD.encode(&bytes[33..65]),
    )
}

fn text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Result<&'a str, KeyError> {
    jwk.get(name).and_then(Value::as_str).ok_or(KeyError::Malformed)
}

fn coordinate(jwk: &Map<String, Value>, name: &str) -> Result<[u8; 32], KeyError> {
    let encoded = text(jwk, name)?;
    if encoded.len() != 43 {
        return Err(KeyError::Malformed);
    }
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| KeyError::Malformed)?;
    bytes.try_into().map_err(|_| KeyError::Malformed)
}

impl fmt::Debug for PublicKey {
    // A pairwise key names a person to one clinic: it doesn't belong into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P256(_) => "PublicKey(P-256)",
            Self::Ed25519(_) => "PublicKey(Ed25519)",
        })
    }
}

impl From<p256::PublicKey> for PublicKey {
    fn from(key: p256::PublicKey) -> Self {
        Self::P256(key)
    }
}

impl From<&p256::ecdsa::SigningKey> for PublicKey {
    fn from(key: &p256::ecdsa::SigningKey) -> Self {
        Self::P256(p256::PublicKey::from(key.verifying_key()))
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_jwk().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_jwk(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

//! Public keys: P-256 (ES256, ECDH-ES), P-384 (ES384), secp256k1 (ES256K) and Ed25519 (EdDSA) to check signatures,
//! X25519 to agree on keys.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use curve25519_dalek::montgomery::MontgomeryPoint;
use p256::elliptic_curve::sec1::ToSec1Point;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// multicodec `p256-pub` and its siblings, as unsigned varints.
const MULTICODEC_P256: [u8; 2] = [0x80, 0x24];
const MULTICODEC_P384: [u8; 2] = [0x81, 0x24];
const MULTICODEC_SECP256K1: [u8; 2] = [0xe7, 0x01];
const MULTICODEC_ED25519: [u8; 2] = [0xed, 0x01];
const MULTICODEC_X25519: [u8; 2] = [0xec, 0x01];

/// Longest multikey that is looked at, without its prefix: P-384 takes 69 characters.
const MAX_MULTIKEY: usize = 72;

/// A public key that lies on its curve and isn't weak. Serialised as a JWK.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PublicKey {
    /// NIST P-256.
    P256(p256::PublicKey),
    /// NIST P-384.
    P384(p384::PublicKey),
    /// secp256k1 (SEC 2, section 2.4.1).
    Secp256k1(k256::PublicKey),
    /// Ed25519 (RFC 8032).
    Ed25519(ed25519_dalek::VerifyingKey),
    /// X25519 (RFC 7748): agrees on keys, never signs.
    X25519([u8; 32]),
}

/// Why a key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A member is missing or of the wrong type or length, or the encoding isn't canonical.
    #[error("the key is not well formed")]
    Malformed,
    /// A key type, curve or algorithm other than those of [`PublicKey`].
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
            ("EC", "P-256") => (Self::p256(&sec1::<32>(jwk)?)?, &["ES256", "ECDH-ES"]),
            ("EC", "P-384") => (Self::p384(&sec1::<48>(jwk)?)?, &["ES384"]),
            ("EC", "secp256k1") => (Self::secp256k1(&sec1::<32>(jwk)?)?, &["ES256K"]),
            ("OKP", "Ed25519") => (Self::ed25519(&coordinate(jwk, "x")?)?, &["EdDSA", "Ed25519"]),
            ("OKP", "X25519") => (Self::x25519(coordinate(jwk, "x")?)?, &["ECDH-ES"]),
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
        let (kty, crv, x, y) = self.jwk_members();
        match y {
            Some(y) => json!({ "crv": crv, "kty": kty, "x": x, "y": y }),
            None => json!({ "crv": crv, "kty": kty, "x": x }),
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
        let (codec, key) = match self {
            Self::P256(key) => (MULTICODEC_P256, key.to_sec1_point(true).as_bytes().to_vec()),
            Self::P384(key) => (MULTICODEC_P384, key.to_sec1_point(true).as_bytes().to_vec()),
            Self::Secp256k1(key) => (MULTICODEC_SECP256K1, key.to_sec1_point(true).as_bytes().to_vec()),
            Self::Ed25519(key) => (MULTICODEC_ED25519, key.as_bytes().to_vec()),
            Self::X25519(key) => (MULTICODEC_X25519, key.to_vec()),
        };
        format!("z{}", bs58::encode([codec.to_vec(), key].concat()).into_string())
    }

    /// Reads a multikey. Longer texts than any key needs are not looked at.
    pub fn from_multikey(text: &str) -> Result<Self, KeyError> {
        let encoded = text.strip_prefix('z').ok_or(KeyError::Malformed)?;
        if encoded.len() > MAX_MULTIKEY {
            return Err(KeyError::Malformed);
        }
        let bytes = bs58::decode(encoded)
            .into_vec()
            .map_err(|_| KeyError::Malformed)?;
        let (codec, key) = bytes.split_at_checked(2).ok_or(KeyError::Malformed)?;
        let bytes32 = || key.try_into().map_err(|_| KeyError::Malformed);
        let compressed = |len| (key.len() == len).then_some(key).ok_or(KeyError::Malformed);
        let key = match codec {
            c if c == MULTICODEC_P256 => Self::p256(compressed(33)?)?,
            c if c == MULTICODEC_P384 => Self::p384(compressed(49)?)?,
            c if c == MULTICODEC_SECP256K1 => Self::secp256k1(compressed(33)?)?,
            c if c == MULTICODEC_ED25519 => Self::ed25519(&bytes32()?)?,
            c if c == MULTICODEC_X25519 => Self::x25519(bytes32()?)?,
            _ => return Err(KeyError::Unsupported),
        };
        // One key, one spelling: a second one would be a second identity.
        if key.to_multikey() == text {
            Ok(key)
        } else {
            Err(KeyError::Malformed)
        }
    }

    /// An Ed25519 key from its 32 bytes (RFC 8032, section 5.1.5).
    pub fn from_ed25519_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        Self::ed25519(bytes)
    }

    /// The P-256 key, where it is one.
    pub fn as_p256(&self) -> Option<&p256::PublicKey> {
        match self {
            Self::P256(key) => Some(key),
            _ => None,
        }
    }

    /// Whether signatures can be checked with it.
    pub fn signs(&self) -> bool {
        !matches!(self, Self::X25519(_))
    }

    /// Whether two sides can agree on a key with it.
    pub fn agrees(&self) -> bool {
        matches!(self, Self::P256(_) | Self::P384(_) | Self::X25519(_))
    }

    fn p256(sec1: &[u8]) -> Result<Self, KeyError> {
        p256::PublicKey::from_sec1_bytes(sec1)
            .map(Self::P256)
            .map_err(|_| KeyError::NotOnCurve)
    }

    fn p384(sec1: &[u8]) -> Result<Self, KeyError> {
        p384::PublicKey::from_sec1_bytes(sec1)
            .map(Self::P384)
            .map_err(|_| KeyError::NotOnCurve)
    }

    fn secp256k1(sec1: &[u8]) -> Result<Self, KeyError> {
        k256::PublicKey::from_sec1_bytes(sec1)
            .map(Self::Secp256k1)
            .map_err(|_| KeyError::NotOnCurve)
    }

    fn x25519(bytes: [u8; 32]) -> Result<Self, KeyError> {
        // Whatever is multiplied with a point of low order, the secret is zero (RFC 7748 section 6.1).
        if MontgomeryPoint(bytes).mul_clamped([1; 32]).0 == [0; 32] {
            Err(KeyError::NotOnCurve)
        } else {
            Ok(Self::X25519(bytes))
        }
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
        match self.jwk_members() {
            (kty, crv, x, Some(y)) => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#),
            (kty, crv, x, None) => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"}}"#),
        }
    }

    /// `kty`, `crv`, `x` and, on a Weierstrass curve, `y`.
    fn jwk_members(&self) -> (&'static str, &'static str, String, Option<String>) {
        let ec = |crv, point: &[u8]| {
            let (x, y) = point[1..].split_at(point.len() / 2);
            let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
            ("EC", crv, x, Some(y))
        };
        match self {
            Self::P256(key) => ec("P-256", key.to_sec1_point(false).as_bytes()),
            Self::P384(key) => ec("P-384", key.to_sec1_point(false).as_bytes()),
            Self::Secp256k1(key) => ec("secp256k1", key.to_sec1_point(false).as_bytes()),
            Self::Ed25519(key) => ("OKP", "Ed25519", URL_SAFE_NO_PAD.encode(key.as_bytes()), None),
            Self::X25519(key) => ("OKP", "X25519", URL_SAFE_NO_PAD.encode(key), None),
        }
    }
}

/// The point of an EC key in SEC 1 form, uncompressed.
fn sec1<const N: usize>(jwk: &Map<String, Value>) -> Result<Vec<u8>, KeyError> {
    Ok([&[4][..], &coordinate::<N>(jwk, "x")?, &coordinate::<N>(jwk, "y")?].concat())
}

fn text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Result<&'a str, KeyError> {
    jwk.get(name).and_then(Value::as_str).ok_or(KeyError::Malformed)
}

fn coordinate<const N: usize>(jwk: &Map<String, Value>, name: &str) -> Result<[u8; N], KeyError> {
    let encoded = text(jwk, name)?;
    if encoded.len() != (N * 8).div_ceil(6) {
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
            Self::P384(_) => "PublicKey(P-384)",
            Self::Secp256k1(_) => "PublicKey(secp256k1)",
            Self::Ed25519(_) => "PublicKey(Ed25519)",
            Self::X25519(_) => "PublicKey(X25519)",
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

impl From<&p384::ecdsa::SigningKey> for PublicKey {
    fn from(key: &p384::ecdsa::SigningKey) -> Self {
        Self::P384(p384::PublicKey::from(key.verifying_key()))
    }
}

impl From<&ed25519_dalek::SigningKey> for PublicKey {
    fn from(key: &ed25519_dalek::SigningKey) -> Self {
        Self::Ed25519(key.verifying_key())
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

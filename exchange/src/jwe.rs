//! JWE, compact serialisation (RFC 7516), with ECDH-ES on P-256 directly to A256GCM (RFC 7518 section 4.6) and nothing
//! else: no other algorithm, no compression, no extension.
//!
//! Assembled here from `p256`, `concat-kdf` and `aes-gcm`: general JOSE crates read `alg`, `enc` and `zip` from the
//! sender's header.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{
    json,
    jwk::{KeyError, PublicKey},
};
use p256::SecretKey;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const ALG: &str = "ECDH-ES";
const ENC: &str = "A256GCM";
pub(crate) const MAX_HEADER: usize = 4_096;
const MAX_KID: usize = 128;

/// Why something could not be encrypted or decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// More bytes than the caller allows.
    #[error("the encrypted text is longer than allowed")]
    TooLarge,
    /// Not five base64url parts, or parts of the wrong length.
    #[error("this is not an encrypted text in compact form")]
    Malformed,
    /// The header isn't a JSON object that reads one way only.
    #[error("the header is not acceptable JSON")]
    Header,
    /// `alg` or `enc` is another one, or `zip` or `crit` is present.
    #[error("the encryption is of a kind that is not accepted")]
    Algorithm,
    /// The sender's ephemeral key or the recipient's key is not a point of P-256.
    #[error("a key of the encryption was refused")]
    Key,
    /// The content was altered or is for someone else.
    #[error("the encrypted text can't be opened with this key")]
    Decrypt,
}

impl JweError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "jwe_too_large",
            Self::Malformed => "jwe_malformed",
            Self::Header => "jwe_header_malformed",
            Self::Algorithm => "jwe_algorithm",
            Self::Key => "jwe_key",
            Self::Decrypt => "jwe_not_decryptable",
        }
    }
}

/// A recipient's public key for ECDH-ES, with the `kid` it goes by.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptionKey {
    key: p256::PublicKey,
    kid: Option<String>,
}

impl EncryptionKey {
    /// From a key of one's own.
    pub fn new(key: p256::PublicKey, kid: Option<String>) -> Self {
        Self { key, kid }
    }

    /// Reads a JWK: P-256, `use` absent or `enc`, `alg` absent or `ECDH-ES`.
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let PublicKey::P256(key) = PublicKey::from_jwk(jwk)? else {
            return Err(KeyError::Unsupported);
        };
        let is = |name: &str, value: &str| jwk.get(name).is_none_or(|v| v.as_str() == Some(value));
        if !is("use", "enc") || !is("alg", ALG) {
            return Err(KeyError::Unsupported);
        }
        let kid = match jwk.get("kid") {
            None => None,
            Some(Value::String(kid)) if kid.len() <= MAX_KID && kid.bytes().all(|b| b.is_ascii_graphic()) => {
                Some(kid.clone())
            }
            Some(_) => return Err(KeyError::Malformed),
        };
        Ok(Self { key, kid })
    }

    /// The JWK with `use`, `alg` and, where there is one, `kid`.
    pub fn to_jwk(&self) -> Value {
        let mut jwk = self.public_key().to_jwk();
        jwk["use"] = "enc".into();
        jwk["alg"] = ALG.into();
        if let Some(kid) = &self.kid {
            jwk["kid"] = kid.as_str().into();
        }
        jwk
    }

    /// The key by itself.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::P256(self.key)
    }

    /// The name the key goes by.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// The protected header and the content, which is wiped when dropped.
pub type Decrypted = (Map<String, Value>, Zeroizing<Vec<u8>>);

/// Encrypts to a recipient. `ephemeral` and `iv` must be fresh from the system's random source for every call.
/// `extra_header` holds further header members, such as `cty`; they can't replace the ones set here.
pub fn encrypt(
    plaintext: &[u8],
    recipient: &EncryptionKey,
    ephemeral: &SecretKey,
    iv: [u8; 12],
    extra_header: Map<String, Value>,
) -> Result<String, JweError> {
    let mut header = extra_header;
    header.insert("alg".into(), ALG.into());
    header.insert("enc".into(), ENC.into());
    if let Some(kid) = &recipient.kid {
        header.insert("kid".into(), kid.as_str().into());
    }
    header.insert("epk".into(), PublicKey::P256(ephemeral.public_key()).to_jwk());
    let protected = URL_SAFE_NO_PAD.encode(Value::Object(header).to_string());

    let key = agree(ephemeral, &recipient.key, &[], &[])?;
    let cipher = Aes256Gcm::new_from_slice(&*key).map_err(|_| JweError::Key)?;
    let sealed = cipher
        .encrypt(
            &iv.into(),
            Payload {
                msg: plaintext,
                aad: protected.as_bytes(),
            },
        )
        .map_err(|_| JweError::TooLarge)?;
    let (ciphertext, tag) = sealed
        .split_at_checked(plaintext.len())
        .ok_or(JweError::Malformed)?;

    let mut compact = String::with_capacity(protected.len() + sealed.len() / 3 * 4 + 64);
    compact.push_str(&protected);
    // The second part is the encrypted key: there is none with direct key agreement.
    compact.push_str("..");
    URL_SAFE_NO_PAD.encode_string(iv, &mut compact);
    compact.push('.');
    URL_SAFE_NO_PAD.encode_string(ciphertext, &mut compact);
    compact.push('.');
    URL_SAFE_NO_PAD.encode_string(tag, &mut compact);
    Ok(compact)
}

/// Decrypts a compact JWE of at most `max_len` bytes. Returns its header and content.
pub fn decrypt(compact: &str, key: &SecretKey, max_len: usize) -> Result<Decrypted, JweError> {
    if compact.len() > max_len {
        return Err(JweError::TooLarge);
    }
    let mut parts = compact.splitn(6, '.');
    let mut part = || parts.next().ok_or(JweError::Malformed);
    let (protected, encrypted_key, iv, ciphertext, tag) = (part()?, part()?, part()?, part()?, part()?);
    if parts.next().is_some() || !encrypted_key.is_empty() {
        return Err(JweError::Malformed);
    }
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| JweError::Malformed);
    if protected.len() > MAX_HEADER {
        return Err(JweError::TooLarge);
    }
    let header = json::parse_object(&decode(protected)?, MAX_HEADER).map_err(|_| JweError::Header)?;
    let named = |name: &str| header.get(name).and_then(Value::as_str);
    if named("alg") != Some(ALG) || named("enc") != Some(ENC) {
        return Err(JweError::Algorithm);
    }
    if header.contains_key("zip") || header.contains_key("crit") {
        return Err(JweError::Algorithm);
    }
    let epk = PublicKey::from_jwk(header.get("epk").ok_or(JweError::Key)?).map_err(|_| JweError::Key)?;
    let PublicKey::P256(epk) = epk else {
        return Err(JweError::Key);
    };
    let info = |name: &str| match header.get(name) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => URL_SAFE_NO_PAD.decode(text).map_err(|_| JweError::Header),
        Some(_) => Err(JweError::Header),
    };

    let iv: [u8; 12] = decode(iv)?.try_into().map_err(|_| JweError::Malformed)?;
    let tag: [u8; 16] = decode(tag)?.try_into().map_err(|_| JweError::Malformed)?;
    let mut sealed = decode(ciphertext)?;
    sealed.extend_from_slice(&tag);
    let key = agree(key, &epk, &info("apu")?, &info("apv")?)?;
    let cipher = Aes256Gcm::new_from_slice(&*key).map_err(|_| JweError::Key)?;
    let plaintext = cipher
        .decrypt(
            &iv.into(),
            Payload {
                msg: &sealed,
                aad: protected.as_bytes(),
            },
        )
        .map_err(|_| JweError::Decrypt)?;
    Ok((header, Zeroizing::new(plaintext)))
}

fn agree(
    secret: &SecretKey,
    public: &p256::PublicKey,
    apu: &[u8],
    apv: &[u8],
) -> Result<Zeroizing<[u8; 32]>, JweError> {
    let shared = secret.diffie_hellman(public);
    let mut key = Zeroizing::new([0; 32]);
    derive(shared.raw_secret_bytes(), ENC, apu, apv, &mut *key)?;
    Ok(key)
}

/// Concat KDF as RFC 7518 section 4.6.2 fills it in.
fn derive(z: &[u8], algorithm: &str, apu: &[u8], apv: &[u8], key: &mut [u8]) -> Result<(), JweError> {
    let mut other_info = Vec::with_capacity(16 + algorithm.len() + apu.len() + apv.len());
    for part in [algorithm.as_bytes(), apu, apv] {
        let length = u32::try_from(part.len()).map_err(|_| JweError::Header)?;
        other_info.extend(length.to_be_bytes());
        other_info.extend(part);
    }
    let bits = u32::try_from(key.len() * 8).map_err(|_| JweError::Header)?;
    other_info.extend(bits.to_be_bytes());
    concat_kdf::derive_key_into::<sha2_for_concat_kdf::Sha256>(z, &other_info, key).map_err(|_| JweError::Key)
}

/// A header member and nothing else, for [`encrypt`].
pub(crate) fn content_type(cty: &str) -> Map<String, Value> {
    Map::from_iter([("cty".to_owned(), json!(cty))])
}

/// SHA-256 of a text in base64url without padding.
pub(crate) fn sha256_text(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests;

//! Signatures over bytes, for whatever is built on them: JWS, data integrity proofs.

use p256::ecdsa::signature::Verifier;
use zeroize::Zeroizing;

use crate::jwk::PublicKey;

/// A private key that signs. What it is good for follows from its curve.
pub trait Signer {
    /// The key's public half.
    fn public(&self) -> PublicKey;

    /// The signature: `r ‖ s` on a Weierstrass curve (RFC 7518 section 3.4), as RFC 8032 says on Ed25519.
    fn sign(&self, message: &[u8]) -> Vec<u8>;
}

impl Signer for p256::ecdsa::SigningKey {
    fn public(&self) -> PublicKey {
        self.into()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: p256::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(self, message);
        signature.to_bytes().to_vec()
    }
}

/// A P-256 key of somebody who signs all day: by ring, which takes a quarter of the time of the portable implementation. Its
/// signatures are random ones (FIPS 186-5 section 6.4.1), made deterministically (RFC 6979) should there be no randomness.
pub struct QuickP256 {
    portable: p256::ecdsa::SigningKey,
    quick: ring::signature::EcdsaKeyPair,
    random: ring::rand::SystemRandom,
}

impl QuickP256 {
    /// `None` if ring does not take the key; it takes any that is one.
    pub fn new(key: &p256::ecdsa::SigningKey) -> Option<Self> {
        let random = ring::rand::SystemRandom::new();
        let secret = Zeroizing::new(key.to_bytes());
        let point = key.verifying_key().to_sec1_point(false);
        let quick = ring::signature::EcdsaKeyPair::from_private_key_and_public_key(
            &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            &secret,
            point.as_bytes(),
            &random,
        );
        Some(Self {
            portable: key.clone(),
            quick: quick.ok()?,
            random,
        })
    }
}

impl Signer for QuickP256 {
    fn public(&self) -> PublicKey {
        self.portable.public()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self.quick.sign(&self.random, message) {
            Ok(signature) => signature.as_ref().to_vec(),
            Err(_) => Signer::sign(&self.portable, message),
        }
    }
}

impl std::fmt::Debug for QuickP256 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QuickP256").finish_non_exhaustive()
    }
}

impl Signer for p384::ecdsa::SigningKey {
    fn public(&self) -> PublicKey {
        self.into()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: p384::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(self, message);
        signature.to_bytes().to_vec()
    }
}

impl Signer for ed25519_dalek::SigningKey {
    fn public(&self) -> PublicKey {
        self.into()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        ed25519_dalek::Signer::sign(self, message).to_bytes().to_vec()
    }
}

/// The JWS algorithm of a key (RFC 7518 section 3.1, RFC 8037, RFC 8812); none for keys that don't sign.
pub fn algorithm(key: &PublicKey) -> Option<&'static str> {
    match key {
        PublicKey::P256(_) => Some("ES256"),
        PublicKey::P384(_) => Some("ES384"),
        PublicKey::Secp256k1(_) => Some("ES256K"),
        PublicKey::Ed25519(_) => Some("EdDSA"),
        PublicKey::X25519(_) => None,
    }
}

/// Whether `signature` is by `key` over `message`: with SHA-256 on P-256 and secp256k1, SHA-384 on P-384, and
/// strictly (no small order, one encoding) on Ed25519.
pub fn verifies(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    match key {
        PublicKey::P256(key) => p256::ecdsa::Signature::from_slice(signature)
            .is_ok_and(|s| p256::ecdsa::VerifyingKey::from(key).verify(message, &s).is_ok()),
        PublicKey::P384(key) => p384::ecdsa::Signature::from_slice(signature)
            .is_ok_and(|s| p384::ecdsa::VerifyingKey::from(key).verify(message, &s).is_ok()),
        // The library refuses the larger of the two signatures that hold; RFC 8812 doesn't.
        PublicKey::Secp256k1(key) => k256::ecdsa::Signature::from_slice(signature).is_ok_and(|s| {
            k256::ecdsa::VerifyingKey::from(key)
                .verify(message, &s.normalize_s())
                .is_ok()
        }),
        PublicKey::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|s| key.verify_strict(message, &s).is_ok()),
        PublicKey::X25519(_) => false,
    }
}

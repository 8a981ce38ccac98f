//! Every identity and ledger key of the wallet, derived from the root behind the 24 words.
//!
//! `docs/keys.md` is the normative text, with the vectors that the tests here check.

use carnet_consent::{Consent, Salt};
use carnet_ledger::{Grant, address_of, revoke_hash};
use hkdf::Hkdf;
use p256::elliptic_curve::{CurveArithmetic, Field, NonZeroScalar, Scalar};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::vault::ProfileId;

/// HKDF salt of everything that is derived from the root.
const DOMAIN: &[u8] = b"carnet-keys-v1";
const HOLDER: &[u8] = b"holder-p256";
const LEDGER: &[u8] = b"ledger-secp256k1";
const REVOCATION: &[u8] = b"revocation-secret";
const FINGERPRINT: &[u8] = b"fingerprint";
const WORDS_WRAP: &[u8] = b"vault-words-wrap";
const BACKUP_WRAP: &[u8] = b"backup-words-wrap";
const PROFILE: &[u8] = b"profile-root";

/// The 256 bits behind the 24 words. Wiped when dropped; never printed by `Debug`.
#[derive(Clone)]
pub struct RootKey(Zeroizing<[u8; 32]>);

impl RootKey {
    /// Takes the entropy of the words as root.
    pub fn new(entropy: Zeroizing<[u8; 32]>) -> Self {
        Self(entropy)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// HKDF-SHA256(salt = domain, ikm = root, info = label ‖ 0x00 ‖ context), as long as `okm`.
    fn expand(&self, label: &[u8], context: &[u8], okm: &mut [u8]) {
        // Fails only for more than 255 × 32 bytes; every length here is fixed and small.
        let expanded = Hkdf::<Sha256>::new(Some(DOMAIN), self.0.as_slice())
            .expand_multi_info(&[label, &[0], context], okm);
        debug_assert!(expanded.is_ok());
    }

    /// The root of one person's keys: the vault's own root for the first person, one of their own for each other.
    pub(crate) fn derive_profile(&self, profile: ProfileId) -> Self {
        if profile == ProfileId::FIRST {
            return self.clone();
        }
        let mut root = Zeroizing::new([0; 32]);
        self.expand(PROFILE, &profile.number().to_be_bytes(), root.as_mut_slice());
        Self(root)
    }

    /// The key that wraps a backup's key a second time, for a forgotten passphrase.
    pub(crate) fn derive_backup_wrap(&self, backup_id: &[u8; 16]) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        self.expand(BACKUP_WRAP, backup_id, key.as_mut_slice());
        key
    }

    /// The key that wraps the vault key a second time, for a forgotten passphrase.
    pub(crate) fn derive_words_wrap(&self, vault_id: &[u8; 16]) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        self.expand(WORDS_WRAP, vault_id, key.as_mut_slice());
        key
    }
}

impl std::fmt::Debug for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RootKey(…)")
    }
}

/// Derives every key of one person in this wallet. The same root gives the same keys, on any device.
#[derive(Clone, Debug)]
pub struct Keys {
    root: RootKey,
}

impl Keys {
    /// The keys of this root.
    pub fn new(root: RootKey) -> Self {
        Self { root }
    }

    #[cfg(test)]
    pub(crate) fn root(&self) -> &RootKey {
        &self.root
    }

    /// The pairwise P-256 key shown to one organisation, named by its stable id in the trust list.
    pub fn derive_holder_key(&self, entry_id: &str) -> p256::ecdsa::SigningKey {
        self.derive_scalar::<p256::NistP256>(HOLDER, entry_id.as_bytes())
            .into()
    }

    /// The secp256k1 key of consent number `n` on the ledger.
    pub fn derive_ledger_key(&self, n: u64) -> k256::ecdsa::SigningKey {
        self.derive_scalar::<k256::Secp256k1>(LEDGER, &n.to_be_bytes())
            .into()
    }

    /// The 32 bytes that take consent number `n` back, without any key.
    pub fn derive_revocation_secret(&self, n: u64) -> Zeroizing<[u8; 32]> {
        let mut secret = Zeroizing::new([0; 32]);
        self.root
            .expand(REVOCATION, &n.to_be_bytes(), secret.as_mut_slice());
        secret
    }

    /// What goes to the ledger for consent number `n`, and the key that signs it. Key, salt and secret are this consent's own:
    /// nothing in it stands in any other grant of the same person.
    pub fn ledger_grant(&self, n: u64, consent: &Consent, salt: &Salt) -> (k256::ecdsa::SigningKey, Grant) {
        let key = self.derive_ledger_key(n);
        let grant = Grant {
            subject: address_of(&key),
            commitment: consent.commitment(salt).0,
            not_before: consent.period.start.as_second().unsigned_abs(),
            expiry: consent.period.end.as_second().unsigned_abs(),
            revoke_hash: revoke_hash(&self.derive_revocation_secret(n)),
        };
        (key, grant)
    }

    /// A short local name of this wallet, as `5f3a-90c1-77de-0b42`. Says nothing about the keys; never sent.
    pub fn fingerprint(&self) -> String {
        let mut bytes = [0; 8];
        self.root.expand(FINGERPRINT, &[], &mut bytes);
        let groups: Vec<String> = bytes.chunks(2).map(hex::encode).collect();
        groups.join("-")
    }

    /// 48 bytes mod n, so that the bias is below 2⁻¹²⁸. The outcome 0 is stepped over by a longer context.
    fn derive_scalar<C: CurveArithmetic>(&self, label: &[u8], context: &[u8]) -> NonZeroScalar<C> {
        let mut context = context.to_vec();
        let two_to_64 = Scalar::<C>::from(1 << 32).square();
        loop {
            let mut wide = Zeroizing::new([0; 48]);
            self.root.expand(label, &context, wide.as_mut_slice());
            let scalar = wide.chunks_exact(8).fold(Scalar::<C>::ZERO, |scalar, chunk| {
                let limb = chunk.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
                scalar * two_to_64 + Scalar::<C>::from(limb)
            });
            if let Some(scalar) = NonZeroScalar::new(scalar).into_option() {
                return scalar;
            }
            context.push(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(root: &str) -> Keys {
        let bytes = if root == "A" {
            std::array::from_fn(|byte| byte as u8)
        } else {
            [0xff; 32]
        };
        Keys::new(RootKey::new(Zeroizing::new(bytes)))
    }

    #[test]
    fn every_published_vector_is_met() {
        let page = include_str!("../../docs/keys.md");
        let vectors = page
            .split("```vectors\n")
            .nth(1)
            .unwrap()
            .split("```")
            .next()
            .unwrap();
        let mut met = 0;
        for line in vectors.lines() {
            let fields: Vec<_> = line.split(' ').collect();
            let (keys, context) = (keys(fields[1]), fields[2]);
            let number = || context.parse().unwrap();
            let derived = match fields[0] {
                "holder" => {
                    let key = keys.derive_holder_key(context);
                    vec![
                        hex::encode(key.to_bytes()),
                        hex::encode(key.verifying_key().to_sec1_point(true)),
                    ]
                }
                "ledger" => {
                    let key = keys.derive_ledger_key(number());
                    vec![
                        hex::encode(key.to_bytes()),
                        hex::encode(key.verifying_key().to_sec1_point(true)),
                    ]
                }
                "revocation" => vec![hex::encode(*keys.derive_revocation_secret(number()))],
                "fingerprint" => vec![keys.fingerprint().replace('-', "")],
                "profile" => {
                    let profile = ProfileId::new(number() as u32).unwrap();
                    vec![hex::encode(keys.root().derive_profile(profile).bytes())]
                }
                "backup" => {
                    let backup_id = std::array::from_fn(|byte| byte as u8);
                    vec![hex::encode(*keys.root().derive_backup_wrap(&backup_id))]
                }
                "wrap" => {
                    let vault_id = std::array::from_fn(|byte| byte as u8);
                    vec![hex::encode(*keys.root().derive_words_wrap(&vault_id))]
                }
                other => panic!("unknown vector {other}"),
            };
            assert_eq!(derived, fields[3..], "{line}");
            met += 1;
        }
        assert!(met >= 10);
    }

    #[test]
    fn fingerprints_are_readable_and_debug_shows_nothing() {
        assert_eq!(keys("A").fingerprint(), "bf29-be5b-df15-beeb");
        assert_eq!(format!("{:?}", keys("A")), "Keys { root: RootKey(…) }");
    }
}

//! Cryptosuites: which key, which transformation, which hash.

use serde_json::Value;
use sha2::{Digest, Sha256, Sha384};

use crate::jwk::PublicKey;

/// A cryptosuite of a Data Integrity proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// `eddsa-jcs-2022` (VC Data Integrity EdDSA 1.0, section 3.3).
    EddsaJcs2022,
    /// `eddsa-rdfc-2022` (VC Data Integrity EdDSA 1.0, section 3.2).
    EddsaRdfc2022,
    /// `ecdsa-jcs-2019` (VC Data Integrity ECDSA 1.0, section 3.3), P-256 and P-384.
    EcdsaJcs2019,
    /// `ecdsa-rdfc-2019` (VC Data Integrity ECDSA 1.0, section 3.2), P-256 and P-384.
    EcdsaRdfc2019,
    /// `Ed25519Signature2020`, a type of proof of its own: checked, never made.
    Ed25519Signature2020,
}

/// The two hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
}

impl Suite {
    /// The suite with this `cryptosuite` name; `Ed25519Signature2020` has none.
    pub fn named(name: &str) -> Option<Self> {
        [
            Self::EddsaJcs2022,
            Self::EddsaRdfc2022,
            Self::EcdsaJcs2019,
            Self::EcdsaRdfc2019,
        ]
        .into_iter()
        .find(|suite| suite.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::EddsaJcs2022 => "eddsa-jcs-2022",
            Self::EddsaRdfc2022 => "eddsa-rdfc-2022",
            Self::EcdsaJcs2019 => "ecdsa-jcs-2019",
            Self::EcdsaRdfc2019 => "ecdsa-rdfc-2019",
            Self::Ed25519Signature2020 => "Ed25519Signature2020",
        }
    }

    /// The suite of a proof, by its `type` and `cryptosuite`.
    pub(super) fn of(kind: &str, cryptosuite: Option<&Value>) -> Option<Self> {
        match (kind, cryptosuite) {
            ("DataIntegrityProof", Some(Value::String(name))) => Self::named(name),
            ("Ed25519Signature2020", None) => Some(Self::Ed25519Signature2020),
            _ => None,
        }
    }

    /// Whether the document is signed as JSON (JCS) rather than as RDF statements.
    pub(super) fn signs_json(self) -> bool {
        matches!(self, Self::EddsaJcs2022 | Self::EcdsaJcs2019)
    }

    /// The hash that goes with this key, if the suite takes the key at all.
    pub(super) fn hash(self, key: &PublicKey) -> Option<Hash> {
        let edwards = matches!(
            self,
            Self::EddsaJcs2022 | Self::EddsaRdfc2022 | Self::Ed25519Signature2020
        );
        match key {
            PublicKey::Ed25519(_) if edwards => Some(Hash::Sha256),
            PublicKey::P256(_) if !edwards => Some(Hash::Sha256),
            PublicKey::P384(_) if !edwards => Some(Hash::Sha384),
            _ => None,
        }
    }
}

impl Hash {
    pub(super) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
        }
    }

    pub(super) fn hex(self, bytes: &[u8]) -> String {
        hex::encode(self.digest(bytes))
    }
}

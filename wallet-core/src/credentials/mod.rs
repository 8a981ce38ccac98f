//! What the patient can prove: credentials that others issued, kept sealed, and the receipts that the patient issues.
//!
//! - [`receipt`]: the receipt of a consent, as file, page or credential
//! - [`import`]: taking a credential in, after [`check`] found it genuine
//! - [`cards`]: what is held, one card for all copies of the same
//! - [`copies`]: which copy can be shown to whom, and using it up
//! - [`eligibility`]: copies that prove something of a value without showing it
//! - [`look_up`]: whether the issuer took it back
//! - [`claims`]: what a credential says, in plain words
//! - [`w3c`]: credentials of the W3C's data model
//! - [`views`]: what a screen may see of it

pub(crate) mod cards;
pub(crate) mod check;
pub(crate) mod claims;
mod copies;
mod eligibility;
pub(crate) mod import;
pub(crate) mod look_up;
mod receipt;
pub(crate) mod views;
mod w3c;

pub use cards::CardsError;
pub(crate) use carnet_credentials::sd_jwt::about_the_person;
pub(crate) use claims::{labels, lines, title as kind_title};
pub use import::ImportCredentialError;
pub use look_up::LookUpError;
pub use receipt::{IssuedReceipt, ReceiptError, ReceiptForm};

use std::fmt;

use jiff::Timestamp;
use p256::{SecretKey, ecdsa::SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How a credential is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum CredentialForm {
    /// SD-JWT VC (`dc+sd-jwt`).
    SdJwt,
    /// W3C credential as JWT (`vc+jwt`).
    VcJose,
    /// W3C credential with Data Integrity proofs.
    VcDataIntegrity,
    /// W3C credential of the cryptosuite `carnet-eligibility-2026`: proves something of a value without showing it.
    Eligibility,
}

/// One copy of a credential (table `Credentials`, id is the SHA-256 of its text).
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KeptCredential {
    pub(crate) form: CredentialForm,
    /// As it came.
    pub(crate) text: String,
    /// `iss`, or the DID or address that stands for it.
    pub(crate) issuer: String,
    /// The issuer's stable id, where it stood in the trust list.
    pub(crate) entry_id: Option<String>,
    /// Issued by this very wallet.
    pub(crate) own: bool,
    /// `vct`, or the type beside `VerifiableCredential`; of [`CredentialForm::Eligibility`] the schema of its kind.
    pub(crate) kind: String,
    /// What it says, with everything that can be disclosed.
    pub(crate) claims: Map<String, Value>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    /// Where its status stands, as the issuer wrote it.
    pub(crate) status: Option<Value>,
    pub(crate) binding: Binding,
    /// Shown once and never again.
    pub(crate) single_use: bool,
    /// Where it came from and where more copies may be had (table `Issuances`), if it was issued into this wallet.
    pub(crate) source: Option<String>,
    /// The same for all copies of one credential.
    pub(crate) card: String,
    pub(crate) added: Timestamp,
    /// What its issuer last said of it.
    pub(crate) looked_up: Option<LookedUp>,
}

impl KeptCredential {
    /// Whether it can still be shown.
    pub(crate) fn is_left(&self) -> bool {
        !matches!(self.binding, Binding::Spent)
    }

    /// Whether it can still be shown at this time.
    pub(crate) fn is_left_at(&self, now: Timestamp) -> bool {
        self.is_left() && self.until.is_none_or(|until| now < until)
    }

    /// From here on nobody can show this copy: its key is gone. What it says stays readable.
    pub(crate) fn spend(&mut self) {
        self.binding = Binding::Spent;
        // The text alone would still show that the copy is this person's.
        self.text.clear();
    }
}

/// Whose key a copy is bound to.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Binding {
    /// Whoever holds it can show it.
    Nobody,
    /// The pairwise identity that the organisation with this stable id knows; it can be shown to that one only.
    Pairwise(String),
    /// A random key of this one copy.
    Copy(CopyKey),
    /// A random key of this one copy, of [`CredentialForm::Eligibility`].
    EdCopy(EdCopyKey),
    /// A copy that was used up or burnt: its key is gone, and nobody can show it again.
    Spent,
}

/// The secret key of one copy (P-256). Drawn at random, never derived: nothing but the vault brings it back.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CopyKey(#[serde(with = "copy_key")] SecretKey);

impl CopyKey {
    pub(crate) fn new(key: SecretKey) -> Self {
        Self(key)
    }

    pub(crate) fn secret(&self) -> &SecretKey {
        &self.0
    }

    pub(crate) fn signing_key(&self) -> SigningKey {
        SigningKey::from(&self.0)
    }
}

/// The secret key of one copy (Ed25519). Drawn at random, as [`CopyKey`] is.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct EdCopyKey(#[serde(with = "ed_copy_key")] ed25519_dalek::SigningKey);

impl EdCopyKey {
    pub(crate) fn new(key: ed25519_dalek::SigningKey) -> Self {
        Self(key)
    }

    pub(crate) fn signing_key(&self) -> &ed25519_dalek::SigningKey {
        &self.0
    }
}

/// The key that a copy is asked for with.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum HolderKey {
    P256(CopyKey),
    Ed25519 { ed25519: EdCopyKey },
}

impl HolderKey {
    pub(crate) fn p256(&self) -> Option<CopyKey> {
        match self {
            Self::P256(key) => Some(key.clone()),
            Self::Ed25519 { .. } => None,
        }
    }

    pub(crate) fn ed25519(&self) -> Option<&EdCopyKey> {
        match self {
            Self::P256(_) => None,
            Self::Ed25519 { ed25519 } => Some(ed25519),
        }
    }
}

/// As base64url of the 32 secret bytes (RFC 8032, section 5.1.5).
mod ed_copy_key {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use ed25519_dalek::SigningKey;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(key: &SigningKey, to: S) -> Result<S::Ok, S::Error> {
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(Zeroizing::new(key.to_bytes())));
        to.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SigningKey, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes()).map(Zeroizing::new);
        SigningKey::try_from(bytes.map_err(D::Error::custom)?.as_slice()).map_err(D::Error::custom)
    }
}

/// As base64url of the 32-byte scalar.
mod copy_key {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use p256::SecretKey;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(key: &SecretKey, to: S) -> Result<S::Ok, S::Error> {
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(Zeroizing::new(key.to_bytes())));
        to.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SecretKey, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes()).map(Zeroizing::new);
        SecretKey::from_slice(&bytes.map_err(D::Error::custom)?).map_err(D::Error::custom)
    }
}

/// A status, as the issuer's list had it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct LookedUp {
    /// `valid`, `suspended`, `revoked`.
    pub(crate) state: String,
    pub(crate) when: Timestamp,
}

impl fmt::Debug for KeptCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptCredential(…)")
    }
}

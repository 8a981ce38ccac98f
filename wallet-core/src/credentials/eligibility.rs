//! Copies that prove something of a value without showing it (`docs/eligibility.md`).

use std::cmp::Reverse;

use carnet_credentials::{json, jwk::PublicKey};
use carnet_eligibility::{Copy, Kind, Opening, credential};
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde_json::Value;

use super::{Binding, CredentialForm, KeptCredential};
use crate::{Wallet, vault::VaultError};

/// Longest copy that is looked at, in bytes.
const LONGEST: usize = 8 * 1024;

impl Wallet {
    /// Copies that could prove something of this kind today, by card; in each, the one that was issued last comes first.
    pub(crate) fn eligibility_copies(
        &self,
        kind: &Kind,
    ) -> Result<Vec<Vec<(String, KeptCredential)>>, VaultError> {
        let now = self.clock.now();
        let mut cards = self.kept_cards()?;
        for copies in &mut cards {
            copies.retain(|(_, kept)| {
                kept.proves(kind)
                    && kept.from.is_some_and(|from| from <= now)
                    && kept.until.is_some_and(|until| now < until)
            });
            copies.sort_by_key(|(_, kept)| Reverse(kept.from));
        }
        cards.retain(|copies| !copies.is_empty());
        Ok(cards)
    }
}

impl KeptCredential {
    /// The signed copy, what it hides, and its key; none of a copy of another form, or one that was used up.
    pub(crate) fn eligibility(&self) -> Option<(Copy, Opening, SigningKey)> {
        let Binding::EdCopy(key) = &self.binding else {
            return None;
        };
        let issuer = ed25519_of(&self.issuer)?;
        let (copy, opening) = credential::read_issued(&self.document()?, &[issuer]).ok()?;
        Some((copy, opening, key.signing_key().clone()))
    }

    /// What kind of value it is about; none of a copy of another form, or one that was used up.
    pub(crate) fn eligibility_kind(&self) -> Option<Kind> {
        credential::kind(&self.document()?).ok()
    }

    fn proves(&self, kind: &Kind) -> bool {
        matches!(self.binding, Binding::EdCopy(_))
            && self.kind == kind.schema()
            && self.eligibility_kind().as_ref() == Some(kind)
    }

    fn document(&self) -> Option<Value> {
        let read = || json::parse(self.text.as_bytes(), LONGEST).ok();
        (self.form == CredentialForm::Eligibility).then(read)?
    }
}

/// The key that a `did:key` is.
fn ed25519_of(did: &str) -> Option<VerifyingKey> {
    match PublicKey::from_multikey(did.strip_prefix("did:key:")?) {
        Ok(PublicKey::Ed25519(key)) => Some(key),
        _ => None,
    }
}

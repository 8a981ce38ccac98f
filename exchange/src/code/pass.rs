//! The patient shows, the desk finds the consent: signed freshly with that consent's holder key.
//!
//! The signature covers the delivery's digest, which only the wallet and the station know. So the code alone, even beside
//! the whole public ledger, shows neither the grant nor the holder key: an ECDSA signature gives its key away only to who
//! knows what was signed.

use carnet_consent::{Digest32, GrantId};
use carnet_credentials::jwk::PublicKey;
use jiff::Timestamp;
use p256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::{CodeError, bytes_of, check_time, seconds, text_of, time};

const BEGINNING: &str = "carnet:pass?d=";
const VERSION: u8 = 1;
const DOMAIN: &[u8] = b"carnet-pass-v1";
const NAME: usize = 16;

/// A pass as scanned.
#[derive(Clone, PartialEq, Eq)]
pub struct Pass {
    made: Timestamp,
    name: [u8; NAME],
    recovery: u8,
    signature: [u8; 64],
}

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pass(…)")
    }
}

impl Pass {
    /// A pass for this consent, good from now.
    pub fn make(grant_id: &GrantId, delivery: &Digest32, holder: &SigningKey, now: Timestamp) -> Self {
        let digest = digest(grant_id, delivery, now);
        let (signature, recovery) = holder.sign_prehash_recoverable(&digest);
        Self {
            made: now,
            name: name(&digest),
            recovery: recovery.to_byte(),
            signature: signature.to_bytes().into(),
        }
    }

    /// Reads a scanned or typed code.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, CodeError> {
        let bytes: [u8; 5 + NAME + 1 + 64] = bytes_of(text, BEGINNING, VERSION)?;
        let (made, rest) = bytes.split_first_chunk::<5>().ok_or(CodeError::Damaged)?;
        let (name, rest) = rest.split_first_chunk::<NAME>().ok_or(CodeError::Damaged)?;
        let (recovery, signature) = rest.split_first().ok_or(CodeError::Damaged)?;
        let pass = Self {
            made: time(*made)?,
            name: *name,
            recovery: *recovery,
            signature: signature.try_into().map_err(|_| CodeError::Damaged)?,
        };
        check_time(pass.made, now)?;
        Ok(pass)
    }

    /// What the code says; 129 characters.
    pub fn text(&self) -> String {
        let parts: [&[u8]; 4] = [&seconds(self.made), &self.name, &[self.recovery], &self.signature];
        text_of(BEGINNING, VERSION, &parts)
    }

    /// Whether this is a pass for this consent, by its holder. `holder` is the RFC 7638 thumbprint of the holder key.
    pub fn is_of(&self, grant_id: &GrantId, delivery: &Digest32, holder: &Digest32) -> bool {
        let digest = digest(grant_id, delivery, self.made);
        // The cheap look first: a desk compares a pass with every consent it holds.
        if name(&digest) != self.name {
            return false;
        }
        let Some(recovery) = RecoveryId::from_byte(self.recovery) else {
            return false;
        };
        let Ok(signature) = Signature::from_slice(&self.signature) else {
            return false;
        };
        VerifyingKey::recover_from_prehash(&digest, &signature, recovery)
            .is_ok_and(|key| PublicKey::P256(key.into()).thumbprint() == holder.0)
    }
}

fn digest(grant_id: &GrantId, delivery: &Digest32, made: Timestamp) -> [u8; 32] {
    Sha256::new()
        .chain_update(DOMAIN)
        .chain_update(grant_id.as_bytes())
        .chain_update(delivery.0)
        .chain_update(seconds(made))
        .finalize()
        .into()
}

/// What the desk compares first; says nothing to who does not know what went into it.
fn name(digest: &[u8; 32]) -> [u8; NAME] {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(DOMAIN)
        .chain_update(b"name")
        .chain_update(digest)
        .finalize()
        .into();
    let mut name = [0; NAME];
    name.copy_from_slice(&hash[..NAME]);
    name
}

//! The header: what must be known before the passphrase is typed, and the vault key wrapped twice.
//!
//! JSON, at most 16 KiB. `check` finds accidents before a right passphrase is called wrong; `seal` is made with the vault
//! key over every other member, so that none can be altered by somebody who doesn't have it.
//!
//! `store` says which store folder is the vault's: replacing this one small file exchanges passphrase, key and content at
//! once, and nothing else does.

use std::{fs::File, io::Read, path::Path};

use carnet_store::durable;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{STORE, hex_bytes::Hex, kdf::Cost};

const VERSION: u32 = 1;
const FILE: &str = "header.json";
const MOST_BYTES: u64 = 16 * 1024;
const PASSPHRASE_WRAP: &[u8] = b"carnet-vault-v1 passphrase wrap";
const WORDS_WRAP: &[u8] = b"carnet-vault-v1 words wrap";
const SEAL: &[u8] = b"carnet-vault-v1 header seal";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    carnet_vault: u32,
    id: Hex<16>,
    /// 0 is the folder `store`, any other number `store-NUMBER`.
    #[serde(default, skip_serializing_if = "is_first")]
    store: u32,
    pub(super) kdf: Cost,
    passphrase_wrap: Wrap,
    words_wrap: Wrap,
    seal: Hex<32>,
    check: Hex<8>,
}

/// The vault key, or a backup's, under another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wrap {
    nonce: Hex<24>,
    sealed: Hex<48>,
}

/// Read first: a newer version may have other members.
#[derive(Deserialize)]
struct Version {
    carnet_vault: u32,
}

/// Why a header was not read.
#[derive(Debug)]
pub(super) enum HeaderError {
    Io(std::io::Error),
    Missing,
    NotAVault,
    NewerVersion { found: u32 },
    Damaged,
}

impl Header {
    pub(super) fn make(
        id: [u8; 16],
        store: u32,
        kdf: Cost,
        vault_key: &[u8; 32],
        (passphrase_key, passphrase_nonce): (&[u8; 32], [u8; 24]),
        (words_key, words_nonce): (&[u8; 32], [u8; 24]),
    ) -> Option<Self> {
        let empty = Wrap {
            nonce: Hex([0; 24]),
            sealed: Hex([0; 48]),
        };
        let mut header = Self {
            carnet_vault: VERSION,
            id: Hex(id),
            store,
            kdf,
            passphrase_wrap: empty,
            words_wrap: empty,
            seal: Hex([0; 32]),
            check: Hex([0; 8]),
        };
        header.passphrase_wrap = Wrap::make(
            passphrase_key,
            passphrase_nonce,
            vault_key,
            &header.passphrase_context(),
        )?;
        header.words_wrap = Wrap::make(words_key, words_nonce, vault_key, &header.words_context())?;
        header.close(vault_key)?;
        Some(header)
    }

    /// The same vault under another passphrase; the words open it as before.
    pub(super) fn with_passphrase(
        &self,
        kdf: Cost,
        vault_key: &[u8; 32],
        (passphrase_key, nonce): (&[u8; 32], [u8; 24]),
    ) -> Option<Self> {
        let mut header = Self { kdf, ..self.clone() };
        header.passphrase_wrap = Wrap::make(passphrase_key, nonce, vault_key, &header.passphrase_context())?;
        header.close(vault_key)?;
        Some(header)
    }

    fn close(&mut self, vault_key: &[u8; 32]) -> Option<()> {
        let key = seal_key(self.id.0, vault_key)?;
        self.seal = Hex(self.mac(&key)?.finalize().into_bytes().into());
        self.check = Hex(self.checksum());
        Some(())
    }

    /// The name of the folder that holds everything else.
    pub(super) fn store_folder(&self) -> String {
        match self.store {
            0 => STORE.to_owned(),
            number => format!("{STORE}-{number}"),
        }
    }

    /// The number of the store that comes after this one.
    pub(super) fn next_store(&self) -> u32 {
        self.store.wrapping_add(1)
    }

    pub(super) fn id(&self) -> [u8; 16] {
        self.id.0
    }

    pub(super) fn read(dir: &Path) -> Result<Self, HeaderError> {
        let file = match File::open(dir.join(FILE)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(HeaderError::Missing),
            file => file.map_err(HeaderError::Io)?,
        };
        let mut bytes = Vec::new();
        file.take(MOST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(HeaderError::Io)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(HeaderError::NotAVault);
        }
        Self::parse(&bytes)
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        match serde_json::from_slice(bytes) {
            Ok(Version {
                carnet_vault: VERSION,
            }) => {}
            Ok(Version { carnet_vault: found }) if found > VERSION => {
                return Err(HeaderError::NewerVersion { found });
            }
            _ => return Err(HeaderError::NotAVault),
        }
        let header: Self = serde_json::from_slice(bytes).map_err(|_| HeaderError::Damaged)?;
        if header.check.0 == header.checksum() {
            Ok(header)
        } else {
            Err(HeaderError::Damaged)
        }
    }

    pub(super) fn write(&self, dir: &Path) -> std::io::Result<()> {
        durable::write_file(dir, FILE, &serde_json::to_vec_pretty(self)?)
    }

    /// The vault key, if this is the passphrase's key.
    pub(super) fn open_with_passphrase_key(&self, key: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        self.passphrase_wrap.open(key, &self.passphrase_context())
    }

    /// The vault key, if this is the words' key.
    pub(super) fn open_with_words_key(&self, key: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        self.words_wrap.open(key, &self.words_context())
    }

    /// Whether every member is as it was when the vault key sealed it. Compares in constant time.
    pub(super) fn is_sealed_by(&self, vault_key: &[u8; 32]) -> bool {
        seal_key(self.id.0, vault_key).is_some_and(|key| self.is_sealed_with(&key))
    }

    /// The same, by the key that [`seal_key`] gives.
    pub(super) fn is_sealed_with(&self, seal_key: &[u8; 32]) -> bool {
        self.mac(seal_key)
            .is_some_and(|mac| mac.verify_slice(&self.seal.0).is_ok())
    }

    fn mac(&self, seal_key: &[u8; 32]) -> Option<Hmac<Sha256>> {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(seal_key).ok()?;
        Some(mac.chain_update(self.members()))
    }

    /// Every member but `seal` and `check`. All have fixed lengths; `store` comes last, and not at all when it is 0.
    fn members(&self) -> Vec<u8> {
        let mut bytes = self.passphrase_context();
        for wrap in [&self.passphrase_wrap, &self.words_wrap] {
            bytes.extend(wrap.nonce.0);
            bytes.extend(wrap.sealed.0);
        }
        if !is_first(&self.store) {
            bytes.extend(self.store.to_be_bytes());
        }
        bytes
    }

    fn checksum(&self) -> [u8; 8] {
        let digest = Sha256::new()
            .chain_update(self.members())
            .chain_update(self.seal.0)
            .finalize();
        std::array::from_fn(|byte| digest[byte])
    }

    /// Makes an altered header pass as undamaged, as somebody who knows the format could.
    #[cfg(test)]
    pub(super) fn refresh_check(&mut self) {
        self.check = Hex(self.checksum());
    }

    fn passphrase_context(&self) -> Vec<u8> {
        [
            PASSPHRASE_WRAP,
            &self.carnet_vault.to_be_bytes(),
            &self.id.0,
            &self.kdf.to_bytes(),
        ]
        .concat()
    }

    fn words_context(&self) -> Vec<u8> {
        [WORDS_WRAP, &self.carnet_vault.to_be_bytes(), &self.id.0].concat()
    }
}

/// The key that seals the header.
pub(super) fn seal_key(id: [u8; 16], vault_key: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(&id), vault_key)
        .expand(SEAL, key.as_mut_slice())
        .ok()?;
    Some(key)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_first(store: &u32) -> bool {
    *store == 0
}

impl Wrap {
    pub(super) fn make(
        key: &[u8; 32],
        nonce: [u8; 24],
        vault_key: &[u8; 32],
        context: &[u8],
    ) -> Option<Self> {
        let payload = Payload {
            msg: vault_key,
            aad: context,
        };
        let sealed = XChaCha20Poly1305::new(key.into())
            .encrypt(&nonce.into(), payload)
            .ok()?;
        Some(Self {
            nonce: Hex(nonce),
            sealed: Hex(sealed.try_into().ok()?),
        })
    }

    pub(super) fn open(&self, key: &[u8; 32], context: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let payload = Payload {
            msg: &self.sealed.0,
            aad: context,
        };
        let opened = XChaCha20Poly1305::new(key.into())
            .decrypt(&self.nonce.0.into(), payload)
            .ok()?;
        let opened = Zeroizing::new(opened);
        let mut vault_key = Zeroizing::new([0; 32]);
        vault_key.copy_from_slice(opened.get(..32)?);
        Some(vault_key)
    }
}

//! What stands before the content: how to come by the file key.

use std::io::{Read, Write};

use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{BackupError, BackupSecret, MAGIC, MOST_HEADER, RestoreError, VERSION, stream::StreamKey};
use crate::{
    keys::RootKey,
    vault::{header::Wrap, hex_bytes::Hex, kdf::Cost},
};

const PASSPHRASE_WRAP: &[u8] = b"carnet-backup-v1 passphrase wrap";
const WORDS_WRAP: &[u8] = b"carnet-backup-v1 words wrap";
const CONTENT: &[u8] = b"carnet-backup-v1 content";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    carnet_backup: u32,
    id: Hex<16>,
    kdf: Cost,
    passphrase_wrap: Wrap,
    words_wrap: Wrap,
}

/// Read first: a newer version may have other members.
#[derive(Deserialize)]
struct Version {
    carnet_backup: u32,
}

/// Random values for one backup.
pub(super) struct Fresh {
    pub(super) id: [u8; 16],
    pub(super) file_key: Zeroizing<[u8; 32]>,
    pub(super) nonces: [[u8; 24]; 2],
}

impl Header {
    pub(super) fn make(
        fresh: &Fresh,
        (kdf, passphrase_key): (Cost, &[u8; 32]),
        root: &RootKey,
    ) -> Option<Self> {
        let [passphrase_nonce, words_nonce] = fresh.nonces;
        let context = context(PASSPHRASE_WRAP, &fresh.id, Some(&kdf));
        let passphrase_wrap = Wrap::make(passphrase_key, passphrase_nonce, &fresh.file_key, &context)?;
        let words_key = root.derive_backup_wrap(&fresh.id);
        let context = self::context(WORDS_WRAP, &fresh.id, None);
        Some(Self {
            carnet_backup: VERSION,
            id: Hex(fresh.id),
            kdf,
            passphrase_wrap,
            words_wrap: Wrap::make(&words_key, words_nonce, &fresh.file_key, &context)?,
        })
    }

    /// Writes everything that stands before the content; returns the key of the content.
    pub(super) fn write(&self, file: &mut impl Write, file_key: &[u8; 32]) -> Result<StreamKey, BackupError> {
        let json = serde_json::to_vec(self).map_err(|_| BackupError::NotWritable)?;
        let length = u32::try_from(json.len()).map_err(|_| BackupError::NotWritable)?;
        let before = [MAGIC.as_slice(), &length.to_be_bytes(), &json].concat();
        file.write_all(&before).map_err(BackupError::Write)?;
        content_key(&before, file_key).ok_or(BackupError::NotWritable)
    }

    /// Reads everything that stands before the content, and opens it: the key of the content.
    ///
    /// The cost of the passphrase is looked at before any memory is taken for it.
    pub(super) fn read(file: &mut impl Read, secret: &BackupSecret<'_>) -> Result<StreamKey, RestoreError> {
        let mut start = [0; MAGIC.len() + 4];
        file.read_exact(&mut start).map_err(RestoreError::not_one)?;
        let (magic, length) = start.split_at(MAGIC.len());
        let length = length
            .iter()
            .fold(0, |number, byte| number << 8 | u32::from(*byte));
        if magic != MAGIC || length > MOST_HEADER {
            return Err(RestoreError::NotABackup);
        }
        let mut json = vec![0; length as usize];
        file.read_exact(&mut json).map_err(RestoreError::read)?;
        let header = Self::parse(&json)?;
        let file_key = header.open(secret)?;
        content_key(&[start.as_slice(), &json].concat(), &file_key).ok_or(RestoreError::Damaged)
    }

    fn parse(json: &[u8]) -> Result<Self, RestoreError> {
        match serde_json::from_slice(json) {
            Ok(Version {
                carnet_backup: VERSION,
            }) => serde_json::from_slice(json).map_err(|_| RestoreError::Damaged),
            Ok(Version { carnet_backup: found }) if found > VERSION => {
                Err(RestoreError::NewerVersion { found })
            }
            _ => Err(RestoreError::NotABackup),
        }
    }

    fn open(&self, secret: &BackupSecret<'_>) -> Result<Zeroizing<[u8; 32]>, RestoreError> {
        match secret {
            BackupSecret::Passphrase(passphrase) => {
                let key = self.kdf.derive(passphrase)?;
                let context = context(PASSPHRASE_WRAP, &self.id.0, Some(&self.kdf));
                self.passphrase_wrap
                    .open(&key, &context)
                    .ok_or(RestoreError::WrongPassphrase)
            }
            BackupSecret::Words(words) => {
                let key = RootKey::new(words.entropy()).derive_backup_wrap(&self.id.0);
                self.words_wrap
                    .open(&key, &context(WORDS_WRAP, &self.id.0, None))
                    .ok_or(RestoreError::WrongWords)
            }
        }
    }
}

fn context(label: &[u8], id: &[u8; 16], kdf: Option<&Cost>) -> Vec<u8> {
    let cost = kdf.map(|cost| cost.to_bytes()).unwrap_or_default();
    [label, &VERSION.to_be_bytes(), id, &cost].concat()
}

fn content_key(before: &[u8], file_key: &[u8; 32]) -> Option<StreamKey> {
    let mut bytes = Zeroizing::new([0; 32 + 19]);
    Hkdf::<Sha256>::new(Some(Sha256::digest(before).as_slice()), file_key)
        .expand(CONTENT, bytes.as_mut_slice())
        .ok()?;
    let mut nonce = [0; 19];
    nonce.copy_from_slice(&bytes[32..]);
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(&bytes[..32]);
    Some(StreamKey { key, nonce })
}

//! Sealing: what the store sees of an entry is a name made by a keyed hash and bytes that open only in their place.
//!
//! ```text
//! entry  format 1 ‖ kind 1 ‖ schema 2 ‖ revision 8 ‖ nonce 24 ‖ XChaCha20-Poly1305(content) with its tag 16
//! ```
//! Associated data: domain ‖ vault id 16 ‖ table 1 ‖ profile 4 ‖ hidden name 16 ‖ the first 12 bytes of the entry (‖ body id 16).
//! Content of an entry: length of its id 2 ‖ id ‖ value, or for a large value: … ‖ body id 16 ‖ length 8, the value itself
//! being sealed in a body of its own. Numbers are big-endian.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    error::VaultError,
    header::{self, Header},
    profile::ProfileId,
};

const DOMAIN: &[u8] = b"carnet-vault-v1 entry";
const FORMAT: u8 = 1;
/// Bytes before the ciphertext.
pub(super) const PREAMBLE: usize = 36;
const TAG: usize = 16;

/// First byte of a key in the store.
pub(super) const ROOT: u8 = 0;
pub(super) const ENTRY: u8 = 1;
pub(super) const BODY: u8 = 2;

/// Where an entry stands: table number, whose it is, and name hidden by a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) table: u8,
    pub(super) profile: ProfileId,
    pub(super) hidden: [u8; 16],
}

/// What kind of bytes stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The value itself.
    Whole,
    /// Where the value is.
    Head,
    /// A large value, under the id its head names.
    Body([u8; 16]),
}

impl Kind {
    fn number(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Head => 1,
            Self::Body(_) => 2,
        }
    }
}

/// The clear part of a sealed entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Preamble {
    pub(super) kind: u8,
    pub(super) schema: u16,
    pub(super) revision: u64,
}

impl Preamble {
    pub(super) fn of(sealed: &[u8]) -> Result<Self, VaultError> {
        match sealed.first_chunk::<PREAMBLE>() {
            Some([FORMAT, kind, s0, s1, revision @ ..]) if sealed.len() >= PREAMBLE + TAG => {
                let mut number = [0; 8];
                number.copy_from_slice(&revision[..8]);
                Ok(Self {
                    kind: *kind,
                    schema: u16::from_be_bytes([*s0, *s1]),
                    revision: u64::from_be_bytes(number),
                })
            }
            Some([newer, ..]) if *newer > FORMAT => Err(VaultError::NewerVersion),
            _ => Err(VaultError::Damaged),
        }
    }

    pub(super) fn is_head(self) -> bool {
        self.kind == Kind::Head.number()
    }
}

/// The keys of one vault. Wiped when dropped.
pub(super) struct Sealer {
    vault_id: [u8; 16],
    values: Zeroizing<[u8; 32]>,
    names: Zeroizing<[u8; 32]>,
    root: Zeroizing<[u8; 32]>,
    header: Zeroizing<[u8; 32]>,
}

impl Sealer {
    pub(super) fn new(vault_id: [u8; 16], vault_key: &[u8; 32]) -> Result<Self, VaultError> {
        let hkdf = Hkdf::<Sha256>::new(Some(&vault_id), vault_key);
        let subkey = |label: &[u8]| {
            let mut key = Zeroizing::new([0; 32]);
            let expanded = hkdf.expand_multi_info(&[b"carnet-vault-v1 ", label], key.as_mut_slice());
            expanded.map(|()| key).map_err(|_| VaultError::Damaged)
        };
        Ok(Self {
            vault_id,
            values: subkey(b"values")?,
            names: subkey(b"names")?,
            root: subkey(b"root")?,
            header: header::seal_key(vault_id, vault_key).ok_or(VaultError::Damaged)?,
        })
    }

    /// Whether the header is as it was when it was sealed.
    pub(super) fn has_sealed(&self, header: &Header) -> bool {
        header.is_sealed_with(&self.header)
    }

    pub(super) fn place(&self, table: u8, profile: ProfileId, id: &str) -> Result<Place, VaultError> {
        let name = keyed_hash(&self.names, &[&[table], &profile.to_bytes(), id.as_bytes()])?;
        Ok(Place {
            table,
            profile,
            hidden: std::array::from_fn(|byte| name[byte]),
        })
    }

    /// What the keys of all entries that one person has in a table begin with.
    pub(super) fn table_prefix(&self, table: u8, profile: ProfileId) -> Result<Vec<u8>, VaultError> {
        // No entry has this name: names start with a table's number, and 0xff is none.
        let name = keyed_hash(&self.names, &[&[0xff, table], &profile.to_bytes()])?;
        Ok([&[ENTRY], &name[..8]].concat())
    }

    /// The key of an entry in the store.
    pub(super) fn entry_key(&self, place: Place) -> Result<Vec<u8>, VaultError> {
        Ok([
            self.table_prefix(place.table, place.profile)?.as_slice(),
            &place.hidden,
        ]
        .concat())
    }

    pub(super) fn seal(
        &self,
        place: Place,
        kind: Kind,
        (schema, revision): (u16, u64),
        content: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let mut sealed = vec![FORMAT, kind.number()];
        sealed.extend(schema.to_be_bytes());
        sealed.extend(revision.to_be_bytes());
        let mut nonce = [0; 24];
        getrandom::fill(&mut nonce).map_err(|_| VaultError::NoRandomness)?;
        let context = self.context(place, kind, &sealed);
        let ciphertext = self
            .cipher()
            .encrypt(
                &nonce.into(),
                Payload {
                    msg: content,
                    aad: &context,
                },
            )
            .map_err(|_| VaultError::TooLarge)?;
        sealed.reserve_exact(nonce.len() + ciphertext.len());
        sealed.extend(nonce);
        sealed.extend(ciphertext);
        Ok(sealed)
    }

    pub(super) fn open(
        &self,
        place: Place,
        kind: Kind,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let preamble = Preamble::of(sealed)?;
        if preamble.kind != kind.number() {
            return Err(VaultError::Damaged);
        }
        let mut nonce = [0; 24];
        nonce.copy_from_slice(&sealed[12..PREAMBLE]);
        let context = self.context(place, kind, &sealed[..12]);
        let payload = Payload {
            msg: &sealed[PREAMBLE..],
            aad: &context,
        };
        let content = self
            .cipher()
            .decrypt(&nonce.into(), payload)
            .map_err(|_| VaultError::Damaged)?;
        Ok(Zeroizing::new(content))
    }

    /// What an entry adds to the root. Nonce and tag stand for the bytes between them, which the cipher itself checks when
    /// they are read.
    pub(super) fn element(&self, key: &[u8], sealed: &[u8]) -> Result<[u8; 32], VaultError> {
        Preamble::of(sealed)?;
        let length = (sealed.len() as u64).to_be_bytes();
        keyed_hash(
            &self.root,
            &[&length, &sealed[..PREAMBLE], &sealed[sealed.len() - TAG..], key],
        )
    }

    /// What a body adds to the root: that it is there. Its head, which is in the root too, is the only one to know its id.
    pub(super) fn body_element(&self, key: &[u8], length: u64) -> Result<[u8; 32], VaultError> {
        keyed_hash(&self.root, &[&length.to_be_bytes(), key])
    }

    fn context(&self, place: Place, kind: Kind, preamble: &[u8]) -> Vec<u8> {
        let body: &[u8] = if let Kind::Body(id) = &kind { id } else { &[] };
        [
            DOMAIN,
            &self.vault_id,
            &[place.table],
            &place.profile.to_bytes(),
            &place.hidden,
            preamble,
            body,
        ]
        .concat()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.values).into())
    }
}

fn keyed_hash(key: &[u8; 32], parts: &[&[u8]]) -> Result<[u8; 32], VaultError> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).map_err(|_| VaultError::Damaged)?;
    for part in parts {
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

/// The content of an entry: its id, then `rest`.
pub(super) fn with_id(id: &str, rest: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let length = u16::try_from(id.len()).map_err(|_| VaultError::TooLarge)?;
    let mut content = Zeroizing::new(Vec::with_capacity(2 + id.len() + rest.len()));
    content.extend_from_slice(&length.to_be_bytes());
    content.extend_from_slice(id.as_bytes());
    content.extend_from_slice(rest);
    Ok(content)
}

/// The id and the rest of an entry's content.
pub(super) fn split_id(content: &[u8]) -> Result<(&str, &[u8]), VaultError> {
    let (length, rest) = content.split_first_chunk().ok_or(VaultError::Damaged)?;
    let (id, rest) = rest
        .split_at_checked(usize::from(u16::from_be_bytes(*length)))
        .ok_or(VaultError::Damaged)?;
    Ok((std::str::from_utf8(id).map_err(|_| VaultError::Damaged)?, rest))
}

/// The key of a body in the store.
pub(super) fn body_key(id: [u8; 16]) -> Vec<u8> {
    [&[BODY], id.as_slice()].concat()
}

/// The body's id and sealed length (bytes) in a head's content.
pub(super) fn split_body(pointer: &[u8]) -> Result<([u8; 16], u64), VaultError> {
    let (id, length) = pointer.split_first_chunk().ok_or(VaultError::Damaged)?;
    Ok((
        *id,
        u64::from_be_bytes(length.try_into().map_err(|_| VaultError::Damaged)?),
    ))
}

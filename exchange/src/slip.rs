//! The revocation slip: what takes one consent back from paper, without the wallet that gave it. `docs/protocol.md` has
//! its form. Whoever holds it can end that consent and do nothing else.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_consent::{GrantId, LedgerRef};
use sha2::{Digest as _, Sha256};
use url::Url;
use zeroize::Zeroizing;

use crate::{limits::LINK_CHARS, link::is_plain_https};

const BEGINNING: &str = "carnet:slip?d=";
const VERSION: u8 = 1;
const CHECK_DOMAIN: &[u8] = b"carnet-slip-v1";
const CHECK: usize = 8;
const HTTPS: &str = "https://";
/// Bytes before the check, and with it.
const BODY: usize = 1 + 8 + 20 + 20 + 32 + 5 + 5 + 32 + 32;
const WHOLE: usize = BODY + CHECK;

/// A slip that says one consistent thing.
#[derive(Clone, PartialEq, Eq)]
pub struct Slip {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Address of the registry contract.
    pub registry: [u8; 20],
    /// Address of the ledger key of this one consent.
    pub subject: [u8; 20],
    /// Salted hash of the consent.
    pub commitment: [u8; 32],
    /// First second at which it holds, Unix time; below 2⁴⁰.
    pub not_before: u64,
    /// First second at which it no longer holds, Unix time; below 2⁴⁰.
    pub expiry: u64,
    /// What ends it. Worth nothing for anything else.
    pub secret: Zeroizing<[u8; 32]>,
    /// Where the registry is reached.
    pub endpoint: Url,
    /// SHA-256 of the SubjectPublicKeyInfo (DER) that the endpoint's certificate must have.
    pub spki_sha256: [u8; 32],
}

/// Why a slip is refused. Nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlipError {
    /// Not a slip at all.
    #[error("this is not a revocation slip; nothing was sent")]
    NotASlip,
    /// More than [`LINK_CHARS`] characters.
    #[error("this is longer than any revocation slip; nothing was sent")]
    TooLong,
    /// Made by a later version.
    #[error("this slip is of a newer form than this program knows; nothing was sent")]
    OtherVersion,
    /// Cut off, or a letter is wrong.
    #[error("this slip is incomplete or was read or typed wrongly; nothing was sent")]
    Damaged,
    /// The address can't stand on a slip.
    #[error("the registry's address is not one that a slip can carry; no slip was made")]
    BadAddress,
}

impl SlipError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotASlip => "slip_not_a_slip",
            Self::TooLong => "slip_too_long",
            Self::OtherVersion => "slip_other_version",
            Self::Damaged => "slip_damaged",
            Self::BadAddress => "slip_bad_address",
        }
    }

    /// What to do next.
    pub fn next(self) -> &'static str {
        match self {
            Self::NotASlip => "Give the code's picture, or the text under it that begins with carnet:slip.",
            Self::TooLong | Self::Damaged => "Scan the code again, or compare the text letter by letter.",
            Self::OtherVersion => "Use the newest version of this program.",
            Self::BadAddress => "Take the consent back from the wallet itself, while you have it.",
        }
    }
}

impl Slip {
    /// Reads a slip that was scanned or typed. `grant_id_of` computes the ledger's name of the grant anew; a slip whose
    /// check does not agree with it is refused.
    ///
    /// # Errors
    /// [`SlipError`].
    pub fn parse(text: &str, grant_id_of: impl FnOnce(&Self) -> GrantId) -> Result<Self, SlipError> {
        // A page's text broken over lines is some characters longer; a book is not a slip.
        if text.len() > 4 * LINK_CHARS {
            return Err(SlipError::TooLong);
        }
        let text: Zeroizing<String> = Zeroizing::new(text.split_whitespace().collect());
        let rest = text.strip_prefix(BEGINNING).ok_or(SlipError::NotASlip)?;
        if text.len() > LINK_CHARS {
            return Err(SlipError::TooLong);
        }
        let (data, place) = rest.split_once("&u=").ok_or(SlipError::Damaged)?;
        let bytes = URL_SAFE_NO_PAD.decode(data).map_err(|_| SlipError::Damaged)?;
        let bytes = Zeroizing::new(bytes);
        if bytes.first().is_some_and(|version| *version != VERSION) {
            return Err(SlipError::OtherVersion);
        }
        if bytes.len() != WHOLE {
            return Err(SlipError::Damaged);
        }
        let (body, check) = bytes[1..].split_at(BODY - 1);
        let mut fields = Fields(body);
        let slip = Self {
            chain_id: u64::from_be_bytes(fields.take()?),
            registry: fields.take()?,
            subject: fields.take()?,
            commitment: fields.take()?,
            not_before: seconds(fields.take()?),
            expiry: seconds(fields.take()?),
            secret: Zeroizing::new(fields.take()?),
            spki_sha256: fields.take()?,
            endpoint: endpoint(place).ok_or(SlipError::Damaged)?,
        };
        if slip.check(&grant_id_of(&slip)) == check {
            Ok(slip)
        } else {
            Err(SlipError::Damaged)
        }
    }

    /// The slip's text, for paper. `grant_id` is the ledger's name of the very grant that the slip is of.
    ///
    /// # Errors
    /// [`SlipError::BadAddress`] or [`SlipError::TooLong`] when the endpoint can't stand on it.
    pub fn to_text(&self, grant_id: &GrantId) -> Result<Zeroizing<String>, SlipError> {
        let place = self.endpoint.as_str().strip_prefix(HTTPS);
        let place = place.filter(|place| endpoint(place).as_ref() == Some(&self.endpoint));
        let place = place.ok_or(SlipError::BadAddress)?;
        let (not_before, expiry) = (self.not_before.to_be_bytes(), self.expiry.to_be_bytes());
        if not_before[..3] != [0; 3] || expiry[..3] != [0; 3] {
            return Err(SlipError::Damaged);
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(WHOLE));
        for part in [
            &[VERSION][..],
            &self.chain_id.to_be_bytes(),
            &self.registry,
            &self.subject,
            &self.commitment,
            &not_before[3..],
            &expiry[3..],
            self.secret.as_slice(),
            &self.spki_sha256,
            &self.check(grant_id),
        ] {
            bytes.extend_from_slice(part);
        }
        let data = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
        let text = Zeroizing::new(format!("{BEGINNING}{}&u={place}", *data));
        if text.len() > LINK_CHARS {
            Err(SlipError::TooLong)
        } else {
            Ok(text)
        }
    }

    /// Which registry, as the exchange names it.
    pub fn ledger(&self) -> LedgerRef {
        LedgerRef {
            chain_id: self.chain_id.to_string(),
            registry: format!("0x{}", hex::encode(self.registry)),
        }
    }

    fn check(&self, grant_id: &GrantId) -> [u8; CHECK] {
        let digest = Sha256::new()
            .chain_update(CHECK_DOMAIN)
            .chain_update(grant_id.as_bytes())
            .chain_update(self.spki_sha256)
            .chain_update(self.endpoint.as_str())
            .finalize();
        std::array::from_fn(|n| digest[n])
    }
}

// Who can read the secret can end the consent.
impl fmt::Debug for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slip(…)")
    }
}

/// The endpoint behind its text, if that is the only text for it.
fn endpoint(place: &str) -> Option<Url> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&b);
    if !place.bytes().all(plain) {
        return None;
    }
    let whole = format!("{HTTPS}{place}");
    let url = Url::parse(&whole).ok()?;
    (is_plain_https(&url) && url.query().is_none() && url.as_str() == whole).then_some(url)
}

fn seconds(bytes: [u8; 5]) -> u64 {
    bytes
        .iter()
        .fold(0, |seconds, byte| seconds << 8 | u64::from(*byte))
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], SlipError> {
        let (field, rest) = self.0.split_first_chunk::<N>().ok_or(SlipError::Damaged)?;
        self.0 = rest;
        Ok(*field)
    }
}

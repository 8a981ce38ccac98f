//! W3C Bitstring Status List 1.0: one bit for each credential, in a list that is a credential itself.

use std::{collections::HashMap, hash::BuildHasher, io::Read};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use flate2::{Compression, bufread::GzDecoder, write::GzEncoder};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    contexts::CREDENTIALS_V2,
    vc::{self, Checked, Conditions, VcError},
};

/// Fewest places in a list, so that a place says little about whose it is (section 6.1).
pub const MIN_ENTRIES: usize = 131_072;
/// Most places in a list that is read: 2 MiB unpacked.
pub const MAX_ENTRIES: usize = 16_777_216;
/// Longest packed list, in characters. Bits without any pattern take 2.8 million.
const MAX_ENCODED: usize = 3_000_000;

/// Why a list is refused or can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusListError {
    /// The credential around the list.
    #[error("the status list was refused: {0}")]
    Credential(VcError),
    /// Not a status list, or one that lives elsewhere.
    #[error("this is not the status list that was asked for")]
    WrongList,
    /// The list is not `u`, base64url and gzip.
    #[error("the status list can't be unpacked")]
    Packed,
    /// Fewer than [`MIN_ENTRIES`] or more than [`MAX_ENTRIES`] places.
    #[error("the status list is shorter or longer than allowed")]
    Length,
}

impl StatusListError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Credential(e) => e.code(),
            Self::WrongList => "status_list_wrong",
            Self::Packed => "status_list_packed",
            Self::Length => "status_list_length",
        }
    }
}

/// The lists at hand, by the address that credentials name them by.
pub trait StatusLists {
    /// The list of this address.
    fn status_list(&self, address: &str) -> Option<&StatusList>;

    /// Whether the caller looks the status up afterwards, of whatever kind it is.
    fn later(&self) -> bool {
        false
    }
}

impl<S: BuildHasher> StatusLists for HashMap<String, StatusList, S> {
    fn status_list(&self, address: &str) -> Option<&StatusList> {
        self.get(address)
    }
}

/// The status is not decided here: who takes a credential in asks for it later, under its `credentialStatus`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Later;

impl StatusLists for Later {
    fn status_list(&self, _address: &str) -> Option<&StatusList> {
        None
    }

    fn later(&self) -> bool {
        true
    }
}

/// No list is at hand.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLists;

impl StatusLists for NoLists {
    fn status_list(&self, _address: &str) -> Option<&StatusList> {
        None
    }
}

/// A list whose credential was checked, unpacked for looking up.
#[derive(Debug, Clone)]
pub struct StatusList {
    issuer: String,
    purposes: Vec<String>,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    bits: Bits,
}

impl StatusList {
    /// Checks a list that was fetched from `address`: its credential by the same gate as any other, then the list.
    pub fn check(
        credential: &Map<String, Value>,
        address: &str,
        conditions: &Conditions<'_>,
    ) -> Result<Self, StatusListError> {
        // A list has no status of its own, or looking it up would never end.
        let conditions = Conditions {
            statuses: &NoLists,
            ..*conditions
        };
        vc::check(credential, &conditions)
            .map_err(StatusListError::Credential)
            .and_then(|checked| Self::unpack(checked, address))
    }

    /// Like [`Self::check`], for a list as a signed text (`vc+jwt`).
    pub fn check_jwt(
        compact: &str,
        address: &str,
        conditions: &Conditions<'_>,
    ) -> Result<Self, StatusListError> {
        let conditions = Conditions {
            statuses: &NoLists,
            ..*conditions
        };
        vc::jose::check(compact, &conditions)
            .map_err(StatusListError::Credential)
            .and_then(|checked| Self::unpack(checked, address))
    }

    fn unpack(checked: Checked, address: &str) -> Result<Self, StatusListError> {
        let wrong = StatusListError::WrongList;
        let subject = checked
            .credential
            .get("credentialSubject")
            .and_then(Value::as_object)
            .ok_or(wrong)?;
        let is_list = checked.types.iter().any(|t| t == "BitstringStatusListCredential")
            && subject.get("type").and_then(Value::as_str) == Some("BitstringStatusList");
        if !is_list || checked.credential.get("id").and_then(Value::as_str) != Some(address) {
            return Err(wrong);
        }
        let purposes = vc::texts(subject.get("statusPurpose"))
            .ok_or(wrong)?
            .into_iter()
            .map(str::to_owned)
            .collect();
        let packed = subject.get("encodedList").and_then(Value::as_str).ok_or(wrong)?;
        Ok(Self {
            purposes,
            bits: Bits::unpack(packed)?,
            issuer: checked.issuer,
            valid_from: checked.valid_from,
            valid_until: checked.valid_until,
        })
    }

    /// Who keeps it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What a bit means: `revocation`, `suspension`, …
    pub fn purposes(&self) -> &[String] {
        &self.purposes
    }

    /// Whether it is valid at this time. It may have been checked earlier and kept.
    pub fn is_current(&self, now: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= now) && self.valid_until.is_none_or(|until| now < until)
    }

    /// The bit at this place; none outside of the list.
    pub fn get(&self, index: usize) -> Option<bool> {
        self.bits.get(index)
    }
}

/// The bits of a list. The first one is the highest of the first byte (section 2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bits(Vec<u8>);

impl Bits {
    /// A list of this many places, all unset.
    pub fn new(entries: usize) -> Result<Self, StatusListError> {
        if (MIN_ENTRIES..=MAX_ENTRIES).contains(&entries) {
            Ok(Self(vec![0; entries.div_ceil(8)]))
        } else {
            Err(StatusListError::Length)
        }
    }

    /// The bit at this place; none outside of the list.
    pub fn get(&self, index: usize) -> Option<bool> {
        self.0
            .get(index / 8)
            .map(|byte| byte & (0x80 >> (index % 8)) != 0)
    }

    /// Sets or clears a bit; `false` outside of the list.
    pub fn set(&mut self, index: usize, value: bool) -> bool {
        let mask = 0x80 >> (index % 8);
        match self.0.get_mut(index / 8) {
            Some(byte) if value => *byte |= mask,
            Some(byte) => *byte &= !mask,
            None => return false,
        }
        true
    }

    /// `u`, base64url without padding, gzip (section 3.3).
    pub fn pack(&self) -> Result<String, StatusListError> {
        use std::io::Write as _;
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer
            .write_all(&self.0)
            .and_then(|()| packer.finish())
            .map(|packed| format!("u{}", URL_SAFE_NO_PAD.encode(packed)))
            .map_err(|_| StatusListError::Packed)
    }

    /// Unpacks a list, no further than [`MAX_ENTRIES`] (section 3.4).
    pub fn unpack(packed: &str) -> Result<Self, StatusListError> {
        if packed.len() > MAX_ENCODED {
            return Err(StatusListError::Length);
        }
        let packed = packed
            .strip_prefix('u')
            .and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok())
            .ok_or(StatusListError::Packed)?;
        let mut bits = Vec::new();
        let mut unpacker = GzDecoder::new(packed.as_slice()).take(MAX_ENTRIES as u64 / 8 + 1);
        unpacker
            .read_to_end(&mut bits)
            .map_err(|_| StatusListError::Packed)?;
        if (MIN_ENTRIES / 8..=MAX_ENTRIES / 8).contains(&bits.len()) {
            Ok(Self(bits))
        } else {
            Err(StatusListError::Length)
        }
    }
}

/// A list that is to be signed.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Where it can be fetched.
    pub address: &'a str,
    /// Who keeps it.
    pub issuer: &'a str,
    /// What a bit means: `revocation` or `suspension`.
    pub purpose: &'a str,
    /// From when on it is valid.
    pub valid_from: Timestamp,
    /// Until when it may be kept.
    pub valid_until: Timestamp,
}

/// The list's credential, to be signed by [`crate::data_integrity::sign`] or [`vc::jose::issue`].
pub fn credential(listing: &Listing<'_>, bits: &Bits) -> Result<Map<String, Value>, StatusListError> {
    let credential = json!({
        "@context": [CREDENTIALS_V2],
        "id": listing.address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": listing.issuer,
        "validFrom": listing.valid_from.to_string(),
        "validUntil": listing.valid_until.to_string(),
        "credentialSubject": {
            "id": format!("{}#list", listing.address),
            "type": "BitstringStatusList",
            "statusPurpose": listing.purpose,
            "encodedList": bits.pack()?,
        },
    });
    match credential {
        Value::Object(credential) => Ok(credential),
        _ => Ok(Map::new()),
    }
}

/// A credential's place in a list: `credentialStatus` of type `BitstringStatusListEntry` (section 2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What its bit means.
    pub purpose: String,
    /// The list's address.
    pub list: String,
    /// The place.
    pub index: usize,
}

impl Entry {
    /// Reads one. Entries of more than one bit are not supported.
    pub(crate) fn read(entry: &Map<String, Value>) -> Option<Self> {
        let text = |name| entry.get(name).and_then(Value::as_str);
        if entry
            .get("statusSize")
            .is_some_and(|size| size.as_u64() != Some(1))
        {
            return None;
        }
        let index = text("statusListIndex")?;
        if !index.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Some(Self {
            purpose: text("statusPurpose")?.to_owned(),
            list: text("statusListCredential")?.to_owned(),
            index: index.parse().ok()?,
        })
    }

    /// As it stands in a credential.
    pub fn to_json(&self) -> Value {
        json!({
            "type": "BitstringStatusListEntry",
            "statusPurpose": self.purpose,
            "statusListIndex": self.index.to_string(),
            "statusListCredential": self.list,
        })
    }
}

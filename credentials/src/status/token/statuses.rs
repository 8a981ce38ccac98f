//! The entries of a list: packed bits, compressed (draft-ietf-oauth-status-list 21, "Status List" and "Status Types").

use std::io::{Read, Write};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use serde_json::{Value, json};

use super::StatusError;

/// Most bytes that a list may take unpacked: 134 million entries of one bit.
pub const MAX_STATUSES: usize = 16 * 1_048_576;

/// How many bits an entry takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bits {
    /// Valid or not.
    One = 1,
    /// Suspended too.
    Two = 2,
    /// Up to 16 statuses.
    Four = 4,
    /// Up to 256 statuses.
    Eight = 8,
}

/// What a list says of one credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It stands.
    Valid,
    /// It is revoked, for good.
    Invalid,
    /// It doesn't stand for now.
    Suspended,
    /// Something that only the issuer's own rules explain, 0x03 to 0xFF.
    Other(u8),
}

impl Status {
    fn of(byte: u8) -> Self {
        match byte {
            0 => Self::Valid,
            1 => Self::Invalid,
            2 => Self::Suspended,
            other => Self::Other(other),
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Invalid => 1,
            Self::Suspended => 2,
            Self::Other(byte) => byte,
        }
    }
}

impl Bits {
    fn of(bits: u64) -> Option<Self> {
        Some(match bits {
            1 => Self::One,
            2 => Self::Two,
            4 => Self::Four,
            8 => Self::Eight,
            _ => return None,
        })
    }

    fn per_byte(self) -> usize {
        8 / self as usize
    }

    /// The largest value of an entry.
    fn mask(self) -> u8 {
        u8::MAX >> (8 - self as u8)
    }

    /// The byte of an entry, and by how much it is shifted there: the first entry in the lowest bits.
    fn place(self, index: usize) -> (usize, usize) {
        (index / self.per_byte(), (index % self.per_byte()) * self as usize)
    }
}

/// The entries, unpacked. Looking one up takes the same time in every list.
#[derive(Clone, PartialEq, Eq)]
pub struct Statuses {
    bits: Bits,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for Statuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Statuses")
            .field("bits", &self.bits)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl Statuses {
    /// At least this many entries, all valid. More than [`MAX_STATUSES`] bytes of them are refused.
    pub fn new(bits: Bits, entries: usize) -> Result<Self, StatusError> {
        let bytes = entries.div_ceil(bits.per_byte());
        if bytes > MAX_STATUSES {
            return Err(StatusError::TooLarge);
        }
        Ok(Self {
            bits,
            bytes: vec![0; bytes],
        })
    }

    /// The status at this place; none past the end.
    pub fn get(&self, index: usize) -> Option<Status> {
        let (byte, shift) = self.bits.place(index);
        let byte = self.bytes.get(byte)?;
        Some(Status::of((byte >> shift) & self.bits.mask()))
    }

    /// Changes the status at this place. Fails past the end, and where the status doesn't fit into the bits.
    pub fn set(&mut self, index: usize, status: Status) -> Result<(), StatusError> {
        let (byte, shift) = self.bits.place(index);
        let (mask, value) = (self.bits.mask(), status.byte());
        if value > mask {
            return Err(StatusError::DoesNotFit);
        }
        let byte = self.bytes.get_mut(byte).ok_or(StatusError::NoSuchEntry)?;
        *byte = (*byte & !(mask << shift)) | (value << shift);
        Ok(())
    }

    /// `{"bits": …, "lst": …}`.
    pub(super) fn to_claim(&self) -> Value {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
        // Writing into a Vec can't fail.
        let packed = packed.write_all(&self.bytes).and_then(|()| packed.finish());
        json!({ "bits": self.bits as u8, "lst": URL_SAFE_NO_PAD.encode(packed.unwrap_or_default()) })
    }

    /// Unpacks a list and stops as soon as it grows past [`MAX_STATUSES`].
    pub(super) fn from_claim(claim: &Value) -> Result<Self, StatusError> {
        let bits = claim.get("bits").and_then(Value::as_u64).and_then(Bits::of);
        let packed = claim.get("lst").and_then(Value::as_str);
        let (Some(bits), Some(packed)) = (bits, packed) else {
            return Err(StatusError::ListMalformed);
        };
        let packed = URL_SAFE_NO_PAD
            .decode(packed)
            .map_err(|_| StatusError::ListMalformed)?;
        let mut unpack = ZlibDecoder::new(packed.as_slice());
        let mut bytes = Vec::new();
        unpack
            .by_ref()
            .take(MAX_STATUSES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|_| StatusError::ListMalformed)?;
        if bytes.len() > MAX_STATUSES {
            return Err(StatusError::TooLarge);
        }
        // Something after the end of the compressed bytes would be read by some and not by others.
        if unpack.total_in() != packed.len() as u64 {
            return Err(StatusError::ListMalformed);
        }
        Ok(Self { bits, bytes })
    }
}

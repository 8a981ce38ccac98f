//! What a committed value is: its name, encoding, unit and place. Part of what the issuer signs.

use serde::{Deserialize, Serialize};

use crate::fields::Fields;

/// What an issuer commits to in one copy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Kind {
    /// The day of birth.
    BirthDate,
    /// First and last day of a cover.
    Cover,
    /// Income of a year.
    Income {
        /// Minor units (cents) of this currency.
        currency: Currency,
    },
    /// One laboratory value, and the day it was taken.
    Lab {
        /// What was measured (LOINC).
        loinc: Code,
        /// In which unit (UCUM, case-sensitive).
        unit: Code,
        /// The value is a whole number of 10^-scale units.
        scale: u8,
    },
    /// A place in a published list of codes.
    Code {
        /// SHA-256 of the list, hexadecimal.
        list: ListDigest,
    },
}

/// ISO 4217, three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// A code or unit: 1 to 32 printing ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

/// SHA-256 of a list of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ListDigest(pub [u8; 32]);

/// A parameter is not of its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a parameter is not of its form")]
pub struct IllFormed;

impl Kind {
    /// Name and edition of the schema.
    pub fn schema(&self) -> &'static str {
        match self {
            Self::BirthDate => "urn:carnet:eligibility:birth-date:1",
            Self::Cover => "urn:carnet:eligibility:cover:1",
            Self::Income { .. } => "urn:carnet:eligibility:income:1",
            Self::Lab { .. } => "urn:carnet:eligibility:lab:1",
            Self::Code { .. } => "urn:carnet:eligibility:code:1",
        }
    }

    /// How many values it has, each committed to by itself.
    pub fn values(&self) -> usize {
        match self {
            Self::BirthDate | Self::Income { .. } | Self::Code { .. } => 1,
            Self::Cover | Self::Lab { .. } => 2,
        }
    }

    /// Width of every value, in bits: 16 for days and places in lists, 32 where amounts and measurements stand.
    pub fn bits(&self) -> u32 {
        match self {
            Self::BirthDate | Self::Cover | Self::Code { .. } => 16,
            Self::Income { .. } | Self::Lab { .. } => 32,
        }
    }

    /// Its fields, as signed.
    pub(crate) fn put(&self, fields: &mut Fields) {
        fields.put("schema", self.schema().as_bytes());
        fields.number("bits", self.bits());
        match self {
            Self::BirthDate | Self::Cover => {}
            Self::Income { currency } => fields.put("currency", &currency.0),
            Self::Lab { loinc, unit, scale } => {
                fields.put("loinc", loinc.0.as_bytes());
                fields.put("unit", unit.0.as_bytes());
                fields.number("scale", u32::from(*scale));
            }
            Self::Code { list } => fields.put("list", &list.0),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = IllFormed;

    fn try_from(text: String) -> Result<Self, IllFormed> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(letters) if letters.iter().all(u8::is_ascii_uppercase) => Ok(Self(letters)),
            _ => Err(IllFormed),
        }
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.0.iter().map(|letter| char::from(*letter)).collect()
    }
}

impl Currency {
    /// How many decimals an amount has: minor units are whole numbers of 10^-decimals (ISO 4217, table A.1).
    pub fn decimals(self) -> u8 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl TryFrom<String> for Code {
    type Error = IllFormed;

    fn try_from(text: String) -> Result<Self, IllFormed> {
        if (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err(IllFormed)
        }
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl TryFrom<String> for ListDigest {
    type Error = IllFormed;

    fn try_from(text: String) -> Result<Self, IllFormed> {
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| IllFormed)?;
        let mut digest = [0; 32];
        for (byte, two) in digest.iter_mut().zip(digits.chunks_exact(2)) {
            let value = |digit: u8| match digit {
                b'0'..=b'9' => Ok(digit - b'0'),
                b'a'..=b'f' => Ok(digit - b'a' + 10),
                _ => Err(IllFormed),
            };
            *byte = value(two[0])? << 4 | value(two[1])?;
        }
        Ok(Self(digest))
    }
}

impl From<ListDigest> for String {
    fn from(digest: ListDigest) -> Self {
        let digit = |four: u8| char::from_digit(u32::from(four), 16).unwrap_or('0');
        digest
            .0
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
            .collect()
    }
}

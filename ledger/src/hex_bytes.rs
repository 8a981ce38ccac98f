//! Byte arrays as lower-case `0x…` strings, the only spelling accepted.

use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

/// `0x` and two lower-case digits a byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// The opposite of [`encode`]; `None` for any other length or spelling.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.strip_prefix("0x")?;
    if digits.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

pub(crate) fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&encode(bytes))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(from: D) -> Result<[u8; N], D::Error> {
    let text = String::deserialize(from)?;
    decode(&text).ok_or_else(|| D::Error::custom(format!("expected 0x and {N} bytes in lower-case hex")))
}

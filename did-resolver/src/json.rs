//! JSON from strangers.
//!
//! A JSON text with a repeated member name means different things to different readers (RFC 8259, section 4),
//! and a signature over such a text proves nothing. So it is refused, as are texts too long or too deep.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Nesting allowed in a text, in levels of arrays and objects.
pub const MAX_DEPTH: usize = 24;

const DUPLICATE: &str = "duplicate member";
const DEPTH: &str = "nested too deeply";

/// Why a JSON text is refused. Nothing of the text is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// More bytes than the caller allows.
    #[error("the text is longer than allowed")]
    TooLarge,
    /// Deeper than [`MAX_DEPTH`].
    #[error("the text is nested too deeply")]
    TooDeep,
    /// One object names a member twice.
    #[error("the text names a member twice")]
    DuplicateMember,
    /// Not UTF-8, not JSON, a number out of range, or text after the end.
    #[error("the text is not JSON")]
    NotJson,
    /// A JSON text, but not an object.
    #[error("the text is not a JSON object")]
    NotAnObject,
}

impl JsonError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::DuplicateMember => "duplicate_member",
            Self::NotJson => "not_json",
            Self::NotAnObject => "not_an_object",
        }
    }
}

/// Reads one JSON text of at most `max_len` bytes.
pub fn parse(text: &[u8], max_len: usize) -> Result<Value, JsonError> {
    if text.len() > max_len {
        return Err(JsonError::TooLarge);
    }
    let text = std::str::from_utf8(text).map_err(|_| JsonError::NotJson)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: 0 }
        .deserialize(&mut reader)
        .map_err(|e| classify(&e))?;
    reader.end().map_err(|_| JsonError::NotJson)?;
    Ok(value)
}

/// Like [`parse`], for a text that must be an object.
pub fn parse_object(text: &[u8], max_len: usize) -> Result<Map<String, Value>, JsonError> {
    match parse(text, max_len)? {
        Value::Object(map) => Ok(map),
        _ => Err(JsonError::NotAnObject),
    }
}

fn classify(error: &serde_json::Error) -> JsonError {
    // serde_json carries a visitor's refusal as text only.
    let text = error.to_string();
    if text.starts_with(DUPLICATE) {
        JsonError::DuplicateMember
    } else if text.starts_with(DEPTH) || text.starts_with("recursion limit") {
        JsonError::TooDeep
    } else {
        JsonError::NotJson
    }
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            Err(E::custom(DEPTH))
        } else {
            Ok(Self {
                depth: self.depth + 1,
            })
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if map.contains_key(&name) {
                return Err(de::Error::custom(DUPLICATE));
            }
            let value = access.next_value_seed(inner)?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const MAX: usize = 65_536;

    #[test]
    fn a_plain_text_is_read_as_serde_reads_it() {
        let text = r#"{"a":[1,-2,3.5,"x",null,true],"b":{"c":""}}"#;
        assert_eq!(
            parse(text.as_bytes(), MAX),
            Ok(json!({"a":[1,-2,3.5,"x",null,true],"b":{"c":""}}))
        );
    }

    #[test]
    fn what_two_readers_could_understand_differently_is_refused() {
        assert_eq!(parse(br#"{"a":1,"a":2}"#, MAX), Err(JsonError::DuplicateMember));
        assert_eq!(
            parse(br#"[{"x":{"a":1,"\u0061":2}}]"#, MAX),
            Err(JsonError::DuplicateMember)
        );
        assert_eq!(parse(b"{\"a\":\"\xff\"}", MAX), Err(JsonError::NotJson));
        assert_eq!(parse(b"{} {}", MAX), Err(JsonError::NotJson));
        assert_eq!(parse(b"[1e999]", MAX), Err(JsonError::NotJson));
        assert_eq!(parse(b"", MAX), Err(JsonError::NotJson));
        assert_eq!(parse_object(b"[]", MAX), Err(JsonError::NotAnObject));
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(parse(deep.as_bytes(), MAX), Err(JsonError::TooLarge));
        assert_eq!(parse(deep.as_bytes(), usize::MAX), Err(JsonError::TooDeep));
        let just = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(parse(just.as_bytes(), MAX).is_ok());
        assert_eq!(
            parse(format!("[{just}]").as_bytes(), MAX),
            Err(JsonError::TooDeep)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = parse(&bytes, MAX);
        }

        #[test]
        fn what_is_accepted_means_the_same_to_serde_json(text in r#"[\[\]{}:,"0-9ab\\.eE -]{0,40}"#) {
            if let Ok(value) = parse(text.as_bytes(), MAX) {
                prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            }
        }
    }
}

//! Strict JSON (RFC 8259) as a tree over the input.
//!
//! Why not `serde_json`: a health record must be refused when two readers could see two different records
//! (the same name twice), one bad entry must not take the good ones with it, and numbers are kept as they are written
//! (`7.20` is not `7.2`, FHIR R4 §2.24.0.1).

use std::{borrow::Cow, collections::HashSet};

/// The deepest nesting of a resource.
pub const MAX_DEPTH: usize = 64;
/// The most values one document may hold: bounds memory at about 50 times this number in bytes.
pub const MAX_VALUES: usize = 500_000;

/// A JSON value. Numbers keep their spelling.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as written; finite as a double.
    Number(&'a str),
    /// A string, escapes resolved.
    String(Cow<'a, str>),
    /// A list.
    Array(Vec<Self>),
    /// Names and values, in order, each name once.
    Object(Vec<(Cow<'a, str>, Self)>),
}

/// Why a text is not acceptable JSON, and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {at}")]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Offset in bytes.
    pub at: usize,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonErrorKind {
    /// Not the grammar.
    #[error("a syntax error")]
    Syntax,
    /// Not UTF-8, or half a surrogate pair.
    #[error("text that is not UTF-8")]
    NotUtf8,
    /// No finite double.
    #[error("a number out of range")]
    Number,
    /// The same name twice in one object.
    #[error("the same name twice")]
    Duplicate,
    /// Nested too deeply.
    #[error("nesting too deep")]
    TooDeep,
    /// More than [`MAX_VALUES`].
    #[error("too many values")]
    TooMany,
}

impl<'a> Json<'a> {
    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members()
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The value at a path of names; a list stands for its first element.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter()
            .try_fold(self, |value, name| value.first().get(name))
            .map(Self::first)
    }

    /// The string at a path, trimmed and not empty.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path).and_then(Self::text)
    }

    /// This string, trimmed and not empty.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// Members of an object; none for anything else.
    pub fn members(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// Elements of a list; a single value stands for itself.
    pub fn each(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            Self::Null => &[],
            other => std::slice::from_ref(other),
        }
    }

    /// Elements of the list under a name.
    pub fn list(&self, name: &str) -> &[Self] {
        self.get(name).map_or(&[], Self::each)
    }

    fn first(&self) -> &Self {
        match self {
            Self::Array(items) => items.first().unwrap_or(&Self::Null),
            other => other,
        }
    }
}

/// Parses one document.
pub fn parse(bytes: &[u8], max_depth: usize) -> Result<Json<'_>, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError {
        kind: JsonErrorKind::NotUtf8,
        at: error.valid_up_to(),
    })?;
    let mut parser = Parser {
        text,
        at: 0,
        max_depth,
        values: 0,
    };
    parser.space();
    let value = parser.value(0)?;
    parser.space();
    if parser.at == text.len() {
        Ok(value)
    } else {
        Err(parser.error(JsonErrorKind::Syntax))
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    max_depth: usize,
    values: usize,
}

impl<'a> Parser<'a> {
    fn error(&self, kind: JsonErrorKind) -> JsonError {
        JsonError { kind, at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.error(JsonErrorKind::Syntax))
        }
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Result<Json<'a>, JsonError> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.error(JsonErrorKind::Syntax))
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(self.error(JsonErrorKind::TooMany));
        }
        match self.peek() {
            Some(b'{' | b'[') if depth >= self.max_depth => Err(self.error(JsonErrorKind::TooDeep)),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Json::String),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.error(JsonErrorKind::Syntax)),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        self.eat(b'{')?;
        let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let name = self.string()?;
            self.space();
            self.eat(b':')?;
            self.space();
            let value = self.value(depth + 1)?;
            // Long objects are checked once at the end, so that checking stays linear.
            if members.len() < 32 && members.iter().any(|(other, _)| *other == name) {
                return Err(self.error(JsonErrorKind::Duplicate));
            }
            members.push((name, value));
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.error(JsonErrorKind::Syntax)),
            }
        }
        self.at += 1;
        if members.len() > 32 {
            let names: HashSet<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
            if names.len() != members.len() {
                return Err(self.error(JsonErrorKind::Duplicate));
            }
        }
        Ok(Json::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Json<'a>, JsonError> {
        self.eat(b'[')?;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::Array(items));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.error(JsonErrorKind::Syntax)),
            }
        }
        self.at += 1;
        Ok(Json::Array(items))
    }

    fn number(&mut self) -> Result<Json<'a>, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.digits()?;
        if whole > 1 && self.text.as_bytes()[self.at - whole] == b'0' {
            return Err(self.error(JsonErrorKind::Syntax));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let written = &self.text[start..self.at];
        match written.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Json::Number(written)),
            _ => Err(self.error(JsonErrorKind::Number)),
        }
    }

    fn digits(&mut self) -> Result<usize, JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            Err(self.error(JsonErrorKind::Syntax))
        } else {
            Ok(self.at - start)
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.eat(b'"')?;
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        let plain = rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
            .ok_or_else(|| self.error(JsonErrorKind::Syntax))?;
        self.at += plain;
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(&self.text[start..start + plain]));
        }
        let mut out = self.text[start..self.at].to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(out));
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                Some(0..=0x1f) | None => return Err(self.error(JsonErrorKind::Syntax)),
                Some(_) => {
                    let rest = &self.text[self.at..];
                    let end = rest
                        .bytes()
                        .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
                        .unwrap_or(rest.len());
                    out.push_str(&rest[..end]);
                    self.at += end;
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let byte = self.peek();
        self.at += 1;
        Ok(match byte {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let high = self.hex4()?;
                let code = if (0xd800..0xdc00).contains(&high) {
                    self.eat(b'\\')?;
                    self.eat(b'u')?;
                    let low = self.hex4()?;
                    if !(0xdc00..0xe000).contains(&low) {
                        return Err(self.error(JsonErrorKind::NotUtf8));
                    }
                    0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)
                } else {
                    high
                };
                char::from_u32(code).ok_or_else(|| self.error(JsonErrorKind::NotUtf8))?
            }
            _ => return Err(self.error(JsonErrorKind::Syntax)),
        })
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let digits = self
            .text
            .as_bytes()
            .get(self.at..self.at + 4)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .ok_or_else(|| self.error(JsonErrorKind::Syntax))?;
        self.at += 4;
        Ok(digits.iter().fold(0, |code, digit| {
            code * 16 + char::from(*digit).to_digit(16).unwrap_or(0)
        }))
    }
}

//! The body of every refusal on the wire: `{"error":{"code","message","next"}}`.

use carnet_credentials::json;
use serde::{Deserialize, Serialize};

use crate::limits::REPLY_BYTES;

/// What the other side says went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The refusal.
    pub error: Problem,
}

/// One refusal. Only `code` may decide anything: the texts are a stranger's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable name, snake case.
    pub code: String,
    /// What happened and what is safe.
    #[serde(default)]
    pub message: String,
    /// What can be done.
    #[serde(default)]
    pub next: String,
}

impl Refusal {
    /// A refusal with its three parts.
    pub fn new(code: &str, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            error: Problem {
                code: code.into(),
                message: message.into(),
                next: next.into(),
            },
        }
    }

    /// The other side's refusal, or nothing where the body is none. A code that isn't snake case of at most 64
    /// characters isn't one.
    pub fn read(body: &[u8]) -> Option<Self> {
        let value = json::parse(body, REPLY_BYTES).ok()?;
        let refusal: Self = serde_json::from_value(value).ok()?;
        let code = &refusal.error.code;
        let snake = code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        (snake && !code.is_empty() && code.len() <= 64).then_some(refusal)
    }
}

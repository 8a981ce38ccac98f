//! Codes that the patient shows and the desk scans. `docs/protocol.md` has their form.
//!
//! - [`offer`]: "ask me": where the desk's question is to be laid, and sealed to which key
//! - [`pass`]: "here is my consent": opens the right one at the desk
//!
//! Neither tells a bystander who photographs it anything: not who shows it, nor to whom, nor which consent it is.

pub mod offer;
pub mod pass;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};

use crate::limits::{CLOCK_LEEWAY, LINK_CHARS};

/// How long a code that the patient shows may be used.
pub const LIFE: SignedDuration = SignedDuration::from_mins(5);

/// Why a shown code is refused. Nothing was asked and nothing was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Another kind of text.
    #[error("this is not a code that a patient's wallet shows")]
    NotACode,
    /// More than [`LINK_CHARS`] characters.
    #[error("this is longer than any code that a wallet shows")]
    TooLong,
    /// Made by a later version.
    #[error("this code is of a newer form than this program knows")]
    OtherVersion,
    /// Cut off, or a letter is wrong.
    #[error("this code is incomplete or was read or typed wrongly")]
    Damaged,
    /// Its five minutes are over.
    #[error("this code has run out")]
    Expired,
    /// Made later than now, by more than two clocks may differ.
    #[error("this code is from the future: one of the two clocks is wrong")]
    FromTheFuture,
    /// What lies there was not sealed to this code's key, or isn't a link.
    #[error("what came back for this code can't be opened")]
    NotForThis,
}

impl CodeError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotACode => "shown_code_not_one",
            Self::TooLong => "shown_code_too_long",
            Self::OtherVersion => "shown_code_other_version",
            Self::Damaged => "shown_code_damaged",
            Self::Expired => "shown_code_expired",
            Self::FromTheFuture => "shown_code_clock",
            Self::NotForThis => "shown_code_not_for_this",
        }
    }
}

/// The bytes behind `beginning`, when they are of this version and `N` bytes without it.
fn bytes_of<const N: usize>(text: &str, beginning: &str, version: u8) -> Result<[u8; N], CodeError> {
    let text = text.trim();
    if text.len() > LINK_CHARS {
        return Err(CodeError::TooLong);
    }
    let data = text.strip_prefix(beginning).ok_or(CodeError::NotACode)?;
    let bytes = URL_SAFE_NO_PAD.decode(data).map_err(|_| CodeError::Damaged)?;
    match bytes.split_first() {
        Some((first, _)) if *first != version => Err(CodeError::OtherVersion),
        Some((_, rest)) => rest.try_into().map_err(|_| CodeError::Damaged),
        None => Err(CodeError::Damaged),
    }
}

fn text_of(beginning: &str, version: u8, parts: &[&[u8]]) -> String {
    let bytes = [&[&[version][..]], parts].concat().concat();
    format!("{beginning}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Seconds since 1970 in five bytes, good for 34,000 years.
pub(crate) fn seconds(time: Timestamp) -> [u8; 5] {
    let [_, _, _, low @ ..] = time.as_second().max(0).to_be_bytes();
    low
}

pub(crate) fn time(bytes: [u8; 5]) -> Result<Timestamp, CodeError> {
    let seconds = bytes
        .iter()
        .fold(0_i64, |seconds, byte| seconds << 8 | i64::from(*byte));
    Timestamp::from_second(seconds).map_err(|_| CodeError::Damaged)
}

/// Refuses a code made at `made` unless it is in use at `now`.
pub(crate) fn check_time(made: Timestamp, now: Timestamp) -> Result<(), CodeError> {
    let age = now.duration_since(made);
    if age > LIFE {
        Err(CodeError::Expired)
    } else if age < -CLOCK_LEEWAY {
        Err(CodeError::FromTheFuture)
    } else {
        Ok(())
    }
}

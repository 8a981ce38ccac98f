//! For how long.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// The longest a consent may last, in days.
pub const MAX_PERIOD_DAYS: i64 = 90;

/// From when until when reading is allowed; RFC 3339 in UTC, whole hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// First moment.
    pub start: Timestamp,
    /// First moment after it.
    pub end: Timestamp,
}

/// Which records, by their clinical date; both days are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataPeriod {
    /// First day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Date>,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Date>,
}

/// Not `P<days>D` with 1 to 9999 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("retention must be a number of days such as P30D")]
pub struct RetentionError;

/// How long a copy is kept after delivery, in whole days (ISO 8601 `P30D`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Retention(u32);

impl Retention {
    /// From days (1 to 9999).
    pub fn from_days(days: u32) -> Result<Self, RetentionError> {
        (1..=9999)
            .contains(&days)
            .then_some(Self(days))
            .ok_or(RetentionError)
    }

    /// In days.
    pub fn days(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{}D", self.0)
    }
}

impl FromStr for Retention {
    type Err = RetentionError;

    fn from_str(text: &str) -> Result<Self, RetentionError> {
        let days = text
            .strip_prefix('P')
            .and_then(|rest| rest.strip_suffix('D'))
            .ok_or(RetentionError)?;
        let retention = Self::from_days(days.parse().map_err(|_| RetentionError)?)?;
        // One spelling only: no leading zero, no plus sign.
        (retention.to_string() == text)
            .then_some(retention)
            .ok_or(RetentionError)
    }
}

impl TryFrom<String> for Retention {
    type Error = RetentionError;

    fn try_from(text: String) -> Result<Self, RetentionError> {
        text.parse()
    }
}

impl From<Retention> for String {
    fn from(retention: Retention) -> Self {
        retention.to_string()
    }
}

//! Clinical dates at the precision they were written with (FHIR R4 §2.24.0.1, `date`, `dateTime`, `instant`).

use std::{cmp::Ordering, fmt, str::FromStr};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// Not a FHIR date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a FHIR date")]
pub struct DateError;

/// A year, a month, a day or an instant, as written. Ordered from oldest to newest.
///
/// `Display` is for people and stops at the day; [`ClinicalDate::as_written`] and serde keep everything.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClinicalDate {
    written: String,
    first: Date,
    last: Date,
    instant: Option<Timestamp>,
}

impl ClinicalDate {
    /// Exactly the text of the record.
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// The first day it can mean, in the writer's own time zone.
    pub fn first_day(&self) -> Date {
        self.first
    }

    /// The last day it can mean.
    pub fn last_day(&self) -> Date {
        self.last
    }

    /// The moment, where the record gives one.
    pub fn instant(&self) -> Option<Timestamp> {
        self.instant
    }
}

fn digits(text: &str, len: usize) -> Option<i16> {
    (text.len() == len && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

impl FromStr for ClinicalDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let (day, time) = match text.split_once('T') {
            Some((day, time)) => (day, Some(time)),
            None => (text, None),
        };
        let mut parts = day.splitn(3, '-');
        let year = parts
            .next()
            .and_then(|y| digits(y, 4))
            .filter(|y| *y > 0)
            .ok_or(DateError)?;
        let month = parts.next().map(|m| digits(m, 2).ok_or(DateError)).transpose()?;
        let exact = parts.next().map(|d| digits(d, 2).ok_or(DateError)).transpose()?;
        let first =
            Date::new(year, month.unwrap_or(1) as i8, exact.unwrap_or(1) as i8).map_err(|_| DateError)?;
        let last = match (month, exact) {
            (None, _) => first.last_of_year(),
            (Some(_), None) => first.last_of_month(),
            (Some(_), Some(_)) => first,
        };
        let instant = match time {
            None => None,
            Some(_) if exact.is_none() => return Err(DateError),
            Some(time) => moment(day, time)?,
        };
        Ok(Self {
            written: text.to_owned(),
            first,
            last,
            instant,
        })
    }
}

/// A time of day. FHIR asks for seconds and a zone; real files leave them out, and then there is a day but no moment.
fn moment(day: &str, time: &str) -> Result<Option<Timestamp>, DateError> {
    let clock = time
        .bytes()
        .take_while(|b| matches!(b, b'0'..=b'9' | b':' | b'.'))
        .count();
    let (clock, zone) = time.split_at(clock);
    let mut fields = clock.splitn(3, ':');
    let mut field = || fields.next();
    let hour = field()
        .and_then(|h| digits(h, 2))
        .filter(|h| *h <= 24)
        .ok_or(DateError)?;
    let minute = field()
        .and_then(|m| digits(m, 2))
        .filter(|m| *m <= 59)
        .ok_or(DateError)?;
    let zone_fits = match zone.as_bytes() {
        [] | b"Z" => true,
        [b'+' | b'-', rest @ ..] => {
            matches!(rest, [a, b, b':', c, d] if [a, b, c, d].iter().all(|x| x.is_ascii_digit()))
        }
        _ => false,
    };
    if !zone_fits || (hour == 24 && minute != 0) {
        return Err(DateError);
    }
    let Some(second) = field() else { return Ok(None) };
    let (whole, fraction) = second.split_once('.').unwrap_or((second, "0"));
    if digits(whole, 2).is_none_or(|s| s > 60) || fraction.is_empty() || fraction.contains('.') {
        return Err(DateError);
    }
    if zone.is_empty() {
        return Ok(None);
    }
    // Nine digits of a second are what the clock type keeps; the text keeps all of them.
    let fraction = &fraction[..fraction.len().min(9)];
    Ok(format!("{day}T{hour:02}:{minute:02}:{whole}.{fraction}{zone}")
        .parse()
        .ok())
}

impl TryFrom<String> for ClinicalDate {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

impl From<ClinicalDate> for String {
    fn from(date: ClinicalDate) -> Self {
        date.written
    }
}

impl fmt::Display for ClinicalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.written.split('T').next().unwrap_or_default())
    }
}

impl fmt::Debug for ClinicalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClinicalDate(…)")
    }
}

impl PartialOrd for ClinicalDate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ClinicalDate {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.first, self.instant, &self.written).cmp(&(other.first, other.instant, &other.written))
    }
}

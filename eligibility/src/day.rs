//! Days as numbers.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Days since 1900-01-01, which is day 0; the last is 2079-06-06. As text, an ISO 8601 date in
/// the one form `2026-03-01`. Whose day it is, is for the request to say: it is UTC's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "Date")]
pub struct Day(u16);

/// The date has no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only days from 1900-01-01 to 2079-06-06 have a number")]
pub struct NoSuchDay;

const FIRST: Date = jiff::civil::date(1900, 1, 1);

impl Day {
    /// The day of this number.
    pub fn of_number(number: u16) -> Self {
        Self(number)
    }

    /// Days since 1900-01-01.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The date in the calendar.
    pub fn date(self) -> Date {
        FIRST.saturating_add(jiff::Span::new().days(self.0))
    }

    /// So many days earlier.
    pub fn minus(self, days: u16) -> Result<Self, NoSuchDay> {
        self.0.checked_sub(days).map(Self).ok_or(NoSuchDay)
    }

    /// So many days later.
    pub fn plus(self, days: u16) -> Result<Self, NoSuchDay> {
        self.0.checked_add(days).map(Self).ok_or(NoSuchDay)
    }

    /// The last birthday by which somebody is so many years old on this day. Who was born on 29 February grows older on
    /// 1 March of the other years: on 28 February the day before the birthday is still the day before.
    pub fn years_before(self, years: u8) -> Result<Self, NoSuchDay> {
        self.date()
            .checked_sub(jiff::Span::new().years(years))
            .map_err(|_| NoSuchDay)?
            .try_into()
    }
}

impl TryFrom<Date> for Day {
    type Error = NoSuchDay;

    fn try_from(date: Date) -> Result<Self, NoSuchDay> {
        let days = (date - FIRST).get_days();
        u16::try_from(days).map(Self).map_err(|_| NoSuchDay)
    }
}

impl TryFrom<String> for Day {
    type Error = NoSuchDay;

    fn try_from(text: String) -> Result<Self, NoSuchDay> {
        let date: Date = text.parse().map_err(|_| NoSuchDay)?;
        // Dates with times, zones or other forms would be second spellings of one day.
        if date.to_string() == text {
            date.try_into()
        } else {
            Err(NoSuchDay)
        }
    }
}

impl From<Day> for Date {
    fn from(day: Day) -> Self {
        day.date()
    }
}

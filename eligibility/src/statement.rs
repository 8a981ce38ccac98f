//! What may be asked: a registered statement with parameters, never a circuit.

use serde::{Deserialize, Serialize};

use crate::{
    Day, Kind,
    bounds::{Bound, Relation},
    day::NoSuchDay,
    fields::Fields,
    kind::{Code, Currency, ListDigest},
};

/// Oldest age that is asked about.
const MAX_YEARS: u8 = 150;
/// Most codes in a list of single ones.
pub const MAX_MEMBERS: usize = 16;
const AUDIENCE: usize = 512;

/// Something about a person that holds or doesn't.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "statement", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Statement {
    /// So many years old or older.
    AgeAtLeast {
        /// Completed years.
        years: u8,
    },
    /// Both included.
    AgeBetween {
        /// Youngest, in completed years.
        from: u8,
        /// Oldest, in completed years.
        to: u8,
    },
    /// Covered on this day.
    CoverActiveOn {
        /// The day.
        day: Day,
    },
    /// Less than this amount a year.
    IncomeBelow {
        /// Minor units (cents).
        amount: u32,
        /// Of this currency.
        currency: Currency,
    },
    /// A laboratory value in a range, taken not too long ago.
    LabInRange {
        /// What was measured (LOINC).
        loinc: Code,
        /// In which unit (UCUM).
        unit: Code,
        /// `low` and `high` are whole numbers of 10^-scale units.
        scale: u8,
        /// Lowest, included.
        low: u32,
        /// Highest, included.
        high: u32,
        /// Taken at most so many days before the day asked about, and not after it.
        max_age_days: u16,
    },
    /// A code of an interval of a published list.
    CodeIn {
        /// Which list.
        list: ListDigest,
        /// Place of the first.
        first: u16,
        /// Place of the last, included.
        last: u16,
    },
    /// One of a few codes of a published list.
    CodeAmong {
        /// Which list.
        list: ListDigest,
        /// Their places: 2 to 16, ascending, each once.
        places: Vec<u16>,
    },
}

/// A statement, asked by somebody on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What must hold.
    pub statement: Statement,
    /// On which day.
    pub as_of: Day,
    /// Who asks: the authenticated client id.
    pub audience: String,
    /// Fresh for this one question, 32 bytes.
    pub nonce: Nonce,
}

/// 32 bytes that were never used before; hexadecimal in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nonce(pub ListDigest);

/// Why a statement can't be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Nobody, or everybody, could show it.
    #[error("the statement's limits leave nobody, or leave nobody out")]
    Empty,
    /// A list that is too short, too long, unsorted, or says one thing twice.
    #[error("the list of places must have 2 to 16 of them, ascending, each once")]
    Members,
    /// Too old an age, or a day without a number.
    #[error("a limit is outside of what can be said")]
    OutOfRange,
    /// The audience is empty or longer than 512 bytes.
    #[error("who asks is not said, or too long")]
    Audience,
}

impl From<NoSuchDay> for StatementError {
    fn from(_: NoSuchDay) -> Self {
        Self::OutOfRange
    }
}

impl Statement {
    /// What the issuer must have committed to.
    pub fn kind(&self) -> Kind {
        match self {
            Self::AgeAtLeast { .. } | Self::AgeBetween { .. } => Kind::BirthDate,
            Self::CoverActiveOn { .. } => Kind::Cover,
            Self::IncomeBelow { currency, .. } => Kind::Income { currency: *currency },
            Self::LabInRange {
                loinc, unit, scale, ..
            } => Kind::Lab {
                loinc: loinc.clone(),
                unit: unit.clone(),
                scale: *scale,
            },
            Self::CodeIn { list, .. } | Self::CodeAmong { list, .. } => Kind::Code { list: *list },
        }
    }

    /// The places, where any of a few is enough.
    pub(crate) fn members(&self) -> Option<&[u16]> {
        match self {
            Self::CodeAmong { places, .. } => Some(places),
            _ => None,
        }
    }

    /// The bounds that the values must keep; empty where [`Self::members`] says what they may be.
    pub(crate) fn bounds(&self, as_of: Day) -> Result<Vec<Bound>, StatementError> {
        let day = |value, relation, day: Day| Bound {
            value,
            relation,
            limit: u32::from(day.number()),
        };
        let number = |value, relation, limit| Bound {
            value,
            relation,
            limit,
        };
        let at_least = Relation::AtLeast;
        let at_most = Relation::AtMost;
        Ok(match self {
            Self::AgeAtLeast { years } => {
                if !(1..=MAX_YEARS).contains(years) {
                    return Err(StatementError::OutOfRange);
                }
                vec![day(0, at_most, as_of.years_before(*years)?)]
            }
            Self::AgeBetween { from, to } => {
                if from > to || *from == 0 || *to > MAX_YEARS {
                    return Err(StatementError::Empty);
                }
                // Who is older than the days have numbers is not: the first day stands for all before it.
                let oldest = as_of
                    .years_before(to + 1)
                    .map_or(Day::of_number(0), |day| day.plus(1).unwrap_or(day));
                vec![
                    day(0, at_most, as_of.years_before(*from)?),
                    day(0, at_least, oldest),
                ]
            }
            Self::CoverActiveOn { day: on } => vec![day(0, at_most, *on), day(1, at_least, *on)],
            Self::IncomeBelow { amount, .. } => {
                vec![number(
                    0,
                    at_most,
                    amount.checked_sub(1).ok_or(StatementError::Empty)?,
                )]
            }
            Self::LabInRange {
                low,
                high,
                scale,
                max_age_days,
                ..
            } => {
                if low > high {
                    return Err(StatementError::Empty);
                }
                if *scale > 6 {
                    return Err(StatementError::OutOfRange);
                }
                vec![
                    number(0, at_least, *low),
                    number(0, at_most, *high),
                    day(1, at_least, as_of.minus(*max_age_days)?),
                    day(1, at_most, as_of),
                ]
            }
            Self::CodeIn { first, last, .. } => {
                if first > last {
                    return Err(StatementError::Empty);
                }
                vec![
                    number(0, at_least, u32::from(*first)),
                    number(0, at_most, u32::from(*last)),
                ]
            }
            Self::CodeAmong { places, .. } => {
                let ascending = places.windows(2).all(|two| two[0] < two[1]);
                if !(2..=MAX_MEMBERS).contains(&places.len()) || !ascending {
                    return Err(StatementError::Members);
                }
                Vec::new()
            }
        })
    }

    /// Its fields, as they stand in the transcript.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut fields = Fields::of("statement");
        match self {
            Self::AgeAtLeast { years } => {
                fields.put("name", b"age-at-least");
                fields.number("years", u32::from(*years));
            }
            Self::AgeBetween { from, to } => {
                fields.put("name", b"age-between");
                fields.number("from", u32::from(*from));
                fields.number("to", u32::from(*to));
            }
            Self::CoverActiveOn { day } => {
                fields.put("name", b"cover-active-on");
                fields.number("day", u32::from(day.number()));
            }
            Self::IncomeBelow { amount, .. } => {
                fields.put("name", b"income-below");
                fields.number("amount", *amount);
            }
            Self::LabInRange {
                low,
                high,
                max_age_days,
                ..
            } => {
                fields.put("name", b"lab-in-range");
                fields.number("low", *low);
                fields.number("high", *high);
                fields.number("max-age-days", u32::from(*max_age_days));
            }
            Self::CodeIn { first, last, .. } => {
                fields.put("name", b"code-in");
                fields.number("first", u32::from(*first));
                fields.number("last", u32::from(*last));
            }
            Self::CodeAmong { places, .. } => {
                fields.put("name", b"code-among");
                for place in places {
                    fields.number("place", u32::from(*place));
                }
            }
        }
        self.kind().put(&mut fields);
        fields.bytes()
    }
}

impl Request {
    /// Refuses what can't be asked.
    pub fn check(&self) -> Result<(), StatementError> {
        if self.audience.is_empty() || self.audience.len() > AUDIENCE {
            return Err(StatementError::Audience);
        }
        self.statement.bounds(self.as_of).map(drop)
    }
}

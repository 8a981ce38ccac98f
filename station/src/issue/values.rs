//! What staff enter for a card that proves something, as the numbers that are committed to. Checked when it is entered: what has
//! no exact number is never offered.

use carnet_eligibility::{Day, Kind, decimal, kind::Currency, laboratory, list};
use carnet_exchange::eligibility;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::templates::ClaimsError;

/// What kind of value a card is about. What the kind further needs (currency, test) is entered with the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schema {
    BirthDate,
    Cover,
    Income,
    Lab,
    Code,
}

impl Schema {
    /// Its name and edition.
    pub fn urn(self) -> &'static str {
        match self {
            Self::BirthDate => "urn:carnet:eligibility:birth-date:1",
            Self::Cover => "urn:carnet:eligibility:cover:1",
            Self::Income => "urn:carnet:eligibility:income:1",
            Self::Lab => "urn:carnet:eligibility:lab:1",
            Self::Code => "urn:carnet:eligibility:code:1",
        }
    }

    /// What can be chosen in a field, where the program knows it.
    pub(super) fn options(self, field: &str) -> Vec<String> {
        match (self, field) {
            (Self::Lab, "test") => laboratory::TESTS.iter().map(laboratory::Test::label).collect(),
            (Self::Code, "code") => {
                let lists = list::lists().iter();
                lists.flat_map(|list| list.codes.iter().map(code_label)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The kind and its numbers, of claims that have their form. `today` is when it is entered or issued.
    pub fn values(
        self,
        claims: &Map<String, Value>,
        today: Timestamp,
    ) -> Result<(Kind, Vec<u32>), ClaimsError> {
        let claims = Claims { claims, today };
        match self {
            Self::BirthDate => Ok((Kind::BirthDate, vec![claims.past("birth_date")?])),
            Self::Cover => {
                let (first, last) = (claims.day("first_day")?, claims.day("last_day")?);
                if last < first {
                    return Err(ClaimsError::OutOfRange("last_day".to_owned()));
                }
                Ok((Kind::Cover, vec![first, last]))
            }
            Self::Income => {
                let currency = Currency::try_from(claims.text("currency")?.to_owned())
                    .map_err(|_| ill_formed("currency"))?;
                let amount = claims.number("amount", currency.decimals())?;
                Ok((Kind::Income { currency }, vec![amount]))
            }
            Self::Lab => {
                let chosen = claims.text("test")?;
                let test = laboratory::TESTS.iter().find(|test| test.label() == chosen);
                let test = test.ok_or_else(|| ill_formed("test"))?;
                let kind = test.kind().map_err(|_| ill_formed("test"))?;
                let value = claims.number("value", test.scale)?;
                Ok((kind, vec![value, claims.past("taken_on")?]))
            }
            Self::Code => {
                let chosen = claims.text("code")?;
                let place = list::lists().iter().find_map(|list| {
                    let place = list.codes.iter().position(|entry| code_label(entry) == chosen)?;
                    Some((list.digest, u32::try_from(place).ok()?))
                });
                let (list, place) = place.ok_or_else(|| ill_formed("code"))?;
                Ok((Kind::Code { list }, vec![place]))
            }
        }
    }
}

fn code_label(entry: &list::Entry) -> String {
    format!("{} {}", entry.code, entry.name)
}

fn ill_formed(field: &str) -> ClaimsError {
    ClaimsError::IllFormed(field.to_owned())
}

struct Claims<'a> {
    claims: &'a Map<String, Value>,
    today: Timestamp,
}

impl<'a> Claims<'a> {
    fn text(&self, field: &str) -> Result<&'a str, ClaimsError> {
        let text = self.claims.get(field).and_then(Value::as_str);
        text.ok_or_else(|| ClaimsError::Missing(field.to_owned()))
    }

    fn day(&self, field: &str) -> Result<u32, ClaimsError> {
        let date: Date = self.text(field)?.parse().map_err(|_| ill_formed(field))?;
        let day = Day::try_from(date).map_err(|_| ClaimsError::OutOfRange(field.to_owned()))?;
        Ok(day.number().into())
    }

    /// A day that is not to come.
    fn past(&self, field: &str) -> Result<u32, ClaimsError> {
        let day = self.day(field)?;
        let today = eligibility::today(self.today).map(|today| u32::from(today.number()));
        if today.is_some_and(|today| day <= today) {
            Ok(day)
        } else {
            Err(ClaimsError::OutOfRange(field.to_owned()))
        }
    }

    fn number(&self, field: &str, scale: u8) -> Result<u32, ClaimsError> {
        let text = self.text(field)?;
        decimal::read(text, scale).map_err(|_| {
            // Well written, and still not to be said exactly: too large, or with more decimals than this has.
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
            let written = match text.split_once('.') {
                None => digits(text),
                Some((whole, decimals)) => digits(whole) && digits(decimals),
            };
            if written {
                ClaimsError::OutOfRange(field.to_owned())
            } else {
                ill_formed(field)
            }
        })
    }
}

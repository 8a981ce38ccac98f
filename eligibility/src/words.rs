//! Statements and values in words: the same ones for the patient and for who asks.

use crate::{
    Day, Kind, Opening, Statement, decimal,
    kind::{Code, Currency, ListDigest},
    laboratory,
    list::{self, List},
};

impl Statement {
    /// What would be shown, in words that stand after "Show that you are/have:", such as "65 or older on 23 November 2026".
    pub fn says(&self, as_of: Day) -> String {
        match self {
            Self::AgeAtLeast { years } => format!("{years} or older on {}", date(as_of)),
            Self::AgeBetween { from, to } if from == to => format!("{from} years old on {}", date(as_of)),
            Self::AgeBetween { from, to } => {
                format!("between {from} and {to} years old on {}", date(as_of))
            }
            Self::CoverActiveOn { day } => format!("covered on {}", date(*day)),
            Self::IncomeBelow { amount, currency } => {
                format!("income below {} a year", money(*amount, *currency))
            }
            Self::LabInRange {
                loinc,
                unit,
                scale,
                low,
                high,
                max_age_days,
            } => format!(
                "{} from {} to {} {}, taken on {} or in the {max_age_days} days before",
                test(loinc),
                decimal::write(*low, *scale),
                decimal::write(*high, *scale),
                text(unit),
                date(as_of),
            ),
            Self::CodeIn { list, first, last } => in_list(list, |list| {
                let family = list.family(*first, *last).map(|family| family.name.as_str());
                let (first, last) = (list.entry(*first)?, list.entry(*last)?);
                Some(match family {
                    Some(name) => format!("{name} ({} to {})", first.code, last.code),
                    None if first == last => format!("{} ({})", first.name, first.code),
                    None => format!(
                        "one of the conditions from {} ({}) to {} ({})",
                        first.name, first.code, last.name, last.code
                    ),
                })
            }),
            Self::CodeAmong { list, places } => in_list(list, |list| {
                let names: Option<Vec<String>> = places
                    .iter()
                    .map(|place| list.entry(*place))
                    .map(|entry| entry.map(|entry| format!("{} ({})", entry.name, entry.code)))
                    .collect();
                Some(format!("one of: {}", names?.join(", ")))
            }),
        }
    }

    /// Whether [`Self::says`] can tell what is asked: false for a list, or a place in one, that isn't known here.
    pub fn is_understood(&self) -> bool {
        let place = |digest, place: u16| list::known(digest).is_some_and(|list| list.entry(place).is_some());
        match self {
            Self::CodeIn { list, first, last } => place(list, *first) && place(list, *last),
            Self::CodeAmong { list, places } => places.iter().all(|one| place(list, *one)),
            _ => true,
        }
    }

    /// What is asked about, without its limits: two statements with the same subject narrow the same value down.
    pub fn subject(&self) -> String {
        match self.kind() {
            Kind::BirthDate => "your age".to_owned(),
            Kind::Cover => "your cover".to_owned(),
            Kind::Income { .. } => "your income".to_owned(),
            Kind::Lab { loinc, .. } => format!("your {}", test(&loinc)),
            Kind::Code { .. } => "your condition".to_owned(),
        }
    }
}

impl Kind {
    /// Name of a card of this kind.
    pub fn title(&self) -> &'static str {
        title(self.schema()).unwrap_or("Proof")
    }

    /// What a card of this kind can show.
    pub fn can_prove(&self) -> &'static str {
        match self {
            Self::BirthDate => "that you are as old as somebody needs you to be",
            Self::Cover => "that you are covered on a day",
            Self::Income { .. } => "that your income is below an amount",
            Self::Lab { .. } => "that a laboratory value is in a range",
            Self::Code { .. } => "that you have one of several conditions",
        }
    }

    /// What a card of this kind says: for the holder's own screen, and for nobody else.
    pub fn own_words(&self, opening: &Opening) -> String {
        self.value_says(&opening.values)
    }

    /// As [`Self::own_words`], of the values that an issuer is about to commit to.
    pub fn value_says(&self, values: &[u32]) -> String {
        let day = |place: usize| {
            let number = values.get(place).and_then(|value| u16::try_from(*value).ok());
            number.map_or_else(String::new, |number| date(Day::of_number(number)))
        };
        let first = values.first().copied().unwrap_or_default();
        match self {
            Self::BirthDate => format!("born {}", day(0)),
            Self::Cover => format!("covered from {} to {}", day(0), day(1)),
            Self::Income { currency } => format!("income of {} a year", money(first, *currency)),
            Self::Lab { loinc, unit, scale } => format!(
                "{} of {} {}, taken {}",
                test(loinc),
                decimal::write(first, *scale),
                text(unit),
                day(1)
            ),
            Self::Code { list } => in_list(list, |list| {
                let entry = list.entry(u16::try_from(first).ok()?)?;
                Some(format!("{} ({})", entry.name, entry.code))
            }),
        }
    }
}

/// Name of a card of the kinds with this schema.
pub fn title(schema: &str) -> Option<&'static str> {
    Some(match schema {
        "urn:carnet:eligibility:birth-date:1" => "Proof of age",
        "urn:carnet:eligibility:cover:1" => "Proof of cover",
        "urn:carnet:eligibility:income:1" => "Proof of income",
        "urn:carnet:eligibility:lab:1" => "Laboratory value",
        "urn:carnet:eligibility:code:1" => "Entitlement",
        _ => return None,
    })
}

fn in_list(digest: &ListDigest, words: impl Fn(&List) -> Option<String>) -> String {
    list::known(digest)
        .and_then(words)
        .unwrap_or_else(|| "something of a list that this program doesn't know".to_owned())
}

fn date(day: Day) -> String {
    day.date().strftime("%-d %B %Y").to_string()
}

/// A test by its name, or by its code where it isn't one of [`laboratory::TESTS`].
fn test(loinc: &Code) -> String {
    let code = text(loinc);
    match laboratory::find(&code) {
        Some(test) => test.name.to_owned(),
        None => format!("the test LOINC {code}"),
    }
}

fn text(code: &Code) -> String {
    code.clone().into()
}

/// An amount of minor units (ISO 4217).
fn money(amount: u32, currency: Currency) -> String {
    let name = String::from(currency);
    let number = decimal::write(amount, currency.decimals());
    let (whole, rest) = number.split_once('.').unwrap_or((&number, ""));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if rest.bytes().all(|digit| digit == b'0') {
        format!("{grouped} {name}")
    } else {
        format!("{grouped}.{rest} {name}")
    }
}

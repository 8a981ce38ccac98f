//! A statement in as few bytes as a code at a counter has room for: its number, then its parameters, big-endian. Every
//! statement has exactly one form.

use carnet_eligibility::{
    Day, Statement,
    kind::{Code, Currency, ListDigest},
};

/// The statement's form.
pub(super) fn bytes(statement: &Statement) -> Vec<u8> {
    match statement {
        Statement::AgeAtLeast { years } => vec![1, *years],
        Statement::AgeBetween { from, to } => vec![2, *from, *to],
        Statement::CoverActiveOn { day } => [&[3][..], &day.number().to_be_bytes()].concat(),
        Statement::IncomeBelow { amount, currency } => [
            &[4][..],
            &amount.to_be_bytes(),
            String::from(*currency).as_bytes(),
        ]
        .concat(),
        Statement::LabInRange {
            loinc,
            unit,
            scale,
            low,
            high,
            max_age_days,
        } => [
            &[5][..],
            &text(loinc),
            &text(unit),
            &[*scale],
            &low.to_be_bytes(),
            &high.to_be_bytes(),
            &max_age_days.to_be_bytes(),
        ]
        .concat(),
        Statement::CodeIn { list, first, last } => {
            [&[6][..], &list.0, &first.to_be_bytes(), &last.to_be_bytes()].concat()
        }
        Statement::CodeAmong { list, places } => {
            let mut bytes = [&[7][..], &list.0].concat();
            for place in places {
                bytes.extend_from_slice(&place.to_be_bytes());
            }
            bytes
        }
    }
}

/// Reads [`bytes`]. What the parameters may be is for the statement itself to say.
pub(super) fn read(bytes: &[u8]) -> Option<Statement> {
    let mut rest = Rest(bytes);
    let [number] = rest.take()?;
    let statement = match number {
        1 => Statement::AgeAtLeast { years: rest.byte()? },
        2 => Statement::AgeBetween {
            from: rest.byte()?,
            to: rest.byte()?,
        },
        3 => Statement::CoverActiveOn {
            day: Day::of_number(rest.short()?),
        },
        4 => Statement::IncomeBelow {
            amount: rest.long()?,
            currency: currency(rest.take()?)?,
        },
        5 => Statement::LabInRange {
            loinc: rest.code()?,
            unit: rest.code()?,
            scale: rest.byte()?,
            low: rest.long()?,
            high: rest.long()?,
            max_age_days: rest.short()?,
        },
        6 => Statement::CodeIn {
            list: ListDigest(rest.take()?),
            first: rest.short()?,
            last: rest.short()?,
        },
        7 => {
            let list = ListDigest(rest.take()?);
            let mut places = Vec::new();
            while !rest.0.is_empty() {
                places.push(rest.short()?);
            }
            Statement::CodeAmong { list, places }
        }
        _ => return None,
    };
    rest.0.is_empty().then_some(statement)
}

/// Its length in one byte, then its characters.
fn text(code: &Code) -> Vec<u8> {
    let text = String::from(code.clone());
    let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
    [&[length][..], text.as_bytes()].concat()
}

fn currency(letters: [u8; 3]) -> Option<Currency> {
    String::from_utf8(letters.to_vec()).ok()?.try_into().ok()
}

struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take().map(|[byte]| byte)
    }

    fn short(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    fn long(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn code(&mut self) -> Option<Code> {
        let length = usize::from(self.byte()?);
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()?.to_owned().try_into().ok()
    }
}

//! Days: leap years, borders, and whose day it is.

use carnet_eligibility::{Day, Issuance, Kind, issue, prove};
use proptest::prelude::*;
use serde_json::json;

use crate::stage::{born, bytes, checked_on, day, issuer, key, senior, statement};

/// Whether somebody of this birthday can show the age, asked about this day.
fn of_age(years: u8, as_of: &str, born_on: &str) -> bool {
    let mut asked = senior();
    asked.statement = statement(json!({"statement": "age-at-least", "years": years}));
    asked.as_of = day(as_of);
    let holder = key(2);
    let (copy, opening) = issue(
        &Issuance {
            kind: &Kind::BirthDate,
            values: &born(born_on),
            holder: &holder.verifying_key(),
            from: asked.as_of,
            until: asked.as_of,
        },
        &issuer(),
        bytes(9),
    )
    .unwrap();
    let Ok(shown) = prove(&asked, &copy, &opening, &holder, bytes(11)) else {
        return false;
    };
    checked_on(as_of, &shown.to_bytes(), &asked).unwrap();
    true
}

#[test]
fn who_was_born_on_29_february_is_older_on_1_march() {
    assert!(!of_age(18, "2026-02-28", "2008-02-29"));
    assert!(of_age(18, "2026-03-01", "2008-02-29"));
    assert!(
        of_age(20, "2028-02-29", "2008-02-29"),
        "in a leap year on the day"
    );
    assert!(!of_age(20, "2028-02-28", "2008-02-29"));
    // Asked about on a 29 February, when the year of birth has none.
    assert!(of_age(18, "2028-02-29", "2010-02-28"));
    assert!(!of_age(18, "2028-02-29", "2010-03-01"));
    // 1900 had none, 2000 had one.
    assert!(of_age(100, "2000-02-29", "1900-02-28"));
    assert!(!of_age(100, "2000-02-29", "1900-03-01"));
    assert!(!of_age(26, "2026-02-28", "2000-02-29"));
}

#[test]
fn the_day_is_the_request_s_wherever_a_clock_stands() {
    // At 23:30 UTC of the eve it is her birthday in Berlin already: the request's day decides, which is UTC's.
    assert!(!of_age(65, "2026-02-28", "1961-03-01"));
    assert!(of_age(65, "2026-03-01", "1961-03-01"));
    // A day has no time and no zone, and one spelling.
    for text in [
        "2026-03-01T00:00:00Z",
        "2026-03-01T23:30:00+02:00",
        "2026-03-01T00:00:00",
        "2026-03-01T23:59",
        "2026-03-01[Europe/Berlin]",
        "20260301",
        "2026-060",
        "2026-W09-7",
        "+002026-03-01",
        "2026-3-1",
        " 2026-03-01",
        "01.03.2026",
        "",
    ] {
        assert!(serde_json::from_value::<Day>(json!(text)).is_err(), "{text}");
    }
    assert!(serde_json::from_value::<Day>(json!(46_081)).is_err());
}

#[test]
fn days_have_numbers_from_1900_to_2079() {
    assert_eq!(day("1900-01-01").number(), 0);
    assert_eq!(day("1900-03-01").number(), 59, "1900 was no leap year");
    assert_eq!(day("2000-03-01").number() - day("2000-02-28").number(), 2);
    assert_eq!(day("2079-06-06").number(), 65_535);
    for text in [
        "1899-12-31",
        "2079-06-07",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
    ] {
        assert!(serde_json::from_value::<Day>(json!(text)).is_err(), "{text}");
    }
    assert!(day("2079-06-06").plus(1).is_err());
    assert!(day("1900-01-01").minus(1).is_err());
    // Nobody is asked about who had to be born before 1900.
    let mut asked = senior();
    asked.statement = statement(json!({"statement": "age-at-least", "years": 127}));
    assert!(asked.check().is_err());
    asked.statement = statement(json!({"statement": "age-at-least", "years": 126}));
    assert!(asked.check().is_ok());
}

/// Completed years, counted with year, month and day: who was born on 29 February has the birthday after every 28th.
fn completed_years(born: Day, as_of: Day) -> i16 {
    let (born, as_of) = (born.date(), as_of.date());
    let before_birthday = (as_of.month(), as_of.day()) < (born.month(), born.day());
    as_of.year() - born.year() - i16::from(before_birthday)
}

proptest! {
    #[test]
    fn ages_are_completed_years(
        born in any::<u16>(), later in any::<u16>(), from in 1..=150_u8, width in 0..20_u8, near in -2..=2_i32,
    ) {
        let asked = |as_of: Day, statement| {
            let mut request = senior();
            request.as_of = as_of;
            request.statement = crate::stage::statement(statement);
            request
        };
        let (born, as_of) = (Day::of_number(born.min(later)), Day::of_number(born.max(later)));
        // Far from the limit, and within two days of the birthday.
        let birthday = i32::from(born.number()) + near + (f64::from(from) * 365.2425) as i32;
        for as_of in [Some(as_of), u16::try_from(birthday).ok().map(Day::of_number)].into_iter().flatten() {
            let stored = [&u32::from(born.number()).to_be_bytes()[..], &[0; 32]].concat();
            let opening = carnet_eligibility::Opening::from_bytes(&Kind::BirthDate, &stored).unwrap();
            let age = completed_years(born, as_of);
            let to = from.saturating_add(width).min(150);
            if let Ok(holds) = asked(as_of, json!({"statement": "age-at-least", "years": from})).holds_of(&opening) {
                prop_assert_eq!(holds, age >= i16::from(from));
            }
            if let Ok(holds) = asked(as_of, json!({"statement": "age-between", "from": from, "to": to})).holds_of(&opening) {
                prop_assert_eq!(holds, (i16::from(from)..=i16::from(to)).contains(&age));
            }
        }
    }

    #[test]
    fn a_day_is_its_number_and_its_date(number in any::<u16>()) {
        let of_number = Day::of_number(number);
        prop_assert_eq!(of_number.number(), number);
        prop_assert_eq!(Day::try_from(of_number.date()), Ok(of_number));
        let text = json!(of_number);
        prop_assert_eq!(serde_json::from_value::<Day>(text).unwrap(), of_number);
    }
}

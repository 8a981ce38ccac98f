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

proptest! {
    #[test]
    fn a_day_is_its_number_and_its_date(number in any::<u16>()) {
        let of_number = Day::of_number(number);
        prop_assert_eq!(of_number.number(), number);
        prop_assert_eq!(Day::try_from(of_number.date()), Ok(of_number));
        let text = json!(of_number);
        prop_assert_eq!(serde_json::from_value::<Day>(text).unwrap(), of_number);
    }
}

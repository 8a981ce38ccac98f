//! What holds can be shown; what doesn't, can't.

use carnet_eligibility::{CheckError, Kind, ProveError, Statement};
use proptest::prelude::*;
use serde_json::json;

use crate::stage::{
    Held, TODAY, all_that_hold, among, born, checked, hba1c, held, held_for, holds, kind, list, request,
    senior, shown,
};

#[test]
fn age_is_counted_in_birthdays() {
    let adult = || json!({"statement": "age-at-least", "years": 18});
    assert!(holds(adult(), &born("2008-03-01")), "on the day");
    assert!(!holds(adult(), &born("2008-03-02")), "the day before");
    assert!(
        holds(adult(), &born("2008-02-29")),
        "born on the 29th, on 1 March"
    );
    assert!(holds(adult(), &born("1900-01-01")));
    let child = || json!({"statement": "age-between", "from": 6, "to": 11});
    assert!(holds(child(), &born("2014-03-02")), "twelve tomorrow");
    assert!(!holds(child(), &born("2014-03-01")), "twelve today");
    assert!(holds(child(), &born("2020-03-01")));
    assert!(!holds(child(), &born("2020-03-02")));
}

#[test]
fn cover_income_values_and_codes_have_the_bounds_that_were_said() {
    let cover = |from: &str, until: &str| {
        let values = [born(from)[0], born(until)[0]];
        holds(json!({"statement": "cover-active-on", "day": TODAY}), &values)
    };
    assert!(cover(TODAY, TODAY));
    assert!(!cover("2026-03-02", "2027-01-01"));
    assert!(!cover("2025-01-01", "2026-02-28"));

    let income = |amount: u32, v: u32| {
        holds(
            json!({"statement": "income-below", "amount": amount, "currency": "EUR"}),
            &[v],
        )
    };
    assert!(income(2_000_000, 1_999_999));
    assert!(!income(2_000_000, 2_000_000));
    assert!(income(u32::MAX, 0));
    assert!(!income(1, u32::MAX));

    let measured =
        |value: u32, taken: &str| holds(json!(hba1c("%", 40, 69).statement), &[value, born(taken)[0]]);
    assert!(measured(40, "2025-12-01"));
    assert!(measured(69, TODAY));
    assert!(!measured(39, TODAY));
    assert!(!measured(70, TODAY));
    assert!(!measured(50, "2025-11-30"), "too old");
    assert!(!measured(50, "2026-03-02"), "from the future");

    let within = |first: u16, last: u16, place: u32| {
        holds(
            json!({"statement": "code-in", "list": list(), "first": first, "last": last}),
            &[place],
        )
    };
    assert!(within(0, 65_535, 0));
    assert!(within(0, 65_535, 65_535));
    assert!(within(100, 100, 100));
    assert!(!within(100, 200, 99));
    assert!(!within(100, 200, 201));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The widest statements, with limits wherever they may be, against plain comparisons.
    #[test]
    fn a_statement_passes_exactly_when_it_holds(
        value in any::<u32>(), limit in 1..=u32::MAX, near in -2..=2_i64,
        place in any::<u16>(), first in any::<u16>(), width in any::<u16>(),
    ) {
        let near_value = u32::try_from((i64::from(limit) + near).max(0)).unwrap_or(u32::MAX);
        for value in [value, near_value] {
            let asked = json!({"statement": "income-below", "amount": limit, "currency": "EUR"});
            prop_assert_eq!(holds(asked, &[value]), value < limit);
        }
        let last = first.saturating_add(width);
        let asked = || json!({"statement": "code-in", "list": list(), "first": first, "last": last});
        for place in [place, first, last, first.wrapping_sub(1), last.wrapping_add(1)] {
            prop_assert_eq!(holds(asked(), &[u32::from(place)]), (first..=last).contains(&place));
        }
    }
}

#[test]
fn what_can_not_be_asked_is_refused_by_both_sides() {
    for asked in [
        json!({"statement": "age-at-least", "years": 0}),
        json!({"statement": "age-at-least", "years": 151}),
        json!({"statement": "age-between", "from": 12, "to": 6}),
        json!({"statement": "age-between", "from": 0, "to": 6}),
        json!({"statement": "age-between", "from": 1, "to": 151}),
        json!({"statement": "income-below", "amount": 0, "currency": "EUR"}),
        json!({"statement": "lab-in-range", "loinc": "4548-4", "unit": "%", "scale": 1, "low": 70, "high": 69, "max_age_days": 90}),
        json!({"statement": "lab-in-range", "loinc": "4548-4", "unit": "%", "scale": 7, "low": 1, "high": 69, "max_age_days": 90}),
        json!({"statement": "lab-in-range", "loinc": "4548-4", "unit": "%", "scale": 1, "low": 1, "high": 69, "max_age_days": 65_535}),
        json!({"statement": "code-in", "list": list(), "first": 2, "last": 1}),
        json!(among(&[]).statement),
        json!(among(&[1]).statement),
        json!(among(&[2, 1]).statement),
        json!(among(&[1, 1]).statement),
        json!(among(&[1, 2, 2]).statement),
        json!(among(&(0..17).collect::<Vec<_>>()).statement),
    ] {
        let request = request(asked.clone());
        assert!(request.check().is_err(), "{asked}");
        assert!(
            matches!(checked(&[1; 749], &request), Err(CheckError::Request(_))),
            "{asked}"
        );
        let values = vec![1; request.statement.kind().values()];
        assert!(
            matches!(
                shown(&request, &held_for(&request, &values)),
                Err(ProveError::Request(_))
            ),
            "{asked}"
        );
    }
    for audience in [String::new(), "x".repeat(513)] {
        let mut request = senior();
        request.audience = audience;
        assert!(matches!(
            checked(&[1; 749], &request),
            Err(CheckError::Request(_))
        ));
    }
    for asked in [
        json!({"statement": "age-at-least", "years": 300}),
        json!({"statement": "age-at-least", "years": -1}),
        json!({"statement": "age-at-least", "years": 18.0}),
        json!({"statement": "age-at-least", "years": "18"}),
        json!({"statement": "age-at-least"}),
        json!({"statement": "age-at-least", "years": 18, "more": 1}),
        json!({"statement": "income-below", "amount": 5, "currency": "eur"}),
        json!({"statement": "income-below", "amount": 4_294_967_296_u64, "currency": "EUR"}),
        json!({"statement": "code-in", "list": "AB".repeat(32), "first": 1, "last": 2}),
        json!({"statement": "code-in", "list": "ab".repeat(31), "first": 1, "last": 2}),
        json!({"statement": "code-in", "list": list(), "first": 1, "last": 65_536}),
        json!({"statement": "lab-in-range", "loinc": "", "unit": "%", "scale": 1, "low": 1, "high": 2, "max_age_days": 1}),
        json!({"statement": "lab-in-range", "loinc": "4548-4", "unit": "% of all", "scale": 1, "low": 1, "high": 2, "max_age_days": 1}),
        json!({"statement": "anything"}),
    ] {
        assert!(
            serde_json::from_value::<Statement>(asked.clone()).is_err(),
            "{asked}"
        );
    }
}

#[test]
fn every_statement_s_answer_has_the_length_that_is_written_down() {
    let lengths: Vec<usize> = all_that_hold()
        .iter()
        .map(|(request, values)| shown(request, &held_for(request, values)).unwrap().len())
        .collect();
    assert_eq!(lengths, [749, 813, 845, 813, 973, 813, 397]);
    // The one that a counter asks most stays under 800.
    assert!(lengths[0] < 800);
}

#[test]
fn a_copy_shows_only_what_it_is_of() {
    let asked = senior();
    let other = Held {
        holder: crate::stage::key(3),
        ..held(&Kind::BirthDate, &born("1950-06-01"))
    };
    assert_eq!(shown(&asked, &other), Err(ProveError::Copy), "another key");
    let swapped = Held {
        opening: held(&Kind::BirthDate, &born("1940-06-01")).opening,
        ..held(&Kind::BirthDate, &born("2000-06-01"))
    };
    assert_eq!(shown(&asked, &swapped), Err(ProveError::Copy), "another value");
    let cover = held(&Kind::Cover, &[0, 65_535]);
    assert_eq!(shown(&asked, &cover), Err(ProveError::Copy), "another kind");
    let euros = request(json!({"statement": "income-below", "amount": 5, "currency": "EUR"}));
    let francs = kind(json!({"type": "income", "currency": "CHF"}));
    assert_eq!(shown(&euros, &held(&francs, &[1])), Err(ProveError::Copy));
    let millimoles = kind(json!({"type": "lab", "loinc": "4548-4", "unit": "mmol/mol", "scale": 1}));
    assert_eq!(
        shown(&hba1c("%", 0, 69), &held(&millimoles, &[53, 0])),
        Err(ProveError::Copy),
        "another unit"
    );
    let other_list = kind(json!({"type": "code", "list": "cd".repeat(32)}));
    assert_eq!(
        shown(&among(&[1, 2]), &held(&other_list, &[1])),
        Err(ProveError::Copy)
    );
}

//! What holds can be shown, what doesn't can't, and nothing else passes for it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on should stop"
)]

use carnet_eligibility::{
    CheckError, Copy, Day, Issuance, Kind, Opening, ProveError, Randomness, Request, Rules, Statement, check,
    check_all, issue, prove,
};
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

const TODAY: &str = "2026-03-01";

fn day(text: &str) -> Day {
    serde_json::from_value(json!(text)).unwrap()
}

fn bytes(seed: u64) -> Randomness {
    Randomness::new(Sha512::digest(seed.to_be_bytes()).into()).unwrap()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn statement(value: Value) -> Statement {
    serde_json::from_value(value).unwrap()
}

fn request(value: Value) -> Request {
    Request {
        statement: statement(value),
        as_of: day(TODAY),
        audience: "x509_hash:pharmacy".into(),
        nonce: serde_json::from_value(json!("07".repeat(32))).unwrap(),
    }
}

struct Held {
    copy: Copy,
    opening: Opening,
    holder: SigningKey,
}

fn held(kind: &Kind, values: &[u32]) -> Held {
    let holder = key(2);
    let (copy, opening) = issue(
        &Issuance {
            kind,
            values,
            holder: &holder.verifying_key(),
            from: day("2026-02-27"),
            until: day("2026-03-03"),
        },
        &key(1),
        bytes(9),
    )
    .unwrap();
    copy.check(&opening).unwrap();
    Held {
        copy,
        opening,
        holder,
    }
}

fn shown(request: &Request, held: &Held) -> Result<Vec<u8>, ProveError> {
    prove(request, &held.copy, &held.opening, &held.holder, bytes(11)).map(|shown| shown.to_bytes())
}

fn issuers() -> Vec<VerifyingKey> {
    vec![key(7).verifying_key(), key(1).verifying_key()]
}

fn checked(bytes: &[u8], request: &Request) -> Result<(), CheckError> {
    let issuers = issuers();
    let rules = Rules {
        issuers: &issuers,
        today: day(TODAY),
    };
    let alone = check(bytes, request, &rules).map(drop);
    let among = check_all(&[(bytes, request)], &rules).remove(0).map(drop);
    assert_eq!(alone, among, "one by one and together decide the same");
    alone
}

fn holds(value: Value, values: &[u32]) -> bool {
    let request = request(value);
    let held = held(&request.statement.kind(), values);
    match shown(&request, &held) {
        Ok(bytes) => {
            checked(&bytes, &request).unwrap();
            true
        }
        Err(ProveError::DoesNotHold) => false,
        Err(error) => panic!("{error}"),
    }
}

fn born(text: &str) -> [u32; 1] {
    [u32::from(day(text).number())]
}

const fn lab() -> &'static str {
    "lab-in-range"
}

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
fn who_was_born_on_29_february_is_older_on_1_march() {
    let held = |as_of: &str, born_on: &str| {
        let mut request = request(json!({"statement": "age-at-least", "years": 18}));
        request.as_of = day(as_of);
        let holder = key(2);
        let (copy, opening) = issue(
            &Issuance {
                kind: &Kind::BirthDate,
                values: &born(born_on),
                holder: &holder.verifying_key(),
                from: request.as_of,
                until: request.as_of,
            },
            &key(1),
            bytes(9),
        )
        .unwrap();
        prove(&request, &copy, &opening, &holder, bytes(11)).is_ok()
    };
    assert!(!held("2026-02-28", "2008-02-29"));
    assert!(held("2026-03-01", "2008-02-29"));
    assert!(held("2028-02-29", "2010-02-28"));
    assert!(!held("2028-02-29", "2010-03-01"));
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

    let hba1c = |value: u32, taken: &str| {
        let asked = json!({"statement": lab(), "loinc": "4548-4", "unit": "%", "scale": 1, "low": 40, "high": 69, "max_age_days": 90});
        holds(asked, &[value, born(taken)[0]])
    };
    assert!(hba1c(40, "2025-12-01"));
    assert!(hba1c(69, TODAY));
    assert!(!hba1c(39, TODAY));
    assert!(!hba1c(70, TODAY));
    assert!(!hba1c(50, "2025-11-30"), "too old");
    assert!(!hba1c(50, "2026-03-02"), "from the future");

    let list = "ab".repeat(32);
    let within = |first: u16, last: u16, place: u32| {
        holds(
            json!({"statement": "code-in", "list": list, "first": first, "last": last}),
            &[place],
        )
    };
    assert!(within(0, 65_535, 0));
    assert!(within(100, 100, 100));
    assert!(!within(100, 200, 99));
    assert!(!within(100, 200, 201));
    let among = |places: &[u16], place: u32| {
        holds(
            json!({"statement": "code-among", "list": list, "places": places}),
            &[place],
        )
    };
    assert!(among(&[3, 900, 65_535], 900));
    assert!(among(&[3, 900, 65_535], 65_535));
    assert!(!among(&[3, 900, 65_535], 4));
    assert!(among(&(0..16).collect::<Vec<_>>(), 15));
}

#[test]
fn what_can_not_be_asked_is_refused_by_both_sides() {
    for asked in [
        json!({"statement": "age-at-least", "years": 0}),
        json!({"statement": "age-at-least", "years": 151}),
        json!({"statement": "age-between", "from": 12, "to": 6}),
        json!({"statement": "income-below", "amount": 0, "currency": "EUR"}),
        json!({"statement": lab(), "loinc": "4548-4", "unit": "%", "scale": 1, "low": 70, "high": 69, "max_age_days": 90}),
        json!({"statement": "code-in", "list": "ab".repeat(32), "first": 2, "last": 1}),
        json!({"statement": "code-among", "list": "ab".repeat(32), "places": [1]}),
        json!({"statement": "code-among", "list": "ab".repeat(32), "places": [2, 1]}),
        json!({"statement": "code-among", "list": "ab".repeat(32), "places": [1, 1]}),
        json!({"statement": "code-among", "list": "ab".repeat(32), "places": (0..17).collect::<Vec<_>>()}),
    ] {
        let request = request(asked.clone());
        assert!(request.check().is_err(), "{asked}");
        assert!(
            matches!(checked(&[1; 749], &request), Err(CheckError::Request(_))),
            "{asked}"
        );
    }
    for asked in [
        json!({"statement": "age-at-least", "years": 300}),
        json!({"statement": "age-at-least", "years": -1}),
        json!({"statement": "age-at-least", "years": 18, "more": 1}),
        json!({"statement": "income-below", "amount": 5, "currency": "eur"}),
        json!({"statement": "code-in", "list": "AB".repeat(32), "first": 1, "last": 2}),
        json!({"statement": "cover-active-on", "day": "1899-12-31"}),
        json!({"statement": "cover-active-on", "day": "2026-02-29"}),
        json!({"statement": "anything"}),
    ] {
        assert!(
            serde_json::from_value::<Statement>(asked.clone()).is_err(),
            "{asked}"
        );
    }
}

#[test]
fn a_presentation_of_sixteen_bits_takes_less_than_800_bytes() {
    let request = request(json!({"statement": "age-at-least", "years": 65}));
    let bytes = shown(&request, &held(&Kind::BirthDate, &born("1950-06-01"))).unwrap();
    assert_eq!(bytes.len(), 749);
}

#[test]
fn every_altered_bit_is_noticed_alone_and_together() {
    for asked in [
        json!({"statement": "age-at-least", "years": 65}),
        json!({"statement": "code-among", "list": "ab".repeat(32), "places": [5, 18_413]}),
    ] {
        let request = request(asked);
        let held = held(&request.statement.kind(), &born("1950-06-01"));
        let bytes = shown(&request, &held).unwrap();
        checked(&bytes, &request).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(checked(&altered, &request).is_err(), "bit {bit}");
        }
        for length in [0, 1, 100, bytes.len() - 1] {
            assert_eq!(checked(&bytes[..length], &request), Err(CheckError::Malformed));
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(checked(&longer, &request), Err(CheckError::Malformed));
    }
}

#[test]
fn an_answer_is_for_one_question_only() {
    let asked = request(json!({"statement": "age-at-least", "years": 65}));
    let bytes = shown(&asked, &held(&Kind::BirthDate, &born("1950-06-01"))).unwrap();
    let refused = |change: &dyn Fn(&mut Request)| {
        let mut other = asked.clone();
        change(&mut other);
        checked(&bytes, &other).unwrap_err()
    };
    assert_eq!(
        refused(&|r| r.audience = "x509_hash:other".into()),
        CheckError::Holder
    );
    assert_eq!(
        refused(&|r| r.nonce = serde_json::from_value(json!("08".repeat(32))).unwrap()),
        CheckError::Holder
    );
    assert_eq!(refused(&|r| r.as_of = day("2026-03-02")), CheckError::Holder);
    assert_eq!(refused(&|r| r.as_of = day("2026-03-04")), CheckError::Validity);
    for years in [64, 66] {
        assert_eq!(
            refused(&|r| r.statement = statement(json!({"statement": "age-at-least", "years": years}))),
            CheckError::Holder
        );
    }
    assert_eq!(
        refused(&|r| r.statement = statement(json!({"statement": "age-between", "from": 65, "to": 150}))),
        CheckError::Malformed
    );
    let income = request(json!({"statement": "income-below", "amount": 5, "currency": "EUR"}));
    assert_eq!(checked(&bytes, &income), Err(CheckError::Malformed));
}

#[test]
fn a_copy_is_of_its_issuer_its_holder_and_its_days() {
    let asked = request(json!({"statement": "age-at-least", "years": 65}));
    let mine = held(&Kind::BirthDate, &born("1950-06-01"));
    let bytes = shown(&asked, &mine).unwrap();
    let none = Rules {
        issuers: &[],
        today: day(TODAY),
    };
    assert_eq!(check(&bytes, &asked, &none), Err(CheckError::Issuer));
    for today in ["2026-02-26", "2026-03-04"] {
        let rules = Rules {
            issuers: &issuers(),
            today: day(today),
        };
        assert_eq!(check(&bytes, &asked, &rules), Err(CheckError::Validity));
    }
    // Another holder's key, another copy's opening, another kind, another currency.
    let other = Held {
        holder: key(3),
        ..held(&Kind::BirthDate, &born("1950-06-01"))
    };
    assert_eq!(shown(&asked, &other), Err(ProveError::Copy));
    let swapped = Held {
        opening: held(&Kind::BirthDate, &born("1940-06-01")).opening,
        ..held(&Kind::BirthDate, &born("2000-06-01"))
    };
    assert_eq!(shown(&asked, &swapped), Err(ProveError::Copy));
    let cover = held(&Kind::Cover, &[0, 65_535]);
    assert_eq!(shown(&asked, &cover), Err(ProveError::Copy));
    let euros = request(json!({"statement": "income-below", "amount": 5, "currency": "EUR"}));
    let francs: Kind = serde_json::from_value(json!({"type": "income", "currency": "CHF"})).unwrap();
    assert_eq!(shown(&euros, &held(&francs, &[1])), Err(ProveError::Copy));
    let percent = json!({"statement": lab(), "loinc": "4548-4", "unit": "%", "scale": 1, "low": 0, "high": 69, "max_age_days": 90});
    let millimoles: Kind =
        serde_json::from_value(json!({"type": "lab", "loinc": "4548-4", "unit": "mmol/mol", "scale": 1}))
            .unwrap();
    assert_eq!(
        shown(&request(percent), &held(&millimoles, &[53, 0])),
        Err(ProveError::Copy)
    );
}

#[test]
fn the_issuer_commits_to_what_fits_and_for_a_few_days() {
    let holder = key(2).verifying_key();
    let made = |kind: &Kind, values: &[u32], from: &str, until: &str| {
        let issuance = Issuance {
            kind,
            values,
            holder: &holder,
            from: day(from),
            until: day(until),
        };
        issue(&issuance, &key(1), bytes(9)).map(drop)
    };
    assert!(made(&Kind::BirthDate, &[65_535], TODAY, "2026-03-07").is_ok());
    assert!(made(&Kind::BirthDate, &[65_536], TODAY, TODAY).is_err());
    assert!(made(&Kind::BirthDate, &[1, 2], TODAY, TODAY).is_err());
    assert!(made(&Kind::Cover, &[1], TODAY, TODAY).is_err());
    assert!(made(&Kind::BirthDate, &[1], TODAY, "2026-03-08").is_err());
    assert!(made(&Kind::BirthDate, &[1], TODAY, "2026-02-28").is_err());
}

#[test]
fn one_bad_answer_among_many_is_found_wherever_it_stands_and_errors_do_not_cancel() {
    let asked = request(json!({"statement": "age-at-least", "years": 65}));
    let range = request(
        json!({"statement": lab(), "loinc": "4548-4", "unit": "%", "scale": 1, "low": 40, "high": 69, "max_age_days": 90}),
    );
    let good = shown(&asked, &held(&Kind::BirthDate, &born("1950-06-01"))).unwrap();
    let four = shown(
        &range,
        &held(&range.statement.kind(), &[55, born("2026-02-01")[0]]),
    )
    .unwrap();
    let rules = issuers();
    let rules = Rules {
        issuers: &rules,
        today: day(TODAY),
    };
    let all: Vec<(&[u8], &Request)> = vec![
        (&good, &asked),
        (&four, &range),
        (&good, &asked),
        (&four, &range),
        (&good, &asked),
    ];
    assert!(check_all(&all, &rules).iter().all(Result::is_ok));
    // A proof that is wrong while the holder signed it: only the proof's own check can tell.
    let wrong = carnet_eligibility::prove::testing::with_altered_proof(
        &asked,
        &held(&Kind::BirthDate, &born("1950-06-01")).copy,
        &key(2),
        &good,
        4,
    );
    let opposite = carnet_eligibility::prove::testing::with_altered_proof(
        &asked,
        &held(&Kind::BirthDate, &born("1950-06-01")).copy,
        &key(2),
        &good,
        -4,
    );
    for place in 0..all.len() {
        let mut mixed = all.clone();
        mixed[place] = (&wrong, &asked);
        let outcomes = check_all(&mixed, &rules);
        for (at, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome.is_ok(), at != place, "{place}: {at}");
        }
        assert_eq!(outcomes[place], Err(CheckError::DoesNotHold));
    }
    let outcomes = check_all(&[(&wrong, &asked), (&opposite, &asked)], &rules);
    assert!(
        outcomes
            .iter()
            .all(|outcome| *outcome == Err(CheckError::DoesNotHold))
    );
    assert!(check_all(&[], &rules).is_empty());
}

#[test]
fn two_presentations_have_nothing_in_common_but_the_issuer_and_the_days() {
    let asked = request(json!({"statement": "age-at-least", "years": 65}));
    let copy = |holder: u8, seed| {
        let holder = key(holder);
        let (copy, opening) = issue(
            &Issuance {
                kind: &Kind::BirthDate,
                values: &born("1950-06-01"),
                holder: &holder.verifying_key(),
                from: day("2026-02-27"),
                until: day("2026-03-03"),
            },
            &key(1),
            bytes(seed),
        )
        .unwrap();
        prove(&asked, &copy, &opening, &holder, bytes(seed + 1))
            .unwrap()
            .to_bytes()
    };
    let (one, two) = (copy(4, 20), copy(5, 30));
    // Version and key id, then the days: known of everybody who has a copy of this issuer.
    let own = |bytes: &[u8]| [&bytes[9..41], &bytes[45..]].concat();
    let (one, two) = (own(&one), own(&two));
    assert!(
        !one.windows(8)
            .any(|bytes| two.windows(8).any(|other| other == bytes))
    );
}

#[test]
fn a_broken_random_source_is_refused_and_a_repeated_one_gives_nothing_away() {
    assert!(Randomness::new([0; 64]).is_err());
    assert!(Randomness::new([0xff; 64]).is_err());
    assert!(Randomness::new(std::array::from_fn(|i| i as u8)).is_err());
    assert!(Randomness::new(std::array::from_fn(|i| (i % 4) as u8)).is_err());
    let half: [u8; 64] = Sha512::digest(b"x").into();
    assert!(Randomness::new(std::array::from_fn(|i| half[i % 32])).is_err());
    // The same 64 bytes again: another value, another question, another holder still draw other numbers.
    let asked = request(json!({"statement": "age-at-least", "years": 65}));
    let mine = held(&Kind::BirthDate, &born("1950-06-01"));
    let other = held(&Kind::BirthDate, &born("1950-06-02"));
    assert_ne!(mine.copy.commitments, other.copy.commitments);
    let mut again = asked.clone();
    again.nonce = serde_json::from_value(json!("08".repeat(32))).unwrap();
    let (one, two) = (shown(&asked, &mine).unwrap(), shown(&again, &mine).unwrap());
    let proof = |bytes: &[u8]| bytes[141..141 + 544].to_vec();
    let (one, two) = (proof(&one), proof(&two));
    assert!(
        !one.windows(8)
            .any(|bytes| two.windows(8).any(|other| other == bytes))
    );
}

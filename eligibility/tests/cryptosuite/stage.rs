//! An issuer, a holder, a verifier and a day.

use carnet_eligibility::{
    CheckError, Copy, Day, Issuance, Kind, Opening, ProveError, Randomness, Request, Rules, Statement, check,
    check_all, issue, prove,
};
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

pub(crate) const TODAY: &str = "2026-03-01";
pub(crate) const FROM: &str = "2026-02-27";
pub(crate) const UNTIL: &str = "2026-03-03";

pub(crate) fn day(text: &str) -> Day {
    serde_json::from_value(json!(text)).unwrap()
}

pub(crate) fn born(text: &str) -> [u32; 1] {
    [u32::from(day(text).number())]
}

pub(crate) fn bytes(seed: u64) -> Randomness {
    Randomness::new(Sha512::digest(seed.to_be_bytes()).into()).unwrap()
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn issuer() -> SigningKey {
    key(1)
}

pub(crate) fn statement(value: Value) -> Statement {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn kind(value: Value) -> Kind {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn request(value: Value) -> Request {
    Request {
        statement: statement(value),
        as_of: day(TODAY),
        audience: "x509_hash:pharmacy".into(),
        nonce: serde_json::from_value(json!("07".repeat(32))).unwrap(),
    }
}

pub(crate) fn senior() -> Request {
    request(json!({"statement": "age-at-least", "years": 65}))
}

pub(crate) fn list() -> String {
    "ab".repeat(32)
}

pub(crate) fn among(places: &[u16]) -> Request {
    request(json!({"statement": "code-among", "list": list(), "places": places}))
}

pub(crate) fn hba1c(unit: &str, low: u32, high: u32) -> Request {
    request(
        json!({"statement": "lab-in-range", "loinc": "4548-4", "unit": unit, "scale": 1, "low": low, "high": high, "max_age_days": 90}),
    )
}

/// A question of every kind, and values of which it holds.
pub(crate) fn all_that_hold() -> Vec<(Request, Vec<u32>)> {
    let cover = [born("2025-01-01")[0], born("2026-12-31")[0]];
    vec![
        (senior(), born("1950-06-01").to_vec()),
        (
            request(json!({"statement": "age-between", "from": 6, "to": 11})),
            born("2016-08-20").to_vec(),
        ),
        (
            request(json!({"statement": "cover-active-on", "day": TODAY})),
            cover.to_vec(),
        ),
        (
            request(json!({"statement": "income-below", "amount": 2_000_000, "currency": "EUR"})),
            vec![1_543_210],
        ),
        (hba1c("%", 40, 69), vec![55, born("2026-02-01")[0]]),
        (
            request(json!({"statement": "code-in", "list": list(), "first": 100, "last": 199})),
            vec![123],
        ),
        (among(&[3, 900, 65_535]), vec![900]),
    ]
}

pub(crate) struct Held {
    pub(crate) copy: Copy,
    pub(crate) opening: Opening,
    pub(crate) holder: SigningKey,
}

pub(crate) fn held(kind: &Kind, values: &[u32]) -> Held {
    held_by(2, kind, values, 9)
}

pub(crate) fn held_by(holder: u8, kind: &Kind, values: &[u32], seed: u64) -> Held {
    let holder = key(holder);
    let (copy, opening) = issue(
        &Issuance {
            kind,
            values,
            holder: &holder.verifying_key(),
            from: day(FROM),
            until: day(UNTIL),
        },
        &issuer(),
        bytes(seed),
    )
    .unwrap();
    copy.check(&opening).unwrap();
    Held {
        copy,
        opening,
        holder,
    }
}

pub(crate) fn held_for(request: &Request, values: &[u32]) -> Held {
    held(&request.statement.kind(), values)
}

pub(crate) fn shown(request: &Request, held: &Held) -> Result<Vec<u8>, ProveError> {
    prove(request, &held.copy, &held.opening, &held.holder, bytes(11)).map(|shown| shown.to_bytes())
}

pub(crate) fn issuers() -> Vec<VerifyingKey> {
    vec![key(7).verifying_key(), issuer().verifying_key()]
}

/// The verifier's outcome; alone and among many it must be the same.
pub(crate) fn checked(bytes: &[u8], request: &Request) -> Result<(), CheckError> {
    checked_on(TODAY, bytes, request)
}

pub(crate) fn checked_on(today: &str, bytes: &[u8], request: &Request) -> Result<(), CheckError> {
    let issuers = issuers();
    let rules = Rules {
        issuers: &issuers,
        today: day(today),
    };
    let alone = check(bytes, request, &rules).map(drop);
    let among = check_all(&[(bytes, request)], &rules).remove(0).map(drop);
    assert_eq!(alone, among, "one by one and together decide the same");
    alone
}

/// Whether it can be shown; what can be shown also passes.
pub(crate) fn holds(value: Value, values: &[u32]) -> bool {
    let request = request(value);
    let held = held_for(&request, values);
    match shown(&request, &held) {
        Ok(bytes) => {
            checked(&bytes, &request).unwrap();
            true
        }
        Err(ProveError::DoesNotHold) => false,
        Err(error) => panic!("{error}"),
    }
}

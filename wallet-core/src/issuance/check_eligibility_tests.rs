//! Batches with one thing wrong at a time, by an issuer that signs whatever it likes.

use carnet_eligibility::{Issuance, Kind, Randomness, issue};
use carnet_exchange::{Entry, trust::Role};
use curve25519_dalek::{Scalar, constants::RISTRETTO_BASEPOINT_POINT};
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::SignedDuration;

use super::*;
use crate::credentials::{CopyKey, EdCopyKey, HolderKey};

const NOW: &str = "2026-11-23T08:00:00Z";
const BORN: u32 = 18_413;

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn day(after: i64) -> Day {
    eligibility::today(now() + SignedDuration::from_hours(24 * after)).unwrap()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn list() -> TrustList {
    let entry = |id: &str, role, key: &SigningKey| Entry {
        id: id.to_owned(),
        name: id.to_owned(),
        client_ids: vec![],
        origins: vec![format!("https://{id}.example")],
        purposes: vec![],
        roles: vec![role],
        registries: vec![],
        log_keys: vec![],
        issuer_keys: vec![PublicKey::from(key)],
        request_keys: vec![],
        offline_keys: vec![],
        local: None,
    };
    TrustList {
        version: 1,
        issued: Timestamp::UNIX_EPOCH,
        expires: Timestamp::MAX,
        authority: "A".to_owned(),
        development: true,
        entries: vec![
            entry("registry", Role::Issuer, &key(41)),
            entry("other", Role::Issuer, &key(42)),
            entry("clinic", Role::Verifier, &key(43)),
        ],
    }
}

/// What the issuer puts into one copy.
struct Draft {
    kind: Kind,
    value: u32,
    holder: u8,
    by: SigningKey,
    from: Day,
    until: Day,
    seed: u8,
}

/// A good copy for the holder's key of this number.
fn draft(holder: u8) -> Draft {
    Draft {
        kind: Kind::BirthDate,
        value: BORN,
        holder,
        by: key(41),
        from: day(0),
        until: day(6),
        seed: holder,
    }
}

impl Draft {
    fn issue(&self) -> (Copy, Opening) {
        let random =
            std::array::from_fn(|place| (place as u8).wrapping_mul(37) ^ self.seed ^ ((place as u8) >> 3));
        let values = vec![self.value; self.kind.values()];
        let issuance = Issuance {
            kind: &self.kind,
            values: &values,
            holder: &key(self.holder).verifying_key(),
            from: self.from,
            until: self.until,
        };
        issue(&issuance, &self.by, Randomness::new(random).unwrap()).unwrap()
    }

    fn json(&self) -> Value {
        let (copy, opening) = self.issue();
        credential::issued(&copy, &opening)
    }
}

/// The issuer's signature over a copy as it stands (`docs/eligibility.md`, "The copy"): honest code makes none of these.
fn sign(copy: &mut Copy, by: &SigningKey) {
    let mut signed = b"carnet-eligibility-2026".to_vec();
    let mut put = |label: &str, value: &[u8]| {
        signed.push(label.len() as u8);
        signed.extend_from_slice(label.as_bytes());
        signed.extend_from_slice(&(value.len() as u32).to_be_bytes());
        signed.extend_from_slice(value);
    };
    put("purpose", b"copy");
    put("generators", b"bulletproofs-5/ristretto255/1");
    put("issuer", copy.issuer.as_bytes());
    put("holder", copy.holder.as_bytes());
    put("schema", copy.kind.schema().as_bytes());
    put("bits", &copy.kind.bits().to_be_bytes());
    put("from", &u32::from(copy.from.number()).to_be_bytes());
    put("until", &u32::from(copy.until.number()).to_be_bytes());
    for commitment in &copy.commitments {
        put("commitment", commitment.as_bytes());
    }
    copy.signature = by.sign(&signed);
}

fn check(came: &[Value]) -> Result<Copies, RefusedCopies> {
    check_as("registry", came)
}

fn check_as(entry_id: &str, came: &[Value]) -> Result<Copies, RefusedCopies> {
    let ed = |seed| HolderKey::Ed25519 {
        ed25519: EdCopyKey::new(key(seed)),
    };
    let other = CopyKey::new(p256::SecretKey::from_slice(&[1; 32]).unwrap());
    let expected = Expected {
        kind: "urn:carnet:eligibility:birth-date:1",
        entry_id,
        offer_id: "o",
        keys: &[HolderKey::P256(other), ed(1), ed(2)],
        single_use: true,
    };
    copies(came, &expected, &list(), now())
}

/// A good first copy, and this one.
fn second(copy: Value) -> RefusedCopies {
    check(&[draft(1).json(), copy])
        .map(|copies| copies.len())
        .unwrap_err()
}

#[test]
fn copies_of_one_value_for_keys_of_their_own_are_kept() {
    let copies = check(&[draft(1).json(), draft(2).json()]).unwrap();
    assert_eq!(copies.len(), 2);
    assert_eq!(copies[0].1.card, copies[1].1.card);
    for (_, kept) in &copies {
        let (copy, opening, holder) = kept.eligibility().unwrap();
        assert_eq!(opening.values(), [BORN]);
        assert_eq!(copy.holder, holder.verifying_key());
        assert_eq!(kept.claims["says"], "born 1 June 1950");
        assert_eq!(kept.until.unwrap().to_string(), "2026-11-30T00:00:00Z");
        assert!(kept.single_use);
    }
    // The same value fetched on another day is the same card.
    let later = Draft {
        from: day(-1),
        until: day(0),
        ..draft(1)
    }
    .json();
    assert_eq!(check(&[later]).unwrap()[0].1.card, copies[0].1.card);
}

#[test]
fn a_commitment_to_another_value_or_with_another_blinding_refuses_the_batch() {
    let (copy, _) = draft(2).issue();
    let (_, younger) = Draft {
        value: BORN - 1,
        ..draft(2)
    }
    .issue();
    assert_eq!(
        second(credential::issued(&copy, &younger)),
        RefusedCopies::WrongValue
    );
    let (_, other_blinding) = Draft { seed: 9, ..draft(2) }.issue();
    assert_eq!(
        second(credential::issued(&copy, &other_blinding)),
        RefusedCopies::WrongValue
    );
    assert_eq!(
        second(
            Draft {
                value: BORN + 1,
                ..draft(2)
            }
            .json()
        ),
        RefusedCopies::Differ
    );
}

#[test]
fn a_copy_for_a_key_of_somebody_else_or_twice_for_one_is_refused() {
    assert_eq!(second(draft(7).json()), RefusedCopies::WrongKey);
    assert_eq!(
        second(Draft { seed: 9, ..draft(1) }.json()),
        RefusedCopies::SameKey
    );
}

#[test]
fn no_other_key_of_the_list_stands_in_for_the_issuers() {
    for seed in [42, 43, 44] {
        let other = Draft {
            by: key(seed),
            ..draft(2)
        }
        .json();
        assert_eq!(second(other), RefusedCopies::WrongIssuer, "{seed}");
    }
    // An organisation without the role may sign nothing, whatever keys it has.
    let clinic = Draft {
        by: key(43),
        ..draft(1)
    }
    .json();
    assert_eq!(
        check_as("clinic", &[clinic]).unwrap_err(),
        RefusedCopies::WrongIssuer
    );
    let (mut copy, opening) = draft(2).issue();
    sign(&mut copy, &key(42));
    assert_eq!(
        second(credential::issued(&copy, &opening)),
        RefusedCopies::BadSignature
    );
}

#[test]
fn a_copy_for_longer_than_a_week_from_tomorrow_or_over_is_refused() {
    let (mut copy, opening) = draft(2).issue();
    copy.until = day(7);
    sign(&mut copy, &key(41));
    assert_eq!(
        second(credential::issued(&copy, &opening)),
        RefusedCopies::TooLong
    );
    let tomorrow = Draft {
        from: day(1),
        ..draft(2)
    }
    .json();
    assert_eq!(second(tomorrow), RefusedCopies::Future);
    let over = Draft {
        from: day(-7),
        until: day(-1),
        ..draft(2)
    }
    .json();
    assert_eq!(second(over), RefusedCopies::Expired);
    let shorter = Draft {
        until: day(5),
        ..draft(2)
    }
    .json();
    assert_eq!(second(shorter), RefusedCopies::Differ);
}

#[test]
fn another_kind_another_form_or_anything_unsigned_is_refused() {
    let cover = Draft {
        kind: Kind::Cover,
        ..draft(2)
    }
    .json();
    assert_eq!(second(cover), RefusedCopies::WrongType);
    assert_eq!(
        second(draft(2).json().to_string().into()),
        RefusedCopies::NotAnObject
    );
    assert_eq!(second("a~".into()), RefusedCopies::NotAnObject);
    assert_eq!(second(json!([draft(2).json()])), RefusedCopies::NotAnObject);
    let mut named = draft(2).json();
    named["credentialSubject"]["name"] = "Anna".into();
    assert_eq!(second(named), RefusedCopies::Malformed);
}

#[test]
fn copies_that_others_would_know_again_are_refused() {
    // One commitment in two copies, each with a good signature.
    let (first, opening) = draft(1).issue();
    let mut twin = first.clone();
    twin.holder = key(2).verifying_key();
    sign(&mut twin, &key(41));
    twin.check(&opening).unwrap();
    assert_eq!(
        second(credential::issued(&twin, &opening)),
        RefusedCopies::Linkable
    );
}

#[test]
fn a_commitment_that_hides_nothing_is_refused() {
    let mut copy = draft(2).issue().0;
    copy.commitments = vec![(Scalar::from(BORN) * RISTRETTO_BASEPOINT_POINT).compress()];
    sign(&mut copy, &key(41));
    let bytes = [&BORN.to_be_bytes()[..], &[0; 32]].concat();
    let bare = Opening::from_bytes(&Kind::BirthDate, &bytes).unwrap();
    copy.check(&bare).unwrap();
    assert_eq!(second(credential::issued(&copy, &bare)), RefusedCopies::OpenValue);
}

//! Status lists: made, checked, looked up, and kept from growing.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::{collections::HashMap, io::Write};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{
    status::bitstring::{Bits, Entry, Listing, MIN_ENTRIES, StatusList, StatusListError, credential},
    vc::{Conditions, VcError, check, jose},
};
use proptest::prelude::*;
use serde_json::json;
use support::{Actor, Object, at, conditions, with};

const ADDRESS: &str = "https://clinic.example/status/1";

fn entry(purpose: &str, index: usize) -> Entry {
    Entry {
        purpose: purpose.into(),
        list: ADDRESS.into(),
        index,
    }
}

fn list(issuer: &Actor, purpose: &str, set: &[usize]) -> Object {
    let mut bits = Bits::new(MIN_ENTRIES).unwrap();
    assert!(set.iter().all(|index| bits.set(*index, true)));
    let issuer_did = issuer.did();
    let listing = Listing {
        address: ADDRESS,
        issuer: &issuer_did,
        purpose,
        valid_from: at("2026-11-01T00:00:00Z"),
        valid_until: at("2026-12-01T00:00:00Z"),
    };
    credential(&listing, &bits).unwrap()
}

fn decide(issuer: &Actor, lists: Option<StatusList>, entry: &Entry) -> Result<(), VcError> {
    let with_status = with(
        issuer.credential("did:example:ada"),
        "credentialStatus",
        entry.to_json(),
    );
    let lists: HashMap<String, StatusList> = lists.into_iter().map(|l| (ADDRESS.to_owned(), l)).collect();
    let conditions = Conditions {
        statuses: &lists,
        ..conditions()
    };
    check(&issuer.issued(with_status), &conditions).map(|_| ())
}

#[test]
fn a_credential_counts_until_its_bit_is_set() {
    let issuer = Actor::new(1);
    for (purpose, refusal) in [
        ("revocation", VcError::Revoked),
        ("suspension", VcError::Suspended),
    ] {
        let signed = issuer.issued(list(&issuer, purpose, &[7, 131_071]));
        let list = StatusList::check(&signed, ADDRESS, &conditions()).unwrap();
        assert_eq!(decide(&issuer, Some(list.clone()), &entry(purpose, 6)), Ok(()));
        for index in [7, 131_071] {
            assert_eq!(
                decide(&issuer, Some(list.clone()), &entry(purpose, index)),
                Err(refusal)
            );
        }
        assert_eq!(
            decide(&issuer, Some(list), &entry(purpose, 131_072)),
            Err(VcError::StatusIndex)
        );
    }
}

#[test]
fn a_status_that_cannot_be_looked_up_is_a_refusal() {
    let (issuer, other) = (Actor::new(1), Actor::new(2));
    let revocation = entry("revocation", 1);
    assert_eq!(decide(&issuer, None, &revocation), Err(VcError::StatusUnchecked));
    let checked = |document: &Object| StatusList::check(document, ADDRESS, &conditions()).unwrap();
    let foreign = checked(&other.issued(list(&other, "revocation", &[])));
    assert_eq!(
        decide(&issuer, Some(foreign), &revocation),
        Err(VcError::StatusListMisfit)
    );
    let for_else = checked(&issuer.issued(list(&issuer, "suspension", &[])));
    assert_eq!(
        decide(&issuer, Some(for_else), &revocation),
        Err(VcError::StatusListMisfit)
    );
    let short_lived = with(
        list(&issuer, "revocation", &[]),
        "validUntil",
        json!("2026-11-23T07:59:00Z"),
    );
    let early = Conditions {
        now: at("2026-11-22T00:00:00Z"),
        ..conditions()
    };
    let kept = early_check(&issuer, short_lived, &early);
    assert_eq!(
        decide(&issuer, Some(kept), &revocation),
        Err(VcError::StatusListStale)
    );
}

fn early_check(issuer: &Actor, list: Object, early: &Conditions<'_>) -> StatusList {
    let signed = issuer.proven(list, |how| how.created = at("2026-11-21T00:00:00Z"));
    StatusList::check(&signed, ADDRESS, early).unwrap()
}

#[test]
fn a_list_is_a_credential_and_passes_the_same_gate() {
    let (issuer, forger) = (Actor::new(1), Actor::new(2));
    let document = list(&issuer, "revocation", &[]);
    let text = jose::issue(&document, &issuer.kid(), &issuer.0).unwrap();
    assert!(StatusList::check_jwt(&text, ADDRESS, &conditions()).is_ok());
    let forged = forger.issued(document.clone());
    assert_eq!(
        StatusList::check(&forged, ADDRESS, &conditions()).unwrap_err(),
        StatusListError::Credential(VcError::WrongIssuer)
    );
    let elsewhere = StatusList::check(
        &issuer.issued(document.clone()),
        "https://other.example/1",
        &conditions(),
    );
    assert_eq!(elsewhere.unwrap_err(), StatusListError::WrongList);
    let own_status = with(document, "credentialStatus", entry("revocation", 1).to_json());
    assert_eq!(
        StatusList::check(&issuer.issued(own_status), ADDRESS, &conditions()).unwrap_err(),
        StatusListError::Credential(VcError::StatusUnchecked)
    );
}

#[test]
fn a_packed_list_does_not_grow_without_bound() {
    let pack = |bytes: usize| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![0; bytes]).unwrap();
        format!("u{}", URL_SAFE_NO_PAD.encode(packer.finish().unwrap()))
    };
    assert!(Bits::unpack(&pack(16_384)).is_ok());
    assert_eq!(Bits::unpack(&pack(16_383)), Err(StatusListError::Length));
    assert!(Bits::unpack(&pack(2_097_152)).is_ok());
    assert_eq!(Bits::unpack(&pack(2_097_153)), Err(StatusListError::Length));
    assert_eq!(Bits::unpack(&pack(60_000_000)), Err(StatusListError::Length));
    assert_eq!(Bits::new(100), Err(StatusListError::Length));
    assert_eq!(Bits::unpack("uAAAA"), Err(StatusListError::Packed));
    assert_eq!(Bits::unpack("zAAAA"), Err(StatusListError::Packed));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_packed_is_unpacked(set in proptest::collection::vec(0..MIN_ENTRIES, 0..200)) {
        let mut bits = Bits::new(MIN_ENTRIES).unwrap();
        for index in &set {
            prop_assert!(bits.set(*index, true));
        }
        let back = Bits::unpack(&bits.pack().unwrap()).unwrap();
        prop_assert!(set.iter().all(|index| back.get(*index) == Some(true)));
        prop_assert_eq!(back, bits);
    }

    #[test]
    fn any_text_is_unpacked_or_refused(text in "u?[A-Za-z0-9_-]{0,200}") {
        prop_assert!(Bits::unpack(&text).is_err());
    }
}

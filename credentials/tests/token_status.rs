//! Token Status List: publishing, reading, and what must be refused.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use std::{io::Write, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{
    jwk::PublicKey,
    jws,
    sd_jwt::{self, Issuance, Issuer, Rules, StatusRule},
    status::token::{
        Bits, MAX_STATUSES, Publication, Reference, Status, StatusError, StatusList, Statuses, issue,
    },
};
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::SigningKey;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const URI: &str = "https://issuer.example/statuses/1";
const ISS: &str = "https://issuer.example";
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn now() -> Timestamp {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

fn publication() -> Publication<'static> {
    Publication {
        uri: URI,
        iat: now(),
        exp: None,
        ttl: None,
        header: Map::new(),
    }
}

fn read_at(text: &str, now: Timestamp) -> Result<StatusList, StatusError> {
    let key = PublicKey::from(&key(1));
    let issuer = Issuer::Key { iss: ISS, key: &key };
    StatusList::check(text, URI, &issuer, now, SignedDuration::from_secs(60))
}

fn read(text: &str) -> Result<StatusList, StatusError> {
    read_at(text, now())
}

/// A list with these claims beside `sub` and `iat`, signed well.
fn crafted(more: Value) -> Result<StatusList, StatusError> {
    let mut claims = json!({ "sub": URI, "iat": now().as_second() });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let text = jws::sign(
        "statuslist+jwt",
        Map::new(),
        claims.to_string().as_bytes(),
        &key(1),
    );
    read(&text)
}

fn packed(bytes: &[u8]) -> String {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(bytes).unwrap();
    URL_SAFE_NO_PAD.encode(zlib.finish().unwrap())
}

#[test]
fn what_is_published_is_read() {
    for (bits, last) in [
        (Bits::One, 1),
        (Bits::Two, 3),
        (Bits::Four, 15),
        (Bits::Eight, 255),
    ] {
        let mut statuses = Statuses::new(bits, 1_000).unwrap();
        statuses.set(7, Status::Invalid).unwrap();
        statuses.set(999, Status::Invalid).unwrap();
        statuses.set(999, Status::Valid).unwrap();
        if bits == Bits::One {
            assert_eq!(statuses.set(8, Status::Suspended), Err(StatusError::DoesNotFit));
        } else {
            statuses.set(8, Status::Suspended).unwrap();
            statuses.set(9, Status::Other(last)).unwrap();
        }
        assert_eq!(
            statuses.set(1_000, Status::Invalid),
            Err(StatusError::NoSuchEntry)
        );
        let list = read(&issue(&statuses, &publication(), &key(1))).unwrap();
        let confirm = |index| list.confirm(&Reference::new(URI, index), now(), DAY);
        assert_eq!(confirm(0), Ok(()));
        assert_eq!(confirm(7), Err(StatusError::Revoked));
        assert_eq!(confirm(999), Ok(()));
        assert_eq!(confirm(1_000), Err(StatusError::NoSuchEntry));
        assert_eq!(confirm(usize::MAX), Err(StatusError::NoSuchEntry));
        if bits != Bits::One {
            assert_eq!(confirm(8), Err(StatusError::Suspended));
            assert_eq!(confirm(9), Err(StatusError::Unknown));
        }
    }
}

#[test]
fn the_examples_of_the_draft_are_read() {
    // "Status List Examples": one bit and two bits per entry.
    let one = json!({ "bits": 1, "lst": "eNrbuRgAAhcBXQ" });
    let list = crafted(json!({ "status_list": one })).unwrap();
    let expected = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];
    for (index, status) in expected.into_iter().enumerate() {
        let found = list.status(&Reference::new(URI, index), now(), DAY).unwrap();
        assert_eq!(found == Status::Invalid, status == 1, "{index}");
    }
    let two = json!({ "bits": 2, "lst": "eNo76fITAAPfAgc" });
    let list = crafted(json!({ "status_list": two })).unwrap();
    let expected = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3];
    for (index, status) in expected.into_iter().enumerate() {
        let found = list.status(&Reference::new(URI, index), now(), DAY).unwrap();
        let byte = match found {
            Status::Valid => 0,
            Status::Invalid => 1,
            Status::Suspended => 2,
            Status::Other(byte) => byte,
        };
        assert_eq!(byte, status, "{index}");
    }
}

#[test]
fn a_list_that_grows_without_bound_is_refused() {
    let list = |lst: String| crafted(json!({ "status_list": { "bits": 1, "lst": lst } })).unwrap_err();
    // Sixteen thousand bytes of text that become more than the most.
    assert_eq!(list(packed(&vec![0; MAX_STATUSES + 1])), StatusError::TooLarge);
    assert!(crafted(json!({ "status_list": { "bits": 1, "lst": packed(&vec![0; MAX_STATUSES]) } })).is_ok());
    let long = "A".repeat(carnet_credentials::status::token::MAX_LEN + 1);
    assert_eq!(read(&long).unwrap_err(), StatusError::TooLarge);
    assert_eq!(
        Statuses::new(Bits::Eight, MAX_STATUSES + 1).unwrap_err(),
        StatusError::TooLarge
    );

    let good = URL_SAFE_NO_PAD.decode(packed(&[1, 2, 3])).unwrap();
    let mut trailing = good.clone();
    trailing.push(0);
    for bad in [&trailing[..], &good[..good.len() - 1], b"", b"not zlib"] {
        assert_eq!(list(URL_SAFE_NO_PAD.encode(bad)), StatusError::ListMalformed);
    }
}

#[test]
fn a_list_of_another_kind_place_issuer_or_time_is_refused() {
    let statuses = Statuses::new(Bits::One, 8).unwrap();
    let good = issue(&statuses, &publication(), &key(1));
    assert!(read(&good).is_ok());
    let code = |result: Result<StatusList, StatusError>| result.unwrap_err().code();
    assert_eq!(
        code(read(&issue(&statuses, &publication(), &key(2)))),
        "status_list_bad_signature"
    );
    let elsewhere = Publication {
        uri: "https://other.example",
        ..publication()
    };
    assert_eq!(
        code(read(&issue(&statuses, &elsewhere, &key(1)))),
        "status_other_list"
    );
    assert_eq!(
        code(read(&jws::sign("jwt", Map::new(), b"{}", &key(1)))),
        "status_list_not_signed"
    );
    let list = json!({ "bits": 1, "lst": packed(&[0]) });
    assert!(crafted(json!({ "status_list": list, "iss": ISS })).is_ok());
    assert_eq!(
        code(crafted(
            json!({ "status_list": list, "iss": "https://x.example" })
        )),
        "status_list_wrong_issuer"
    );
    for bad in [
        json!({}),
        json!({ "status_list": { "bits": 3, "lst": packed(&[0]) } }),
        json!({ "status_list": { "bits": 1 } }),
        json!({ "status_list": list, "ttl": 0 }),
        json!({ "status_list": list, "exp": "soon" }),
        json!({ "status_list": list, "iat": null }),
    ] {
        assert_eq!(code(crafted(bad.clone())), "status_list_malformed", "{bad}");
    }
    let ahead = now().as_second() + 61;
    assert_eq!(
        code(crafted(json!({ "status_list": list, "iat": ahead }))),
        "status_list_not_yet_valid"
    );
}

#[test]
fn an_old_list_says_nothing() {
    let statuses = Statuses::new(Bits::One, 8).unwrap();
    let at = |seconds| now() + SignedDuration::from_secs(seconds);
    let first = Reference::new(URI, 0);

    // By age since it was signed, whenever it was fetched.
    let text = issue(&statuses, &publication(), &key(1));
    let list = read_at(&text, at(3_000)).unwrap();
    let hour = SignedDuration::from_hours(1);
    assert_eq!(list.confirm(&first, at(3_599), hour), Ok(()));
    assert_eq!(list.confirm(&first, at(3_600), hour), Err(StatusError::TooOld));
    assert_eq!(list.fresh_until(hour), at(3_600));

    // By the time a copy may be kept, since it was fetched.
    let kept = Publication {
        ttl: Some(SignedDuration::from_secs(600)),
        ..publication()
    };
    let list = read_at(&issue(&statuses, &kept, &key(1)), at(100)).unwrap();
    assert_eq!(list.confirm(&first, at(699), DAY), Ok(()));
    assert_eq!(list.confirm(&first, at(700), DAY), Err(StatusError::TooOld));

    // By its own end, clocks apart.
    let ends = Publication {
        exp: Some(at(600)),
        ..publication()
    };
    let text = issue(&statuses, &ends, &key(1));
    let list = read(&text).unwrap();
    assert_eq!(list.confirm(&first, at(659), DAY), Ok(()));
    assert_eq!(list.confirm(&first, at(660), DAY), Err(StatusError::TooOld));
    assert_eq!(read_at(&text, at(660)).unwrap_err(), StatusError::TooOld);

    let other = Reference::new("https://other.example", 0);
    assert_eq!(list.confirm(&other, now(), DAY), Err(StatusError::OtherList));
}

#[test]
fn a_credential_stands_only_while_its_list_says_so() {
    let mut statuses = Statuses::new(Bits::Two, 100).unwrap();
    statuses.set(1, Status::Invalid).unwrap();
    statuses.set(2, Status::Suspended).unwrap();
    statuses.set(3, Status::Other(3)).unwrap();
    let list = Arc::new(read(&issue(&statuses, &publication(), &key(1))).unwrap());

    let issuer = PublicKey::from(&key(1));
    let mine = PublicKey::from(&key(2));
    let received = |status: Value, rule: StatusRule<'_>, at: Timestamp| {
        let Value::Object(claims) = json!({ "iss": ISS, "vct": "v", "status": status }) else {
            unreachable!()
        };
        let issuance = Issuance {
            claims,
            disclosable: &[],
            salts: &[],
            decoys: &[],
            holder: &mine,
            header: Map::new(),
        };
        let card = sd_jwt::issue(&issuance, &key(1)).unwrap();
        let rules = Rules {
            vct: "v",
            issuer: Issuer::Key {
                iss: ISS,
                key: &issuer,
            },
            status: rule,
            legacy_typ: false,
            now: at,
            leeway: SignedDuration::ZERO,
        };
        sd_jwt::check_issued(&card, &rules, &mine)
            .map(|issued| issued.status)
            .map_err(|e| e.code())
    };
    let find = |uri: &str| (uri == URI).then(|| Arc::clone(&list));
    let known = StatusRule::Lists {
        find: &find,
        max_age: DAY,
    };
    let entry = |index| Reference::new(URI, index).to_claim();
    let check = |index| received(entry(index), known, now());
    assert_eq!(check(0), Ok(Some(Reference::new(URI, 0))));
    assert_eq!(check(1), Err("status_revoked"));
    assert_eq!(check(2), Err("status_suspended"));
    assert_eq!(check(3), Err("status_unknown"));
    assert_eq!(check(100), Err("status_no_such_entry"));
    assert_eq!(received(entry(0), known, now() + DAY), Err("status_list_too_old"));
    let elsewhere = Reference::new("https://other.example", 0).to_claim();
    assert_eq!(
        received(elsewhere, known, now()),
        Err("credential_status_unchecked")
    );
    let malformed = json!({ "status_list": { "idx": -1, "uri": URI } });
    assert_eq!(
        received(malformed.clone(), known, now()),
        Err("status_reference_malformed")
    );

    // Without a list: refused, or left to the caller, but never passed over.
    assert_eq!(
        received(entry(0), StatusRule::Refuse, now()),
        Err("credential_status_unchecked")
    );
    assert_eq!(
        received(entry(1), StatusRule::Later, now()),
        Ok(Some(Reference::new(URI, 1)))
    );
    assert_eq!(
        received(malformed, StatusRule::Later, now()),
        Err("status_reference_malformed")
    );
    let another_kind = json!({ "identifier_list": {} });
    assert_eq!(
        received(another_kind, StatusRule::Later, now()),
        Err("credential_status_unchecked")
    );
}

proptest! {
    #[test]
    fn any_list_is_answered_without_a_panic(lst in "[A-Za-z0-9_-]{0,60}", bits in 0_u8..10, text in "[A-Za-z0-9_.-]{0,80}") {
        let _ = crafted(json!({ "status_list": { "bits": bits, "lst": lst } }));
        prop_assert!(read(&text).is_err());
    }

    #[test]
    fn entries_do_not_touch_each_other(sets in proptest::collection::vec((0_usize..64, 0_u8..16), 1..40)) {
        let mut statuses = Statuses::new(Bits::Four, 64).unwrap();
        let mut model = [0_u8; 64];
        for (index, byte) in sets {
            let status = match byte { 0 => Status::Valid, 1 => Status::Invalid, 2 => Status::Suspended, b => Status::Other(b) };
            statuses.set(index, status).unwrap();
            model[index] = byte;
        }
        let list = read(&issue(&statuses, &publication(), &key(1))).unwrap();
        for (index, byte) in model.into_iter().enumerate() {
            let found = list.status(&Reference::new(URI, index), now(), DAY).unwrap();
            let found = match found { Status::Valid => 0, Status::Invalid => 1, Status::Suspended => 2, Status::Other(b) => b };
            prop_assert_eq!(found, byte);
        }
    }
}

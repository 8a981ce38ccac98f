//! A code that the patient shows says one thing for five minutes, and nothing to a bystander.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_consent::{Digest32, GrantId};
use carnet_credentials::jwk::PublicKey;
use carnet_exchange::{
    EncryptionKey, RequestLink,
    code::{
        CodeError, LIFE,
        offer::{self, Offer},
        pass::Pass,
    },
};
use jiff::{SignedDuration, Timestamp};
use p256::{SecretKey, ecdsa::SigningKey};
use proptest::prelude::*;

const GRANT: GrantId = GrantId([7; 32]);
const DELIVERY: Digest32 = Digest32([8; 32]);

fn now() -> Timestamp {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_slice(&[seed; 32]).unwrap()
}

fn holder(seed: u8) -> (SigningKey, Digest32) {
    let key = SigningKey::from(secret(seed));
    let thumbprint = Digest32(PublicKey::from(&key).thumbprint());
    (key, thumbprint)
}

fn offer() -> Offer {
    Offer {
        id: [1; 16],
        key: EncryptionKey::new(secret(2).public_key(), None),
        made: now(),
    }
}

fn link() -> RequestLink {
    "openid4vp://?client_id=x509_hash%3Aabc&request_uri=https%3A%2F%2Fclinic.example%2Fr%2F1"
        .parse()
        .unwrap()
}

#[test]
fn an_offer_comes_back_as_it_was_made_and_fits_a_code() {
    let text = offer().text();
    assert!(text.len() <= 95, "{}", text.len());
    assert_eq!(Offer::parse(&text, later(1)), Ok(offer()));
    assert_eq!(Offer::parse(&format!(" {text}\n"), later(1)), Ok(offer()));
}

#[test]
fn a_question_laid_for_one_offer_opens_with_its_key_alone() {
    let sealed = offer().seal(&link(), &secret(3), [4; 12]).unwrap();
    assert_eq!(offer::open(&sealed, &secret(2)), Ok(link()));
    assert_eq!(offer::open(&sealed, &secret(5)), Err(CodeError::NotForThis));
    // Sealed to the right key, but not as a question: nothing else may be passed off as one.
    let key = EncryptionKey::new(secret(2).public_key(), None);
    let other = |text: &str, header| {
        carnet_exchange::jwe::encrypt(text.as_bytes(), &key, &secret(3), [4; 12], header).unwrap()
    };
    let unmarked = other(&link().to_string(), serde_json::Map::new());
    assert_eq!(offer::open(&unmarked, &secret(2)), Err(CodeError::NotForThis));
    let marked = serde_json::Map::from_iter([("cty".to_owned(), "carnet-question".into())]);
    assert_eq!(
        offer::open(&other("https://clinic.example/", marked), &secret(2)),
        Err(CodeError::NotForThis)
    );
}

#[test]
fn shown_codes_are_good_for_five_minutes() {
    let (key, thumbprint) = holder(9);
    let pass = Pass::make(&GRANT, &DELIVERY, &key, now());
    let life = LIFE.as_secs();
    for text in [offer().text(), pass.text()] {
        let at = |when| {
            Offer::parse(&text, when).map(drop).or_else(|error| match error {
                CodeError::NotACode => Pass::parse(&text, when).map(drop),
                error => Err(error),
            })
        };
        assert_eq!(at(later(0)), Ok(()));
        assert_eq!(at(later(life)), Ok(()));
        assert_eq!(at(later(life + 1)), Err(CodeError::Expired));
        assert_eq!(at(later(-60)), Ok(()));
        assert_eq!(at(later(-61)), Err(CodeError::FromTheFuture));
    }
    assert!(pass.is_of(&GRANT, &DELIVERY, &thumbprint));
}

#[test]
fn a_pass_is_for_one_consent_and_by_its_holder() {
    let (key, thumbprint) = holder(9);
    let pass = Pass::make(&GRANT, &DELIVERY, &key, now());
    let read = Pass::parse(&pass.text(), later(5)).unwrap();
    assert!(read.is_of(&GRANT, &DELIVERY, &thumbprint));
    assert!(!read.is_of(&GrantId([6; 32]), &DELIVERY, &thumbprint));
    assert!(!read.is_of(&GRANT, &Digest32([6; 32]), &thumbprint));
    assert!(!read.is_of(&GRANT, &DELIVERY, &holder(10).1));
    // Made by somebody who knows the consent, such as the desk itself, but not the key.
    let forged = Pass::make(&GRANT, &DELIVERY, &holder(10).0, now());
    assert!(!forged.is_of(&GRANT, &DELIVERY, &thumbprint));
}

#[test]
fn a_pass_says_nothing_that_the_ledger_says() {
    let (key, _) = holder(9);
    let pass = Pass::make(&GRANT, &DELIVERY, &key, now());
    let other = Pass::make(&GRANT, &DELIVERY, &key, later(1));
    let bytes = |pass: &Pass| {
        let text = pass.text();
        URL_SAFE_NO_PAD.decode(text.split_once("?d=").unwrap().1).unwrap()
    };
    let (one, two) = (bytes(&pass), bytes(&other));
    let public = PublicKey::from(&key).thumbprint();
    for known in [&GRANT.0[..], &DELIVERY.0[..], &public[..]] {
        assert!(!one.windows(8).any(|bytes| known.windows(8).any(|k| k == bytes)));
    }
    // Two passes of one consent have nothing in common but version and time.
    assert!(
        !one[6..]
            .windows(4)
            .any(|bytes| two[6..].windows(4).any(|t| t == bytes))
    );
}

#[test]
fn every_changed_bit_of_a_pass_is_noticed() {
    let (key, thumbprint) = holder(9);
    let text = Pass::make(&GRANT, &DELIVERY, &key, now()).text();
    let (beginning, data) = text.split_once("?d=").unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(data).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let altered = format!("{beginning}?d={}", URL_SAFE_NO_PAD.encode(altered));
        let holds =
            Pass::parse(&altered, later(1)).is_ok_and(|pass| pass.is_of(&GRANT, &DELIVERY, &thumbprint));
        assert!(!holds, "bit {bit}");
    }
}

#[test]
fn what_is_no_shown_code_is_refused_by_what_it_is() {
    let read = |text: &str| Offer::parse(text, now()).map_err(CodeError::code);
    let text = offer().text();
    assert_eq!(read("hello"), Err("shown_code_not_one"));
    assert_eq!(read(&"x".repeat(301)), Err("shown_code_too_long"));
    assert_eq!(read(&text[..text.len() - 4]), Err("shown_code_damaged"));
    assert_eq!(read(&text.replace("d=", "d=!")), Err("shown_code_damaged"));
    let newer = text.replace("d=AQ", "d=Ag");
    assert_ne!(newer, text);
    assert_eq!(read(&newer), Err("shown_code_other_version"));
    // A point that is not on the curve.
    let mut bytes = URL_SAFE_NO_PAD.decode(text.split_once("?d=").unwrap().1).unwrap();
    bytes[18..50].fill(0xff);
    let off = format!("carnet:offer?d={}", URL_SAFE_NO_PAD.encode(bytes));
    assert_eq!(read(&off), Err("shown_code_damaged"));
}

proptest! {
    #[test]
    fn no_text_makes_a_shown_code_panic(text in ".{0,400}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let data = URL_SAFE_NO_PAD.encode(&bytes);
        for text in [text, format!("carnet:offer?d={data}"), format!("carnet:pass?d={data}")] {
            let _ = Offer::parse(&text, now());
            let _ = Pass::parse(&text, now());
            let _ = offer::open(&text, &secret(2));
        }
    }
}

//! What is asked and shown at a counter with the cable out: two codes, each good for one thing only.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on should stop"
)]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::jwk::PublicKey;
use carnet_eligibility::{Issuance, Randomness, Request, Rules, Statement, check, issue, prove};
use carnet_exchange::{
    Entry, TrustList,
    code::LIFE,
    counter::{
        AnswerError, Challenge, ChallengeError, SealingSecret,
        answer::{open, seal},
        challenge::digest_of,
    },
    trust::{Role, TrustError},
};
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

fn now() -> Timestamp {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn secret(seed: u8) -> SealingSecret {
    SealingSecret::from_bytes(&[seed; 32]).unwrap()
}

fn entry(id: &str, seed: u8) -> Entry {
    Entry {
        id: id.to_owned(),
        name: format!("{id} ltd."),
        client_ids: vec![format!("x509_hash:{id}")],
        origins: vec![format!("https://{id}.example")],
        purposes: vec![],
        roles: vec![Role::Verifier],
        registries: vec![],
        log_keys: vec![],
        issuer_keys: vec![],
        request_keys: vec![],
        offline_keys: vec![PublicKey::from(&key(seed))],
        local: None,
    }
}

fn list() -> TrustList {
    TrustList {
        version: 1,
        issued: later(-3600),
        expires: later(3600),
        authority: "Authority of Tests".into(),
        development: true,
        entries: vec![entry("sunny-pharmacy", 1), entry("other-pharmacy", 2)],
    }
}

fn statements() -> Vec<Value> {
    let list = "ab".repeat(32);
    let places: Vec<u16> = (0..16).map(|place| 65_000 + place).collect();
    vec![
        json!({ "statement": "age-at-least", "years": 65 }),
        json!({ "statement": "age-between", "from": 18, "to": 64 }),
        json!({ "statement": "cover-active-on", "day": "2026-03-01" }),
        json!({ "statement": "income-below", "amount": 4_294_967_295_u32, "currency": "EUR" }),
        json!({ "statement": "lab-in-range", "loinc": "4548-4", "unit": "%", "scale": 1, "low": 40, "high": 70, "max_age_days": 90 }),
        json!({ "statement": "lab-in-range", "loinc": "1".repeat(32), "unit": "m".repeat(32), "scale": 6, "low": 0,
                "high": 4_294_967_295_u32, "max_age_days": 40_000 }),
        json!({ "statement": "code-in", "list": list, "first": 3, "last": 9 }),
        json!({ "statement": "code-among", "list": list, "places": [1, 5] }),
        json!({ "statement": "code-among", "list": list, "places": places }),
    ]
}

fn statement(value: &Value) -> Statement {
    serde_json::from_value(value.clone()).unwrap()
}

fn challenge(asked: &Value) -> Challenge {
    Challenge {
        statement: statement(asked),
        made: now(),
        nonce: [5; 32],
        seal_to: secret(6).public(),
    }
}

fn age() -> Value {
    json!({ "statement": "age-at-least", "years": 65 })
}

fn text() -> String {
    challenge(&age()).sign(&key(1)).unwrap()
}

fn read(text: &str) -> Result<Challenge, ChallengeError> {
    Challenge::read(text, &list(), later(1)).map(|(challenge, _)| challenge)
}

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.split_once("?d=").unwrap().1).unwrap()
}

fn as_text(bytes: &[u8]) -> String {
    format!("carnet:check?d={}", URL_SAFE_NO_PAD.encode(bytes))
}

/// What a dishonest party of the list could sign.
fn signed_by_hand(by: &SigningKey, alter: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = bytes(&text());
    bytes.truncate(bytes.len() - 64);
    alter(&mut bytes);
    let signature = by.sign(&[b"carnet-counter-challenge-v1", &bytes[..]].concat());
    bytes.extend_from_slice(&signature.to_bytes());
    as_text(&bytes)
}

#[test]
fn every_statement_can_be_asked_in_a_code_that_is_easy_to_scan() {
    for asked in statements() {
        let challenge = challenge(&asked);
        let text = challenge.sign(&key(1)).unwrap();
        assert!(text.len() <= 450, "{} for {asked}", text.len());
        let list = list();
        let (back, who) = Challenge::read(&format!(" {text}\n"), &list, later(1)).unwrap();
        assert_eq!(back, challenge);
        assert_eq!(who.id, "sunny-pharmacy");
        assert_eq!(carnet_qr::read(&picture(&text)).unwrap(), [text]);
    }
    assert!(text().len() <= 210, "{}", text().len());
}

// ATTACKS 28
#[test]
fn every_flipped_bit_of_a_challenge_is_noticed() {
    let (text, mut refused) = (text(), std::collections::BTreeSet::new());
    let whole = bytes(&text);
    for bit in 0..whole.len() * 8 {
        let mut altered = whole.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        refused.insert(read(&as_text(&altered)).unwrap_err().code());
    }
    assert_eq!(
        refused.into_iter().collect::<Vec<_>>(),
        [
            "challenge_other_version",
            "challenge_signature",
            "challenge_unlisted"
        ]
    );
}

#[test]
fn a_challenge_is_good_for_five_minutes() {
    let at = |seconds| {
        let list = list();
        Challenge::read(&text(), &list, later(seconds)).map(drop)
    };
    assert_eq!(at(LIFE.as_secs()), Ok(()));
    assert_eq!(at(LIFE.as_secs() + 1), Err(ChallengeError::Expired));
    assert_eq!(at(-60), Ok(()));
    assert_eq!(at(-61), Err(ChallengeError::FromTheFuture));
}

// ATTACKS 28: who is not on the list does not ask, and nobody asks in another's name.
#[test]
fn only_who_is_on_the_list_asks_and_only_in_its_own_name() {
    let by = |key: &SigningKey| challenge(&age()).sign(key).unwrap();
    assert_eq!(read(&by(&key(3))), Err(ChallengeError::Unlisted));
    let list_now = list();
    let (_, who) = Challenge::read(&by(&key(2)), &list_now, later(1)).unwrap();
    assert_eq!(who.id, "other-pharmacy");
    // The other pharmacy's signature under this one's key id.
    let id = bytes(&text())[1..9].to_vec();
    let forged = signed_by_hand(&key(2), |bytes| bytes[1..9].copy_from_slice(&id));
    assert_eq!(read(&forged), Err(ChallengeError::Signature));
    // On the list, but not as somebody who asks.
    let mut list = list();
    list.entries[0].roles = vec![Role::Issuer];
    assert_eq!(
        Challenge::read(&text(), &list, later(1)).unwrap_err().code(),
        "challenge_unlisted"
    );
    // An honest signature for something else is none for this.
    let mut bytes = bytes(&text());
    let at = bytes.len() - 64;
    let bare = key(1).sign(&bytes[..at]).to_bytes();
    bytes[at..].copy_from_slice(&bare);
    assert_eq!(read(&as_text(&bytes)), Err(ChallengeError::Signature));
}

#[test]
fn what_is_no_challenge_is_refused_by_what_it_is() {
    let code = |text: &str| read(text).unwrap_err().code();
    let text = text();
    assert_eq!(code("hello"), "challenge_not_one");
    assert_eq!(code("carnet:pass?d=AQ"), "challenge_not_one");
    assert_eq!(code(""), "challenge_not_one");
    assert_eq!(code("carnet:check?d="), "challenge_damaged");
    assert_eq!(code("carnet:check?d=AQ"), "challenge_damaged");
    assert_eq!(code(&text.replace("d=", "d=!")), "challenge_damaged");
    assert_eq!(code(&format!("{text}=")), "challenge_damaged");
    assert_eq!(code(&format!("{text}{}", "A".repeat(400))), "challenge_too_long");
    // Text that decodes to the same bytes, but isn't the same text: there is one text only.
    let last = text.len() - 1;
    let other = format!("{}{}", &text[..last], char::from(text.as_bytes()[last] + 1));
    assert_ne!(read(&other), Ok(challenge(&age())));
    // Signed, and still not to be understood.
    let with = |statement: &[u8]| {
        let signed = signed_by_hand(&key(1), |bytes| {
            bytes.truncate(78);
            bytes.extend_from_slice(statement);
        });
        read(&signed)
    };
    assert!(with(&[1, 65]).is_ok());
    for ill_formed in [
        &[][..],
        &[0],
        &[8, 1],
        &[1],
        &[1, 65, 0],
        &[4, 0, 0, 0, 1, b'e', b'u', b'r'],
        &[5, 0, 1, b'%', 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1],
        &[5, 200],
        &[7],
    ] {
        assert_eq!(with(ill_formed), Err(ChallengeError::Damaged), "{ill_formed:?}");
    }
    for senseless in [
        &[1, 0][..],
        &[1, 151],
        &[2, 20, 10],
        &[4, 0, 0, 0, 0, b'E', b'U', b'R'],
    ] {
        assert_eq!(with(senseless).unwrap_err().code(), "challenge_statement");
    }
    // Places that are not ascending, or too many.
    let places = |places: &[u16]| {
        let places = places.iter().flat_map(|place| place.to_be_bytes());
        [7].into_iter().chain([0; 32]).chain(places).collect::<Vec<u8>>()
    };
    for wrong in [
        places(&[1]),
        places(&[2, 1]),
        places(&[1, 1]),
        places(&(0..17).collect::<Vec<_>>()),
    ] {
        assert_eq!(with(&wrong).unwrap_err().code(), "challenge_statement");
    }
}

#[test]
fn an_offline_key_is_an_ed25519_key_and_one_party_s_alone() {
    assert_eq!(list().check(), Ok(()));
    let mut doubled = list();
    doubled.entries[1].offline_keys = doubled.entries[0].offline_keys.clone();
    assert_eq!(doubled.check(), Err(TrustError::Ambiguous));
    let mut other = list();
    let p256 = p256::ecdsa::SigningKey::from_slice(&[3; 32]).unwrap();
    other.entries[0].offline_keys = vec![PublicKey::from(&p256)];
    assert_eq!(other.check(), Err(TrustError::Malformed));
}

// The answer.

fn bound(asked: &Value) -> (Request, [u8; 32]) {
    let text = challenge(asked).sign(&key(1)).unwrap();
    let digest = digest_of(&text);
    let list = list();
    let (read, who) = Challenge::read(&text, &list, later(1)).unwrap();
    (read.asked(&who.id, digest).unwrap(), digest)
}

fn fitting(asked: &Value) -> Vec<u32> {
    match asked["statement"].as_str().unwrap() {
        "age-at-least" => vec![10_000],
        "age-between" => vec![30_000],
        "cover-active-on" => vec![46_000, 46_200],
        "income-below" => vec![1_000],
        "lab-in-range" => vec![55, 46_075],
        "code-in" => vec![5],
        "code-among" => vec![asked["places"][0].as_u64().unwrap() as u32],
        other => panic!("{other}"),
    }
}

fn proof(asked: &Value) -> Vec<u8> {
    let (request, _) = bound(asked);
    let holder = key(9);
    let fresh = |seed: u8| Randomness::new(Sha512::digest([seed]).into()).unwrap();
    let (copy, opening) = issue(
        &Issuance {
            kind: &request.statement.kind(),
            values: &fitting(asked),
            holder: &holder.verifying_key(),
            from: request.as_of,
            until: request.as_of,
        },
        &key(8),
        fresh(1),
    )
    .unwrap();
    prove(&request, &copy, &opening, &holder, fresh(2))
        .unwrap()
        .to_bytes()
}

fn random() -> [u8; 64] {
    Sha512::digest(b"fresh").into()
}

fn answer(asked: &Value) -> String {
    seal(&proof(asked), &secret(6).public(), &bound(asked).1, &random()).unwrap()
}

#[test]
fn every_answer_fits_a_code_and_is_read_back_and_proves_what_was_asked() {
    for asked in statements() {
        let answer = answer(&asked);
        let alphanumeric = |letter: char| {
            letter.is_ascii_digit() || letter.is_ascii_uppercase() || " $%*+-./:".contains(letter)
        };
        assert!(
            answer.chars().all(alphanumeric),
            "a byte-mode code would be larger"
        );
        let modules = modules(&answer).0;
        // 17 modules and 4 for each version; 16 single codes take one version more than 25.
        let most = if asked["places"]
            .as_array()
            .is_some_and(|places| places.len() == 16)
        {
            26
        } else {
            25
        };
        assert!(
            modules <= 17 + 4 * most,
            "{modules} for {asked}, {}",
            answer.len()
        );
        let read = carnet_qr::read(&picture(&answer)).unwrap();
        assert_eq!(read, [answer]);

        let (request, digest) = bound(&asked);
        let presentation = open(&format!("{}\n", read[0]), &secret(6), &digest).unwrap();
        let rules = Rules {
            issuers: &[key(8).verifying_key()],
            today: request.as_of,
        };
        assert_eq!(
            check(&presentation, &request, &rules).unwrap().issuer,
            key(8).verifying_key()
        );
    }
    assert!(answer(&age()).len() <= 1_210);
}

// ATTACKS 28
#[test]
fn an_answer_is_for_its_own_challenge_alone() {
    let answer = answer(&age());
    let (request, digest) = bound(&age());
    assert!(open(&answer, &secret(6), &digest).is_ok());
    assert_eq!(open(&answer, &secret(7), &digest), Err(AnswerError::NotForThis));
    // The same key under another challenge: the seal is bound to the text.
    let other = Challenge {
        nonce: [6; 32],
        ..challenge(&age())
    }
    .sign(&key(1))
    .unwrap();
    assert_eq!(
        open(&answer, &secret(6), &digest_of(&other)),
        Err(AnswerError::NotForThis)
    );
    // A proof for one statement, pharmacy or challenge, sealed anew for another.
    let rules = Rules {
        issuers: &[key(8).verifying_key()],
        today: request.as_of,
    };
    let proof = proof(&age());
    assert!(check(&proof, &request, &rules).is_ok());
    let older = json!({ "statement": "age-at-least", "years": 64 });
    for changed in [
        Request {
            statement: statement(&older),
            ..request.clone()
        },
        Request {
            audience: "urn:carnet:offline:other-pharmacy".into(),
            ..request.clone()
        },
        Request {
            audience: "sunny-pharmacy".into(),
            ..request.clone()
        },
        challenge(&age())
            .asked("sunny-pharmacy", digest_of(&other))
            .unwrap(),
    ] {
        assert_eq!(
            check(&proof, &changed, &rules).unwrap_err().code(),
            "eligibility_holder"
        );
    }
}

// ATTACKS 28
#[test]
fn every_flipped_bit_of_an_answer_is_noticed() {
    let answer = answer(&age());
    let digest = bound(&age()).1;
    let whole = base45::decode(&answer["CARNET:A1/".len()..]).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut altered = whole.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let altered = format!("CARNET:A1/{}", base45::encode(&altered));
        assert_eq!(
            open(&altered, &secret(6), &digest),
            Err(AnswerError::NotForThis),
            "bit {bit}"
        );
    }
}

#[test]
fn what_is_no_answer_is_refused_by_what_it_is() {
    let answer = answer(&age());
    let digest = bound(&age()).1;
    let code = |text: &str| open(text, &secret(6), &digest).unwrap_err().code();
    assert_eq!(code("hello"), "counter_answer_not_one");
    assert_eq!(code(&text()), "counter_answer_not_one");
    assert_eq!(
        code(&answer.replace("A1/", "A2/")),
        "counter_answer_other_version"
    );
    assert_eq!(code(&answer.to_lowercase()), "counter_answer_not_one");
    assert_eq!(code("CARNET:A1/"), "counter_answer_damaged");
    assert_eq!(code("CARNET:A1/äöü"), "counter_answer_damaged");
    assert_eq!(code("CARNET:A1/A"), "counter_answer_damaged");
    let whole = base45::decode(&answer["CARNET:A1/".len()..]).unwrap();
    let cut_or_longer = |bytes: &[u8]| code(&format!("CARNET:A1/{}", base45::encode(bytes)));
    assert_eq!(cut_or_longer(&whole[..31]), "counter_answer_damaged");
    assert_eq!(
        cut_or_longer(&whole[..whole.len() - 1]),
        "counter_answer_not_for_this"
    );
    assert_eq!(
        cut_or_longer(&[&whole[..], &[0]].concat()),
        "counter_answer_not_for_this"
    );
    assert_eq!(
        code(&format!("{answer}{}", "0".repeat(2_000))),
        "counter_answer_too_long"
    );
    // Two letters that say more than a byte, as some decoders would let pass.
    assert_eq!(code("CARNET:A1/::"), "counter_answer_damaged");
    // A key that would agree on zero with everybody.
    let weak = format!("CARNET:A1/{}", base45::encode([0; 64]));
    assert_eq!(code(&weak), "counter_answer_not_for_this");
    assert_eq!(
        seal(b"proof", &[0; 32], &digest, &random()).unwrap_err().code(),
        "counter_answer_key"
    );
}

#[test]
fn two_answers_to_two_challenges_have_nothing_in_common() {
    let sealed = |random: &[u8; 64]| {
        let text = seal(&[7; 700], &secret(6).public(), &[1; 32], random).unwrap();
        base45::decode(&text["CARNET:A1/".len()..]).unwrap()
    };
    let (one, two) = (sealed(&random()), sealed(&Sha512::digest(b"other").into()));
    assert!(
        !one.windows(8)
            .any(|bytes| two.windows(8).any(|other| other == bytes))
    );
}

proptest! {
    #[test]
    fn no_text_makes_a_counter_s_code_panic(text in ".{0,500}", bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let signed = signed_by_hand(&key(1), |signed| {
            signed.truncate(78);
            signed.extend_from_slice(&bytes);
        });
        for text in [text.clone(), as_text(&bytes), signed, format!("carnet:check?d={text}")] {
            if let Ok(challenge) = read(&text) {
                // Whatever is understood is said in one way only.
                prop_assert_eq!(challenge.sign(&key(1)).unwrap(), text);
            }
        }
        let digest = [1; 32];
        for text in [text.clone(), format!("CARNET:A1/{text}"), format!("CARNET:A1/{}", base45::encode(&bytes))] {
            prop_assert!(open(&text, &secret(6), &digest).is_err());
        }
    }

    #[test]
    fn every_statement_that_can_be_asked_comes_back(
        years in 1_u8..=150, amount in 1_u32.., day in 0_u16.., low in 0_u32..1000, width in 0_u32..1000,
        unit in "[!-~]{1,32}", places in proptest::collection::btree_set(any::<u16>(), 2..=16),
    ) {
        let day = carnet_eligibility::Day::of_number(day);
        let list = "0f".repeat(32);
        for asked in [
            json!({ "statement": "age-at-least", "years": years }),
            json!({ "statement": "cover-active-on", "day": day }),
            json!({ "statement": "income-below", "amount": amount, "currency": "USD" }),
            json!({ "statement": "lab-in-range", "loinc": "4548-4", "unit": unit, "scale": 2, "low": low,
                    "high": low + width, "max_age_days": 30 }),
            json!({ "statement": "code-among", "list": list, "places": places }),
        ] {
            match challenge(&asked).sign(&key(1)) {
                Ok(text) => prop_assert_eq!(read(&text), Ok(challenge(&asked))),
                // Before 1900 there are no days.
                Err(error) => prop_assert_eq!(error.code(), "challenge_statement"),
            }
        }
    }
}

/// Side in modules without the quiet zone, and which modules are dark, as our SVG has them.
fn modules(text: &str) -> (usize, Vec<(usize, usize)>) {
    let svg = carnet_qr::svg(text).unwrap();
    let view = svg.split_once("viewBox=\"0 0 ").unwrap().1;
    let side: usize = view.split(' ').next().unwrap().parse().unwrap();
    let path = svg.split_once("<path d=\"").unwrap().1;
    let path = path.split('"').next().unwrap();
    let dark = path.split('M').skip(1).map(|step| {
        let (place, square) = step.split_once('h').unwrap();
        assert_eq!(square, "1v1h-1");
        let (x, y) = place.split_once(',').unwrap();
        (x.parse().unwrap(), y.parse().unwrap())
    });
    (side - 8, dark.collect())
}

/// Four pixels to a module: what a screen shows.
fn picture(text: &str) -> Vec<u8> {
    let (side, dark) = modules(text);
    let pixels = (side as u32 + 8) * 4;
    let mut grey = image::GrayImage::from_pixel(pixels, pixels, image::Luma([255]));
    for (x, y) in dark {
        for (right, down) in (0..16).map(|step| (step % 4, step / 4)) {
            grey.put_pixel(x as u32 * 4 + right, y as u32 * 4 + down, image::Luma([0]));
        }
    }
    let mut png = std::io::Cursor::new(Vec::new());
    grey.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

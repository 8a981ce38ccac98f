//! Batches with one thing wrong at a time (the same against a real process: `tests/interop/cases/openid4vci.mjs`).

use carnet_credentials::{
    sd_jwt::{ClaimPath, Issuance, issue},
    status::token::Reference,
};
use carnet_exchange::{Entry, TrustList, trust::Role};
use jiff::Timestamp;
use p256::ecdsa::SigningKey;
use serde_json::{Map, Value, json};

use super::*;

const ISSUER: &str = "https://insurer.example";
const VCT: &str = "urn:example:card:1";

fn issuer_key() -> SigningKey {
    SigningKey::from_slice(&[41; 32]).unwrap()
}

fn list() -> TrustList {
    let entry = |id: &str, origin: &str, role, key: u8| Entry {
        id: id.to_owned(),
        name: id.to_owned(),
        client_ids: vec![],
        origins: vec![origin.to_owned()],
        purposes: vec![],
        roles: vec![role],
        registries: vec![],
        log_keys: vec![],
        issuer_keys: vec![PublicKey::from(&SigningKey::from_slice(&[key; 32]).unwrap())],
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
            entry("insurer", ISSUER, Role::Issuer, 41),
            entry("other", "https://other.example", Role::Issuer, 42),
            entry("clinic", "https://clinic.example", Role::Verifier, 43),
        ],
    }
}

fn own(seed: u8) -> CopyKey {
    CopyKey::new(p256::SecretKey::from_slice(&[seed; 32]).unwrap())
}

/// A copy for the key of this number, with these claims changed.
fn copy(number: u8, salt: u8, changed: &Value, by: &SigningKey) -> String {
    let now = Timestamp::now().as_second();
    let mut claims = json!({
        "iss": ISSUER, "vct": VCT, "iat": now, "exp": now + 86_400, "plan": "Family",
        "status": Reference::new("https://insurer.example/s", number.into()).to_claim(),
    });
    for (name, value) in changed.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let Value::Object(claims) = claims else {
        unreachable!()
    };
    let disclosable: [ClaimPath; 1] = [["plan"].into()];
    let issuance = Issuance {
        claims,
        disclosable: &disclosable,
        salts: &[[salt; 16]],
        decoys: &[],
        holder: &PublicKey::from(&own(number).signing_key()),
        header: Map::new(),
    };
    issue(&issuance, by).unwrap()
}

fn check(texts: &[String]) -> Result<usize, RefusedCopies> {
    let came: Vec<Value> = texts.iter().map(|text| text.as_str().into()).collect();
    let expected = Expected {
        kind: VCT,
        entry_id: "insurer",
        offer_id: "o",
        keys: &[HolderKey::P256(own(1)), HolderKey::P256(own(2))],
        single_use: true,
    };
    copies(&came, &expected, &list(), Timestamp::now()).map(|copies| copies.len())
}

/// A good first copy, and a second one that differs by this.
fn second(changed: &Value) -> Result<usize, RefusedCopies> {
    let key = issuer_key();
    check(&[copy(1, 1, &json!({}), &key), copy(2, 2, changed, &key)])
}

#[test]
fn copies_that_say_the_same_for_keys_of_their_own_are_kept() {
    assert_eq!(second(&json!({})), Ok(2));
}

#[test]
fn one_wrong_copy_refuses_the_batch() {
    let (past, ahead) = (
        Timestamp::now().as_second() - 10,
        Timestamp::now().as_second() + 3_600,
    );
    for (changed, refused) in [
        (json!({ "vct": "urn:example:other:1" }), RefusedCopies::WrongType),
        (
            json!({ "iss": "https://other.example" }),
            RefusedCopies::BadSignature,
        ),
        (
            json!({ "iss": "https://nobody.example" }),
            RefusedCopies::WrongIssuer,
        ),
        (
            json!({ "iss": "https://clinic.example" }),
            RefusedCopies::WrongIssuer,
        ),
        (json!({ "exp": past }), RefusedCopies::Expired),
        (json!({ "iat": ahead }), RefusedCopies::Future),
        (json!({ "plan": "Single" }), RefusedCopies::Differ),
        (json!({ "exp": ahead }), RefusedCopies::Differ),
        (
            json!({ "status": Reference::new("https://insurer.example/s", 1).to_claim() }),
            RefusedCopies::Linkable,
        ),
    ] {
        assert_eq!(second(&changed), Err(refused), "{changed}");
    }
}

#[test]
fn a_copy_for_a_key_of_somebody_else_or_twice_for_one_is_refused() {
    let (key, good) = (issuer_key(), copy(1, 1, &json!({}), &issuer_key()));
    assert_eq!(
        check(&[copy(9, 2, &json!({}), &key)]),
        Err(RefusedCopies::WrongKey)
    );
    let status = json!({ "status": Reference::new("https://insurer.example/s", 7).to_claim() });
    assert_eq!(
        check(&[good, copy(1, 2, &status, &key)]),
        Err(RefusedCopies::SameKey)
    );
}

#[test]
fn the_other_issuer_of_the_list_can_not_stand_in() {
    let other = SigningKey::from_slice(&[42; 32]).unwrap();
    assert_eq!(
        check(&[copy(1, 1, &json!({}), &other)]),
        Err(RefusedCopies::BadSignature)
    );
    let theirs = json!({ "iss": "https://other.example" });
    assert_eq!(
        check(&[copy(1, 1, &theirs, &other)]),
        Err(RefusedCopies::WrongIssuer)
    );
}

#[test]
fn the_same_salt_in_two_copies_is_refused() {
    let key = issuer_key();
    let texts = [copy(1, 5, &json!({}), &key), copy(2, 5, &json!({}), &key)];
    assert_eq!(check(&texts), Err(RefusedCopies::Linkable));
}

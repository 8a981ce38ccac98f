//! The JSON of a copy and of a presentation says what was signed and nothing else.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use carnet_eligibility::{
    Copy, Day, Issuance, Kind, Opening, Randomness, Request, Rules, check, credential, issue, prove,
};
use ed25519_dalek::{SigningKey, VerifyingKey};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

fn day(text: &str) -> Day {
    serde_json::from_value(json!(text)).unwrap()
}

fn bytes(seed: u64) -> Randomness {
    Randomness::new(Sha512::digest(seed.to_be_bytes()).into()).unwrap()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn issuers() -> Vec<VerifyingKey> {
    vec![key(7).verifying_key(), key(1).verifying_key()]
}

fn born() -> u32 {
    day("1950-06-01").number().into()
}

fn copy() -> (Copy, Opening) {
    let issuance = Issuance {
        kind: &Kind::BirthDate,
        values: &[born()],
        holder: &key(2).verifying_key(),
        from: day("2026-11-23"),
        until: day("2026-11-29"),
    };
    issue(&issuance, &key(1), bytes(9)).unwrap()
}

fn issued() -> Value {
    let (copy, opening) = copy();
    credential::issued(&copy, &opening)
}

fn request() -> Request {
    Request {
        statement: serde_json::from_value(json!({"statement": "age-at-least", "years": 65})).unwrap(),
        as_of: day("2026-11-23"),
        audience: "x509_hash:pharmacy".into(),
        nonce: serde_json::from_value(json!("07".repeat(32))).unwrap(),
    }
}

fn shown() -> Value {
    let (copy, opening) = copy();
    credential::shown(&prove(&request(), &copy, &opening, &key(2), bytes(11)).unwrap())
}

fn refusal(credential: &Value) -> &'static str {
    credential::read_issued(credential, &issuers())
        .map_err(|error| error.code())
        .unwrap_err()
}

fn refusal_of_shown(credential: &Value) -> &'static str {
    credential::read_shown(credential, &request(), &issuers())
        .map_err(|error| error.code())
        .unwrap_err()
}

#[test]
fn a_copy_comes_back_whole_with_what_it_hides() {
    let (copy, opening) = copy();
    let credential = credential::issued(&copy, &opening);
    assert_eq!(credential["validFrom"], "2026-11-23T00:00:00Z");
    assert_eq!(credential["validUntil"], "2026-11-30T00:00:00Z");
    assert_eq!(
        credential["credentialSubject"]["eligibility"],
        json!({"type": "birth-date"})
    );
    let (read, opened) = credential::read_issued(&credential, &issuers()).unwrap();
    assert_eq!(read, copy);
    assert_eq!(opened.values(), [born()]);
}

#[test]
fn what_is_shown_travels_as_json_and_is_checked_as_bytes() {
    let bytes = credential::read_shown(&shown(), &request(), &issuers()).unwrap();
    let rules = Rules {
        issuers: &issuers(),
        today: day("2026-11-23"),
    };
    let checked = check(&bytes, &request(), &rules).unwrap();
    assert_eq!(checked.until, day("2026-11-29"));
}

#[test]
fn nothing_of_what_is_hidden_is_shown() {
    let (_, opening) = copy();
    let credential = shown();
    let proof = credential::read_shown(&credential, &request(), &issuers()).unwrap();
    let secrets = opening.to_bytes();
    let (value, blinding) = secrets.split_at(4);
    assert!(!proof.windows(32).any(|window| window == blinding));
    assert!(!proof.windows(4).any(|window| window == value));
    assert!(!credential.to_string().contains("1950"));
}

/// Every member of the JSON, what it could be changed into, and the code of the refusal.
fn changes() -> Vec<(&'static str, Value, &'static str)> {
    let other = credential::issued(
        &issue(
            &Issuance {
                kind: &Kind::BirthDate,
                values: &[born()],
                holder: &key(3).verifying_key(),
                from: day("2026-11-23"),
                until: day("2026-11-29"),
            },
            &key(7),
            bytes(9),
        )
        .unwrap()
        .0,
        &copy().1,
    );
    vec![
        (
            "/@context",
            json!(["https://www.w3.org/ns/credentials/v2", "https://other.example/"]),
            "eligibility_credential_context",
        ),
        (
            "/@context/0",
            json!("https://www.w3.org/2018/credentials/v1"),
            "eligibility_credential_context",
        ),
        (
            "/type",
            json!("EligibilityCredential"),
            "eligibility_credential_type",
        ),
        (
            "/type/1",
            json!("InsuranceCredential"),
            "eligibility_credential_type",
        ),
        (
            "/issuer",
            other["issuer"].clone(),
            "eligibility_credential_issuer",
        ),
        (
            "/issuer",
            json!({"id": "did:key:z"}),
            "eligibility_credential_issuer",
        ),
        (
            "/validFrom",
            json!("2026-11-22T00:00:00Z"),
            "eligibility_credential_valid_from",
        ),
        (
            "/validUntil",
            json!("2027-11-30T00:00:00Z"),
            "eligibility_credential_valid_until",
        ),
        // The same moment in other words: one credential, one spelling.
        (
            "/validUntil",
            json!("2026-11-30T00:00:00+00:00"),
            "eligibility_credential_valid_until",
        ),
        (
            "/credentialSubject/id",
            other["credentialSubject"]["id"].clone(),
            "eligibility_credential_holder",
        ),
        (
            "/credentialSubject/eligibility/type",
            json!("blood-group"),
            "eligibility_credential_kind",
        ),
        (
            "/credentialSubject/eligibility",
            json!({"type": "birth-date", "currency": "EUR"}),
            "eligibility_credential_kind",
        ),
        (
            "/proof/type",
            json!("Ed25519Signature2020"),
            "eligibility_credential_proof_type",
        ),
        (
            "/proof/cryptosuite",
            json!("bbs-2023"),
            "eligibility_credential_cryptosuite",
        ),
        (
            "/proof/proofPurpose",
            json!("authentication"),
            "eligibility_credential_purpose",
        ),
        (
            "/proof/verificationMethod",
            other["proof"]["verificationMethod"].clone(),
            "eligibility_credential_method",
        ),
        (
            "/proof/proofValue",
            json!("zABC"),
            "eligibility_credential_proof_value",
        ),
        (
            "/proof/proofValue",
            json!("u"),
            "eligibility_credential_proof_value",
        ),
        (
            "/proof/proofValue",
            json!(7),
            "eligibility_credential_proof_value",
        ),
        (
            "/proof/proofValue",
            json!("uA".repeat(4_000)),
            "eligibility_credential_proof_value",
        ),
    ]
}

#[test]
fn every_member_that_is_changed_is_refused_by_its_own_name() {
    for (path, value, code) in changes() {
        let mut credential = issued();
        *credential.pointer_mut(path).unwrap() = value.clone();
        assert_eq!(refusal(&credential), code, "{path}");
        let mut credential = shown();
        *credential.pointer_mut(path).unwrap() = value;
        assert_eq!(refusal_of_shown(&credential), code, "{path} shown");
    }
}

#[test]
fn a_member_that_is_missing_or_that_nobody_signed_is_refused() {
    let members = [
        (
            "",
            vec![
                "@context",
                "type",
                "issuer",
                "validFrom",
                "validUntil",
                "credentialSubject",
                "proof",
            ],
        ),
        ("/credentialSubject", vec!["id", "eligibility"]),
        (
            "/proof",
            vec![
                "type",
                "cryptosuite",
                "proofPurpose",
                "verificationMethod",
                "proofValue",
            ],
        ),
    ];
    for (place, names) in members {
        for name in names {
            let mut credential = issued();
            let object = credential.pointer_mut(place).unwrap().as_object_mut().unwrap();
            object.remove(name).unwrap();
            assert_eq!(
                refusal(&credential),
                "eligibility_credential_malformed",
                "{place}/{name}"
            );
        }
        for more in ["id", "name", "created", "evidence", "credentialStatus", "nonce"] {
            let mut credential = issued();
            let object = credential.pointer_mut(place).unwrap().as_object_mut().unwrap();
            if object.insert(more.to_owned(), json!("x")).is_none() {
                assert_eq!(
                    refusal(&credential),
                    "eligibility_credential_unsigned_member",
                    "{place}/{more}"
                );
            }
        }
    }
    for other in [json!(null), json!([]), json!("eyJ"), json!({})] {
        assert_eq!(refusal(&other), "eligibility_credential_malformed");
    }
}

fn with_proof(edit: impl FnOnce(&mut Vec<u8>)) -> Value {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let mut credential = issued();
    let text = credential["proof"]["proofValue"].as_str().unwrap()[1..].to_owned();
    let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
    edit(&mut bytes);
    credential["proof"]["proofValue"] = format!("u{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)).into();
    credential
}

#[test]
fn the_bytes_of_the_proof_are_refused_where_they_are_not_the_issuers() {
    let length = 1 + 8 + 32 + 2 + 2 + 32 + 64 + 4 + 32;
    for (from, to, code) in [
        (0, 1, "eligibility_credential_version"),
        (1, 9, "eligibility_credential_unknown_issuer"),
        (43, 45, "eligibility_credential_valid_until"),
        (45, 77, "eligibility_copy_signature"),
        (77, 141, "eligibility_copy_signature"),
        (141, 143, "eligibility_copy_value"),
        (143, 145, "eligibility_copy_opening"),
        (145, 146, "eligibility_copy_opening"),
    ] {
        for place in from..to {
            let changed = with_proof(|bytes| {
                assert_eq!(bytes.len(), length);
                bytes[place] ^= 1;
            });
            let refused = refusal(&changed);
            // A commitment that is no point any more is refused before the signature over it.
            let expected = [code, "eligibility_copy_commitment"].contains(&refused);
            assert!(expected, "byte {place}: {refused}");
        }
    }
    for place in 0..length {
        let refused = credential::read_issued(&with_proof(|bytes| bytes[place] ^= 0x80), &issuers());
        assert!(refused.is_err(), "byte {place}");
        let short = credential::read_issued(&with_proof(|bytes| bytes.truncate(place)), &issuers());
        assert!(short.is_err(), "{place} bytes");
    }
    assert_eq!(
        refusal(&with_proof(|bytes| bytes.push(0))),
        "eligibility_credential_proof_value"
    );
}

#[test]
fn a_copy_is_no_presentation_and_a_presentation_no_copy() {
    assert!(credential::read_shown(&issued(), &request(), &issuers()).is_err());
    assert_eq!(refusal(&shown()), "eligibility_credential_version");
}

#[test]
fn a_copy_by_nobody_who_is_known_is_refused() {
    let nobody = credential::read_issued(&issued(), &[key(7).verifying_key()]);
    assert_eq!(
        nobody.unwrap_err().code(),
        "eligibility_credential_unknown_issuer"
    );
    let nobody = credential::read_shown(&shown(), &request(), &[]);
    assert_eq!(
        nobody.unwrap_err().code(),
        "eligibility_credential_unknown_issuer"
    );
}

#[test]
fn a_presentation_about_another_kind_than_was_asked_for_is_refused() {
    let mut request = request();
    request.statement =
        serde_json::from_value(json!({"statement": "cover-active-on", "day": "2026-11-23"})).unwrap();
    let refused = credential::read_shown(&shown(), &request, &issuers());
    assert_eq!(refused.unwrap_err().code(), "eligibility_credential_kind");
}

proptest! {
    #[test]
    fn any_credential_is_answered_without_a_panic(
        kind in prop_oneof![
            Just(json!({"type": "birth-date"})), Just(json!({"type": "cover"})), Just(json!({"type": "code", "list": "0".repeat(64)}))
        ],
        proof in proptest::collection::vec(any::<u8>(), 0..400),
        begin in any::<bool>(),
    ) {
        use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
        let mut bytes = if begin { vec![0x81] } else { vec![1] };
        bytes.extend(carnet_eligibility::presentation::key_id(&key(1).verifying_key()));
        bytes.extend(proof);
        let mut credential = issued();
        credential["credentialSubject"]["eligibility"] = kind;
        credential["proof"]["proofValue"] = format!("u{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)).into();
        prop_assert!(credential::read_issued(&credential, &issuers()).is_err());
        prop_assert!(credential::read_shown(&credential, &request(), &issuers()).is_err());
    }
}

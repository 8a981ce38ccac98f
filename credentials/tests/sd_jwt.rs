//! SD-JWT: issue, present, check, and what must be refused.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{
    jwk::PublicKey,
    jws,
    sd_jwt::{self, Expect, Issuance, Issuer, KbClaims, PresentError, SdJwtError},
};
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::SigningKey;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

const VCT: &str = "urn:example:card:1";
const AUD: &str = "x509_hash:abc";
const NONCE: &str = "n-0S6_WzA2Mj";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn public(seed: u8) -> &'static PublicKey {
    Box::leak(Box::new(PublicKey::from(&key(seed))))
}

fn now() -> Timestamp {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { unreachable!() };
    map
}

fn claims() -> Map<String, Value> {
    object(json!({
        "iss": "https://issuer.example",
        "vct": VCT,
        "exp": now().as_second() + 3_600,
        "name": "Maria",
        "address": { "country": "PT", "city": "Porto", "geo": { "lat": 41.1 } },
    }))
}

const PATHS: [&[&str]; 4] = [&["name"], &["address", "city"], &["address", "geo"], &["address"]];

fn card() -> String {
    let issuance = Issuance {
        claims: claims(),
        disclosable: &PATHS,
        salts: &[[1; 16], [2; 16], [3; 16], [4; 16]],
        holder: &PublicKey::from(&key(2)),
        header: Map::new(),
    };
    sd_jwt::issue(&issuance, &key(1)).unwrap()
}

fn kb() -> KbClaims<'static> {
    KbClaims {
        aud: AUD,
        nonce: NONCE,
        iat: now(),
        extra: object(json!({ "more": [1] })),
    }
}

fn expect() -> Expect<'static> {
    Expect {
        aud: AUD,
        nonce: NONCE,
        vct: VCT,
        issuer: Issuer::Key {
            iss: "https://issuer.example",
            key: public(1),
        },
        now: now(),
        leeway: SignedDuration::from_secs(60),
        max_age: SignedDuration::from_secs(300),
    }
}

fn shown(disclose: &[&[&str]]) -> String {
    sd_jwt::present(&card(), disclose, &kb(), &key(2)).unwrap()
}

#[test]
fn what_is_disclosed_is_seen_and_nothing_else() {
    let cases: [(&[&[&str]], Value); 4] = [
        (&[], json!({})),
        (&[&["name"]], json!({ "name": "Maria" })),
        (
            &[&["address", "city"]],
            json!({ "address": { "country": "PT", "city": "Porto" } }),
        ),
        (
            &[&["address", "geo"], &["name"]],
            json!({ "name": "Maria", "address": { "country": "PT", "geo": { "lat": 41.1 } } }),
        ),
    ];
    for (disclose, visible) in cases {
        let checked = sd_jwt::check(&shown(disclose), &expect()).unwrap();
        let mut seen = checked.claims;
        for always in ["iss", "vct", "exp", "cnf"] {
            assert!(seen.remove(always).is_some());
        }
        assert_eq!(Value::Object(seen), visible);
        assert_eq!(checked.holder, PublicKey::from(&key(2)));
        assert_eq!(checked.kb["more"], json!([1]));
    }
    assert_eq!(
        sd_jwt::present(&card(), &[&["address", "country"]], &kb(), &key(2)).unwrap_err(),
        PresentError::NoSuchClaim
    );
    assert_eq!(
        sd_jwt::present(&card(), &[], &kb(), &key(3)).unwrap_err(),
        PresentError::WrongHolder
    );
}

#[test]
fn the_issued_text_does_not_contain_what_can_be_withheld() {
    let card = card();
    let payload = card.split('.').nth(1).unwrap();
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    for hidden in ["Maria", "Porto", "41.1", "address", "name"] {
        assert!(!payload.contains(hidden), "{hidden}");
    }
}

#[test]
fn a_proof_for_another_session_is_refused() {
    let good = shown(&[]);
    let check = |change: &dyn Fn(&mut Expect<'static>)| {
        let mut expect = expect();
        change(&mut expect);
        sd_jwt::check(&good, &expect).unwrap_err()
    };
    assert_eq!(check(&|e| e.aud = "other"), SdJwtError::WrongAudience);
    assert_eq!(check(&|e| e.nonce = "other"), SdJwtError::WrongNonce);
    assert_eq!(check(&|e| e.vct = "other"), SdJwtError::WrongType);
    assert_eq!(
        check(&|e| e.now += SignedDuration::from_secs(361)),
        SdJwtError::Stale
    );
    assert_eq!(
        check(&|e| e.now -= SignedDuration::from_secs(61)),
        SdJwtError::Stale
    );
    assert_eq!(
        check(&|e| e.now += SignedDuration::from_hours(2)),
        SdJwtError::Expired
    );
    assert_eq!(check(&|e| e.issuer = Issuer::SelfIssued), SdJwtError::WrongIssuer);
    let with_key = |e: &mut Expect<'static>| {
        e.issuer = Issuer::Key {
            iss: "https://issuer.example",
            key: public(9),
        };
    };
    assert_eq!(check(&with_key).code(), "credential_bad_signature");
    let with_iss = |e: &mut Expect<'static>| {
        e.issuer = Issuer::Key {
            iss: "x",
            key: public(1),
        }
    };
    assert_eq!(check(&with_iss), SdJwtError::WrongIssuer);
}

/// A presentation whose key binding is made by hand.
fn bound(shown: &str, kb: Value, typ: &str, holder: &SigningKey) -> String {
    let kb = jws::sign(typ, Map::new(), kb.to_string().as_bytes(), holder);
    format!("{shown}{kb}")
}

fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

#[test]
fn the_key_binding_must_be_there_and_fit() {
    let good = shown(&[&["name"]]);
    let (without, _) = good.rsplit_once('~').unwrap();
    let without = format!("{without}~");
    let code = |presentation: &str| sd_jwt::check(presentation, &expect()).unwrap_err().code();
    let kb =
        |sd_hash: String| json!({ "aud": AUD, "nonce": NONCE, "iat": now().as_second(), "sd_hash": sd_hash });

    let fitting = bound(&without, kb(hash(&without)), "kb+jwt", &key(2));
    assert!(sd_jwt::check(&fitting, &expect()).is_ok());
    assert_eq!(code(&without), "key_binding_missing");
    assert_eq!(
        code(&bound(&without, kb(hash(&without)), "kb+jwt", &key(3))),
        "key_binding_bad_signature"
    );
    assert_eq!(
        code(&bound(&without, kb(hash(&without)), "jwt", &key(2))),
        "key_binding_malformed"
    );
    assert_eq!(
        code(&bound(&without, kb(hash("other")), "kb+jwt", &key(2))),
        "key_binding_wrong_claims"
    );
    let timeless = json!({ "aud": AUD, "nonce": NONCE, "sd_hash": hash(&without) });
    assert_eq!(
        code(&bound(&without, timeless, "kb+jwt", &key(2))),
        "key_binding_stale"
    );

    // A disclosure taken out or put in after binding.
    let (jwt, rest) = good.split_once('~').unwrap();
    let (disclosure, kb) = rest.split_once('~').unwrap();
    assert_eq!(code(&format!("{jwt}~{kb}")), "key_binding_wrong_claims");
    assert_eq!(
        code(&format!("{jwt}~{disclosure}~{disclosure}~{kb}")),
        "disclosure_misfit"
    );
    let stray = URL_SAFE_NO_PAD.encode(r#"["c2FsdA","admin",true]"#);
    assert_eq!(
        code(&format!("{jwt}~{disclosure}~{stray}~{kb}")),
        "disclosure_misfit"
    );
    assert_eq!(
        code(&format!("{jwt}~{disclosure}~not base64~{kb}")),
        "disclosure_malformed"
    );
}

/// A credential whose payload is made by hand, presented by key 2.
fn crafted(payload: Value, disclosures: &[&str]) -> Result<sd_jwt::Checked, SdJwtError> {
    let mut full = object(json!({
        "iss": "https://issuer.example", "vct": VCT, "cnf": { "jwk": PublicKey::from(&key(2)).to_jwk() },
    }));
    full.extend(object(payload));
    let mut shown = jws::sign(
        "dc+sd-jwt",
        Map::new(),
        Value::Object(full).to_string().as_bytes(),
        &key(1),
    );
    shown.push('~');
    for disclosure in disclosures {
        shown.push_str(disclosure);
        shown.push('~');
    }
    let kb = json!({ "aud": AUD, "nonce": NONCE, "iat": now().as_second(), "sd_hash": hash(&shown) });
    sd_jwt::check(&bound(&shown, kb, "kb+jwt", &key(2)), &expect())
}

#[test]
fn an_issuer_can_not_smuggle_claims_through_disclosures() {
    let disclosure = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let one = |text: &str| {
        let encoded = disclosure(text);
        crafted(json!({ "_sd": [hash(&encoded)] }), &[&encoded])
    };
    assert!(one(r#"["c2FsdA","x",1]"#).is_ok());
    // Reserved names, a name that is there already, an element's form in an object, a registered claim, no array.
    for bad in [
        r#"["c2FsdA","_sd",["x"]]"#,
        r#"["c2FsdA","...","x"]"#,
        r#"["c2FsdA","vct","x"]"#,
        r#"["c2FsdA",1]"#,
        r#"["c2FsdA","x",{"_sd":"x"}]"#,
        r#"["c2FsdA","x",{"...":"x"}]"#,
    ] {
        assert_eq!(one(bad).unwrap_err(), SdJwtError::DisclosureMisfit, "{bad}");
    }
    for bad in [
        r#"{"a":1}"#,
        r#"["c2FsdA","x",1,2]"#,
        r#"[1,"x",1]"#,
        r#"["c2FsdA","x",{"a":1,"a":2}]"#,
    ] {
        assert_eq!(one(bad).unwrap_err().code(), "disclosure_malformed", "{bad}");
    }
    // One digest in two places; another hash.
    let x = disclosure(r#"["c2FsdA","x",1]"#);
    let twice = json!({ "_sd": [hash(&x)], "o": { "_sd": [hash(&x)] } });
    assert_eq!(crafted(twice, &[&x]).unwrap_err(), SdJwtError::DisclosureMisfit);
    assert_eq!(
        crafted(json!({ "_sd_alg": "sha-512" }), &[]).unwrap_err(),
        SdJwtError::WrongHash
    );
    // A status, shown or disclosed, is not passed over.
    assert_eq!(
        crafted(json!({ "status": {} }), &[]).unwrap_err(),
        SdJwtError::StatusUnchecked
    );
    assert_eq!(
        one(r#"["c2FsdA","status",{}]"#).unwrap_err(),
        SdJwtError::StatusUnchecked
    );
    // Times.
    assert_eq!(
        crafted(json!({ "exp": now().as_second() - 60 }), &[]).unwrap_err(),
        SdJwtError::Expired
    );
    assert_eq!(
        crafted(json!({ "nbf": now().as_second() + 61 }), &[]).unwrap_err(),
        SdJwtError::NotYetValid
    );
    assert_eq!(
        crafted(json!({ "exp": "tomorrow" }), &[]).unwrap_err(),
        SdJwtError::BadTime
    );
    assert_eq!(
        crafted(json!({ "cnf": {} }), &[]).unwrap_err(),
        SdJwtError::NoHolder
    );
}

#[test]
fn elements_of_arrays_are_read() {
    let element = URL_SAFE_NO_PAD.encode(r#"["c2FsdA","DE"]"#);
    let payload = json!({ "nationalities": [{ "...": hash(&element) }, "FR", { "...": hash("decoy") }] });
    let checked = crafted(payload.clone(), &[&element]).unwrap();
    assert_eq!(checked.claims["nationalities"], json!(["DE", "FR"]));
    assert_eq!(
        crafted(payload, &[]).unwrap().claims["nationalities"],
        json!(["FR"])
    );
}

#[test]
fn a_self_issued_credential_is_the_holders_own() {
    let holder = key(2);
    let public = PublicKey::from(&holder);
    let issue = |iss: String, bound_to: &SigningKey, signed_by: &SigningKey| {
        let claims = object(json!({ "iss": iss, "vct": VCT }));
        let bound_to_key = PublicKey::from(bound_to);
        let issuance = Issuance {
            claims,
            disclosable: &[],
            salts: &[],
            holder: &bound_to_key,
            header: Map::new(),
        };
        let card = sd_jwt::issue(&issuance, signed_by).unwrap();
        let shown = sd_jwt::present(&card, &[], &kb(), bound_to).unwrap();
        let mut expect = expect();
        expect.issuer = Issuer::SelfIssued;
        sd_jwt::check(&shown, &expect)
    };
    assert!(issue(public.did_jwk(), &holder, &holder).is_ok());
    assert!(issue(public.did_key(), &holder, &holder).is_ok());
    assert_eq!(
        issue(public.did_jwk(), &key(3), &holder).unwrap_err(),
        SdJwtError::WrongHolder
    );
    assert_eq!(
        issue(public.did_jwk(), &holder, &key(3)).unwrap_err().code(),
        "credential_bad_signature"
    );
    assert_eq!(
        issue("did:web:x".into(), &holder, &holder).unwrap_err(),
        SdJwtError::WrongIssuer
    );
}

#[test]
fn the_example_of_rfc_9901_opens() {
    // RFC 9901 section 4.2.1: the digest of the disclosure of `family_name`.
    let disclosure = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
    let digest = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0";
    let checked = crafted(json!({ "_sd": [digest], "_sd_alg": "sha-256" }), &[disclosure]).unwrap();
    assert_eq!(checked.claims["family_name"], "Möbius");
}

#[test]
fn too_much_is_refused() {
    let many = vec!["WyJhIiwxXQ"; sd_jwt::MAX_DISCLOSURES + 1];
    assert_eq!(crafted(json!({}), &many).unwrap_err(), SdJwtError::TooLarge);
    let long = "~".repeat(sd_jwt::MAX_LEN + 1);
    assert_eq!(sd_jwt::check(&long, &expect()).unwrap_err(), SdJwtError::TooLarge);
    // Disclosures nested into each other as deep as they go: answered, not overflown.
    let mut inner = URL_SAFE_NO_PAD.encode(r#"["s","x",1]"#);
    let mut all = vec![inner.clone()];
    for _ in 0..sd_jwt::MAX_DISCLOSURES - 1 {
        inner = URL_SAFE_NO_PAD.encode(format!(r#"["s","x",{{"_sd":["{}"]}}]"#, hash(&inner)));
        all.push(inner.clone());
    }
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(
        crafted(json!({ "_sd": [hash(&inner)] }), &all).unwrap_err(),
        SdJwtError::TooLarge
    );
}

proptest! {
    #[test]
    fn any_text_is_answered_without_a_panic(text in "[A-Za-z0-9_.~=-]{0,200}|.{0,100}") {
        prop_assert!(sd_jwt::check(&text, &expect()).is_err());
        let _ = sd_jwt::present(&text, &[&["a"]], &kb(), &key(2));
    }

    #[test]
    fn one_changed_character_is_never_accepted(position in 0_usize..2_000, to in "[A-Za-z0-9_~.-]") {
        let good = shown(&[&["address", "city"]]);
        let position = position % good.len();
        let mut bad = good.clone();
        bad.replace_range(position..=position, &to);
        prop_assume!(bad != good);
        prop_assert!(sd_jwt::check(&bad, &expect()).is_err());
    }
}

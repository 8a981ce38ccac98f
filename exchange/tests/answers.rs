//! What a station does with an answer: the good one passes, each bad one is refused for its own reason.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod clinic;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_consent::{Consent, Decision, GrantId, Salt};
use carnet_credentials::{
    jwk::PublicKey,
    jws,
    sd_jwt::{self, Issuance, KbClaims},
};
use carnet_exchange::{
    EncryptionKey,
    answer::{self, AnswerError, AskedOf, CarnetPart, CheckedAnswer, GrantTuple, MakeError, Opened, Reply},
    jwe,
    request::HOLDER_VCT,
};
use clinic::{
    Desk, NONCE, STATE, answer_key, answer_secret, client_id, consent, grant_id, holder, holder_shown, later,
    object, part, required, scope, sealed_answer, secret, signing, verified_request,
};
use p256::ecdsa::SigningKey;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

fn check(opened: Opened) -> Result<CheckedAnswer, AnswerError> {
    answer::check(opened, &Desk::new().session(), grant_id, later(40))
}

fn seal(payload: &Value) -> String {
    jwe::encrypt(
        payload.to_string().as_bytes(),
        &answer_key(),
        &secret(0x43),
        [1; 12],
        Map::new(),
    )
    .unwrap()
}

fn good_part() -> CarnetPart {
    part(consent(&verified_request(), &required()))
}

/// What the key binding of the good answer says beyond the usual.
fn good_binding(part: &CarnetPart) -> Value {
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(
        verified_request().consent.unwrap().transaction_data,
    ));
    json!({
        "transaction_data_hashes": [hash],
        "transaction_data_hashes_alg": "sha-256",
        "carnet_consent": {
            "decision": "partial",
            "granted": ["patient/AllergyIntolerance.rs"],
            "period": { "start": "2026-12-01T10:00:00Z", "end": "2026-12-31T10:00:00Z" },
            "request_digest": part.consent.request_digest,
            "grant_id": grant_id(&part.grant),
            "delivery_digest": part.consent.delivery_digest,
        },
    })
}

/// A presentation with everything a test wants to set.
fn presentation(binding: Value, aud: &str, nonce: &str, holder: &SigningKey) -> String {
    let key = PublicKey::from(holder);
    let issuance = Issuance {
        claims: object(json!({ "iss": key.did_jwk(), "vct": HOLDER_VCT })),
        disclosable: &[],
        salts: &[],
        decoys: &[],
        holder: &key,
        header: Map::new(),
    };
    let credential = sd_jwt::issue(&issuance, holder).unwrap();
    let kb = KbClaims {
        aud,
        nonce,
        iat: later(30),
        extra: object(binding),
    };
    sd_jwt::present(&credential, &[], &kb, holder).unwrap()
}

fn answer_with(presentation: String, part: CarnetPart) -> Opened {
    Opened::Answer {
        presentations: holder_shown(presentation),
        state: Some(STATE.into()),
        part: Some(Box::new(part)),
    }
}

/// The good answer with another key binding.
fn with_binding(change: impl FnOnce(&mut Value)) -> &'static str {
    let part = good_part();
    let mut binding = good_binding(&part);
    change(&mut binding);
    refusal(answer_with(
        presentation(binding, &client_id(), NONCE, &holder()),
        part,
    ))
}

/// The good answer with another part beside it; the key binding fits that part.
fn with_part(change: impl FnOnce(&mut CarnetPart)) -> &'static str {
    let mut part = good_part();
    change(&mut part);
    let mut binding = good_binding(&part);
    let decided = &mut binding["carnet_consent"];
    decided["decision"] = part.consent.decision.as_str().into();
    decided["granted"] = serde_json::to_value(&part.consent.granted).unwrap();
    decided["period"] = serde_json::to_value(part.consent.period).unwrap();
    refusal(answer_with(
        presentation(binding, &client_id(), NONCE, &holder()),
        part,
    ))
}

/// Same, and the grant commits to the changed consent.
fn with_consent(change: impl FnOnce(&mut Consent)) -> &'static str {
    with_part(|part| {
        change(&mut part.consent);
        *part = clinic::part(part.consent.clone());
    })
}

fn refusal(opened: Opened) -> &'static str {
    check(opened).map_or_else(|e| e.code(), |_| "accepted")
}

#[test]
fn a_good_answer_gives_the_station_all_it_needs() {
    let opened = answer::open(&sealed_answer(), &answer_secret()).unwrap();
    let checked = check(opened).unwrap().consent.unwrap();
    let part = good_part();
    assert_eq!(checked.grant, part.grant);
    assert_eq!(checked.grant_id, grant_id(&part.grant));
    assert_eq!(checked.consent, part.consent);
    assert_eq!(checked.salt, part.salt);
    assert_eq!(checked.decision, Decision::Partial);
    assert_eq!(checked.holder, PublicKey::from(&holder()));
    assert_eq!(
        checked.delivery_digest,
        carnet_exchange::delivery::digest(&clinic::sealed_records())
    );
    let text = format!("{checked:?}{part:?}{:?}", verified_request());
    assert!(!text.contains("Allergy") && !text.contains(NONCE));
}

#[test]
fn a_no_says_nothing_about_the_patient() {
    let request = verified_request();
    let sealed = answer::seal_denial(&request, &secret(0x43), [1; 12]).unwrap();
    let (_, plaintext) = jwe::decrypt(&sealed, &answer_secret(), 65_536).unwrap();
    let said: Value = serde_json::from_slice(&plaintext).unwrap();
    assert_eq!(said, json!({ "error": "access_denied", "state": STATE }));
    let opened = answer::open(&sealed, &answer_secret()).unwrap();
    assert!(matches!(&opened, Opened::Denied { state: Some(state) } if state == STATE));
    assert_eq!(refusal(opened), "answer_denied");
}

// ATTACKS 22: replay, staleness, stripping.
#[test]
fn an_answer_for_another_session_or_verifier_is_refused() {
    let part = good_part;
    let binding = || good_binding(&part());
    let with = |aud: &str, nonce: &str| {
        refusal(answer_with(
            presentation(binding(), aud, nonce, &holder()),
            part(),
        ))
    };
    assert_eq!(with(&client_id(), NONCE), "accepted");
    assert_eq!(with("x509_hash:other", NONCE), "key_binding_wrong_audience");
    assert_eq!(with(&client_id(), "another-nonce"), "key_binding_wrong_nonce");

    let opened = || answer::open(&sealed_answer(), &answer_secret()).unwrap();
    let desk = Desk::new();
    let session = desk.session();
    let at = |seconds| answer::check(opened(), &session, grant_id, later(seconds)).map_err(|e| e.code());
    assert!(at(300).is_ok());
    assert_eq!(at(30 + 361).unwrap_err(), "credential_expired");
    assert_eq!(at(-31).unwrap_err(), "credential_not_yet_valid");

    let mut other = desk.session();
    other.state = "other";
    assert_eq!(
        answer::check(opened(), &other, grant_id, later(40)).unwrap_err(),
        AnswerError::WrongState
    );
    let mut other = desk.session();
    other.request_digest = [0; 32];
    assert_eq!(
        answer::check(opened(), &other, grant_id, later(40)).unwrap_err(),
        AnswerError::WrongRequest
    );
    let mut other = desk.session();
    other.consent = Some(AskedOf {
        transaction_data: "e30",
        ..desk.asked()
    });
    assert_eq!(
        answer::check(opened(), &other, grant_id, later(40)).unwrap_err(),
        AnswerError::WrongTransaction
    );

    // Sealed to another session's key.
    let foreign = answer::open(&sealed_answer(), &secret(0x77)).unwrap_err();
    assert_eq!(foreign.code(), "jwe_not_decryptable");

    let Opened::Answer {
        presentations,
        state,
        part,
    } = opened()
    else {
        unreachable!()
    };
    let (stripped, _) = presentations["holder"][0]
        .as_text()
        .unwrap()
        .rsplit_once('~')
        .unwrap();
    let stripped = Opened::Answer {
        presentations: holder_shown(format!("{stripped}~")),
        state,
        part,
    };
    assert_eq!(refusal(stripped), "key_binding_missing");
}

// ATTACKS 22: what was signed and what was sent.
#[test]
fn a_key_binding_that_says_something_else_is_refused() {
    assert_eq!(with_binding(|_| ()), "accepted");
    for (name, code) in [
        ("transaction_data_hashes", "answer_not_bound"),
        ("transaction_data_hashes_alg", "answer_not_bound"),
        ("carnet_consent", "answer_not_bound"),
    ] {
        assert_eq!(
            with_binding(|b| drop(b.as_object_mut().unwrap().remove(name))),
            code,
            "{name}"
        );
    }
    assert_eq!(
        with_binding(|b| b["transaction_data_hashes"] = json!(["x"])),
        "answer_wrong_transaction"
    );
    assert_eq!(
        with_binding(|b| b["transaction_data_hashes_alg"] = json!("sha-512")),
        "answer_wrong_transaction"
    );
    let both = |b: &mut Value| {
        let hash = b["transaction_data_hashes"][0].clone();
        b["transaction_data_hashes"] = json!([hash, "x"]);
    };
    assert_eq!(with_binding(both), "answer_wrong_transaction");
    let decided = |name: &str, value: Value| with_binding(|b| b["carnet_consent"][name] = value);
    assert_eq!(decided("grant_id", json!(GrantId([0; 32]))), "answer_wrong_grant");
    assert_eq!(decided("decision", json!("permit")), "answer_consent_mismatch");
    assert_eq!(decided("granted", json!([])), "answer_consent_mismatch");
    assert_eq!(decided("request_digest", json!("x")), "answer_consent_mismatch");
    assert_eq!(decided("delivery_digest", json!("x")), "answer_consent_mismatch");
    assert_eq!(decided("extra", json!(1)), "answer_consent_mismatch");
}

// ATTACKS 22: wrong key, wider than asked.
#[test]
fn a_grant_that_does_not_fit_is_refused() {
    assert_eq!(with_part(|_| ()), "accepted");
    assert_eq!(with_part(|p| p.salt = Salt([0; 16])), "answer_wrong_commitment");
    assert_eq!(
        with_part(|p| p.grant.commitment = [0; 32]),
        "answer_wrong_commitment"
    );
    assert_eq!(with_part(|p| p.grant.expiry += 3_600), "answer_wrong_period");
    assert_eq!(with_part(|p| p.grant.not_before -= 3_600), "answer_wrong_period");
    let wider = |c: &mut Consent| c.granted.push(scope("patient/Condition.rs"));
    assert_eq!(with_consent(wider), "consent_wider_than_asked");
    let star = |c: &mut Consent| c.granted = vec![scope("patient/*.rs")];
    assert_eq!(with_consent(star), "consent_wider_than_asked");
    let unfiltered = |c: &mut Consent| c.granted = vec![scope("patient/Observation.rs")];
    assert_eq!(with_consent(unfiltered), "consent_wider_than_asked");
    assert_eq!(
        with_consent(|c| c.decision = Decision::Permit),
        "consent_wrong_decision"
    );
    let longer = |c: &mut Consent| c.period.end = "2027-01-01T10:00:00Z".parse().unwrap();
    assert_eq!(with_consent(longer), "consent_differs");
    assert_eq!(
        with_consent(|c| c.ledger.chain_id = "1".into()),
        "consent_differs"
    );
    let other_holder = |c: &mut Consent| c.holder = PublicKey::from(&signing(9)).thumbprint_text();
    assert_eq!(with_consent(other_holder), "answer_wrong_holder");

    // The consent of one holder, presented by another.
    let part = good_part();
    let stolen = presentation(good_binding(&part), &client_id(), NONCE, &signing(9));
    assert_eq!(refusal(answer_with(stolen, part)), "answer_wrong_holder");
    // Another credential type by the right holder.
    let part = good_part();
    let key = PublicKey::from(&holder());
    let issuance = Issuance {
        claims: object(json!({ "iss": key.did_jwk(), "vct": "urn:other:1" })),
        disclosable: &[],
        salts: &[],
        decoys: &[],
        holder: &key,
        header: Map::new(),
    };
    let credential = sd_jwt::issue(&issuance, &holder()).unwrap();
    let extra = object(good_binding(&part));
    let kb = KbClaims {
        aud: &client_id(),
        nonce: NONCE,
        iat: later(30),
        extra,
    };
    let shown = sd_jwt::present(&credential, &[], &kb, &holder()).unwrap();
    assert_eq!(refusal(answer_with(shown, part)), "credential_wrong_type");
    // A credential that is another kind of signed text altogether.
    let text = jws::sign("JWT", Map::new(), b"{}", &holder());
    assert_eq!(
        refusal(answer_with(format!("{text}~{text}"), good_part())),
        "credential_malformed"
    );
}

#[test]
fn an_answer_of_another_shape_is_refused() {
    let good = json!({
        "vp_token": { "holder": ["x~y"] }, "state": STATE, "carnet": serde_json::to_value(good_part()).unwrap(),
    });
    let open = |change: &dyn Fn(&mut Value)| {
        let mut payload = good.clone();
        change(&mut payload);
        answer::open(&seal(&payload), &answer_secret())
            .map(|_| ())
            .map_err(|e| e.code())
    };
    assert_eq!(open(&|_| ()), Ok(()));
    assert_eq!(open(&|p| p["extra"] = json!(1)), Err("answer_malformed"));
    assert_eq!(open(&|p| p["state"] = json!(1)), Err("answer_malformed"));
    assert_eq!(open(&|p| p["vp_token"] = json!("x")), Err("answer_malformed"));
    assert_eq!(open(&|p| p["vp_token"] = json!({})), Err("answer_malformed"));
    for shown in [
        json!("x~y"),
        json!([]),
        json!([1]),
        json!([["x"]]),
        json!(vec!["x"; 17]),
    ] {
        assert_eq!(
            open(&|p| p["vp_token"]["holder"] = shown.clone()),
            Err("answer_malformed")
        );
    }
    let many = |p: &mut Value| {
        let names = (0..17).map(|n| (n.to_string(), json!(["x"])));
        p["vp_token"] = Value::Object(names.collect());
    };
    assert_eq!(open(&many), Err("answer_malformed"));
    assert_eq!(
        open(&|p| p["error"] = json!("access_denied")),
        Err("answer_malformed")
    );
    assert_eq!(
        open(&|p| p["carnet"]["grant"]["subject"] = json!("0xAB")),
        Err("answer_part_malformed")
    );
    assert_eq!(
        open(&|p| p["carnet"]["signature"] = json!("0x00")),
        Err("answer_part_malformed")
    );
    assert_eq!(
        open(&|p| p["carnet"]["salt"] = json!("AA")),
        Err("answer_part_malformed")
    );
    assert_eq!(
        open(&|p| p["carnet"]["more"] = json!(1)),
        Err("answer_part_malformed")
    );
    assert_eq!(
        open(&|p| p["carnet"]["consent"]["more"] = json!(1)),
        Err("answer_part_malformed")
    );
}

#[test]
fn a_wallet_does_not_answer_with_what_does_not_belong_to_the_request() {
    let request = verified_request();
    let part = good_part();
    let id = grant_id(&part.grant);
    let make = |consent: &Consent, holder: &SigningKey, seconds| {
        answer::build_presentation(&request, consent, &id, holder, later(seconds)).map(|_| ())
    };
    assert_eq!(make(&part.consent, &holder(), 0), Ok(()));
    assert_eq!(
        make(&part.consent, &holder(), 300),
        Err(MakeError::RequestExpired)
    );
    assert_eq!(make(&part.consent, &signing(9), 0), Err(MakeError::ConsentMisfit));
    let mut other = part.consent.clone();
    other.request_digest.0 = [0; 32];
    assert_eq!(make(&other, &holder(), 0), Err(MakeError::ConsentMisfit));
    let mut wider = part.consent;
    wider.granted.push(scope("patient/Condition.rs"));
    assert_eq!(make(&wider, &holder(), 0), Err(MakeError::ConsentMisfit));
}

// ATTACKS 23
#[test]
fn two_answers_to_two_clinics_share_no_key() {
    let request = verified_request();
    let sealed = |holder: &SigningKey, ephemeral: u8| {
        let mut part = good_part();
        part.consent.holder = PublicKey::from(holder).thumbprint_text();
        let id = grant_id(&part.grant);
        let shown = answer::build_presentation(&request, &part.consent, &id, holder, later(0)).unwrap();
        answer::seal(
            &request,
            &holder_shown(shown.clone()),
            Some(&part),
            &secret(ephemeral),
            [1; 12],
        )
        .map(|jwe| (shown, jwe))
        .unwrap()
    };
    let (one, one_jwe) = sealed(&signing(0x51), 1);
    let (two, two_jwe) = sealed(&signing(0x52), 2);
    let jwk = |key: u8| {
        PublicKey::from(&signing(key)).to_jwk()["x"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let all = |shown: &answer::Presentation| {
        let shown = shown.as_text().unwrap();
        shown
            .split(['.', '~'])
            .filter_map(|p| URL_SAFE_NO_PAD.decode(p).ok())
            .flatten()
            .collect::<Vec<u8>>()
    };
    let contains = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(contains(&all(&one), &jwk(0x51)) && !contains(&all(&two), &jwk(0x51)));
    assert_ne!(one_jwe.split('.').next(), two_jwe.split('.').next());
}

// ATTACKS 17
#[test]
fn a_reply_never_sends_the_patient_on() {
    let read = |text: &str| Reply::read(text.as_bytes()).map_err(|e| e.code());
    assert_eq!(
        read(r#"{"carnet_promise":"a.b.c"}"#),
        Ok(Reply::Promise("a.b.c".into()))
    );
    assert_eq!(read("{}"), Ok(Reply::Nothing));
    for address in [
        "https://127.0.0.1:8443/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "other:x",
    ] {
        let text = json!({ "carnet_promise": "a.b.c", "redirect_uri": address }).to_string();
        assert_eq!(read(&text), Err("reply_redirect_refused"), "{address}");
    }
    for bad in ["", "[]", "<html>", r#"{"carnet_promise":1}"#, r#"{"a":1,"a":1}"#] {
        assert_eq!(read(bad), Err("reply_malformed"), "{bad}");
    }
    let reply = Reply::Promise("x".into());
    assert_eq!(read(&reply.to_json().to_string()), Ok(reply));
}

#[test]
fn the_grant_is_spelled_as_the_ledger_spells_it() {
    let text = serde_json::to_value(good_part().grant).unwrap();
    assert_eq!(text["subject"], format!("0x{}", "ab".repeat(20)));
    assert_eq!(text["revokeHash"], format!("0x{}", "cd".repeat(32)));
    assert_eq!(text["notBefore"], 1_796_119_200_u64);
    let grant: GrantTuple = serde_json::from_value(text).unwrap();
    assert_eq!(grant, good_part().grant);
}

proptest! {
    #[test]
    fn any_content_is_answered_without_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200), text in r#"[\[\]{}:,"a-z0-9]{0,80}"#,
    ) {
        for content in [bytes, text.into_bytes()] {
            let key = EncryptionKey::new(answer_secret().public_key(), None);
            let sealed = jwe::encrypt(&content, &key, &secret(1), [0; 12], Map::new()).unwrap();
            prop_assert!(answer::open(&sealed, &answer_secret()).is_err());
            let _ = Reply::read(&content);
        }
    }

    #[test]
    fn any_member_replaced_by_any_type_is_refused(
        path in prop::sample::select(vec![
            "/vp_token", "/vp_token/holder", "/vp_token/holder/0", "/carnet", "/carnet/grant", "/carnet/consent",
            "/carnet/consent/granted", "/carnet/consent/period", "/carnet/grant/expiry", "/carnet/salt", "/state",
        ]),
        value in prop::sample::select(vec![
            json!(true), json!(-1), json!(1.5), json!(""), json!([]), json!({}), json!([[{}]]), json!("x"),
        ]),
    ) {
        let (_, plaintext) = jwe::decrypt(&sealed_answer(), &answer_secret(), 65_536).unwrap();
        let mut payload: Value = serde_json::from_slice(&plaintext).unwrap();
        *payload.pointer_mut(path).unwrap() = value;
        let refused = answer::open(&seal(&payload), &answer_secret()).and_then(check);
        prop_assert!(refused.is_err());
    }
}

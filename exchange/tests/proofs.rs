//! A statement asked for and shown without its value: what is a good question and a good answer, and every other one refused for
//! its own reason.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on should stop"
)]

mod clinic;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_consent::GrantId;
use carnet_credentials::jwk::PublicKey;
use carnet_eligibility::{
    Copy, Issuance, Kind, Opening, Randomness, Statement, credential, issue, list, prove,
};
use carnet_exchange::{
    Entry, TrustList,
    answer::{self, AnswerError, CheckedStatement, Presentation, Presentations, Session},
    dcql::Query,
    eligibility::{self, AskedStatement},
    request::{self, RequestParts, VerifiedRequest},
    trust::Role,
};
use clinic::{
    answer_key, answer_secret, client_id, clinic_key, consent_request, jws_parts, later, link, now, secret,
    sign_by_hand, url,
};
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn entry(id: &str, name: &str, roles: Vec<Role>, issuer: u8) -> Entry {
    Entry {
        id: id.to_owned(),
        name: name.to_owned(),
        client_ids: vec![],
        origins: vec![format!("https://{id}.example")],
        purposes: vec![],
        roles,
        registries: vec![],
        log_keys: vec![],
        issuer_keys: vec![
            PublicKey::from(&clinic::signing(41)),
            PublicKey::from(&key(issuer)),
        ],
        request_keys: vec![],
        offline_keys: vec![],
        local: None,
    }
}

/// Two insurers, and one who is listed without the right to issue.
fn list_of_parties() -> TrustList {
    let mut list = clinic::trust_list();
    list.entries.extend([
        entry("sunrise", "Sunrise Insurance", vec![Role::Issuer], 51),
        entry("moonrise", "Moonrise Insurance", vec![Role::Issuer], 52),
        entry("sunset", "Sunset Insurance", vec![Role::Verifier], 53),
    ]);
    list
}

fn statement(value: Value) -> Statement {
    serde_json::from_value(value).unwrap()
}

fn sixty_five() -> Statement {
    statement(json!({ "statement": "age-at-least", "years": 65 }))
}

/// A question, and what its desk keeps.
struct Desk {
    asked: AskedStatement,
    query: Query,
    compact: String,
    nonce: String,
    list: TrustList,
}

impl Desk {
    fn asking(statement: Statement, issuers: &[&str], nonce: &str) -> Self {
        let asked = AskedStatement::today(statement, now()).unwrap();
        let issuers: Vec<String> = issuers.iter().map(|id| (*id).to_owned()).collect();
        let query = Query {
            credentials: vec![eligibility::query(&issuers)],
            sets: Vec::new(),
        };
        let parts = RequestParts {
            response_uri: &url("/oid4vp/response/4f9Jx2QmT8wLr6VbNz3KpA"),
            nonce,
            state: clinic::STATE,
            issued: now(),
            expires: later(300),
            encryption_key: &answer_key(),
            query: &query,
            consent: None,
            statement: Some(&asked),
        };
        let compact = request::sign(&parts, &clinic_key(), clinic::CERTIFICATE).compact;
        Self {
            asked,
            query,
            compact,
            nonce: nonce.to_owned(),
            list: list_of_parties(),
        }
    }

    fn new() -> Self {
        Self::asking(sixty_five(), &[], clinic::NONCE)
    }

    fn request(&self) -> VerifiedRequest {
        request::verify(&self.compact, &link(), &self.list, now()).unwrap()
    }

    /// Sealed by the wallet, opened and judged by the desk.
    fn judged(&self, shown: Presentation) -> Result<CheckedStatement, AnswerError> {
        self.judged_at(shown, now())
    }

    fn judged_at(&self, shown: Presentation, when: Timestamp) -> Result<CheckedStatement, AnswerError> {
        let token = Presentations::from([(eligibility::QUERY.to_owned(), vec![shown])]);
        let jwe = answer::seal(&self.request(), &token, None, &secret(0x61), [7; 12]).unwrap();
        let client_id = client_id();
        let session = Session {
            client_id: &client_id,
            nonce: &self.nonce,
            state: clinic::STATE,
            request_digest: request::digest(&self.compact),
            query: &self.query,
            consent: None,
            statement: Some(&self.asked),
            list: Some(&self.list),
        };
        let opened = answer::open(&jwe, &answer_secret()).unwrap();
        let checked = answer::check(opened, &session, |_| GrantId([0; 32]), when)?;
        Ok(checked.statement.unwrap())
    }

    fn refusal(&self, shown: Presentation) -> &'static str {
        self.judged(shown)
            .map_or_else(|error| error.code(), |_| "accepted")
    }

    /// The question with another payload, signed by the clinic: what a wallet says to it.
    fn altered(&self, change: impl FnOnce(&mut Value)) -> &'static str {
        let (header, mut payload) = jws_parts(&self.compact);
        change(&mut payload);
        let compact = sign_by_hand(&header, &payload.to_string(), &clinic_key());
        request::verify(&compact, &link(), &self.list, now())
            .map_or_else(|error| error.code(), |_| "accepted")
    }

    /// The question with another statement in it.
    fn with_data(&self, change: impl FnOnce(&mut Value)) -> &'static str {
        self.altered(|payload| {
            let mut data = data_in(payload);
            change(&mut data);
            payload["transaction_data"] = json!([encoded(&data)]);
        })
    }
}

fn data_in(payload: &Value) -> Value {
    let text = payload["transaction_data"][0].as_str().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

fn encoded(data: &Value) -> String {
    URL_SAFE_NO_PAD.encode(data.to_string())
}

struct Held {
    copy: Copy,
    opening: Opening,
    holder: SigningKey,
}

/// A copy of somebody born on that day, by the issuer of that key, good from the day before to the day after.
fn held(kind: &Kind, values: &[u32], issuer: u8) -> Held {
    let holder = key(71);
    let today = eligibility::today(now()).unwrap();
    let (copy, opening) = issue(
        &Issuance {
            kind,
            values,
            holder: &holder.verifying_key(),
            from: today.minus(1).unwrap(),
            until: today.plus(1).unwrap(),
        },
        &key(issuer),
        randomness(1),
    )
    .unwrap();
    Held {
        copy,
        opening,
        holder,
    }
}

fn randomness(seed: u8) -> Randomness {
    Randomness::new(Sha512::digest([seed]).into()).unwrap()
}

fn born(day: &str, issuer: u8) -> Held {
    let day: jiff::civil::Date = day.parse().unwrap();
    let number = carnet_eligibility::Day::try_from(day).unwrap().number();
    held(&Kind::BirthDate, &[number.into()], issuer)
}

impl Held {
    fn shown(&self, request: &VerifiedRequest) -> Presentation {
        let asked = request.statement.as_ref().unwrap();
        let asked = asked.request(&request.client_id, &request.digest);
        (&prove(&asked, &self.copy, &self.opening, &self.holder, randomness(2)).unwrap()).into()
    }
}

/// A presentation of which one thing differs.
fn changed(shown: &Presentation, change: impl FnOnce(&mut Value)) -> Presentation {
    let Presentation::Object(object) = shown else {
        panic!("no object")
    };
    let mut value = Value::Object(object.clone());
    change(&mut value);
    match value {
        Value::Object(object) => Presentation::Object(object),
        _ => unreachable!(),
    }
}

#[test]
fn a_good_question_is_read_and_its_proof_says_yes_whose_word_and_until_when() {
    let desk = Desk::new();
    let request = desk.request();
    let asked = request.statement.clone().unwrap();
    assert_eq!(asked, desk.asked);
    assert_eq!(
        asked.statement.says(asked.as_of),
        "65 or older on 1 December 2026"
    );
    assert!(request.consent.is_none());
    let (_, payload) = jws_parts(&desk.compact);
    assert_eq!(
        payload["client_metadata"]["vp_formats_supported"]["ldp_vc"]["cryptosuite_values"],
        json!(["carnet-eligibility-2026"])
    );

    let held = born("1950-06-01", 51);
    let shown = held.shown(&request);
    let checked = desk.judged(shown.clone()).unwrap();
    assert_eq!(
        (checked.issuer_id.as_str(), checked.issuer.as_str()),
        ("sunrise", "Sunrise Insurance")
    );
    assert_eq!(checked.until, held.copy.until);
    assert_eq!(Some(checked.thumbprint), answer::thumbprint_of(&shown));
    assert_eq!(checked.thumbprint, PublicKey::from(&held.holder).thumbprint());
    let Presentation::Object(object) = &shown else {
        panic!("a proof is an object, not a text")
    };
    assert!(!Value::Object(object.clone()).to_string().contains("1950-06"));
}

// ATTACKS 28
#[test]
fn a_statement_that_can_not_be_understood_one_way_only_is_refused_by_the_wallet() {
    let desk = Desk::new();
    assert_eq!(desk.altered(|_| {}), "accepted");
    let malformed = "request_statement_malformed";
    for (refused, data) in [
        (malformed, json!({ "more": 1 })),
        (malformed, json!({ "as_of": "yesterday" })),
        (malformed, json!({ "statement": { "statement": "is-nice" } })),
        (
            malformed,
            json!({ "statement": { "statement": "age-at-least", "years": 65, "more": 1 } }),
        ),
        (
            malformed,
            json!({ "statement": { "statement": "age-at-least", "years": 300 } }),
        ),
        (malformed, json!({ "credential_ids": "eligibility" })),
        ("request_statement_query", json!({ "credential_ids": [] })),
        ("request_statement_query", json!({ "credential_ids": ["other"] })),
        (
            "request_statement_query",
            json!({ "credential_ids": ["eligibility", "other"] }),
        ),
        (
            "request_statement_limits",
            json!({ "statement": { "statement": "age-at-least", "years": 0 } }),
        ),
        (
            "request_statement_limits",
            json!({ "statement": { "statement": "age-between", "from": 70, "to": 60 } }),
        ),
        ("request_statement_day", json!({ "as_of": "2026-12-08" })),
        ("request_statement_day", json!({ "as_of": "2026-11-24" })),
        ("request_statement_day", json!({ "as_of": "2026-11-29" })),
        (
            "request_statement_list",
            json!({ "statement": { "statement": "code-in", "list": "ab".repeat(32), "first": 1, "last": 3 } }),
        ),
        (
            "request_statement_list",
            json!({ "statement": { "statement": "code-in", "list": String::from(list::lists()[0].digest), "first": 1, "last": 900 } }),
        ),
        ("accepted", json!({ "as_of": "2026-12-02" })),
    ] {
        let told = desk.with_data(|asked| {
            for (name, value) in data.as_object().unwrap() {
                asked[name] = value.clone();
            }
        });
        assert_eq!(told, refused, "{data}");
    }
    let query = |change: &dyn Fn(&mut Value)| {
        desk.altered(|payload| change(&mut payload["dcql_query"]["credentials"]))
    };
    let refused = "request_statement_query";
    assert_eq!(query(&|all| all[0]["multiple"] = true.into()), refused);
    assert_eq!(
        query(&|all| all[0]["require_cryptographic_holder_binding"] = false.into()),
        refused
    );
    assert_eq!(
        query(&|all| all[0]["claims"] = json!([{ "path": ["birthdate"] }])),
        refused
    );
    assert_eq!(query(&|all| all[0]["format"] = "jwt_vc_json".into()), refused);
    assert_eq!(
        query(&|all| all[0]["meta"]["type_values"] =
            json!([["https://elsewhere.example/EligibilityCredential"]])),
        refused
    );
    let two = |all: &mut Value| {
        let mut again = all[0].clone();
        again["id"] = "again".into();
        all.as_array_mut().unwrap().push(again);
    };
    assert_eq!(query(&two), refused);
}

// ATTACKS 28, 40
#[test]
fn two_statements_or_one_beside_records_are_refused_each_by_its_own_name() {
    let desk = Desk::new();
    let add = |entry: String| {
        desk.altered(|payload| {
            payload["transaction_data"]
                .as_array_mut()
                .unwrap()
                .push(entry.into());
        })
    };
    let other = AskedStatement::today(
        statement(json!({ "statement": "age-at-least", "years": 66 })),
        now(),
    )
    .unwrap();
    assert_eq!(add(other.to_transaction_data()), "request_statement_several");
    assert_eq!(
        add(consent_request().to_transaction_data()),
        "request_statement_with_records"
    );
    let holder = Query {
        credentials: vec![request::holder_query()],
        sets: Vec::new(),
    }
    .to_json();
    let beside = desk.altered(|payload| {
        let credentials = payload["dcql_query"]["credentials"].as_array_mut().unwrap();
        credentials.push(holder["credentials"][0].clone());
    });
    assert_eq!(beside, "request_statement_with_records");
    // A plain value may be offered in its place, and is the patient's to choose.
    let instead = desk.altered(|payload| {
        let query = &mut payload["dcql_query"];
        query["credentials"].as_array_mut().unwrap().push(json!({
            "id": "card", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:card:1"] },
            "claims": [{ "path": ["age_over_65"] }],
        }));
        query["credential_sets"] = json!([{ "options": [["eligibility"], ["card"]] }]);
    });
    assert_eq!(instead, "accepted");
}

// ATTACKS 28
#[test]
fn a_statement_that_was_changed_after_signing_is_not_the_clinics() {
    let desk = Desk::new();
    let (header, mut payload) = jws_parts(&desk.compact);
    let mut data = data_in(&payload);
    data["statement"]["years"] = 18.into();
    payload["transaction_data"] = json!([encoded(&data)]);
    let signature = desk.compact.rsplit('.').next().unwrap();
    let forged = sign_by_hand(&header, &payload.to_string(), &clinic_key());
    let forged = format!("{}.{signature}", forged.rsplit_once('.').unwrap().0);
    let refused = request::verify(&forged, &link(), &desk.list, now()).unwrap_err();
    assert_eq!(refused.code(), "request_bad_signature");
}

// ATTACKS 28
#[test]
fn a_proof_for_another_question_another_desk_or_another_statement_shows_nothing_here() {
    let desk = Desk::new();
    let held = born("1950-06-01", 51);
    let holder = "eligibility_holder";
    assert_eq!(desk.refusal(held.shown(&desk.request())), "accepted");

    // Another session of the same clinic: only the nonce differs.
    let session = Desk::asking(sixty_five(), &[], "Xy7V2mPz0xYd3Jt5rKw7uNc1LbSf4GhEa9XoQe6TiRlM");
    assert_eq!(desk.refusal(held.shown(&session.request())), holder);
    // A lower limit, in a session that is otherwise the same.
    let lower = Desk::asking(
        statement(json!({ "statement": "age-at-least", "years": 18 })),
        &[],
        clinic::NONCE,
    );
    assert_eq!(desk.refusal(held.shown(&lower.request())), holder);
    // Another party's question.
    let mut elsewhere = desk.request();
    elsewhere.client_id = "x509_hash:CC7vZBcmPLGvYZwzm3GBgKTtV3eBAV5GdbuVTEHlYIM".to_owned();
    assert_eq!(desk.refusal(held.shown(&elsewhere)), holder);
    // Proven for yesterday.
    let mut yesterday = desk.request();
    let asked = yesterday.statement.as_mut().unwrap();
    asked.as_of = asked.as_of.minus(1).unwrap();
    assert_eq!(desk.refusal(held.shown(&yesterday)), holder);
    // The same one later, when the copy is over.
    let shown = held.shown(&desk.request());
    let late = desk.judged_at(shown, later(3 * 24 * 3600)).unwrap_err();
    assert_eq!(late.code(), "eligibility_validity");
}

// ATTACKS 28
#[test]
fn only_issuers_that_the_list_gives_the_role_and_the_question_names_are_believed() {
    let any = Desk::new();
    let shown = |desk: &Desk, issuer| desk.refusal(born("1950-06-01", issuer).shown(&desk.request()));
    assert_eq!(shown(&any, 51), "accepted");
    assert_eq!(shown(&any, 52), "accepted");
    assert_eq!(
        shown(&any, 53),
        "eligibility_credential_unknown_issuer",
        "listed, and no issuer"
    );
    assert_eq!(
        shown(&any, 54),
        "eligibility_credential_unknown_issuer",
        "not listed"
    );
    let named = Desk::asking(sixty_five(), &["moonrise"], clinic::NONCE);
    assert_eq!(shown(&named, 52), "accepted");
    assert_eq!(shown(&named, 51), "answer_issuer_not_asked");
}

// ATTACKS 28
#[test]
fn a_proof_that_was_tampered_with_shows_nothing() {
    let desk = Desk::new();
    let good = born("1950-06-01", 51).shown(&desk.request());
    let told = |change: &dyn Fn(&mut Value)| desk.refusal(changed(&good, change));
    assert_eq!(told(&|_| {}), "accepted");
    for (member, code) in [
        ("/validUntil", "eligibility_credential_valid_until"),
        ("/validFrom", "eligibility_credential_valid_from"),
        ("/issuer", "eligibility_credential_issuer"),
        ("/credentialSubject/id", "eligibility_credential_holder"),
        ("/proof/cryptosuite", "eligibility_credential_cryptosuite"),
    ] {
        assert_eq!(
            told(&|shown| *shown.pointer_mut(member).unwrap() = "2027-01-01T00:00:00Z".into()),
            code
        );
    }
    assert_eq!(
        told(&|shown| shown["name"] = "Maria".into()),
        "eligibility_credential_unsigned_member"
    );
    assert_eq!(
        told(&|shown| shown["credentialSubject"]["eligibility"] = json!({ "type": "cover" })),
        "eligibility_credential_kind"
    );
    let bytes = |shown: &Value| {
        let text = shown["proof"]["proofValue"].as_str().unwrap();
        URL_SAFE_NO_PAD.decode(&text[1..]).unwrap()
    };
    let with_bytes = |shown: &mut Value, bytes: &[u8]| {
        shown["proof"]["proofValue"] = format!("u{}", URL_SAFE_NO_PAD.encode(bytes)).into();
    };
    let length = bytes(&serde_json::to_value(&good).unwrap()).len();
    let mut codes = std::collections::BTreeSet::new();
    for at in (0..length).step_by(13).chain([length - 1]) {
        let code = told(&|shown| {
            let mut bytes = bytes(shown);
            bytes[at] ^= 1;
            with_bytes(shown, &bytes);
        });
        assert_ne!(code, "accepted", "byte {at}");
        codes.insert(code);
    }
    assert!(
        codes.contains("eligibility_holder") && codes.contains("eligibility_copy"),
        "{codes:?}"
    );
    assert_ne!(told(&|shown| with_bytes(shown, &bytes(shown)[1..])), "accepted");
    assert_eq!(
        desk.refusal(Presentation::Text("eyJ.eyJ.c2ln~".to_owned())),
        "answer_malformed",
        "no text where an object belongs"
    );
}

#[test]
fn a_base_proof_with_the_value_in_it_is_no_answer() {
    let desk = Desk::new();
    let held = born("1950-06-01", 51);
    let Value::Object(base) = credential::issued(&held.copy, &held.opening) else {
        panic!("no object")
    };
    assert_ne!(desk.refusal(Presentation::Object(base)), "accepted");
}

#[test]
fn a_code_of_a_published_family_is_shown_without_the_code() {
    let list = &list::lists()[0];
    let family = &list.families[2];
    let place = |code: &str| list.place(code).unwrap();
    let desk = Desk::asking(
        Statement::CodeIn {
            list: list.digest,
            first: place(&family.first),
            last: place(&family.last),
        },
        &[],
        clinic::NONCE,
    );
    let kind = Kind::Code { list: list.digest };
    let shown = held(&kind, &[place("E11").into()], 51).shown(&desk.request());
    assert_eq!(desk.refusal(shown), "accepted");
    let request = desk.request();
    let asked = request.statement.as_ref().unwrap();
    let asked = asked.request(&request.client_id, &request.digest);
    let other = held(&kind, &[place("G35").into()], 51);
    assert!(!asked.holds_of(&other.opening).unwrap());
    assert!(prove(&asked, &other.copy, &other.opening, &other.holder, randomness(3)).is_err());
}

// ATTACKS 28
#[test]
fn a_refusal_says_nothing_of_why() {
    let desk = Desk::new();
    let denial = |seed| answer::seal_denial(&desk.request(), &secret(seed), [seed; 12]).unwrap();
    assert_eq!(denial(1).len(), denial(2).len());
    let (_, plain) = carnet_exchange::jwe::decrypt(&denial(3), &answer_secret(), 65_536).unwrap();
    let said: Value = serde_json::from_slice(&plain).unwrap();
    assert_eq!(said, json!({ "error": "access_denied", "state": clinic::STATE }));
}

/// JSON of any kind, small.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,9}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_stands_in_a_statement_or_a_proof_is_answered_without_a_panic(
        member in prop_oneof![Just("statement"), Just("as_of"), Just("credential_ids"), Just("type")],
        place in prop_oneof![Just("/credentialSubject"), Just("/proof"), Just("/proof/proofValue"), Just("/issuer")],
        value in any_json(),
    ) {
        let desk = Desk::new();
        let _ = desk.with_data(|data| data[member] = value.clone());
        let shown = changed(&born("1950-06-01", 51).shown(&desk.request()), |shown| {
            *shown.pointer_mut(place).unwrap() = value;
        });
        prop_assert_ne!(desk.refusal(shown), "accepted");
    }
}

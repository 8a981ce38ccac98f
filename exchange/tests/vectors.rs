//! The wire formats, written down: `vectors/*.json` hold what goes over the wire between two parties with fixed keys at
//! a fixed moment. Another implementation can be built against them. `UPDATE_VECTORS=1` writes them anew after a
//! change of format that is meant.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod clinic;

use std::{fs, path::PathBuf};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use carnet_consent::GrantId;
use carnet_credentials::jwk::PublicKey;
use carnet_exchange::{
    answer, client_id_of, delivery, jwe,
    manage::{self, DeletionReceipt, ManageRequest, Op},
    promise::{self, Operation, Promise},
    registry::{EventsPage, RegistryEvent, RevocationProof},
    request,
    slip::Slip,
    trust,
};
use clinic::{
    CERTIFICATE, Desk, answer_secret, delivery_secret, grant_id, holder, jws_parts, later, ledger, link,
    log_key, now, part, required, root_key, sealed_answer, sealed_records, signed_request, trust_list,
    verified_request,
};
use serde_json::{Value, json};

/// The stored vector, after what is made now was found to say the same. `volatile` members are texts whose bytes
/// depend on the order of members in JSON; what they contain is compared through the other members.
fn vector(name: &str, made: &Value, volatile: &[&str]) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors")
        .join(format!("{name}.json"));
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        fs::write(&path, format!("{made:#}\n")).unwrap();
    }
    let stored: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let (mut left, mut right) = (made.clone(), stored.clone());
    for member in volatile {
        left.as_object_mut().unwrap().remove(*member);
        right.as_object_mut().unwrap().remove(*member);
    }
    assert_eq!(left, right, "{name}: the format has changed");
    stored
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap()
}

fn wire_jws(compact: &str) -> Value {
    let (header, payload) = jws_parts(compact);
    json!({ "wire": compact, "header": header, "payload": payload })
}

/// Whose keys: P-256, private scalar and public JWK.
#[test]
fn the_keys() {
    let key = |seed: u8| json!({ "d": hex::encode([seed; 32]), "jwk": PublicKey::from(&clinic::signing(seed)).to_jwk() });
    let made = json!({
        "moment": now(),
        "clinic_request": key(0x11), "clinic_log": key(0x12), "trust_root": key(0x13),
        "session_answer": key(0x21), "session_delivery": key(0x22), "holder": key(0x31),
    });
    vector("keys", &made, &[]);
}

#[test]
fn the_trust_list() {
    let made = wire_jws(&trust::sign(&trust_list(), &root_key()).unwrap());
    let stored = vector("trust-list", &made, &["wire"]);
    let (list, root) = trust::verify_first(text(&stored, "wire"), now()).unwrap();
    assert_eq!(list, trust_list());
    assert_eq!(
        root.fingerprint(),
        trust::RootKey::from(&PublicKey::from(&root_key())).fingerprint()
    );
}

#[test]
fn the_request() {
    let mut made = wire_jws(&signed_request().compact);
    // Shown decoded: the order of members in it is free.
    let data = made["payload"]["transaction_data"][0].as_str().unwrap();
    let data: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(data).unwrap()).unwrap();
    made["payload"]["transaction_data"] = json!([data]);
    made["link"] = link().to_string().into();
    made["certificate"] = STANDARD.encode(CERTIFICATE).into();
    let stored = vector("request", &made, &["wire"]);
    let request = request::verify(
        text(&stored, "wire"),
        &text(&stored, "link").parse().unwrap(),
        &trust_list(),
        now(),
    );
    assert_eq!(
        request.unwrap().consent.unwrap().request,
        clinic::consent_request()
    );
    assert_eq!(link().client_id, client_id_of(CERTIFICATE));
}

#[test]
fn the_answer() {
    let request = verified_request();
    let part = part(clinic::consent(&request, &required()));
    let (header, payload) = jwe::decrypt(&sealed_answer(), &answer_secret(), 65_536).unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    let presentation = payload["vp_token"]["holder"][0].as_str().unwrap();
    let (credential, binding) = presentation.split_once('~').unwrap();
    let made = json!({
        "wire": sealed_answer(),
        "header": header,
        "payload": payload,
        "credential": jws_parts(credential).1,
        "key_binding": jws_parts(binding).1,
        "request": signed_request().compact,
        "transaction_data": signed_request().transaction_data,
        "grant_id": grant_id(&part.grant),
    });
    // Digests of the request run through all of it, and the request's bytes depend on the order of members.
    let volatile = [
        "wire",
        "payload",
        "key_binding",
        "request",
        "transaction_data",
        "grant_id",
        "header",
    ];
    let stored = vector("answer", &made, &volatile);

    // The stored answer is a good one to the stored request.
    let opened = answer::open(text(&stored, "wire"), &answer_secret()).unwrap();
    let desk = Desk::new();
    let mut session = desk.session();
    session.request_digest = request::digest(text(&stored, "request"));
    session.consent = Some(answer::AskedOf {
        transaction_data: text(&stored, "transaction_data"),
        ..desk.asked()
    });
    let id: GrantId = text(&stored, "grant_id").parse().unwrap();
    let checked = answer::check(opened, &session, |_| id, later(40)).unwrap();
    let checked = checked.consent.unwrap();
    assert_eq!(checked.consent.granted, required());
    assert_eq!(checked.grant.expiry, part.grant.expiry);
}

#[test]
fn the_delivery() {
    let (header, _) = jwe::decrypt(&sealed_records(), &delivery_secret().p256, 65_536).unwrap();
    let bundle: Value = serde_json::from_slice(clinic::BUNDLE).unwrap();
    let made = json!({
        "wire": sealed_records(), "header": header, "bundle": bundle, "digest": delivery::digest(&sealed_records()),
    });
    let stored = vector("delivery", &made, &["wire", "digest"]);
    let wire = text(&stored, "wire");
    assert_eq!(
        &**delivery::open(wire, &delivery_secret(), &verified_request().digest).unwrap(),
        clinic::BUNDLE
    );
    assert_eq!(delivery::digest(wire).to_string(), text(&stored, "digest"));
}

#[test]
fn the_promise_and_the_deletion_receipt() {
    let id = GrantId([7; 32]);
    let keys = [PublicKey::from(&log_key())];
    let made = Promise {
        grant_id: id,
        operation: Operation::Grant,
        sequence: 41,
        time: u64::try_from(now().as_second()).unwrap(),
        chain_id: ledger().chain_id,
        registry: ledger().registry,
    };
    let stored = vector(
        "promise",
        &wire_jws(&promise::sign(&made, &log_key()).unwrap()),
        &["wire"],
    );
    let ledger = ledger();
    let expected = promise::Expected {
        grant_id: &id,
        operation: Operation::Grant,
        ledger: &ledger,
        now: now(),
    };
    assert_eq!(
        promise::verify(text(&stored, "wire"), &keys, &expected).unwrap(),
        made
    );

    let made = DeletionReceipt {
        grant_id: id,
        time: made.time,
        exported: true,
    };
    let signed = manage::sign_receipt(&made, &log_key()).unwrap();
    let stored = vector("deletion-receipt", &wire_jws(&signed), &["wire"]);
    assert_eq!(
        manage::verify_receipt(text(&stored, "wire"), &keys, &id).unwrap(),
        made
    );
}

#[test]
fn the_slip() {
    let slip = Slip {
        chain_id: 5_000_000_000_000_001,
        registry: [1; 20],
        subject: [2; 20],
        commitment: [3; 32],
        not_before: 1_795_370_400,
        expiry: 1_797_962_400,
        secret: zeroize::Zeroizing::new([4; 32]),
        endpoint: clinic::url("/ledger"),
        spki_sha256: [5; 32],
    };
    let id = GrantId([7; 32]);
    let text = slip.to_text(&id).unwrap();
    let made = json!({
        "wire": *text, "grant_id": id, "secret": hex::encode([4; 32]), "ledger": slip.ledger(), "endpoint": slip.endpoint,
        "spki_sha256": hex::encode([5; 32]), "subject": hex::encode([2; 20]), "commitment": hex::encode([3; 32]),
        "notBefore": slip.not_before, "expiry": slip.expiry,
    });
    let stored = vector("slip", &made, &[]);
    assert!(self::text(&stored, "wire").len() <= 300);
    assert!(Slip::parse(self::text(&stored, "wire"), |_| id) == Ok(slip));
}

#[test]
fn the_events_of_a_registry() {
    let grant = answer::GrantTuple {
        subject: [1; 20],
        commitment: [2; 32],
        not_before: 1_795_370_400,
        expiry: 1_797_962_400,
        revoke_hash: [3; 32],
    };
    let event = |operation, sequence| RegistryEvent {
        operation,
        sequence,
        time: grant.not_before + sequence,
        grant,
    };
    let made = EventsPage {
        chain_id: ledger().chain_id,
        registry: ledger().registry,
        after: 40,
        last: 42,
        events: vec![event(Operation::Grant, 41), event(Operation::Revoke, 42)],
    };
    let stored = vector("events", &serde_json::to_value(&made).unwrap(), &[]);
    let read = EventsPage::read(stored.to_string().as_bytes(), 40, &ledger()).unwrap();
    assert_eq!(read, made);
}

#[test]
fn the_manage_request() {
    let grant = part(clinic::consent(&verified_request(), &required())).grant;
    let grant = answer::GrantTuple {
        commitment: [2; 32],
        ..grant
    };
    let id = GrantId([7; 32]);
    let made = ManageRequest {
        aud: clinic::url("/manage").into(),
        iat: now().as_second(),
        jti: "Zk3vT9sWq1LmX7cRb5YpDg".into(),
        ops: vec![
            Op::Reads { grant_id: id },
            Op::Revoke {
                grant_id: id,
                grant,
                proof: RevocationProof::Secret([6; 32]),
            },
            Op::Receipt { grant_id: id },
        ],
    };
    let stored = vector(
        "manage",
        &wire_jws(&manage::sign(&made, &holder()).unwrap()),
        &["wire"],
    );
    let (key, request) =
        manage::verify(text(&stored, "wire"), text(&stored["payload"], "aud"), now()).unwrap();
    assert_eq!(key, PublicKey::from(&holder()));
    assert_eq!(request, made);
}

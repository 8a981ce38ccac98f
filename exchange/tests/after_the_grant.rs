//! Promise, delivery, registry, manage, deletion receipt.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod clinic;

use carnet_consent::{GrantId, LedgerStatus, ReadingKind, Salt};
use carnet_credentials::jwk::PublicKey;
use carnet_exchange::{
    answer::GrantTuple,
    limits::MANAGE_BLOCK,
    manage::{self, DeletionReceipt, Logged, ManageReply, ManageRequest, Op, OpResult, Read},
    media,
    promise::{self, Expected, Operation, Promise},
    refusal::Refusal,
    registry::{EventsPage, GrantStatus, RegistryEvent, RevocationProof, RevocationReply, RevocationRequest},
};
use clinic::{holder, jws_parts, later, ledger, log_key, now, sign_by_hand, signing};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const GRANT: GrantId = GrantId([7; 32]);

fn good_promise() -> Promise {
    Promise {
        grant_id: GRANT,
        operation: Operation::Grant,
        sequence: 41,
        time: u64::try_from(now().as_second()).unwrap(),
        chain_id: ledger().chain_id,
        registry: ledger().registry,
    }
}

fn log_keys() -> Vec<PublicKey> {
    vec![PublicKey::from(&signing(8)), PublicKey::from(&log_key())]
}

// ATTACKS 36
#[test]
fn only_a_promise_by_the_log_key_about_this_very_grant_counts() {
    let ledger = ledger();
    let expected = Expected {
        grant_id: &GRANT,
        operation: Operation::Grant,
        ledger: &ledger,
        now: now(),
    };
    let verify = |compact: &str| promise::verify(compact, &log_keys(), &expected).map_err(|e| e.code());
    let with = |change: &dyn Fn(&mut Promise)| {
        let mut promise = good_promise();
        change(&mut promise);
        verify(&promise::sign(&promise, &log_key()).unwrap()).map(|p| p.sequence)
    };
    assert_eq!(with(&|_| ()), Ok(41));
    assert_eq!(
        with(&|p| p.grant_id = GrantId([8; 32])),
        Err("promise_wrong_grant")
    );
    assert_eq!(
        with(&|p| p.operation = Operation::Revoke),
        Err("promise_wrong_operation")
    );
    assert_eq!(with(&|p| p.chain_id = "1".into()), Err("promise_wrong_registry"));
    assert_eq!(with(&|p| p.registry = "0x".into()), Err("promise_wrong_registry"));
    assert_eq!(with(&|p| p.time += 61), Err("promise_from_the_future"));
    assert_eq!(with(&|p| p.time = u64::MAX), Err("promise_from_the_future"));

    let by_another = promise::sign(&good_promise(), &signing(9)).unwrap();
    assert_eq!(verify(&by_another), Err("promise_bad_signature"));
    let good = promise::sign(&good_promise(), &log_key()).unwrap();
    assert_eq!(
        promise::verify(&good, &[], &expected).unwrap_err().code(),
        "promise_bad_signature"
    );
    // A deletion receipt by the same key is no promise.
    let receipt = DeletionReceipt {
        grant_id: GRANT,
        time: 1,
        exported: false,
    };
    assert_eq!(
        verify(&manage::sign_receipt(&receipt, &log_key()).unwrap()),
        Err("promise_bad_signature")
    );
    let (header, mut payload) = jws_parts(&good);
    payload["sequence"] = json!("41");
    assert_eq!(
        verify(&sign_by_hand(&header, &payload.to_string(), &log_key())),
        Err("promise_malformed")
    );
    assert_eq!(verify(""), Err("promise_bad_signature"));
}

fn grant() -> GrantTuple {
    GrantTuple {
        subject: [1; 20],
        commitment: [2; 32],
        not_before: 3,
        expiry: 4,
        revoke_hash: [5; 32],
    }
}

#[test]
fn a_status_counts_only_for_this_grant_here_and_now() {
    let body = |change: &dyn Fn(&mut Value)| {
        let mut body = json!({
            "grant_id": GRANT, "status": "active", "as_of": now().as_second(),
            "chain_id": ledger().chain_id, "registry": ledger().registry,
        });
        change(&mut body);
        GrantStatus::read(body.to_string().as_bytes(), &GRANT, &ledger(), later(0))
            .map(|s| s.status)
            .map_err(|e| e.code())
    };
    assert_eq!(body(&|_| ()), Ok(LedgerStatus::Active));
    assert_eq!(
        body(&|b| b["grant_id"] = json!(GrantId([0; 32]))),
        Err("registry_wrong_grant")
    );
    assert_eq!(
        body(&|b| b["chain_id"] = json!("1")),
        Err("registry_wrong_registry")
    );
    assert_eq!(
        body(&|b| b["as_of"] = json!(now().as_second() - 300)),
        Ok(LedgerStatus::Active)
    );
    assert_eq!(
        body(&|b| b["as_of"] = json!(now().as_second() - 301)),
        Err("registry_stale")
    );
    assert_eq!(
        body(&|b| b["as_of"] = json!(now().as_second() + 61)),
        Err("registry_from_the_future")
    );
    assert_eq!(body(&|b| b["as_of"] = json!(u64::MAX)), Err("registry_malformed"));
    assert_eq!(body(&|b| b["status"] = json!("fine")), Err("registry_malformed"));
}

#[test]
fn a_revocation_carries_exactly_one_proof() {
    for proof in [
        RevocationProof::Signature([6; 65]),
        RevocationProof::Secret([7; 32]),
    ] {
        let request = RevocationRequest {
            grant: grant(),
            proof,
        };
        let text = serde_json::to_value(&request).unwrap();
        assert_eq!(text.as_object().unwrap().len(), 2);
        assert!(RevocationRequest::read(text.to_string().as_bytes()).unwrap() == request);
    }
    let read = |value: Value| RevocationRequest::read(value.to_string().as_bytes()).is_ok();
    let (signature, secret) = (format!("0x{}", "00".repeat(65)), format!("0x{}", "00".repeat(32)));
    assert!(read(json!({ "grant": grant(), "secret": secret })));
    assert!(!read(
        json!({ "grant": grant(), "secret": secret, "signature": signature })
    ));
    assert!(!read(json!({ "grant": grant() })));
    assert!(!read(json!({ "grant": grant(), "secret": signature })));
    assert!(!read(json!({ "grant": grant(), "secret": secret, "more": 1 })));
    assert!(RevocationReply::read(br#"{"promise":"a.b.c"}"#).is_ok());
}

const MANAGE: &str = "https://127.0.0.1:8443/manage";

#[test]
fn a_page_of_events_skips_and_doubles_nothing_and_is_empty_only_at_the_end() {
    let event = |sequence| RegistryEvent {
        operation: Operation::Grant,
        sequence,
        time: 1,
        grant: grant(),
    };
    let read = |after: u64, last: u64, sequences: &[u64], asked: u64| {
        let page = EventsPage {
            chain_id: ledger().chain_id,
            registry: ledger().registry,
            after,
            last,
            events: sequences.iter().map(|n| event(*n)).collect(),
        };
        let body = serde_json::to_vec(&page).unwrap();
        EventsPage::read(&body, asked, &ledger())
            .map(|page| page.next())
            .map_err(|error| error.code())
    };
    let full: Vec<u64> = (1..=1_000).collect();
    assert_eq!(read(0, 0, &[], 0), Ok(None));
    assert_eq!(read(7, 9, &[8, 9], 7), Ok(None));
    assert_eq!(read(0, 1_000, &full, 0), Ok(None));
    assert_eq!(read(0, 1_001, &full, 0), Ok(Some(1_000)));
    let more: Vec<u64> = (1..=1_001).collect();
    for (after, last, sequences, asked) in [
        (0, 5, &[][..], 0),
        (0, 5, &[1, 2, 3], 0),
        (0, 3, &[1, 3], 0),
        (0, 2, &[1, 1, 2], 0),
        (0, 3, &[2, 3], 0),
        (0, 2, &[1, 2], 1),
        (u64::MAX, u64::MAX, &[0], u64::MAX),
        (0, 1_001, &more, 0),
    ] {
        assert_eq!(
            read(after, last, sequences, asked),
            Err("registry_malformed"),
            "{after} {last} {asked}"
        );
    }
    let page = r#"{"chain_id":"1","registry":"0x","after":0,"last":0,"events":[]}"#;
    assert_eq!(
        EventsPage::read(page.as_bytes(), 0, &ledger())
            .unwrap_err()
            .code(),
        "registry_wrong_registry"
    );
}

fn manage_request() -> ManageRequest {
    ManageRequest {
        aud: MANAGE.into(),
        iat: now().as_second(),
        jti: "Zk3vT9sWq1LmX7cRb5YpDg".into(),
        ops: vec![
            Op::Reads { grant_id: GRANT },
            Op::Revoke {
                grant_id: GRANT,
                grant: grant(),
                proof: RevocationProof::Secret([7; 32]),
            },
            Op::Receipt { grant_id: GRANT },
        ],
    }
}

#[test]
fn a_manage_request_proves_possession_and_hides_its_size() {
    let compact = manage::sign(&manage_request(), &holder()).unwrap();
    let (key, request) = manage::verify(&compact, MANAGE, now()).unwrap();
    assert_eq!(key, PublicKey::from(&holder()));
    assert_eq!(request, manage_request());

    let mut one = manage_request();
    one.ops.truncate(1);
    assert_eq!(manage::sign(&one, &holder()).unwrap().len(), compact.len());
    let (_, payload) = jws_parts(&compact);
    assert_eq!(payload.to_string().len() % MANAGE_BLOCK, 0);
}

#[test]
fn a_manage_request_of_another_time_place_or_hand_is_refused() {
    let verify = |request: &ManageRequest, aud: &str, seconds: i64| {
        let compact = manage::sign(request, &holder()).unwrap();
        manage::verify(&compact, aud, later(seconds))
            .map(|_| ())
            .map_err(|e| e.code())
    };
    let good = manage_request();
    assert_eq!(verify(&good, MANAGE, 60), Ok(()));
    assert_eq!(verify(&good, MANAGE, 61), Err("manage_stale"));
    assert_eq!(verify(&good, MANAGE, -61), Err("manage_stale"));
    assert_eq!(
        verify(&good, "https://other.example/manage", 0),
        Err("manage_wrong_audience")
    );
    let with = |change: &dyn Fn(&mut ManageRequest)| {
        let mut request = manage_request();
        change(&mut request);
        verify(&request, MANAGE, 0)
    };
    assert_eq!(with(&|r| r.jti = "short".into()), Err("manage_malformed"));
    assert_eq!(with(&|r| r.iat = i64::MIN), Err("manage_stale"));
    let mut many = manage_request();
    many.ops = vec![Op::Reads { grant_id: GRANT }; 33];
    assert_eq!(manage::sign(&many, &holder()).unwrap_err().code(), "manage_count");

    // Someone else's key in the header, the holder's signature; and the other way round.
    let compact = manage::sign(&good, &holder()).unwrap();
    let (mut header, payload) = jws_parts(&compact);
    assert!(
        manage::verify(
            &sign_by_hand(&header, &payload.to_string(), &holder()),
            MANAGE,
            now()
        )
        .is_ok()
    );
    let code = |header: &Value, payload: &Value| {
        let compact = sign_by_hand(header, &payload.to_string(), &holder());
        manage::verify(&compact, MANAGE, now()).unwrap_err().code()
    };
    let mut unknown = payload.clone();
    unknown["ops"][0]["op"] = json!("erase");
    assert_eq!(code(&header, &unknown), "manage_malformed");
    header["jwk"] = PublicKey::from(&signing(9)).to_jwk();
    assert_eq!(code(&header, &payload), "manage_bad_signature");
    header.as_object_mut().unwrap().remove("jwk");
    assert_eq!(code(&header, &payload), "manage_no_key");
    assert_eq!(
        manage::verify("x", MANAGE, now()).unwrap_err().code(),
        "manage_bad_signature"
    );
}

#[test]
fn a_reading_goes_into_the_log_as_the_protocol_says() {
    let read = Read {
        when: "2026-11-23T10:00:00.25Z".parse().unwrap(),
        who: "Dr. Ana Reis".into(),
        what: vec!["allergies".into(), "laboratory".into()],
        kind: ReadingKind::Read,
        reason: None,
        log: None,
    };
    let (grant_id, salt) = (GrantId([1; 32]), Salt([3; 16]));
    let written = format!(
        r#"{{"grant_id":"{grant_id}","kind":"read","what":["allergies","laboratory"],"when":"2026-11-23T10:00:00.25Z","who":"Dr. Ana Reis"}}"#
    );
    let entry = Sha256::digest([b"carnet-read-v1", &salt.0[..], written.as_bytes()].concat());
    assert_eq!(read.entry(&grant_id, &salt)[..], entry[..]);
    // Its place is not in there: it is what the tree proves.
    let logged = Read {
        log: Some(Logged {
            place: 9,
            salt: salt.clone(),
        }),
        ..read.clone()
    };
    assert_eq!(logged.entry(&grant_id, &salt), read.entry(&grant_id, &salt));
}

#[test]
fn a_reply_comes_back_as_it_was_said_in_full_blocks() {
    let reply = ManageReply {
        results: vec![
            OpResult::Reads {
                grant_id: GRANT,
                reads: vec![Read {
                    when: now(),
                    who: "Dr. Ana Reis".into(),
                    what: vec!["laboratory".into()],
                    kind: ReadingKind::Export,
                    reason: None,
                    log: Some(Logged {
                        place: 7,
                        salt: Salt([3; 16]),
                    }),
                }],
            },
            OpResult::Revoked {
                grant_id: GRANT,
                promise: Some("a.b.c".into()),
                receipt: None,
            },
            OpResult::Receipt {
                grant_id: GRANT,
                receipt: None,
            },
            OpResult::Refused {
                grant_id: GRANT,
                code: "unknown".into(),
            },
        ],
    };
    let text = reply.to_json().unwrap();
    assert_eq!(text.len() % MANAGE_BLOCK, 0);
    assert_eq!(ManageReply::read(text.as_bytes()), Ok(reply));
    assert!(ManageReply::read(b"[]").is_err());
}

#[test]
fn a_deletion_receipt_counts_only_by_the_log_key_for_this_consent() {
    let receipt = DeletionReceipt {
        grant_id: GRANT,
        time: 5,
        exported: true,
    };
    let compact = manage::sign_receipt(&receipt, &log_key()).unwrap();
    let verify =
        |compact: &str, id: &GrantId| manage::verify_receipt(compact, &log_keys(), id).map_err(|e| e.code());
    assert_eq!(verify(&compact, &GRANT), Ok(receipt.clone()));
    assert_eq!(verify(&compact, &GrantId([0; 32])), Err("receipt_wrong_grant"));
    let forged = manage::sign_receipt(&receipt, &signing(9)).unwrap();
    assert_eq!(verify(&forged, &GRANT), Err("receipt_bad_signature"));
}

// ATTACKS 12
#[test]
fn a_content_type_is_compared_without_its_parameters() {
    assert!(media::is("application/oauth-authz-req+jwt", media::REQUEST));
    assert!(media::is("Application/JSON; charset=utf-8", media::JSON));
    assert!(!media::is("text/html", media::REQUEST));
    assert!(!media::is("application/oauth-authz-req+jwt-x", media::REQUEST));
    assert!(!media::is("", media::JSON));
}

#[test]
fn a_refusal_is_read_only_if_it_is_one() {
    let text = serde_json::to_vec(&Refusal::new("request_used", "m", "n")).unwrap();
    assert_eq!(Refusal::read(&text).unwrap().error.code, "request_used");
    for bad in [
        "",
        "{}",
        "<html>",
        r#"{"error":"x"}"#,
        r#"{"error":{"code":"A <b>"}}"#,
        r#"{"error":{"code":""}}"#,
    ] {
        assert!(Refusal::read(bad.as_bytes()).is_none(), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_text_is_answered_without_a_panic(text in r#"[\[\]{}:,"a-z0-9.]{0,120}|.{0,100}"#) {
        let ledger = ledger();
        let expected = Expected { grant_id: &GRANT, operation: Operation::Grant, ledger: &ledger, now: now() };
        prop_assert!(promise::verify(&text, &log_keys(), &expected).is_err());
        prop_assert!(manage::verify(&text, MANAGE, now()).is_err());
        prop_assert!(manage::verify_receipt(&text, &log_keys(), &GRANT).is_err());
        prop_assert!(GrantStatus::read(text.as_bytes(), &GRANT, &ledger, now()).is_err());
        let _ = (ManageReply::read(text.as_bytes()), RevocationRequest::read(text.as_bytes()));
        let _ = Refusal::read(text.as_bytes());
    }
}

//! The way of a consent through the station's two doors.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use carnet_exchange::manage::{Op, OpResult, verify_receipt};
use carnet_station::serve::MovedClock;
use jiff::SignedDuration;
use serde_json::{Value, json};
use support::{
    Station, ok,
    wallet::{ALLERGIES, Answer, Wallet, deliver, denial, send},
};

const ALLERGY: &str = r#"{"resourceType":"AllergyIntolerance","id":"a1","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},"code":{"text":"Penicillin"},"patient":{"reference":"Patient/p1"}}"#;
const CONDITION: &str = r#"{"resourceType":"Condition","id":"c1","code":{"text":"Hypertension"},"subject":{"reference":"Patient/p1"}}"#;
const CONDITIONS: &str = "patient/Condition.rs";

fn bundle(resources: &[&str]) -> String {
    let entries: Vec<String> = resources
        .iter()
        .map(|resource| format!(r#"{{"resource":{resource}}}"#))
        .collect();
    format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{}]}}"#,
        entries.join(",")
    )
}

fn question() -> Value {
    json!({
        "purpose": ["TREAT"],
        "items": [{"scope": ALLERGIES, "required": true}, {"scope": CONDITIONS, "required": false}],
        "days": 3,
    })
}

/// Up to the promise: question id, wallet, answer.
async fn answered(station: &Station, granted: &[&str], records: &str) -> (String, Wallet, Answer) {
    let wallet = Wallet::new(station);
    let (id, link) = station.ask(question()).await;
    let request = wallet.question(station, &link).await;
    let answer = wallet.answer(request, granted, records);
    answer.promised(station, &wallet).await;
    (id, wallet, answer)
}

/// Up to the records on the desk.
async fn readable(station: &Station) -> (String, Wallet, Answer) {
    let (id, wallet, answer) =
        answered(station, &[ALLERGIES, CONDITIONS], &bundle(&[ALLERGY, CONDITION])).await;
    assert_eq!(answer.deliver(station).await.status, 204);
    ok(&station.confirm(&id, &answer.code).await);
    (id, wallet, answer)
}

fn code_of(reply: &support::Reply) -> (u16, &str) {
    (reply.status, reply.code())
}

/// What a JWS says, whatever randomness is in its signature.
fn signed_text(jws: &str) -> String {
    jws.rsplit_once('.').unwrap().0.to_owned()
}

#[tokio::test]
async fn asked_granted_confirmed_read_taken_back_and_then_denied() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let wallet = Wallet::new(&station);
    let (id, link) = station.ask(question()).await;
    assert!(link.len() <= 300);
    assert_eq!(station.state(&id).await, "waiting");
    let request = wallet.question(&station, &link).await;
    assert_eq!(station.state(&id).await, "opened");

    let answer = wallet.answer(request, &[ALLERGIES], &bundle(&[ALLERGY]));
    assert_eq!(answer.ledger_status(&station).await, "none");
    answer.promised(&station, &wallet).await;
    assert_eq!(answer.ledger_status(&station).await, "active");
    assert_eq!(station.state(&id).await, "answered");
    let view = station.get(&format!("/api/requests/{id}")).await.body;
    assert_eq!(
        (&view["decision"], &view["granted"]),
        (&json!("partial"), &json!([ALLERGIES]))
    );

    assert_eq!(
        code_of(&station.records(&answer.id()).await),
        (403, "unconfirmed")
    );
    assert_eq!(answer.deliver(&station).await.status, 204);
    assert_eq!(
        code_of(&station.records(&answer.id()).await),
        (403, "unconfirmed")
    );
    ok(&station.confirm(&id, &answer.code).await);
    assert_eq!(station.state(&id).await, "confirmed");

    let read = station.records(&answer.id()).await;
    ok(&read);
    assert_eq!(read.body["entry"][0]["resource"]["code"]["text"], "Penicillin");
    let view = station
        .get(&format!("/api/consents/{}/records?view=1", answer.id()))
        .await;
    assert_eq!(view.body["groups"][0]["records"][0]["title"], "Penicillin");
    let other = station
        .get(&format!("/api/consents/{}/records?type=Condition", answer.id()))
        .await;
    assert_eq!(code_of(&other), (403, "out_of_scope"));

    let seen = station
        .get(&format!("/api/consents/{}/reads", answer.id()))
        .await
        .body;
    assert_eq!(seen.as_array().unwrap().len(), 2);
    assert_eq!(seen[0]["resourceType"], "AuditEvent");
    assert!(seen[0].to_string().contains("service account integration"));
    let results = wallet
        .manage(
            &station,
            vec![Op::Reads {
                grant_id: answer.grant_id,
            }],
        )
        .await;
    assert!(matches!(&results[0], OpResult::Reads { reads, .. } if reads.len() == 2));

    let results = wallet.manage(&station, vec![answer.revoke()]).await;
    let OpResult::Revoked {
        promise: Some(_),
        receipt: Some(receipt),
        ..
    } = &results[0]
    else {
        panic!("{results:?}");
    };
    let keys = &wallet.list().entries[0].log_keys;
    assert!(!verify_receipt(receipt, keys, &answer.grant_id).unwrap().exported);
    assert_eq!(code_of(&station.records(&answer.id()).await), (403, "revoked"));
    assert_eq!(answer.ledger_status(&station).await, "revoked");
    assert!(
        std::fs::read_dir(dir.path().join("delivery-keys"))
            .unwrap()
            .next()
            .is_none()
    );
    assert!(
        std::fs::read_dir(dir.path().join("deliveries"))
            .unwrap()
            .next()
            .is_none()
    );
    let again = wallet.manage(&station, vec![answer.revoke()]).await;
    let said = |results: &[OpResult]| match results {
        [
            OpResult::Revoked {
                grant_id,
                promise: Some(promise),
                receipt: Some(receipt),
            },
        ] => (*grant_id, signed_text(promise), receipt.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(said(&again), said(&results));
    assert_eq!(
        station.get("/api/revocations").await.body[0]["deletion_receipt"],
        true
    );
}

#[tokio::test]
async fn three_wrong_codes_lock_the_answer_even_across_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let (id, _, answer) = answered(&station, &[ALLERGIES], &bundle(&[ALLERGY])).await;
    assert_eq!(answer.deliver(&station).await.status, 204);
    let wrong = if answer.code == "0000" { "0001" } else { "0000" };
    assert_eq!(code_of(&station.confirm(&id, "12").await), (400, "invalid_field"));
    let first = station.confirm(&id, wrong).await;
    assert_eq!(
        (code_of(&first), &first.body["error"]["tries_left"]),
        ((403, "wrong_code"), &json!(2))
    );
    let station = station.kill_and_restart();
    let second = station.confirm(&id, wrong).await;
    assert_eq!(second.body["error"]["tries_left"], 1);
    assert_eq!(code_of(&station.confirm(&id, wrong).await), (403, "code_locked"));
    assert_eq!(
        code_of(&station.confirm(&id, &answer.code).await),
        (403, "code_locked")
    );
    assert_eq!(station.state(&id).await, "locked");
    assert_eq!(code_of(&station.records(&answer.id()).await), (403, "expired"));
    assert!(
        std::fs::read_dir(dir.path().join("delivery-keys"))
            .unwrap()
            .next()
            .is_none()
    );
}

#[tokio::test]
async fn the_same_answer_gets_the_same_promise_and_another_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let wallet = Wallet::new(&station);
    let (_, link) = station.ask(question()).await;
    let request = wallet.question(&station, &link).await;
    let mine = wallet.answer(request.clone(), &[ALLERGIES], &bundle(&[ALLERGY]));
    let other = Wallet::new(&station).answer(request, &[ALLERGIES], &bundle(&[ALLERGY]));
    let promise = mine.promised(&station, &wallet).await;
    assert_eq!(code_of(&other.send(&station).await), (410, "request_used"));
    let station = station.kill_and_restart();
    assert_eq!(mine.promised(&station, &wallet).await, promise);
    assert_eq!(other.ledger_status(&station).await, "none");

    // The same answer at another question of the same station.
    let (_, second) = station.ask(question()).await;
    let second = wallet.question(&station, &second).await;
    assert_eq!(send(&station, &second, &mine.jwe).await.status, 400);
}

#[tokio::test]
async fn only_the_promised_delivery_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let (_, _, answer) = answered(&station, &[ALLERGIES], &bundle(&[ALLERGY])).await;
    let other = format!("{}x", answer.delivery);
    assert_eq!(
        code_of(&deliver(&station, &answer.request, &other).await),
        (403, "not_promised")
    );
    assert_eq!(answer.deliver(&station).await.status, 204);
    assert_eq!(answer.deliver(&station).await.status, 204);
    assert_eq!(
        code_of(&deliver(&station, &answer.request, &other).await),
        (403, "not_promised")
    );
}

#[tokio::test]
async fn what_is_out_of_scope_stays_closed_even_when_delivered() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let (id, _, answer) = answered(&station, &[ALLERGIES], &bundle(&[ALLERGY, CONDITION])).await;
    assert_eq!(answer.deliver(&station).await.status, 204);
    ok(&station.confirm(&id, &answer.code).await);
    let read = station.records(&answer.id()).await;
    assert_eq!(read.body["entry"].as_array().unwrap().len(), 1);
    assert!(!read.body.to_string().contains("Hypertension"));

    let (id, _, answer) = answered(&station, &[ALLERGIES], &bundle(&[CONDITION])).await;
    assert_eq!(answer.deliver(&station).await.status, 204);
    ok(&station.confirm(&id, &answer.code).await);
    assert_eq!(
        code_of(&station.records(&answer.id()).await),
        (403, "out_of_scope")
    );
}

#[tokio::test]
async fn taken_back_by_anybody_with_the_proof_before_or_after() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let (_, _, answer) = readable(&station).await;
    ok(&station.records(&answer.id()).await);
    let url = format!("{}/ledger/revocations", station.public_url);
    let post = |body: Value| station.http.post(&url).json(&body).send();
    let revoked = support::reply(post(answer.revocation_body()).await.unwrap()).await;
    assert!(revoked.body["promise"].is_string(), "{revoked:?}");
    let again = support::reply(post(answer.revocation_body()).await.unwrap()).await;
    let said = |reply: &support::Reply| signed_text(reply.body["promise"].as_str().unwrap());
    assert_eq!(said(&again), said(&revoked), "recorded once, promised alike");
    assert_eq!(code_of(&station.records(&answer.id()).await), (403, "revoked"));

    // A tombstone: the answer that comes later is refused.
    let wallet = Wallet::new(&station);
    let (id, link) = station.ask(question()).await;
    let late = wallet.answer(
        wallet.question(&station, &link).await,
        &[ALLERGIES],
        &bundle(&[ALLERGY]),
    );
    let tombstone = support::reply(post(late.revocation_body()).await.unwrap()).await;
    assert!(tombstone.body["promise"].is_string(), "{tombstone:?}");
    assert_eq!(code_of(&late.send(&station).await), (409, "revoked"));
    assert_eq!(station.state(&id).await, "opened");
}

#[tokio::test]
async fn who_floods_the_register_with_revocations_is_slowed_before_any_work_and_others_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let wallet = Wallet::new(&station);
    let (_, link) = station.ask(question()).await;
    let question = wallet.question(&station, &link).await;
    let answer = wallet.answer(question, &[ALLERGIES], &bundle(&[ALLERGY]));
    let url = format!("{}/ledger/revocations", station.public_url);
    let post = async |body: &Value| {
        let sent = station.http.post(&url).json(body).send().await.unwrap();
        support::reply(sent).await
    };
    // One address, with proofs that do not hold: refused for what they are, then not looked at any more.
    let mut wrong = answer.revocation_body();
    wrong["signature"] = format!("0x{}", "11".repeat(65)).into();
    let mut codes = Vec::new();
    for _ in 0..12 {
        codes.push(code_of(&post(&wrong).await).1.to_owned());
    }
    assert_eq!(
        codes.iter().filter(|code| *code == "bad_signature").count(),
        8,
        "{codes:?}"
    );
    assert_eq!(codes.last().unwrap(), "too_many_requests");
    // Addresses without end: nothing is written for them.
    let mut last = String::new();
    for n in 0_u32..200 {
        wrong["grant"]["subject"] = format!("0x{n:040x}").into();
        last = code_of(&post(&wrong).await).1.to_owned();
        if last == "too_many_requests" {
            break;
        }
    }
    assert_eq!(last, "too_many_requests");
    let events = format!("{}/ledger/events", station.public_url);
    let listed = support::reply(station.http.get(events).send().await.unwrap()).await;
    assert_eq!(listed.body["last"], 0, "{listed:?}");
    // Whoever does something else from there is served.
    assert_eq!(answer.send(&station).await.status, 200);
}

#[tokio::test]
async fn killed_at_any_step_the_story_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let (staff, public) = (station.staff_url.clone(), station.public_url.clone());
    let (id, link) = station.ask(question()).await;
    let station = station.kill_and_restart();
    assert_eq!((&station.staff_url, &station.public_url), (&staff, &public));
    let wallet = Wallet::new(&station);
    let request = wallet.question(&station, &link).await;
    let station = station.kill_and_restart();
    let answer = wallet.answer(request, &[ALLERGIES], &bundle(&[ALLERGY]));
    answer.promised(&station, &wallet).await;
    let station = station.kill_and_restart();
    assert_eq!(answer.deliver(&station).await.status, 204);
    let station = station.kill_and_restart();
    ok(&station.confirm(&id, &answer.code).await);
    let station = station.kill_and_restart();
    ok(&station.records(&answer.id()).await);
    let station = station.kill_and_restart();
    assert_eq!(
        station
            .get(&format!("/api/consents/{}/reads", answer.id()))
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert!(matches!(
        wallet.manage(&station, vec![answer.revoke()]).await[0],
        OpResult::Revoked { .. }
    ));
    let station = station.kill_and_restart();
    assert_eq!(code_of(&station.records(&answer.id()).await), (403, "revoked"));
    let receipt = wallet
        .manage(
            &station,
            vec![Op::Receipt {
                grant_id: answer.grant_id,
            }],
        )
        .await;
    assert!(matches!(&receipt[0], OpResult::Receipt { receipt: Some(_), .. }));
}

#[tokio::test]
async fn a_no_ends_the_question() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let wallet = Wallet::new(&station);
    let (id, link) = station.ask(question()).await;
    let request = wallet.question(&station, &link).await;
    let no = denial(&request);
    let said = send(&station, &request, &no).await;
    assert_eq!((said.status, &said.body), (200, &json!({})));
    assert_eq!(send(&station, &request, &no).await.status, 200);
    assert_eq!(station.state(&id).await, "denied");
    let answer = wallet.answer(request, &[ALLERGIES], &bundle(&[ALLERGY]));
    assert_eq!(code_of(&answer.send(&station).await), (410, "request_used"));
    assert_eq!(
        code_of(&station.confirm(&id, "0000").await),
        (409, "not_answered")
    );
}

#[tokio::test]
async fn unknown_foreign_and_absent_look_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let (_, _, answer) = readable(&station).await;
    let nowhere = carnet_consent::GrantId([7; 32]);
    let stranger = Wallet::new(&station);
    let ops = |grant_id| vec![Op::Reads { grant_id }, Op::Receipt { grant_id }];
    let code = |result: &OpResult| match result {
        OpResult::Refused { code, .. } => code.clone(),
        other => panic!("{other:?}"),
    };
    let foreign: Vec<String> = stranger
        .manage(&station, ops(answer.grant_id))
        .await
        .iter()
        .map(code)
        .collect();
    let absent: Vec<String> = stranger
        .manage(&station, ops(nowhere))
        .await
        .iter()
        .map(code)
        .collect();
    assert_eq!(foreign, absent);

    let texts = |path: String| {
        let http = station.http.clone();
        async move {
            let response = http.get(path).send().await.unwrap();
            (response.status(), response.text().await.unwrap())
        }
    };
    let ids = ["AAAAAAAAAAAAAAAAAAAAAA", "x", "..%2f..%2fidentity.key", "%00"];
    let mut answers = Vec::new();
    for id in ids {
        answers.push(texts(format!("{}/oid4vp/request/{id}", station.public_url)).await);
    }
    assert!(answers.iter().all(|answer| answer.0 == 404), "{answers:?}");
    assert_eq!(answers[0], answers[1]);
    assert_eq!(
        code_of(&station.records(&nowhere.to_string()).await),
        (403, "unknown")
    );
    assert_eq!(code_of(&station.records("0xzz").await), (403, "unknown"));
}

#[tokio::test]
async fn reading_ends_with_the_retention_and_the_period_and_when_the_clock_is_set_back() {
    let dir = tempfile::tempdir().unwrap();
    let clock = MovedClock::default();
    let station = Station::start_with_clock(dir.path(), &clock).await;
    let (_, _, answer) = readable(&station).await;
    let hours = SignedDuration::from_hours;
    ok(&station.records(&answer.id()).await);
    clock.ahead(hours(2));
    ok(&station.records(&answer.id()).await);
    clock.ahead(hours(0));
    assert_eq!(code_of(&station.records(&answer.id()).await), (403, "stale"));
    clock.ahead(hours(2));
    ok(&station.records(&answer.id()).await);
    clock.ahead(hours(24));
    ok(&station.records(&answer.id()).await);
    clock.ahead(hours(73));
    assert_eq!(code_of(&station.records(&answer.id()).await), (403, "expired"));
    assert_eq!(station.get("/api/consents").await.body[0]["state"], "expired");
    clock.ahead(hours(0));

    // Kept for one day only, granted for three.
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start_with_clock(dir.path(), &clock).await;
    let mut question = question();
    question["retention_days"] = json!(1);
    let (id, link) = station.ask(question).await;
    let wallet = Wallet::new(&station);
    let answer = wallet.answer(
        wallet.question(&station, &link).await,
        &[ALLERGIES],
        &bundle(&[ALLERGY]),
    );
    answer.promised(&station, &wallet).await;
    assert_eq!(answer.deliver(&station).await.status, 204);
    ok(&station.confirm(&id, &answer.code).await);
    clock.ahead(hours(25));
    assert_eq!(answer.ledger_status(&station).await, "active");
    assert_eq!(code_of(&station.records(&answer.id()).await), (403, "expired"));
}

#[tokio::test]
async fn everything_on_the_ledger_is_listed_and_nobody_is_asked_for_whom() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let (_, _, first) = answered(&station, &[ALLERGIES], &bundle(&[ALLERGY])).await;
    let (_, _, second) = answered(&station, &[ALLERGIES], &bundle(&[ALLERGY])).await;
    let revocations = format!("{}/ledger/revocations", station.public_url);
    let body = first.revocation_body();
    ok(&support::reply(station.http.post(revocations).json(&body).send().await.unwrap()).await);

    let list = async |query: &str| {
        let url = format!("{}/ledger/events{query}", station.public_url);
        let response = station.http.get(url).send().await.unwrap();
        let cache = response.headers()["cache-control"].to_str().unwrap().to_owned();
        (support::reply(response).await, cache)
    };
    let (all, cache) = list("").await;
    assert_eq!(cache, "no-cache", "it can still grow");
    let seen: Vec<_> = all.body["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["operation"].clone(), event["grant"].clone()))
        .collect();
    let (one, two) = (json!(first.tuple), json!(second.tuple));
    let expected = [
        (json!("grant"), one.clone()),
        (json!("grant"), two),
        (json!("revoke"), one),
    ];
    assert_eq!(seen, expected);
    let (end, _) = list("?after=2").await;
    assert_eq!(
        (&end.body["events"][0]["sequence"], &end.body["last"]),
        (&json!(3), &json!(3))
    );

    for wrong in ["?after=-1", "?after=x", "?subject=0x00", "?after=0&limit=9"] {
        assert_eq!(code_of(&list(wrong).await.0), (400, "ill_formed"), "{wrong}");
    }
}

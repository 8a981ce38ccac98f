//! A statement asked for at the counter: yes, not shown, cannot check, and what to do with each.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use carnet_consent::code;
use carnet_credentials::jwk::PublicKey;
use carnet_eligibility::{Copy, Day, Issuance, Kind, Opening, Randomness, issue, prove};
use carnet_exchange::{
    Entry,
    answer::{self, Presentation, Presentations},
    eligibility::{QUERY, today},
    request::VerifiedRequest,
    trust::Role as TrustRole,
};
use carnet_station::serve::MovedClock;
use ed25519_dalek::SigningKey;
use jiff::{SignedDuration, Timestamp};
use p256::SecretKey;
use serde_json::{Value, json};
use support::{
    PROGRAM, Reply, Station, ok,
    wallet::{Wallet, denial, random, send},
};

const ISSUER: [u8; 32] = [51; 32];

fn insurer() -> Entry {
    Entry {
        id: "sunrise".to_owned(),
        name: "Sunrise Insurance".to_owned(),
        client_ids: vec![],
        origins: vec!["https://sunrise.example".to_owned()],
        purposes: vec![],
        roles: vec![TrustRole::Issuer],
        registries: vec![],
        log_keys: vec![],
        issuer_keys: vec![PublicKey::from(&SigningKey::from_bytes(&ISSUER))],
        request_keys: vec![],
        offline_keys: vec![],
        local: None,
    }
}

struct Scene {
    dir: tempfile::TempDir,
    station: Station,
    wallet: Wallet,
}

fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start_with(dir.path(), &["--name", "Corner Pharmacy", "--role", "pharmacy"]);
    listed(&station, dir.path());
    let wallet = Wallet::new(&station);
    Scene { dir, station, wallet }
}

fn listed(station: &Station, dir: &std::path::Path) {
    let file = dir.join("issuer.json");
    std::fs::write(&file, serde_json::to_vec(&insurer()).unwrap()).unwrap();
    for arguments in [vec!["add", "--entry", file.to_str().unwrap()], vec!["sign"]] {
        let done = std::process::Command::new(PROGRAM)
            .arg("trust")
            .args(arguments)
            .arg("--dir")
            .arg(station.trust_list.parent().unwrap())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

fn asks(years: u8) -> Value {
    json!({ "statement": { "id": "age-at-least", "fields": { "years": years } } })
}

/// A copy of somebody born on 1 June 1950, good today and tomorrow.
struct Held {
    copy: Copy,
    opening: Opening,
    holder: SigningKey,
}

fn held(issuer: [u8; 32]) -> Held {
    let holder = SigningKey::from_bytes(&random());
    let born: jiff::civil::Date = "1950-06-01".parse().unwrap();
    let today = today(Timestamp::now()).unwrap();
    let issuance = Issuance {
        kind: &Kind::BirthDate,
        values: &[u32::from(Day::try_from(born).unwrap().number())],
        holder: &holder.verifying_key(),
        from: today,
        until: today.plus(1).unwrap(),
    };
    let randomness = Randomness::new(random()).unwrap();
    let (copy, opening) = issue(&issuance, &SigningKey::from_bytes(&issuer), randomness).unwrap();
    Held {
        copy,
        opening,
        holder,
    }
}

impl Held {
    fn shown(&self, request: &VerifiedRequest) -> Presentation {
        let asked = request.statement.as_ref().unwrap();
        let asked = asked.request(&request.client_id, &request.digest);
        let randomness = Randomness::new(random()).unwrap();
        (&prove(&asked, &self.copy, &self.opening, &self.holder, randomness).unwrap()).into()
    }

    fn digits(&self, request: &VerifiedRequest) -> String {
        let thumbprint = PublicKey::from(&self.holder).thumbprint();
        code(&request.digest, &thumbprint, &[0; 32]).to_string()
    }
}

fn sealed(request: &VerifiedRequest, shown: Presentation) -> String {
    let token = Presentations::from([(QUERY.to_owned(), vec![shown])]);
    let ephemeral = SecretKey::from_slice(&random::<32>()).unwrap();
    answer::seal(request, &token, None, &ephemeral, random()).unwrap()
}

impl Scene {
    async fn asked(&self, body: Value) -> (String, VerifiedRequest) {
        let (id, link) = self.station.ask(body).await;
        let request = self.wallet.question(&self.station, &link).await;
        (id, request)
    }

    async fn sent(&self, request: &VerifiedRequest, shown: Presentation) -> Reply {
        send(&self.station, request, &sealed(request, shown)).await
    }

    async fn check(&self, id: &str) -> Value {
        self.station.get(&format!("/api/requests/{id}")).await.body["check"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_is_shown_is_yes_at_once_with_the_digits_of_the_phone_that_showed_it() {
    let scene = scene();
    let setup = scene.station.get("/api/setup").await.body;
    assert_eq!(setup["station"]["roles"], json!(["pharmacy"]));
    let offered = scene.station.get("/api/statements").await.body;
    assert_eq!(offered[0]["id"], "age-at-least");
    assert_eq!(offered[0]["fields"][0]["kind"], "number");

    let (id, request) = scene.asked(asks(65)).await;
    assert!(request.consent.is_none());
    let check = scene.check(&id).await;
    assert!(check["says"].as_str().unwrap().starts_with("65 or older on "));
    assert_eq!((&check["result"], &check["digits"]), (&Value::Null, &Value::Null));
    assert!(check["list_issued"].is_string() && check["what_next"].is_string());

    let held = held(ISSUER);
    let jwe = sealed(&request, held.shown(&request));
    let sent = send(&scene.station, &request, &jwe).await;
    assert_eq!((sent.status, sent.body), (200, json!({})));
    let check = scene.check(&id).await;
    assert_eq!(check["result"], "yes");
    assert_eq!(check["issuer"], "Sunrise Insurance");
    assert_eq!(check["digits"], held.digits(&request).as_str());
    assert_eq!(check["valid_until"], held.copy.until.date().to_string().as_str());
    assert!(check["what_next"].as_str().unwrap().contains("dispense"));

    // The same bytes again, from a wallet that heard nothing: the same reply. Any other answer: too late.
    let again = send(&scene.station, &request, &jwe).await;
    assert_eq!((again.status, again.body), (200, json!({})));
    let other = scene.sent(&request, held.shown(&request)).await;
    assert_eq!((other.status, other.code()), (410, "request_used"));
    assert_eq!(
        send(&scene.station, &request, &denial(&request)).await.code(),
        "request_used"
    );
    assert_eq!(scene.check(&id).await["result"], "yes");
    // Nothing to type, and nothing that could be read.
    assert_eq!(
        scene.station.confirm(&id, &held.digits(&request)).await.code(),
        "not_answered"
    );
    let view = scene
        .station
        .get(&format!("/api/requests/{id}"))
        .await
        .body
        .to_string();
    assert!(!view.contains("1950-06") && !view.contains("proofValue"));

    let lines = scene.station.get("/api/checks").await.body;
    assert_eq!(
        (lines[0]["result"].as_str(), lines[0]["reason"].as_str()),
        (Some("yes"), None)
    );
    // What is kept of it outlives the station.
    let Scene { dir, station, .. } = scene;
    let station = station.kill_and_restart();
    let view = station.get(&format!("/api/requests/{id}")).await.body;
    assert_eq!(view["check"]["result"], "yes");
    drop(dir);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_is_not_shown_and_says_that_it_is_no_no() {
    let scene = scene();
    let (id, request) = scene.asked(asks(65)).await;
    ok(&send(&scene.station, &request, &denial(&request)).await);
    let check = scene.check(&id).await;
    assert_eq!(
        (check["result"].as_str(), check["reason"].as_str()),
        (Some("not_shown"), None)
    );
    assert!(
        check["what_next"]
            .as_str()
            .unwrap()
            .starts_with("This is not a no.")
    );
}

// ATTACKS 28
#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_believed_is_cannot_check_for_its_own_reason_and_leaves_the_question_open() {
    let scene = scene();
    let (id, request) = scene.asked(asks(65)).await;
    let held_here = held(ISSUER);
    let good = held_here.shown(&request);
    let refused = async |shown: Presentation, code: &str| {
        let sent = scene.sent(&request, shown).await;
        assert_eq!((sent.status, sent.code()), (400, code));
        let check = scene.check(&id).await;
        assert_eq!(
            (check["result"].as_str(), check["reason"].as_str()),
            (Some("cannot_check"), Some(code))
        );
        assert_eq!((&check["digits"], &check["issuer"]), (&Value::Null, &Value::Null));
        assert!(
            check["what_next"]
                .as_str()
                .unwrap()
                .starts_with("Nothing is known")
        );
    };
    refused(
        held([52; 32]).shown(&request),
        "eligibility_credential_unknown_issuer",
    )
    .await;
    let (_, other) = scene.asked(asks(65)).await;
    refused(held_here.shown(&other), "eligibility_holder").await;
    let (_, lower) = scene.asked(asks(18)).await;
    refused(held_here.shown(&lower), "eligibility_holder").await;
    let Presentation::Object(mut altered) = good.clone() else {
        panic!("no object")
    };
    altered.insert("validUntil".into(), "2031-01-01T00:00:00Z".into());
    refused(
        Presentation::Object(altered),
        "eligibility_credential_valid_until",
    )
    .await;
    refused(Presentation::Text("a.b.c~".into()), "answer_malformed").await;

    // Somebody who saw the code on the desk's screen can't spoil it for the patient.
    ok(&scene.sent(&request, good).await);
    assert_eq!(scene.check(&id).await["result"], "yes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_ran_out_is_not_shown_and_an_answer_that_comes_late_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let clock = MovedClock::default();
    let station = Station::start_with_clock(dir.path(), &clock).await;
    listed(&station, dir.path());
    let wallet = Wallet::new(&station);
    let (id, link) = station.ask(asks(65)).await;
    let request = wallet.question(&station, &link).await;
    clock.ahead(SignedDuration::from_mins(6));
    let view = station.get(&format!("/api/requests/{id}")).await.body;
    assert_eq!(
        (view["state"].as_str(), view["check"]["result"].as_str()),
        (Some("expired"), Some("not_shown"))
    );
    let late = send(
        &station,
        &request,
        &sealed(&request, held(ISSUER).shown(&request)),
    )
    .await;
    assert_eq!(late.code(), "request_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_with_limits_that_make_no_sense_is_not_asked() {
    let scene = scene();
    for (body, code, field) in [
        (
            json!({ "statement": { "id": "height" } }),
            "unknown_statement",
            None,
        ),
        (
            json!({ "statement": { "id": "age-at-least", "fields": { "years": 0 } } }),
            "invalid_field",
            Some("years"),
        ),
        (
            json!({ "statement": { "id": "age-at-least", "fields": {} } }),
            "invalid_field",
            Some("years"),
        ),
        (json!({ "statement": "age" }), "invalid_field", Some("statement")),
        (
            json!({ "statement": { "id": "age-at-least", "fields": { "years": 65 } }, "items": [] }),
            "invalid_field",
            Some("items"),
        ),
        (
            json!({ "statement": { "id": "age-between", "fields": { "from": 30, "to": 20 } } }),
            "statement_limits",
            None,
        ),
    ] {
        let refused = scene.station.post("/api/requests", body).await;
        assert_eq!((refused.status, refused.code()), (400, code));
        assert_eq!(refused.body["error"]["field"].as_str(), field);
    }
    let _ = &scene.dir;
}

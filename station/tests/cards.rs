//! Cards at the desk: asked for, shown, judged to the last claim, confirmed, forgotten.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    http::{StatusCode, header},
    routing::get,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_consent::code;
use carnet_credentials::{
    jwk::PublicKey,
    sd_jwt::{self, ClaimPath, Issuance, KbClaims},
    status::token::{self, Bits, Publication, Reference, Status, Statuses},
};
use carnet_exchange::{
    Entry,
    answer::{self, Presentations},
    jwe,
    request::VerifiedRequest,
    trust::{LocalPin, Role as TrustRole},
};
use carnet_ledger::LedgerError;
use carnet_station::{serve::MovedClock, sweep};
use jiff::{SignedDuration, Timestamp};
use p256::{SecretKey, ecdsa::SigningKey};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use support::{
    PROGRAM, Reply, Station,
    ledger::Asks,
    ok,
    wallet::{ALLERGIES, Wallet, denial, random, send},
};

const VCT: &str = "urn:carnet:insurance-card:1";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn now() -> i64 {
    Timestamp::now().as_second()
}

/// An insurer with a place where its status list is published.
struct Issuer {
    origin: String,
    entry: Entry,
    /// Its status list can't be had any more.
    silent: Arc<AtomicBool>,
}

impl Issuer {
    async fn start() -> Self {
        let pair = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .self_signed(&pair)
            .unwrap();
        let spki = Sha256::digest(rcgen::PublicKeyData::subject_public_key_info(&pair));
        let tls = axum_server::tls_rustls::RustlsConfig::from_der(
            vec![certificate.der().to_vec()],
            pair.serialize_der(),
        )
        .await
        .unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let origin = format!("https://{}", listener.local_addr().unwrap());
        let silent = Arc::new(AtomicBool::new(false));
        let list = |path: &str| {
            let mut statuses = Statuses::new(Bits::Two, 16).unwrap();
            statuses.set(1, Status::Invalid).unwrap();
            statuses.set(2, Status::Suspended).unwrap();
            let publication = Publication {
                uri: &format!("{origin}{path}"),
                iat: Timestamp::now(),
                exp: None,
                ttl: None,
                header: Map::new(),
            };
            let text = token::issue(&statuses, &publication, &key(41));
            let silent = Arc::clone(&silent);
            get(move || async move {
                let status = if silent.load(Ordering::SeqCst) {
                    StatusCode::SERVICE_UNAVAILABLE
                } else {
                    StatusCode::OK
                };
                let kind = [(header::CONTENT_TYPE, "application/statuslist+jwt")];
                (status, kind, text)
            })
        };
        let router = Router::new().route("/status", list("/status"));
        tokio::spawn(
            axum_server::from_tcp_rustls(listener, tls)
                .unwrap()
                .serve(router.into_make_service_with_connect_info::<SocketAddr>()),
        );
        let entry = Entry {
            id: "sunrise".to_owned(),
            name: "Sunrise Insurance".to_owned(),
            client_ids: vec![],
            origins: vec![origin.clone()],
            purposes: vec![],
            roles: vec![TrustRole::Issuer],
            registries: vec![],
            log_keys: vec![],
            issuer_keys: vec![PublicKey::from(&key(41))],
            request_keys: Vec::new(),
            offline_keys: vec![],
            local: Some(LocalPin {
                spki_sha256: URL_SAFE_NO_PAD.encode(spki),
            }),
        };
        Self {
            origin,
            entry,
            silent,
        }
    }

    /// Puts itself on the station's list.
    fn listed_at(&self, station: &Station, dir: &Path) {
        let file = dir.join("issuer.json");
        std::fs::write(&file, serde_json::to_vec(&self.entry).unwrap()).unwrap();
        let authority = station.trust_list.parent().unwrap();
        for arguments in [vec!["add", "--entry", file.to_str().unwrap()], vec!["sign"]] {
            let done = std::process::Command::new(PROGRAM)
                .arg("trust")
                .args(arguments)
                .arg("--dir")
                .arg(authority)
                .output()
                .unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
    }

    fn card(&self, holder: &SigningKey, more: &Value, by: &SigningKey) -> String {
        let mut claims = json!({
            "iss": self.origin, "vct": VCT, "iat": now(), "exp": now() + 3_600,
            "plan": "Family", "member_number": "S-77", "country": "PT",
        });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let Value::Object(claims) = claims else {
            unreachable!()
        };
        let issuance = Issuance {
            claims,
            disclosable: &[["plan"].into(), ["member_number"].into()],
            salts: &[random(), random()],
            decoys: &[],
            holder: &PublicKey::from(holder),
            header: Map::new(),
        };
        sd_jwt::issue(&issuance, by).unwrap()
    }
}

fn asks_for_card() -> Value {
    json!({ "cards": [{ "id": "insurance", "vct": VCT, "claims": ["plan"] }] })
}

/// The token of an answer to a request.
type Make<'a> = Box<dyn Fn(&VerifiedRequest) -> Value + 'a>;

struct Scene {
    dir: tempfile::TempDir,
    station: Station,
    issuer: Issuer,
    wallet: Wallet,
}

async fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let issuer = Issuer::start().await;
    issuer.listed_at(&station, dir.path());
    let wallet = Wallet::new(&station);
    Scene {
        dir,
        station,
        issuer,
        wallet,
    }
}

fn shown(request: &VerifiedRequest, credential: &str, claims: &[&str], holder: &SigningKey) -> String {
    let paths: Vec<ClaimPath> = claims.iter().map(|claim| [*claim].into()).collect();
    let kb = KbClaims {
        aud: &request.client_id,
        nonce: &request.nonce,
        iat: Timestamp::now(),
        extra: Map::new(),
    };
    sd_jwt::present(credential, &paths, &kb, holder).unwrap()
}

/// Sealed as a wallet would that does not look at what it sends.
fn sealed(request: &VerifiedRequest, token: &Value, more: &Value) -> String {
    let mut answer = json!({ "vp_token": token, "state": request.state });
    for (name, value) in more.as_object().unwrap() {
        answer[name] = value.clone();
    }
    let ephemeral = SecretKey::from_slice(&random::<32>()).unwrap();
    jwe::encrypt(
        answer.to_string().as_bytes(),
        &request.encryption_key,
        &ephemeral,
        random(),
        Map::new(),
    )
    .unwrap()
}

impl Scene {
    async fn asked(&self, body: Value) -> (String, VerifiedRequest) {
        let (id, link) = self.station.ask(body).await;
        let request = self.wallet.question(&self.station, &link).await;
        (id, request)
    }

    async fn answered(&self, request: &VerifiedRequest, token: Value) -> Reply {
        send(&self.station, request, &sealed(request, &token, &json!({}))).await
    }

    async fn view(&self, id: &str) -> Value {
        self.station.get(&format!("/api/requests/{id}")).await.body
    }
}

fn digits(request: &VerifiedRequest, holder: &SigningKey) -> String {
    code(&request.digest, &PublicKey::from(holder).thumbprint(), &[0; 32]).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_shown_confirmed_by_four_digits_seen_and_forgotten() {
    let scene = scene().await;
    let (id, request) = scene.asked(json!({ "template": "insurance-card" })).await;
    assert!(request.consent.is_none());
    let asked = scene.view(&id).await;
    assert_eq!(asked["cards_asked"][0]["title"], "Insurance card");
    assert_eq!(asked["cards_asked"][0]["claims"][2], "Member number");

    let (id, request) = scene.asked(asks_for_card()).await;
    let holder = key(51);
    let status =
        json!({ "status": Reference::new(&format!("{}/status", scene.issuer.origin), 0).to_claim() });
    let credential = scene.issuer.card(&holder, &status, &key(41));
    let token = Presentations::from([(
        "insurance".to_owned(),
        vec![shown(&request, &credential, &["plan"], &holder).into()],
    )]);
    let jwe = answer::seal(
        &request,
        &token,
        None,
        &SecretKey::from_slice(&random::<32>()).unwrap(),
        random(),
    )
    .unwrap();
    let sent = send(&scene.station, &request, &jwe).await;
    assert_eq!((sent.status, sent.body), (200, json!({})));
    // Once is once, even the same bytes.
    assert_eq!(send(&scene.station, &request, &jwe).await.code(), "request_used");

    let view = scene.view(&id).await;
    assert_eq!(
        (view["state"].as_str(), &view["grant_id"]),
        (Some("answered"), &Value::Null)
    );
    assert_eq!(
        view["cards_shown"],
        json!([]),
        "nothing is read before the person is confirmed"
    );
    let right = digits(&request, &holder);
    let wrong = if right == "0000" { "0001" } else { "0000" };
    assert_eq!(scene.station.confirm(&id, wrong).await.code(), "wrong_code");
    ok(&scene.station.confirm(&id, &right).await);
    let view = scene.view(&id).await;
    let card = &view["cards_shown"][0];
    assert_eq!(card["issuer"], "Sunrise Insurance");
    assert_eq!(
        (&card["issuer_listed"], &card["status"]),
        (&json!(true), &json!("valid"))
    );
    assert_eq!(
        card["claims"],
        json!([{ "label": "Country", "value": "PT" }, { "label": "Plan", "value": "Family" }])
    );
    assert!(
        scene
            .station
            .get("/api/consents")
            .await
            .body
            .as_array()
            .unwrap()
            .is_empty()
    );
}

// ATTACKS 22
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_not_what_was_asked_for_is_refused_for_its_own_reason() {
    let scene = scene().await;
    let holder = key(51);
    let good = scene.issuer.card(&holder, &json!({}), &key(41));
    let made = |more: Value| scene.issuer.card(&holder, &more, &key(41));
    let at = |place: usize, path: &str| {
        let uri = format!("{}{path}", scene.issuer.origin);
        json!({ "status": Reference::new(&uri, place).to_claim() })
    };
    let card = |credential: String, claims: &'static [&'static str]| -> Make<'_> {
        let holder = &holder;
        Box::new(move |request| json!({ "insurance": [shown(request, &credential, claims, holder)] }))
    };
    let cases: Vec<(&str, Make<'_>)> = vec![
        ("answer_too_little", card(good.clone(), &[])),
        ("answer_too_much", card(good.clone(), &["plan", "member_number"])),
        (
            "credential_wrong_type",
            card(made(json!({ "vct": "urn:other:1" })), &["plan"]),
        ),
        (
            "credential_expired",
            card(made(json!({ "exp": now() - 120 })), &["plan"]),
        ),
        (
            "credential_not_yet_valid",
            card(made(json!({ "nbf": now() + 600 })), &["plan"]),
        ),
        (
            "answer_issuer_unknown",
            card(made(json!({ "iss": "https://nobody.example" })), &["plan"]),
        ),
        (
            "answer_issuer_unknown",
            card(
                made(json!({ "iss": PublicKey::from(&key(41)).did_jwk() })),
                &["plan"],
            ),
        ),
        (
            "credential_bad_signature",
            card(scene.issuer.card(&holder, &json!({}), &key(42)), &["plan"]),
        ),
        ("status_revoked", card(made(at(1, "/status")), &["plan"])),
        ("status_suspended", card(made(at(2, "/status")), &["plan"])),
        ("card_status_unknown", card(made(at(0, "/nowhere")), &["plan"])),
        (
            "card_status_unknown",
            card(
                made(json!({ "status": Reference::new("https://elsewhere.example/s", 0).to_claim() })),
                &["plan"],
            ),
        ),
        (
            "answer_query_unknown",
            Box::new(|request| json!({ "other": [shown(request, &good, &["plan"], &holder)] })),
        ),
        (
            "answer_several",
            Box::new(|request| {
                let one = shown(request, &good, &["plan"], &holder);
                json!({ "insurance": [one, one] })
            }),
        ),
        (
            "key_binding_missing",
            Box::new(|request| {
                let one = shown(request, &good, &["plan"], &holder);
                json!({ "insurance": [format!("{}~", one.rsplit_once('~').unwrap().0)] })
            }),
        ),
        (
            "key_binding_wrong_claims",
            Box::new(|request| {
                // The proof of holding of another choice of claims.
                let (more, less) = (
                    shown(request, &good, &["plan", "member_number"], &holder),
                    shown(request, &good, &["plan"], &holder),
                );
                let kb = more.rsplit_once('~').unwrap().1.to_owned();
                json!({ "insurance": [format!("{}~{kb}", less.rsplit_once('~').unwrap().0)] })
            }),
        ),
    ];
    for (code, make) in cases {
        let (id, request) = scene.asked(asks_for_card()).await;
        let sent = scene.answered(&request, make(&request)).await;
        assert_eq!(sent.code(), code, "{sent:?}");
        assert_eq!(scene.view(&id).await["state"], "opened", "nothing was recorded");
        // The same question still takes the right card.
        let token = json!({ "insurance": [shown(&request, &good, &["plan"], &holder)] });
        assert_eq!(scene.answered(&request, token).await.status, 200, "{code}");
    }
}

// ATTACKS 22, 24
#[tokio::test(flavor = "multi_thread")]
async fn a_card_shown_in_one_session_counts_in_no_other() {
    let scene = scene().await;
    let holder = key(51);
    let good = scene.issuer.card(&holder, &json!({}), &key(41));
    let (_, one) = scene.asked(asks_for_card()).await;
    let (_, other) = scene.asked(asks_for_card()).await;
    let token = json!({ "insurance": [shown(&one, &good, &["plan"], &holder)] });
    assert_eq!(
        scene.answered(&other, token.clone()).await.code(),
        "key_binding_wrong_nonce"
    );
    // As sealed for the one, sent to the other; and with the other's state inside.
    let sealed_for_one = sealed(&one, &token, &json!({}));
    assert_eq!(
        send(&scene.station, &other, &sealed_for_one).await.code(),
        "jwe_not_decryptable"
    );
    let wrong_state = sealed(&one, &token, &json!({ "state": other.state }));
    assert_eq!(
        send(&scene.station, &one, &wrong_state).await.code(),
        "answer_wrong_state"
    );
    // Made for another verifier.
    let kb = |aud: &str, iat: i64, by: &SigningKey| {
        let kb = KbClaims {
            aud,
            nonce: &one.nonce,
            iat: Timestamp::from_second(iat).unwrap(),
            extra: Map::new(),
        };
        let presented = sd_jwt::present(&good, &[["plan"].into()], &kb, by);
        json!({ "insurance": [presented.unwrap()] })
    };
    let elsewhere = kb("x509_hash:elsewhere", now(), &holder);
    assert_eq!(
        scene.answered(&one, elsewhere).await.code(),
        "key_binding_wrong_audience"
    );
    let stale = kb(&one.client_id, now() - 600, &holder);
    assert_eq!(scene.answered(&one, stale).await.code(), "key_binding_stale");
    // A consent that nobody asked for, beside a good card; records asked for, and only the card sent.
    let good_token = json!({ "insurance": [shown(&one, &good, &["plan"], &holder)] });
    let no_part = sealed(&one, &good_token, &json!({ "carnet": {} }));
    assert_eq!(
        send(&scene.station, &one, &no_part).await.code(),
        "answer_part_malformed"
    );
    let mut both = asks_for_card();
    both["purpose"] = json!(["TREAT"]);
    both["items"] = json!([{ "scope": "patient/Condition.rs", "required": true }]);
    both["days"] = json!(3);
    let (_, request) = scene.asked(both).await;
    assert_eq!(request.query.credentials.len(), 2);
    let token = json!({ "insurance": [shown(&request, &good, &["plan"], &holder)] });
    assert_eq!(scene.answered(&request, token).await.code(), "answer_incomplete");
    // A "no" is a no.
    assert_eq!(send(&scene.station, &other, &denial(&other)).await.status, 200);
    assert_eq!(scene.answered(&one, good_token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_wrong_codes_and_an_hour_each_destroy_what_the_card_said() {
    let dir = tempfile::tempdir().unwrap();
    let clock = MovedClock::default();
    let station = Station::start_with_clock(dir.path(), &clock).await;
    let issuer = Issuer::start().await;
    issuer.listed_at(&station, dir.path());
    let scene = Scene {
        wallet: Wallet::new(&station),
        dir,
        station,
        issuer,
    };
    let holder = key(51);
    let good = scene.issuer.card(&holder, &json!({}), &key(41));
    let answered = async || {
        let (id, request) = scene.asked(asks_for_card()).await;
        let token = json!({ "insurance": [shown(&request, &good, &["plan"], &holder)] });
        assert_eq!(scene.answered(&request, token).await.status, 200);
        (id, digits(&request, &holder))
    };
    let keys = || {
        let files = std::fs::read_dir(scene.dir.path().join("delivery-keys")).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|kind| kind == "cards"))
            .count()
    };
    let (locked, right) = answered().await;
    let (kept, kept_code) = answered().await;
    assert_eq!(keys(), 2);
    let wrong = if right == "0000" { "0001" } else { "0000" };
    let codes = [wrong, wrong, wrong, &right];
    let mut said = BTreeMap::new();
    for (place, typed) in codes.iter().enumerate() {
        said.insert(
            place,
            scene.station.confirm(&locked, typed).await.code().to_owned(),
        );
    }
    let said: Vec<&str> = said.values().map(String::as_str).collect();
    assert_eq!(said, ["wrong_code", "wrong_code", "code_locked", "code_locked"]);
    assert_eq!(keys(), 1);
    assert_eq!(scene.view(&locked).await["cards_shown"], json!([]));

    ok(&scene.station.confirm(&kept, &kept_code).await);
    assert_eq!(
        scene.view(&kept).await["cards_shown"].as_array().unwrap().len(),
        1
    );
    clock.ahead(SignedDuration::from_hours(1));
    assert_eq!(scene.view(&kept).await["cards_shown"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_beside_a_consent_is_judged_once_and_kept_until_the_ledger_has_taken_the_consent() {
    let dir = tempfile::tempdir().unwrap();
    let clock = MovedClock::default();
    let (station, app, ledger) = Station::start_watched(dir.path(), &clock).await;
    let issuer = Issuer::start().await;
    issuer.listed_at(&station, dir.path());
    let wallet = Wallet::new(&station);
    let mut both = asks_for_card();
    both["purpose"] = json!(["TREAT"]);
    both["items"] = json!([{ "scope": ALLERGIES, "required": true }]);
    both["days"] = json!(3);
    let (id, link) = station.ask(both).await;
    let request = wallet.question(&station, &link).await;
    let holder = key(51);
    let status = json!({ "status": Reference::new(&format!("{}/status", issuer.origin), 0).to_claim() });
    let card = issuer.card(&holder, &status, &key(41));
    let card = shown(&request, &card, &["plan"], &holder);
    let cards = Presentations::from([("insurance".to_owned(), vec![card.into()])]);
    let answer = wallet.answer_showing(request, &[ALLERGIES], "{}", cards);

    ledger.fails(|asks| (asks == Asks::Grant).then_some(LedgerError::NotFinal));
    assert_eq!(answer.send(&station).await.code(), "not_final");
    // The grant is on its way, whatever becomes of the card's list and however long it takes.
    issuer.silent.store(true, Ordering::SeqCst);
    clock.ahead(SignedDuration::from_hours(2));
    sweep::now(&app).unwrap();
    assert_eq!(answer.send(&station).await.code(), "not_final");
    assert_eq!(station.state(&id).await, "recording");
    ledger.is_well();
    ok(&answer.send(&station).await);
    ok(&station.confirm(&id, &answer.code).await);
    let view = station.get(&format!("/api/requests/{id}")).await.body;
    assert_eq!(view["cards_shown"][0]["issuer"], "Sunrise Insurance");
    clock.ahead(SignedDuration::from_hours(3));
    let view = station.get(&format!("/api/requests/{id}")).await.body;
    assert_eq!(view["cards_shown"], json!([]));
}

#[tokio::test]
async fn a_question_about_cards_that_makes_no_sense_is_not_asked() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let good = json!({ "id": "insurance", "vct": VCT, "claims": ["plan", ["name", "given"]] });
    ok(&station.post("/api/requests", json!({ "cards": [good] })).await);
    let with = |name: &str, value: Value| {
        let mut card = good.clone();
        card[name] = value;
        json!({ "cards": [card] })
    };
    for (body, field) in [
        (json!({ "cards": [good, good] }), "cards"),
        (json!({ "cards": [] }), "days"),
        (json!({ "cards": {} }), "cards"),
        (json!({ "cards": [good], "days": 3 }), "days"),
        (with("id", json!("")), "cards[0].id"),
        (with("id", json!("a b")), "cards"),
        (with("vct", json!(1)), "cards[0].vct"),
        (with("claims", json!([[]])), "cards"),
        (with("claims", json!("plan")), "cards[0].claims"),
        (with("issuers", json!("x")), "cards[0].issuers"),
        (with("required", json!(false)), "cards"),
        (with("purpose", json!("x")), "cards[0].purpose"),
    ] {
        let refused = station.post("/api/requests", body.clone()).await;
        assert_eq!(refused.code(), "invalid_field", "{body}");
        assert_eq!(refused.body["error"]["field"], field, "{body}");
    }
}

//! A hospital issues a card to a patient (OpenID4VCI 1.0): real station, real terminal, loopback TLS. The patient takes it with
//! a PIN, the station takes it back, and a wallet that is killed or restored in between neither half-holds a card nor shows a
//! copy twice.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that can't go on has failed"
)]

use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use carnet_tests::{Carnet, Desk, Station, program};
use serde_json::{Value, json};
use tempfile::TempDir;

const PASSPHRASE: &str = "a lamp, two boats and the long road";

struct Scene {
    folder: TempDir,
    station: Station,
    desk: Desk,
    patient: Carnet,
}

fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let station = Station::start_as(
        &folder.path().join("station"),
        "Sunrise Insurance",
        "clinic,issuer",
    )
    .unwrap();
    let desk = Desk::at(&station).unwrap();
    let patient = Carnet::new(
        &folder.path().join("vault"),
        PASSPHRASE,
        Some(&station.trust_list),
    );
    patient.ok(&["init"]).unwrap();
    Scene {
        folder,
        station,
        desk,
        patient,
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

impl Scene {
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, value) = self.desk.call(method, path, body).unwrap();
        assert!((200..300).contains(&status), "{method} {path}: {status} {value}");
        value
    }

    fn offer(&self) -> Value {
        let claims = json!({
            "insurer": "Sunrise", "plan": "Family", "member_number": "S-77-1234", "valid_until": "2031-12-31",
        });
        let body = json!({ "template": "insurance", "claims": claims });
        self.call("POST", "/api/cards/offers", Some(&body))
    }

    fn state(&self, id: &str) -> Value {
        self.call("GET", &format!("/api/cards/offers/{id}"), None)
    }

    fn wait_for(&self, id: &str, state: &str) {
        let patience = Instant::now();
        while self.state(id)["state"] != state {
            assert!(patience.elapsed() < Duration::from_secs(20), "{}", self.state(id));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn pin_file(&self, pin: &str) -> PathBuf {
        let file = self.folder.path().join("pin");
        fs::write(&file, pin).unwrap();
        file
    }

    fn accept(&self, offer: &Value) -> Value {
        let pin = self.pin_file(text(offer, "pin"));
        self.patient
            .ok(&[
                "credentials",
                "accept",
                text(offer, "uri"),
                "--pin-file",
                pin.to_str().unwrap(),
            ])
            .unwrap()
    }

    /// What the patient reads in the terminal.
    fn in_words(&self, arguments: &[&str]) -> String {
        let output = std::process::Command::new(program("carnet").unwrap())
            .arg("--vault")
            .arg(&self.patient.vault)
            .args(arguments)
            .env("CARNET_PASSPHRASE", PASSPHRASE)
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }

    fn cards(&self) -> Vec<Value> {
        let listed = self.patient.ok(&["credentials", "list"]).unwrap();
        listed["cards"].as_array().unwrap().clone()
    }
}

#[test]
fn a_card_is_offered_taken_with_its_pin_taken_back_and_can_not_be_refilled() {
    let scene = scene();
    let offer = scene.offer();
    let (id, uri) = (text(&offer, "id"), text(&offer, "uri"));
    assert!(uri.len() <= 300 && !uri.contains("S-77"), "{uri}");

    // Who issues it is shown before a PIN is asked for.
    let shown = scene.patient.ok(&["credentials", "offer", uri]).unwrap();
    assert_eq!(shown["issuer"]["name"], "Sunrise Insurance");
    assert_eq!(shown["cards"][0]["title"], "Insurance card");
    assert_eq!(shown["pin"]["length"], 6);
    assert_eq!(scene.state(id)["state"], "opened");

    let wrong = if text(&offer, "pin") == "000000" {
        "000001"
    } else {
        "000000"
    };
    let wrong = scene.pin_file(wrong);
    let refused = scene
        .patient
        .refused(&[
            "credentials",
            "accept",
            uri,
            "--pin-file",
            wrong.to_str().unwrap(),
        ])
        .unwrap();
    assert_eq!(refused.code, "pin_not_accepted");
    assert_eq!(scene.state(id)["tries_left"], 4);

    let accepted = scene.accept(&offer);
    let card = &accepted["cards"][0];
    assert_eq!((&card["copies"], &card["single_use"]), (&json!(20), &json!(true)));
    assert_eq!((&card["refillable"], &card["low"]), (&json!(true), &json!(false)));
    assert_eq!(scene.state(id)["state"], "accepted");
    assert_eq!(scene.state(id)["copies"], 20);
    assert_eq!(scene.cards()[0]["issuer"]["name"], "Sunrise Insurance");
    let card = text(card, "id");
    let whole = scene.patient.ok(&["credentials", "show", card]).unwrap();
    let said: Vec<&str> = whole["claims"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| text(c, "value"))
        .collect();
    assert!(said.contains(&"S-77-1234"), "{said:?}");

    // The code is worth nothing any more, whoever has the PIN.
    let pin = scene.pin_file(text(&offer, "pin"));
    let again = ["credentials", "accept", uri, "--pin-file", pin.to_str().unwrap()];
    assert_eq!(scene.patient.refused(&again).unwrap().code, "offer_used");
    let other = Carnet::new(
        &scene.folder.path().join("other"),
        PASSPHRASE,
        Some(&scene.station.trust_list),
    );
    other.ok(&["init"]).unwrap();
    assert_eq!(other.refused(&again).unwrap().code, "offer_unknown");

    scene.call(
        "POST",
        &format!("/api/cards/offers/{id}/revoke"),
        Some(&json!({})),
    );
    let looked = scene.patient.ok(&["credentials", "check", card]).unwrap();
    assert_eq!(looked["line"]["status"]["state"], "revoked");
    let none = scene.patient.refused(&["credentials", "refill", card]).unwrap();
    assert_eq!(none.code, "refill_enough");
}

#[test]
fn after_a_restore_no_copy_of_before_is_left_and_the_card_is_refilled() {
    let scene = scene();
    let offer = scene.offer();
    let accepted = scene.accept(&offer);
    let card = text(&accepted["cards"][0], "id").to_owned();
    let backup = scene.folder.path().join("copy.carnet");
    let backup = backup.to_str().unwrap();
    scene.patient.ok(&["backup", "create", backup]).unwrap();
    scene.patient.ok(&["backup", "restore", backup]).unwrap();

    let burnt = &scene.cards()[0];
    assert_eq!((&burnt["copies"], &burnt["low"]), (&json!(0), &json!(true)));
    assert_eq!(burnt["id"], card.as_str());
    let whole = scene.patient.ok(&["credentials", "refill", &card]).unwrap();
    assert_eq!(whole["line"]["copies"], 20);
    assert_eq!(scene.state(text(&offer, "id"))["copies"], 40);
    // The next opening burns nothing more.
    assert_eq!(scene.cards()[0]["copies"], 20);

    scene.patient.ok(&["backup", "restore", backup]).unwrap();
    scene.call(
        "POST",
        &format!("/api/cards/offers/{}/revoke", text(&offer, "id")),
        Some(&json!({})),
    );
    let refused = scene.patient.refused(&["credentials", "refill", &card]).unwrap();
    assert_eq!(refused.code, "refill_refused");
    assert_eq!(scene.cards()[0]["refillable"], false);
}

#[test]
fn a_proof_of_age_is_taken_in_a_terminal_and_its_copies_are_burnt_by_a_restore() {
    let scene = scene();
    let body = json!({ "template": "proof-of-age", "claims": { "birth_date": "1950-06-01" } });
    let offer = scene.call("POST", "/api/cards/offers", Some(&body));
    let shown = scene
        .patient
        .ok(&["credentials", "offer", text(&offer, "uri")])
        .unwrap();
    let offered = &shown["cards"][0];
    assert_eq!(
        (&offered["proves"], &offered["single_use"]),
        (&json!(true), &json!(true))
    );
    let accepted = scene.accept(&offer);
    let card = &accepted["cards"][0];
    assert_eq!(card["title"], "Proof of age");
    assert_eq!(card["says"], "born 1 June 1950");
    assert_eq!(card["copies"], 20);
    assert_eq!(scene.state(text(&offer, "id"))["state"], "accepted");
    let id = text(card, "id").to_owned();
    let plain = scene.in_words(&["credentials", "list"]);
    assert!(
        plain.contains("born 1 June 1950; shown once each, 20 left, until the end of"),
        "{plain}"
    );

    // A copy that may have been shown before is never shown again.
    let backup = scene.folder.path().join("copy.carnet");
    let backup = backup.to_str().unwrap();
    scene.patient.ok(&["backup", "create", backup]).unwrap();
    scene.patient.ok(&["backup", "restore", backup]).unwrap();
    let burnt = &scene.cards()[0];
    assert_eq!((&burnt["copies"], &burnt["low"]), (&json!(0), &json!(true)));
    assert_eq!(burnt["says"], "born 1 June 1950");
    let plain = scene.in_words(&["credentials", "list"]);
    assert!(plain.contains("fetch new copies"), "{plain}");
    let whole = scene.patient.ok(&["credentials", "refill", &id]).unwrap();
    assert_eq!(whole["line"]["copies"], 20);
    assert_eq!(scene.cards().len(), 1);
}

#[test]
fn a_card_that_needs_a_second_person_comes_later() {
    let scene = scene();
    let claims = json!({
        "given_name": "Maria", "family_name": "Lund", "birth_date": "1970-01-01",
        "abo_group": "A", "rhesus": "negative", "tested_on": "2026-01-31",
    });
    let body = json!({ "template": "blood-group", "claims": claims });
    let offer = scene.call("POST", "/api/cards/offers", Some(&body));
    let accepted = scene.accept(&offer);
    assert_eq!(
        (&accepted["waiting"], &accepted["cards"]),
        (&json!(true), &json!([]))
    );
    assert!(scene.cards().is_empty());
    let path = format!("/api/cards/offers/{}/approve", text(&offer, "id"));
    // The program that made the offer is not a second person.
    let (status, refused) = scene.desk.call("POST", &path, Some(&json!({}))).unwrap();
    assert_eq!((status, text(&refused["error"], "code")), (403, "same_person"));

    assert_eq!(scene.patient.ok(&["sync"]).unwrap()["waiting"], 1);
    assert!(scene.cards().is_empty());
    let browser = Browser::new();
    let secret = scene.station.setup_secret().unwrap();
    let colleague =
        json!({ "secret": secret, "name": "Noor Haddad", "username": "noor", "password": PASSPHRASE });
    let staff = &scene.station.staff_url;
    assert_eq!(
        browser
            .post_json(&format!("{staff}/api/setup"), staff, &colleague)
            .0,
        200
    );
    assert_eq!(
        browser.post_json(&format!("{staff}{path}"), staff, &json!({})).0,
        200
    );
    assert_eq!(scene.state(text(&offer, "id"))["approved_by"], "Noor Haddad");
    // The issuer said not to ask again for five seconds.
    let patience = Instant::now();
    while scene.patient.ok(&["sync"]).unwrap()["waiting"] != 0 {
        assert!(patience.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(500));
    }
    let card = &scene.cards()[0];
    assert_eq!(
        (&card["title"], &card["copies"]),
        (&json!("Blood group card"), &json!(20))
    );
    assert_eq!(scene.state(text(&offer, "id"))["state"], "accepted");
}

/// A browser on the patient's or the desk's machine.
struct Browser {
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Browser {
    fn new() -> Self {
        Self {
            // Whoever trusts the station's certificate by hand: the browser's business, not the wallet's.
            client: reqwest::Client::builder()
                .danger_accept_invalid_certs(true)
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()
                .unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    /// Status, body, and where the answer leads to. Cookies of the answer are sent from then on.
    fn send(&self, request: reqwest::RequestBuilder) -> (u16, String, Option<String>) {
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            let place = response
                .headers()
                .get("location")
                .map(|to| to.to_str().unwrap().to_owned());
            (response.status().as_u16(), response.text().await.unwrap(), place)
        })
    }

    fn post_json(&self, url: &str, origin: &str, body: &Value) -> (u16, String, Option<String>) {
        let cookie = COOKIE.with_borrow(Clone::clone);
        let request = self
            .client
            .post(url)
            .header("origin", origin)
            .header("cookie", cookie)
            .json(body);
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            if let Some(cookie) = response.headers().get("set-cookie") {
                let cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
                COOKIE.set(cookie);
            }
            (response.status().as_u16(), response.text().await.unwrap(), None)
        })
    }
}

thread_local! {
    static COOKIE: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
}

#[test]
fn a_card_is_taken_by_signing_in_at_the_issuers_page() {
    let scene = scene();
    let claims = json!({ "given_name": "Maria", "family_name": "Lund", "birth_date": "1970-01-01" });
    let body = json!({ "template": "identity", "claims": claims, "sign_in": true });
    let offer = scene.call("POST", "/api/cards/offers", Some(&body));
    let shown = scene
        .patient
        .ok(&["credentials", "offer", text(&offer, "uri")])
        .unwrap();
    assert_eq!((&shown["sign_in"], &shown["pin"]), (&json!(true), &Value::Null));

    let mut command = scene
        .patient
        .command(&["credentials", "sign-in", text(&offer, "uri")])
        .unwrap();
    let mut wallet = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(wallet.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let page = lines
        .into_iter()
        .find(|line| line.starts_with("https://"))
        .unwrap();
    let browser = Browser::new();
    let (status, html, _) = browser.send(browser.client.get(&page));
    assert_eq!(status, 200);
    assert!(
        html.contains("Identity card") && html.contains("5 tries left"),
        "{html}"
    );
    let page = reqwest::Url::parse(&page).unwrap();
    let pin = |pin: &str| {
        let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
        form.push(("pin".to_owned(), pin.to_owned()));
        browser.send(browser.client.post(page.clone()).form(&form))
    };
    let wrong = if text(&offer, "pin") == "000000" {
        "000001"
    } else {
        "000000"
    };
    let (status, html, _) = pin(wrong);
    assert!(
        status == 200 && html.contains("not accepted") && html.contains("4 tries left"),
        "{html}"
    );
    let (status, _, back) = pin(text(&offer, "pin"));
    let back = back.unwrap();
    assert!(status == 303 && back.starts_with("http://127.0.0.1:"), "{back}");
    // Another page that knocks at the same door brings nothing.
    let port = &back[..back.rfind('/').unwrap()];
    assert_eq!(
        browser
            .send(browser.client.get(format!("{port}/?code=x&state=y")))
            .0,
        404
    );
    assert_eq!(browser.send(browser.client.get(&back)).0, 200);
    let output = wallet.wait_with_output().unwrap();
    let accepted: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(accepted["cards"][0]["copies"], 20, "{accepted}");
    assert_eq!(scene.state(text(&offer, "id"))["state"], "accepted");
    // The page is worth nothing any more.
    assert_eq!(browser.send(browser.client.get(page.clone())).0, 400);
}

/// Process state control: a station that does not answer for a while.
fn signal(pid: u32, name: &str) {
    let done = std::process::Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status()
        .unwrap();
    assert!(done.success());
}

#[test]
fn a_wallet_killed_between_the_copies_and_its_vault_holds_nothing_of_them() {
    let scene = scene();
    let offer = scene.offer();
    let pin = scene.pin_file(text(&offer, "pin"));
    let accept = [
        "credentials",
        "accept",
        text(&offer, "uri"),
        "--pin-file",
        pin.to_str().unwrap(),
    ];
    let mut wallet = scene.patient.command(&accept).unwrap().spawn().unwrap();
    // The copies have left the station; the wallet now asks whether they still count, and is not answered.
    scene.wait_for(text(&offer, "id"), "issued");
    signal(scene.station.pid(), "STOP");
    wallet.kill().unwrap();
    wallet.wait().unwrap();
    signal(scene.station.pid(), "CONT");

    let cards = scene.cards();
    let state = scene.state(text(&offer, "id"));
    if cards.is_empty() {
        assert_eq!(
            state["state"], "issued",
            "nothing was acknowledged that is not kept: {state}"
        );
        let again = scene.patient.refused(&accept).unwrap();
        assert_eq!(again.code, "pin_not_accepted");
        assert!(scene.cards().is_empty());
    } else {
        // It was faster than the test: then all of it is there.
        assert_eq!(cards[0]["copies"], 20);
        scene.patient.ok(&["sync"]).unwrap();
        assert_eq!(scene.state(text(&offer, "id"))["state"], "accepted");
    }
}

#[test]
fn every_offer_has_another_address_and_another_pin() {
    let scene = scene();
    let offers: Vec<Value> = (0..20).map(|_| scene.offer()).collect();
    let addresses: HashSet<&str> = offers.iter().map(|offer| text(offer, "uri")).collect();
    let pins: HashSet<&str> = offers.iter().map(|offer| text(offer, "pin")).collect();
    assert_eq!(addresses.len(), 20);
    assert!(pins.len() > 15 && pins.iter().all(|pin| pin.len() == 6));
}

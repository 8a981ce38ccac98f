//! An insurer gives out proofs, a pharmacy asks, a patient shows that it holds and nothing else. Real stations, real terminal,
//! loopback TLS.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that can't go on has failed"
)]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use carnet_tests::{Carnet, Desk, Station, processes::program};
use serde_json::{Value, json};
use tempfile::TempDir;

const PASSPHRASE: &str = "a lamp, two boats and the long road";

struct Scene {
    folder: TempDir,
    pharmacy: Station,
    desk: Desk,
    insurer: Desk,
    _insurer: Station,
    patient: Carnet,
}

/// A pharmacy whose list names an insurer, and a patient who has that list.
fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let insurer = Station::start_as(&folder.path().join("insurer"), "Sunrise Insurance", "issuer").unwrap();
    let pharmacy = Station::start_as(&folder.path().join("pharmacy"), "Corner Pharmacy", "pharmacy").unwrap();
    listed(&insurer, &pharmacy.trust_list);
    let patient = Carnet::new(
        &folder.path().join("vault"),
        PASSPHRASE,
        Some(&pharmacy.trust_list),
    );
    patient.ok(&["init"]).unwrap();
    Scene {
        folder,
        desk: Desk::at(&pharmacy).unwrap(),
        pharmacy,
        insurer: Desk::at(&insurer).unwrap(),
        _insurer: insurer,
        patient,
    }
}

fn listed(station: &Station, list: &Path) {
    let entry = station.data().join("entry.json");
    for arguments in [vec!["add", "--entry", entry.to_str().unwrap()], vec!["sign"]] {
        let mut command = Command::new(program("carnet-station").unwrap());
        let command = command
            .arg("trust")
            .args(arguments)
            .arg("--dir")
            .arg(list.parent().unwrap());
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

impl Scene {
    /// The insurer gives the patient twenty copies.
    fn given(&self, template: &str, claims: &Value) -> String {
        let body = json!({ "template": template, "claims": claims });
        let (status, offer) = self
            .insurer
            .call("POST", "/api/cards/offers", Some(&body))
            .unwrap();
        assert_eq!(status, 200, "{offer}");
        let pin = self.folder.path().join("pin");
        fs::write(&pin, text(&offer, "pin")).unwrap();
        let accept = [
            "credentials",
            "accept",
            text(&offer, "uri"),
            "--pin-file",
            pin.to_str().unwrap(),
        ];
        let accepted = self.patient.ok(&accept).unwrap();
        text(&accepted["cards"][0], "id").to_owned()
    }

    fn asks(&self, id: &str, fields: &Value) -> (String, String) {
        let body = json!({ "statement": { "id": id, "fields": fields } });
        let (status, asked) = self.desk.call("POST", "/api/requests", Some(&body)).unwrap();
        assert_eq!(status, 200, "{asked}");
        (text(&asked, "id").to_owned(), text(&asked, "uri").to_owned())
    }

    fn check(&self, id: &str) -> Value {
        self.desk.request(id).unwrap()["check"].clone()
    }

    fn copies(&self) -> u64 {
        let held = self.patient.ok(&["statements"]).unwrap();
        held["statements"][0]["copies"].as_u64().unwrap_or_default()
    }
}

#[test]
fn a_patient_shows_that_they_are_old_enough_and_the_pharmacy_sees_yes_and_nothing_more() {
    let scene = scene();
    let card = scene.given("proof-of-age", &json!({ "birth_date": "1950-06-01" }));
    let held = scene.patient.ok(&["statements"]).unwrap();
    let held = &held["statements"][0];
    assert_eq!(
        (text(held, "title"), &held["copies"]),
        ("Proof of age", &json!(20))
    );
    assert_eq!(
        (text(held, "own_value"), &held["issuer_listed"]),
        ("born 1 June 1950", &json!(true))
    );

    let (id, uri) = scene.asks("age-at-least", &json!({ "years": 65 }));
    assert!(uri.len() <= 300);
    let question = scene.patient.ok(&["inspect", &uri]).unwrap();
    let statement = &question["statements"][0];
    assert!(text(statement, "says").starts_with("65 or older on "));
    assert_eq!(statement["options"][0]["holds"], true);
    assert_eq!(statement["learns"][1], "who issued it: Sunrise Insurance");

    let chosen = format!("{}={card}", text(statement, "query"));
    let answered = scene.patient.ok(&["answer", &uri, "--card", &chosen]).unwrap();
    assert_eq!(text(&answered, "state"), "proved");
    let check = scene.check(&id);
    assert_eq!(
        (text(&check, "result"), text(&check, "issuer")),
        ("yes", "Sunrise Insurance")
    );
    assert_eq!(
        check["digits"], answered["code"],
        "the phone shows what the desk shows"
    );
    assert_eq!(scene.copies(), 19);
    assert_eq!(
        scene
            .patient
            .refused(&["answer", &uri, "--card", &chosen])
            .unwrap()
            .code,
        "already_answered"
    );

    // Nothing that the pharmacy keeps knows when the patient was born, nor does the patient's own log.
    let view = scene.desk.request(&id).unwrap().to_string();
    let log = scene.patient.ok(&["activity"]).unwrap().to_string();
    assert!(log.contains("proved") && log.contains("65 or older"));
    for text in [view, log] {
        assert!(!text.contains("1950-06") && !text.contains("1 June"), "{text}");
    }

    // What does not hold can't be chosen; a no is the same as any other.
    let (id, uri) = scene.asks("age-at-least", &json!({ "years": 90 }));
    let question = scene.patient.ok(&["inspect", &uri]).unwrap();
    assert_eq!(question["statements"][0]["options"][0]["holds"], false);
    assert_eq!(question["statements"][0]["asked_before"], 1);
    let refused = scene
        .patient
        .refused(&["answer", &uri, "--card", &chosen])
        .unwrap();
    assert_eq!(refused.code, "eligibility_not_true");
    assert_eq!(scene.check(&id)["result"], Value::Null, "nothing was sent");
    scene.patient.ok(&["answer", &uri, "--deny"]).unwrap();
    assert_eq!(text(&scene.check(&id), "result"), "not_shown");
    assert_eq!(scene.copies(), 19);
}

#[test]
fn cover_income_a_laboratory_value_and_a_condition_are_shown_each_by_its_own_card() {
    let scene = scene();
    let today = jiff::Timestamp::now().to_string()[..10].to_owned();
    for (template, claims, check, fields) in [
        (
            "proof-of-cover",
            json!({ "first_day": "2020-01-01", "last_day": "2031-12-31" }),
            "cover-active",
            json!({ "day": today }),
        ),
        (
            "proof-of-income",
            json!({ "amount": "18000", "currency": "EUR" }),
            "income-below",
            json!({ "amount": 20000, "currency": "EUR" }),
        ),
        (
            "laboratory-value",
            json!({ "test": "HbA1c in % (LOINC 4548-4)", "value": "6.8", "taken_on": today }),
            "lab-in-range",
            json!({ "test": "4548-4", "low": "4", "high": "7.5", "days": 90 }),
        ),
        (
            "entitlement",
            json!({ "code": "E11 Type 2 diabetes" }),
            "condition-family",
            json!({ "family": "E10" }),
        ),
    ] {
        let claims = scene.fitted(template, claims);
        let card = scene.given(template, &claims);
        let (id, uri) = scene.asks(check, &fields);
        let chosen = format!("eligibility={card}");
        scene.patient.ok(&["answer", &uri, "--card", &chosen]).unwrap();
        assert_eq!(text(&scene.check(&id), "result"), "yes", "{check}");
    }
}

impl Scene {
    /// Choices as the insurer's own list of templates writes them.
    fn fitted(&self, template: &str, mut claims: Value) -> Value {
        let (_, all) = self.insurer.call("GET", "/api/cards/templates", None).unwrap();
        let template = all.as_array().unwrap().iter().find(|one| one["id"] == template);
        for field in template.unwrap()["fields"].as_array().unwrap() {
            let (Some(options), Some(claim)) =
                (field["options"].as_array(), claims[text(field, "name")].as_str())
            else {
                continue;
            };
            let key = claim.split(' ').next().unwrap().to_owned();
            let fits = |option: &&Value| option.as_str().is_some_and(|option| option.contains(&key));
            if let Some(option) = options.iter().find(fits) {
                claims[text(field, "name")] = option.clone();
            }
        }
        claims
    }
}

// ATTACKS 28
#[test]
fn a_wallet_killed_while_it_answers_shows_no_copy_twice() {
    let scene = scene();
    let card = scene.given("proof-of-age", &json!({ "birth_date": "1950-06-01" }));
    let chosen = format!("eligibility={card}");
    let mut left = 20;
    for moment in [0, 5, 20, 60, 150] {
        let (id, uri) = scene.asks("age-at-least", &json!({ "years": 65 }));
        scene.patient.ok(&["inspect", &uri]).unwrap();
        let mut wallet = scene
            .patient
            .command(&["answer", &uri, "--card", &chosen])
            .unwrap()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(moment) && wallet.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _ = wallet.kill();
        wallet.wait().unwrap();
        let now = scene.copies();
        assert!(now == left || now == left - 1, "{now} of {left}");
        if scene.check(&id)["result"] == "yes" {
            assert_eq!(now, left - 1, "what was shown is used up");
        }
        left = now;
    }
    let (id, uri) = scene.asks("age-at-least", &json!({ "years": 65 }));
    scene.patient.ok(&["answer", &uri, "--card", &chosen]).unwrap();
    assert_eq!(text(&scene.check(&id), "result"), "yes");
    let _ = &scene.pharmacy;
}

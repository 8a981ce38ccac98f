//! Either program is killed (SIGKILL) somewhere in the story and started again: both sides must then tell the truth,
//! and the same truth.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that can't go on has failed"
)]

use std::{process::Stdio, time::Duration};

use carnet_tests::{Carnet, Desk, Station, records};
use serde_json::Value;

const PASSPHRASE: &str = "a lamp, two boats and the long road";
const ALLERGIES: &str = "patient/AllergyIntolerance.rs";

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

/// What both sides say of the consent of one request after everything has settled.
fn check_that_both_sides_agree(patient: &Carnet, desk: &Desk, request_id: &str, uri: &str) -> String {
    let synced = patient.ok(&["sync"]).unwrap();
    assert_eq!(synced["waiting"], 0, "{synced}");
    let consents = patient.ok(&["consents", "list"]).unwrap();
    let Some(consent) = consents["consents"].as_array().unwrap().first().cloned() else {
        // Killed before anything was decided: the question is still open and can be answered.
        assert!(["waiting", "opened"].contains(&text(&desk.request(request_id).unwrap(), "state")));
        assert_eq!(
            text(&patient.ok(&["answer", uri, "--grant", "all"]).unwrap(), "state"),
            "granted"
        );
        return "unanswered".to_owned();
    };
    let state = text(&consent, "state").to_owned();
    let grant = text(&consent, "grant_id");
    let (status, body) = desk.records(grant).unwrap();
    match state.as_str() {
        "granted" => {
            assert_eq!(
                (status, text(&body["error"], "code")),
                (403, "unconfirmed"),
                "{body}"
            );
            let shown = patient
                .ok(&["consents", "show", text(&consent, "consent_id")])
                .unwrap();
            assert_eq!(desk.confirm(request_id, text(&shown, "code")).unwrap().0, 200);
            assert_eq!(desk.records(grant).unwrap().0, 200);
        }
        "failed" | "revoked" => {
            assert_eq!(status, 403, "{body}");
            assert_ne!(
                body["error"]["code"], "unconfirmed",
                "the station believes in a consent that the wallet gave up"
            );
        }
        other => panic!("after a restart and a sync the consent is still {other}"),
    }
    state
}

#[test]
fn a_wallet_killed_while_it_answers_leaves_a_true_state_on_both_sides() {
    let home = tempfile::tempdir().unwrap();
    let station = Station::start(&home.path().join("station"), "Northgate Clinic").unwrap();
    let desk = Desk::at(&station).unwrap();
    let file = home.path().join("examples.json");
    records::official_examples("Patient/example", &file).unwrap();
    let mut outcomes = vec![];
    let kdf = unlock_time(&home.path().join("timing"), &station);
    for step in 0..8_u32 {
        let patient = Carnet::new(
            &home.path().join(format!("vault-{step}")),
            PASSPHRASE,
            Some(&station.trust_list),
        );
        patient.ok(&["init"]).unwrap();
        patient
            .ok(&["records", "import", file.to_str().unwrap()])
            .unwrap();
        let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap();
        let mut answering = patient
            .command(&["answer", text(&asked, "uri"), "--grant", "all"])
            .unwrap()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The vault opens after about `kdf`; what follows takes some tens of milliseconds.
        std::thread::sleep(kdf.mul_f32(0.9) + Duration::from_millis(u64::from(step) * 25));
        let _ = answering.kill();
        let _ = answering.wait();
        outcomes.push(check_that_both_sides_agree(
            &patient,
            &desk,
            text(&asked, "id"),
            text(&asked, "uri"),
        ));
    }
    println!("killed wallet: {outcomes:?}");
}

#[test]
fn a_station_killed_while_it_is_answered_leaves_a_true_state_on_both_sides() {
    let home = tempfile::tempdir().unwrap();
    let mut station = Station::start(&home.path().join("station"), "Northgate Clinic").unwrap();
    let file = home.path().join("examples.json");
    records::official_examples("Patient/example", &file).unwrap();
    let mut outcomes = vec![];
    let kdf = unlock_time(&home.path().join("timing"), &station);
    for step in 0..6_u32 {
        let patient = Carnet::new(
            &home.path().join(format!("vault-{step}")),
            PASSPHRASE,
            Some(&station.trust_list),
        );
        patient.ok(&["init"]).unwrap();
        patient
            .ok(&["records", "import", file.to_str().unwrap()])
            .unwrap();
        let asked = Desk::at(&station)
            .unwrap()
            .ask("TREAT", &[(ALLERGIES, true)], 7)
            .unwrap();
        let mut answering = patient
            .command(&["answer", text(&asked, "uri"), "--grant", "all"])
            .unwrap()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(kdf.mul_f32(0.9) + Duration::from_millis(u64::from(step) * 30));
        station.kill();
        let _ = answering.wait();
        station = station.again().unwrap();
        let desk = Desk::at(&station).unwrap();
        outcomes.push(check_that_both_sides_agree(
            &patient,
            &desk,
            text(&asked, "id"),
            text(&asked, "uri"),
        ));
    }
    println!("killed station: {outcomes:?}");
}

/// How long a command that only opens the vault takes on this machine, just now.
fn unlock_time(vault: &std::path::Path, station: &Station) -> Duration {
    let patient = Carnet::new(vault, PASSPHRASE, Some(&station.trust_list));
    patient.ok(&["init"]).unwrap();
    let start = std::time::Instant::now();
    patient.ok(&["consents", "list"]).unwrap();
    start.elapsed()
}

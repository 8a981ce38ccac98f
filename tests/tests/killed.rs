//! Either program is killed (SIGKILL) somewhere in the story and started again: both sides must then tell the truth,
//! and the same truth.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that can't go on has failed"
)]

use std::{
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use carnet_tests::{Carnet, Desk, Station, records};
use serde_json::Value;
use tempfile::TempDir;

const PASSPHRASE: &str = "a lamp, two boats and the long road";
const ALLERGIES: &str = "patient/AllergyIntolerance.rs";
/// What is at work at the station when its answer is no longer waited for is over by then.
const SETTLED: Duration = Duration::from_secs(15);

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
            // An answer that was on its way when its wallet was killed may still be at work here: the station looks at the
            // ledger once more after it wrote the consent down, and lets it go.
            let until = Instant::now() + SETTLED;
            while desk.records(grant).unwrap().1["error"]["code"] == "unconfirmed" {
                assert!(
                    Instant::now() < until,
                    "the station believes in a consent that the wallet gave up"
                );
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        other => panic!("after a restart and a sync the consent is still {other}"),
    }
    state
}

/// Answers are begun again and again on fresh vaults; each time `strike` kills something a little later.
struct Strikes {
    home: TempDir,
    station: Station,
    opening: Duration,
}

impl Strikes {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let station = Station::start(&home.path().join("station"), "Northgate Clinic").unwrap();
        records::official_examples("Patient/example", &home.path().join("examples.json")).unwrap();
        let opening = unlock_time(&home.path().join("timing"), &station);
        Self {
            home,
            station,
            opening,
        }
    }

    /// One answer, struck `late` after the vault has about opened; what both sides then agree on.
    fn strike(
        mut self,
        step: u32,
        late: Duration,
        kill: impl FnOnce(Station, &mut Child) -> Station,
    ) -> (Self, String) {
        let vault = self.home.path().join(format!("vault-{step}"));
        let patient = Carnet::new(&vault, PASSPHRASE, Some(&self.station.trust_list));
        patient.ok(&["init"]).unwrap();
        let file = self.home.path().join("examples.json");
        patient
            .ok(&["records", "import", file.to_str().unwrap()])
            .unwrap();
        let asked = Desk::at(&self.station)
            .unwrap()
            .ask("TREAT", &[(ALLERGIES, true)], 7)
            .unwrap();
        let mut command = patient
            .command(&["answer", text(&asked, "uri"), "--grant", "all"])
            .unwrap();
        let mut answering = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // What follows the opening of the vault takes some tens of milliseconds.
        std::thread::sleep(self.opening.mul_f32(0.9) + late);
        self.station = kill(self.station, &mut answering);
        let _ = answering.wait();
        let desk = Desk::at(&self.station).unwrap();
        let agreed = check_that_both_sides_agree(&patient, &desk, text(&asked, "id"), text(&asked, "uri"));
        (self, agreed)
    }
}

#[test]
fn a_wallet_killed_while_it_answers_leaves_a_true_state_on_both_sides() {
    let mut strikes = Strikes::new();
    let mut outcomes = vec![];
    for step in 0..8_u32 {
        let late = Duration::from_millis(u64::from(step) * 25);
        let (again, agreed) = strikes.strike(step, late, |station, answering| {
            let _ = answering.kill();
            station
        });
        strikes = again;
        outcomes.push(agreed);
    }
    println!("killed wallet: {outcomes:?}");
}

#[test]
fn a_station_killed_while_it_is_answered_leaves_a_true_state_on_both_sides() {
    let mut strikes = Strikes::new();
    let mut outcomes = vec![];
    for step in 0..6_u32 {
        let late = Duration::from_millis(u64::from(step) * 30);
        let (again, agreed) = strikes.strike(step, late, |mut station, answering| {
            station.kill();
            let _ = answering.wait();
            station.again().unwrap()
        });
        strikes = again;
        outcomes.push(agreed);
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

//! A clinic keeps its own register. What keeps it honest: every patient's wallet remembers what it was shown, and can show it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that can't go on has failed"
)]

use std::{fs, ops::ControlFlow, path::Path, process::Command};

use carnet_store::{Batch, EngineKind, Store as _, open};
use carnet_tests::{
    Carnet, Desk, Failure, Station,
    processes::{answer_of, program},
    records,
};
use serde_json::Value;

const PASSPHRASE: &str = "a lamp, two boats and the long road";
const ALLERGIES: &str = "patient/AllergyIntolerance.rs";

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

/// A patient who holds the official examples.
fn patient(folder: &Path, name: &str, station: &Station) -> Carnet {
    let patient = Carnet::new(&folder.join(name), PASSPHRASE, Some(&station.trust_list));
    patient.ok(&["init"]).unwrap();
    let file = folder.join(format!("{name}.json"));
    records::official_examples("Patient/example", &file).unwrap();
    patient
        .ok(&["records", "import", file.to_str().unwrap()])
        .unwrap();
    patient
}

/// One consent given; its id.
fn gives(patient: &Carnet, station: &Station) -> String {
    let desk = Desk::at(station).unwrap();
    let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap();
    let answer = patient
        .ok(&["answer", text(&asked, "uri"), "--grant", "all"])
        .unwrap();
    assert_eq!(answer["state"], "granted");
    text(&answer, "consent_id").to_owned()
}

fn register(patient: &Carnet) -> Value {
    let looked = patient.ok(&["log", "registers"]).unwrap();
    let registers = looked["registers"].as_array().unwrap();
    assert_eq!(registers.len(), 1, "{looked}");
    registers[0].clone()
}

fn evidence_of(patient: &Carnet, consent: &str) -> String {
    let shown = patient.ok(&["consents", "show", consent]).unwrap();
    text(&shown["ledger"], "evidence").to_owned()
}

fn verify(file: &Path, list: &Path) -> Result<Value, Failure> {
    let arguments = [
        "verify-receipt",
        file.to_str().unwrap(),
        "--trust-list",
        list.to_str().unwrap(),
    ];
    let output = Command::new(program("carnet-station").unwrap())
        .args(arguments)
        .output()
        .unwrap();
    answer_of(&arguments, &output).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_patient_can_show_anybody_that_a_grant_and_its_end_stand_in_the_register() {
    let folder = tempfile::tempdir().unwrap();
    let station = Station::start(&folder.path().join("station"), "Northgate Clinic").unwrap();
    let patient = patient(folder.path(), "anna", &station);
    let consent = gives(&patient, &station);
    patient.ok(&["sync"]).unwrap();
    assert_eq!(register(&patient)["state"], "kept");
    assert_eq!(register(&patient)["entries"], 1);
    assert_eq!(evidence_of(&patient, &consent), "kept");

    let given = folder.path().join("given.json");
    patient
        .ok(&["consents", "evidence", &consent, "--out", given.to_str().unwrap()])
        .unwrap();
    let seen = verify(&given, &station.trust_list).unwrap();
    assert_eq!(seen["recorded"], "grant");
    assert_eq!(seen["keeper"], "Northgate Clinic");
    assert_eq!(seen["witnesses"], Value::Array(Vec::new()));

    patient.ok(&["consents", "revoke", &consent]).unwrap();
    patient.ok(&["sync"]).unwrap();
    let ended = folder.path().join("ended.json");
    patient
        .ok(&["consents", "evidence", &consent, "--out", ended.to_str().unwrap()])
        .unwrap();
    assert_eq!(
        verify(&ended, &station.trust_list).unwrap()["recorded"],
        "revocation"
    );

    // The proof of one operation under the promise of the other, a hash altered, another organisation's list.
    let (one, other): (Value, Value) = (
        serde_json::from_slice(&fs::read(&given).unwrap()).unwrap(),
        serde_json::from_slice(&fs::read(&ended).unwrap()).unwrap(),
    );
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut file = one.clone();
        change(&mut file);
        let path = folder.path().join("altered.json");
        fs::write(&path, file.to_string()).unwrap();
        verify(&path, &station.trust_list).unwrap_err().code
    };
    assert_eq!(
        refused(&|file| file["promise"] = other["promise"].clone()),
        "evidence_other_place"
    );
    assert_eq!(
        refused(&|file| file["log"] = other["log"].clone()),
        "evidence_other_place"
    );
    let swapped = text(&other, "log").replacen("index 1\n", "index 0\n", 1);
    assert_eq!(
        refused(&|file| file["log"] = swapped.as_str().into()),
        "log_receipt_not_in_there"
    );
    assert_eq!(
        refused(&|file| file["carnet_evidence"] = 2.into()),
        "evidence_newer_version"
    );
    let strange = Station::start(&folder.path().join("other"), "Southgate Clinic").unwrap();
    assert_eq!(
        verify(&given, &strange.trust_list).unwrap_err().code,
        "evidence_keeper_unknown"
    );
}

/// What the desk has read under a consent, as the patient sees it.
fn reads(patient: &Carnet, consent: &str) -> Vec<Value> {
    let told = patient.ok(&["consents", "reads", consent]).unwrap();
    told["reads"].as_array().unwrap().clone()
}

/// One consent given, confirmed, and read at the desk once; its id.
fn is_read(patient: &Carnet, station: &Station) -> String {
    let desk = Desk::at(station).unwrap();
    let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap();
    let answer = patient
        .ok(&["answer", text(&asked, "uri"), "--grant", "all"])
        .unwrap();
    let consent = text(&answer, "consent_id").to_owned();
    let confirmed = desk.confirm(text(&asked, "id"), text(&answer, "code")).unwrap();
    assert_eq!(confirmed.0, 200, "{confirmed:?}");
    assert_eq!(desk.records(text(&answer, "grant_id")).unwrap().0, 200);
    consent
}

/// What a clinic can do that has its station's storage in its hands: each reading that was written down, changed or dropped.
fn tamper(station: &mut Station, change: &dyn Fn(Value) -> Option<Value>) {
    station.kill();
    let store = open(&station.data().join("store"), EngineKind::default()).unwrap();
    let mut rows: Vec<(Vec<u8>, Value)> = Vec::new();
    store
        .scan(b"audit/", &mut |key, row| {
            rows.push((key.to_vec(), serde_json::from_slice(row).unwrap()));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(!rows.is_empty());
    let mut batch = Batch::new();
    for (key, row) in rows {
        match change(row) {
            Some(row) => batch.put(key, row.to_string().into_bytes()),
            None => batch.delete(key),
        }
    }
    store.commit(batch).unwrap();
}

fn log_of_reads(patient: &Carnet) -> (String, String) {
    let looked = patient.ok(&["log", "registers"]).unwrap();
    let registers = looked["registers"].as_array().unwrap();
    let found = registers.iter().find(|one| one["about"] == "reads").unwrap();
    let code = found["code"].as_str().unwrap_or_default();
    (text(found, "state").to_owned(), code.to_owned())
}

#[test]
fn who_read_what_is_proven_and_a_clinic_that_alters_or_drops_a_reading_or_its_log_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut station = Station::start(&folder.path().join("station"), "Northgate Clinic").unwrap();
    let patients = ["anna", "bert", "cora"].map(|name| patient(folder.path(), name, &station));
    station.kill();
    let aside = folder.path().join("aside");
    copy(&station.data().join("store"), &aside);
    let mut station = station.again().unwrap();

    let consents: Vec<String> = patients
        .iter()
        .map(|patient| is_read(patient, &station))
        .collect();
    for (patient, consent) in patients.iter().zip(&consents) {
        let told = reads(patient, consent);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["proof"], "proven");
        assert_eq!(log_of_reads(patient), ("kept".to_owned(), String::new()));
    }
    let [anna, bert, cora] = &patients;

    // Somebody else is named; the honest log doesn't know of it.
    tamper(&mut station, &|mut row| {
        row["read"]["who"] = "nobody in particular".into();
        Some(row)
    });
    let mut station = station.again().unwrap();
    let told = reads(anna, &consents[0]);
    assert_eq!(told[0]["proof"], "broken");
    assert_eq!(
        log_of_reads(anna),
        ("broken".to_owned(), "log_read_changed".to_owned())
    );
    let activity = anna.ok(&["activity"]).unwrap();
    assert!(activity.to_string().contains("registry_broken"), "{activity}");

    // Nobody ever read: what was told once is still shown.
    tamper(&mut station, &|_| None);
    let mut station = station.again().unwrap();
    assert_eq!(reads(bert, &consents[1]).len(), 1);
    assert_eq!(
        log_of_reads(bert),
        ("broken".to_owned(), "log_read_missing".to_owned())
    );

    // The storage of before any of it: the log begins anew.
    station.kill();
    let store = station.data().join("store");
    fs::remove_dir_all(&store).unwrap();
    copy(&aside, &store);
    let _station = station.again().unwrap();
    assert_eq!(
        log_of_reads(cora),
        ("broken".to_owned(), "log_shorter".to_owned())
    );
}

#[test]
fn a_register_that_is_rolled_back_or_shows_two_people_two_histories_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut station = Station::start(&folder.path().join("station"), "Northgate Clinic").unwrap();
    let [anna, bert, cora] = ["anna", "bert", "cora"].map(|name| patient(folder.path(), name, &station));
    gives(&bert, &station);

    // The clinic puts an older copy of its register aside.
    let ledger = station.data().join("ledger");
    let aside = folder.path().join("aside");
    station.kill();
    copy(&ledger, &aside);
    let mut station = station.again().unwrap();
    let consent = gives(&anna, &station);
    anna.ok(&["sync"]).unwrap();
    gives(&bert, &station);
    bert.ok(&["sync"]).unwrap();
    // Anna does not look again: what she keeps is as long as what Cora will be shown.
    let annas = anna.ok(&["log", "registers", "--known"]).unwrap();
    assert_eq!(annas["registers"][0]["state"], "kept");
    assert_eq!(register(&bert)["state"], "kept");

    let states = |patient: &Carnet, name: &str| {
        let path = folder.path().join(name);
        patient.ok(&["log", "states", path.to_str().unwrap()]).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let compared = anna
        .ok(&["log", "compare", &states(&bert, "bert.states")])
        .unwrap();
    assert_eq!(compared["compared"][0]["result"], "same");

    // It takes the older copy out again: what Anna and Bert did since never happened, and Cora is shown another history.
    station.kill();
    fs::remove_dir_all(&ledger).unwrap();
    copy(&aside, &ledger);
    let mut station = station.again().unwrap();
    gives(&cora, &station);
    cora.ok(&["sync"]).unwrap();
    assert_eq!(register(&cora)["state"], "kept");

    // Bert's wallet notices by itself.
    let found = register(&bert);
    assert_eq!(
        (text(&found, "state"), text(&found, "code")),
        ("broken", "log_shorter")
    );
    let list = station.trust_list.clone();
    let proof = |patient: &Carnet, name: &str| {
        let (path, log) = (folder.path().join(name), text(&found, "log"));
        patient
            .ok(&["log", "contradiction", log, "--out", path.to_str().unwrap()])
            .unwrap();
        let seen = verify(&path, &list).unwrap();
        (text(&seen, "contradiction").to_owned(), seen["proven"] == true)
    };
    // Two states alone don't show which came first: the clinic would have to prove that they fit.
    assert_eq!(proof(&bert, "bert.proof"), ("open".to_owned(), false));

    // As long as Anna's was, it can't be told by its length; beside Cora's it can, with nobody to ask, and for good.
    gives(&cora, &station);
    assert_eq!(register(&cora)["entries"], 3);
    let theirs = states(&cora, "cora.states");
    station.kill();
    let compared = anna.ok(&["log", "compare", &theirs]).unwrap();
    assert_eq!(compared["compared"][0]["result"], "broken");
    let known = anna.ok(&["log", "registers", "--known"]).unwrap();
    assert_eq!(known["registers"][0]["code"], "log_two_histories");
    assert_eq!(proof(&anna, "anna.proof"), ("two_histories".to_owned(), true));
    assert_eq!(evidence_of(&anna, &consent), "broken");
    let activity = anna.ok(&["activity"]).unwrap();
    assert!(activity.to_string().contains("registry_broken"), "{activity}");
}

#[test]
fn what_a_clinic_signed_against_its_own_word_convicts_it_before_anybody() {
    let folder = tempfile::tempdir().unwrap();
    let mut station = Station::start(&folder.path().join("station"), "Northgate Clinic").unwrap();
    let [anna, bert, cora, dora] =
        ["anna", "bert", "cora", "dora"].map(|name| patient(folder.path(), name, &station));
    gives(&bert, &station);
    let (ledger, aside) = (station.data().join("ledger"), folder.path().join("aside"));
    station.kill();
    copy(&ledger, &aside);
    let mut station = station.again().unwrap();
    // Dora's wallet keeps a state of two operations; Anna's keeps a promise alone. Then the clinic forgets both.
    gives(&dora, &station);
    dora.ok(&["sync"]).unwrap();
    assert_eq!(register(&dora)["entries"], 2);
    gives(&anna, &station);
    station.kill();
    fs::remove_dir_all(&ledger).unwrap();
    copy(&aside, &ledger);
    let station = station.again().unwrap();
    let file = |patient: &Carnet, name: &str| {
        let path = folder.path().join(name);
        let log = text(&register(patient), "log").to_owned();
        patient
            .ok(&["log", "contradiction", &log, "--out", path.to_str().unwrap()])
            .unwrap();
        path
    };
    let shown = |path: &Path| verify(path, &station.trust_list).unwrap();
    let unbroken = text(&register(&bert), "log").to_owned();
    let refused = bert.refused(&["log", "contradiction", &unbroken, "--out", "nowhere"]);
    assert_eq!(refused.unwrap().code, "register_unbroken");

    (0..3).for_each(|_| drop(gives(&cora, &station)));
    assert_eq!(register(&dora)["code"], "log_not_grown");
    let doras = file(&dora, "dora.proof");
    let seen = shown(&doras);
    assert_eq!(
        (&seen["contradiction"], &seen["proven"], &seen["keeper"]),
        (&"rewritten".into(), &true.into(), &"Northgate Clinic".into())
    );
    assert_eq!(seen["states"][0]["log_entries"], 2);
    assert_eq!(register(&anna)["code"], "log_promise_broken");
    let seen = shown(&file(&anna, "anna.proof"));
    assert_eq!(
        (&seen["contradiction"], &seen["proven"]),
        (&"other_entry".into(), &true.into())
    );

    // Whoever complains can't make it up.
    let honest: Value = serde_json::from_slice(&fs::read(&doras).unwrap()).unwrap();
    let altered = |change: &dyn Fn(&mut Value)| {
        let mut file = honest.clone();
        change(&mut file);
        let path = folder.path().join("altered.json");
        fs::write(&path, file.to_string()).unwrap();
        verify(&path, &station.trust_list)
    };
    let spoilt = altered(&|file| file["way"] = "".into()).unwrap();
    assert_eq!(
        (&spoilt["contradiction"], &spoilt["proven"]),
        (&"open".into(), &false.into())
    );
    let code = |change: &dyn Fn(&mut Value)| altered(change).unwrap_err().code;
    assert_eq!(
        code(&|file| file["states"][0] = file["states"][1].clone()),
        "contradiction_none"
    );
    assert_eq!(
        code(&|file| {
            let state = file["states"][0].as_str().unwrap().replacen("\n2\n", "\n3\n", 1);
            file["states"][0] = state.into();
        }),
        "contradiction_keeper_unknown"
    );
    assert_eq!(
        code(&|file| file["way"] = "no hash".into()),
        "contradiction_malformed"
    );
    assert_eq!(
        code(&|file| file["carnet_contradiction"] = 2.into()),
        "contradiction_newer_version"
    );
}

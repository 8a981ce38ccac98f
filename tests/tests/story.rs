//! The main job, lived through at the terminal: a clinic asks, the patient decides, the clinic reads, the patient takes
//! it back, the clinic can't read any more. Real programs, loopback TLS, official FHIR examples.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that can't go on has failed"
)]

use std::{fs, path::Path};

use carnet_tests::{Carnet, Desk, Station, records, search};
use serde_json::Value;
use tempfile::TempDir;

const PASSPHRASE: &str = "a lamp, two boats and the long road";
const ALLERGIES: &str = "patient/AllergyIntolerance.rs";
const LABS: &str = "patient/Observation.rs?category=laboratory";
const VITALS: &str = "patient/Observation.rs?category=vital-signs";

struct Scene {
    folder: TempDir,
    station: Station,
    desk: Desk,
    patient: Carnet,
    bundle: Value,
}

/// A station, a desk, and a patient who holds the official examples about `Patient/example`.
fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let station = Station::start(&folder.path().join("station"), "Northgate Clinic").unwrap();
    let desk = Desk::at(&station).unwrap();
    let patient = Carnet::new(
        &folder.path().join("vault"),
        PASSPHRASE,
        Some(&station.trust_list),
    );
    let made = patient.ok(&["init"]).unwrap();
    assert_eq!(made["words"].as_array().map(Vec::len), Some(24));
    // Outside the folder that is searched for leaks: the file the patient got from a hospital.
    let source = tempfile::tempdir().unwrap();
    let file = source.path().join("examples.json");
    let bundle = records::official_examples("Patient/example", &file).unwrap();
    let import = patient
        .ok(&["records", "import", file.to_str().unwrap()])
        .unwrap();
    assert!(import["imported"].as_u64() > Some(30), "{import}");
    Scene {
        folder,
        station,
        desk,
        patient,
        bundle,
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

fn kinds(bundle: &Value) -> Vec<&str> {
    let mut kinds: Vec<_> = bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|e| e["resource"]["resourceType"].as_str())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

#[test]
fn a_clinic_asks_the_patient_grants_a_part_the_clinic_reads_and_can_not_read_after_it_is_taken_back() {
    let scene = scene();
    let Scene { desk, patient, .. } = &scene;
    let asked = desk
        .ask("TREAT", &[(ALLERGIES, true), (LABS, false), (VITALS, false)], 30)
        .unwrap();
    let uri = text(&asked, "uri");
    assert!(uri.len() <= 300);

    let question = patient.ok(&["inspect", uri]).unwrap();
    assert_eq!(question["verifier"]["name"], "Northgate Clinic");
    assert_eq!(question["purpose"][0], "TREAT");
    let items = question["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert_eq!(items[0]["required"], true);
    assert!(items[0]["matching"].as_u64() >= Some(1), "{question}");
    assert_eq!(
        text(&desk.request(text(&asked, "id")).unwrap(), "state"),
        "opened"
    );

    let answer = patient
        .ok(&["answer", uri, "--grant", ALLERGIES, VITALS])
        .unwrap();
    assert_eq!(answer["decision"], "partial");
    assert_eq!(answer["state"], "granted");
    assert_eq!(answer["ledger"]["status"], "active");
    let (grant, code) = (text(&answer, "grant_id"), text(&answer, "code"));

    let request = desk.wait_for(text(&asked, "id"), &["answered"]).unwrap();
    assert_eq!(request["decision"], "partial");
    let (status, refusal) = desk.records(grant).unwrap();
    assert_eq!((status, text(&refusal["error"], "code")), (403, "unconfirmed"));
    let wrong = if code == "0000" { "0001" } else { "0000" };
    assert_eq!(desk.confirm(text(&asked, "id"), wrong).unwrap().0, 403);
    assert_eq!(desk.confirm(text(&asked, "id"), code).unwrap().0, 200);

    let (status, bundle) = desk.records(grant).unwrap();
    assert_eq!(status, 200);
    assert_eq!(kinds(&bundle), ["AllergyIntolerance", "Observation"]);
    let reads = patient
        .ok(&["consents", "reads", text(&answer, "consent_id")])
        .unwrap();
    assert_eq!(reads["reads"].as_array().map(Vec::len), Some(1), "{reads}");

    let taken_back = patient
        .ok(&["consents", "revoke", text(&answer, "consent_id")])
        .unwrap();
    assert_eq!(text(&taken_back, "state"), "revoked");
    assert_eq!(text(&taken_back, "ledger"), "confirmed");
    assert_eq!(text(&taken_back, "clinic"), "confirmed");
    assert_eq!(taken_back["deletion_receipt"], true);
    let (status, refusal) = desk.records(grant).unwrap();
    assert_eq!((status, text(&refusal["error"], "code")), (403, "revoked"));
    let listed = patient.ok(&["consents", "list"]).unwrap();
    assert_eq!(listed["consents"][0]["state"], "revoked");
}

#[test]
fn what_the_clinic_reads_is_byte_for_byte_what_was_imported() {
    let scene = scene();
    let Scene {
        desk,
        patient,
        bundle,
        ..
    } = &scene;
    let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap();
    let answer = patient
        .ok(&["answer", text(&asked, "uri"), "--grant", "all"])
        .unwrap();
    assert_eq!(answer["decision"], "permit");
    desk.confirm(text(&asked, "id"), text(&answer, "code")).unwrap();
    let (_, read) = desk.records(text(&answer, "grant_id")).unwrap();
    let imported: Vec<&Value> = bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["resource"])
        .collect();
    for entry in read["entry"].as_array().unwrap() {
        assert!(imported.contains(&&entry["resource"]));
    }
}

#[test]
fn a_refusal_shares_nothing_and_is_seen_at_the_desk() {
    let scene = scene();
    let Scene { desk, patient, .. } = &scene;
    let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap();
    let answer = patient.ok(&["answer", text(&asked, "uri"), "--deny"]).unwrap();
    assert_eq!(answer["decision"], "deny");
    let request = desk.wait_for(text(&asked, "id"), &["denied"]).unwrap();
    assert!(request["grant_id"].is_null());
    assert_eq!(
        patient
            .refused(&["answer", text(&asked, "uri"), "--grant", "all"])
            .unwrap()
            .code,
        "already_answered"
    );
}

#[test]
fn every_failure_says_what_happened_what_is_safe_and_what_to_do() {
    let scene = scene();
    let Scene {
        folder,
        station,
        desk,
        patient,
        ..
    } = &scene;
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut failures = vec![];

    let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap();
    let uri = text(&asked, "uri");
    patient.ok(&["answer", uri, "--grant", "required"]).unwrap();
    failures.push((
        "already_answered",
        patient.refused(&["answer", uri, "--grant", "all"]).unwrap(),
    ));

    // The code was answered by somebody else: to another wallet it is used up.
    let other = Carnet::new(
        &folder.path().join("other"),
        PASSPHRASE,
        Some(&station.trust_list),
    );
    other.ok(&["init"]).unwrap();
    failures.push(("already_answered", other.refused(&["inspect", uri]).unwrap()));

    let thief = Carnet::new(&patient.vault, "not the passphrase", None);
    failures.push(("wrong_passphrase", thief.refused(&["records", "list"]).unwrap()));
    failures.push((
        "no_vault",
        Carnet::new(Path::new(&path("nowhere")), PASSPHRASE, None)
            .refused(&["records", "list"])
            .unwrap(),
    ));

    fs::write(path("holiday.json"), "{\"beach\": true}").unwrap();
    failures.push((
        "not_fhir",
        patient
            .refused(&["records", "import", &path("holiday.json")])
            .unwrap(),
    ));
    fs::write(path("holiday.txt"), "the beach").unwrap();
    failures.push((
        "not_json",
        patient
            .refused(&["records", "import", &path("holiday.txt")])
            .unwrap(),
    ));
    records::official_examples("Patient/pat1", Path::new(&path("somebody-else.json"))).unwrap();
    failures.push((
        "other_person",
        patient
            .refused(&["records", "import", &path("somebody-else.json")])
            .unwrap(),
    ));

    let nothing = desk.ask("TREAT", &[("patient/Coverage.rs", true)], 7).unwrap();
    failures.push((
        "nothing_matches",
        patient
            .refused(&["answer", text(&nothing, "uri"), "--grant", "all"])
            .unwrap(),
    ));
    failures.push((
        "link_not_a_request",
        patient.refused(&["inspect", "https://example.org/"]).unwrap(),
    ));
    let (before, after) = uri.split_once("x509_hash%3A").unwrap();
    let stranger = format!("{before}x509_hash%3AAAAA{}", &after[4..]);
    failures.push((
        "request_client_not_listed",
        patient.refused(&["inspect", &stranger]).unwrap(),
    ));

    for (_, failure) in &failures {
        assert!(
            !failure.message.is_empty() && !failure.next.is_empty(),
            "{failure:?}"
        );
    }
    let seen: Vec<_> = failures
        .iter()
        .map(|(expected, failure)| (*expected, failure.code.as_str()))
        .collect();
    assert!(seen.iter().all(|(expected, code)| expected == code), "{seen:?}");
}

#[test]
fn a_vault_that_is_open_elsewhere_is_not_opened_twice() {
    let scene = scene();
    let Scene { desk, patient, .. } = &scene;
    let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap();
    let mut children: Vec<_> = (0..3)
        .map(|_| {
            let mut command = patient.command(&["inspect", text(&asked, "uri")]).unwrap();
            command
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let outcomes: Vec<_> = children
        .drain(..)
        .map(|c| c.wait_with_output().unwrap())
        .collect();
    assert!(outcomes.iter().any(|o| o.status.success()));
    for failed in outcomes.iter().filter(|o| !o.status.success()) {
        let error: Value = serde_json::from_slice(&failed.stderr).unwrap();
        assert_eq!(error["error"]["code"], "vault_in_use");
    }
}

#[test]
fn when_the_station_is_gone_nothing_is_lost_and_taking_back_is_caught_up() {
    let Scene {
        mut station,
        desk,
        patient,
        folder: _folder,
        ..
    } = scene();
    let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap();
    let answer = patient
        .ok(&["answer", text(&asked, "uri"), "--grant", "all"])
        .unwrap();
    station.kill();

    let pending = patient
        .ok(&["consents", "revoke", text(&answer, "consent_id")])
        .unwrap();
    assert_eq!(text(&pending, "state"), "revoking");
    assert_eq!(
        (text(&pending, "ledger"), text(&pending, "clinic")),
        ("pending", "pending")
    );

    let station = station.again().unwrap();
    let synced = patient.ok(&["sync"]).unwrap();
    assert_eq!(synced["waiting"], 0, "{synced}");
    let desk = Desk::at(&station).unwrap();
    assert_eq!(desk.records(text(&answer, "grant_id")).unwrap().0, 403);
    let consent = patient
        .ok(&["consents", "show", text(&answer, "consent_id")])
        .unwrap();
    assert!(consent.to_string().contains("\"revoked\""), "{consent}");
}

#[test]
fn no_file_that_the_journey_leaves_holds_a_string_of_the_records() {
    let begun = std::time::SystemTime::now();
    let scene = scene();
    let Scene {
        folder,
        desk,
        patient,
        bundle,
        ..
    } = &scene;
    let asked = desk
        .ask(
            "TREAT",
            &[
                (ALLERGIES, true),
                (LABS, false),
                (VITALS, false),
                ("patient/Condition.rs", false),
            ],
            30,
        )
        .unwrap();
    let answer = patient
        .ok(&["answer", text(&asked, "uri"), "--grant", "all"])
        .unwrap();
    desk.confirm(text(&asked, "id"), text(&answer, "code")).unwrap();
    assert_eq!(desk.records(text(&answer, "grant_id")).unwrap().0, 200);

    let mut strings = records::distinctive_strings(bundle, 50);
    assert_eq!(strings.len(), 50);
    strings.push(PASSPHRASE.to_owned());
    strings.push("Northgate Clinic vault check".to_owned());
    let found = search::find(&[folder.path()], &strings).unwrap();
    assert_eq!(found, [], "leaks under the journey's folder");
    // Nothing of ours in the temporary folder either (other programs' files there, and older ones, are not this journey's).
    let ours: Vec<_> = search::files(&std::env::temp_dir())
        .unwrap()
        .into_iter()
        .filter(|f| {
            f.file_name()
                .is_some_and(|n| n.to_string_lossy().contains("carnet"))
        })
        .filter(|f| {
            fs::metadata(f)
                .and_then(|m| m.modified())
                .is_ok_and(|at| at >= begun)
        })
        .collect();
    assert!(ours.iter().all(|f| f.starts_with(folder.path())), "{ours:?}");
    // The search does find what is there.
    fs::write(folder.path().join("planted"), &strings[0]).unwrap();
    assert_eq!(search::find(&[folder.path()], &strings).unwrap().len(), 1);
}

#[test]
fn published_patients_from_many_countries_go_through_the_whole_story() {
    let Some(folder) = records::larger_data() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let station = Station::start(&home.path().join("station"), "Northgate Clinic").unwrap();
    let desk = Desk::at(&station).unwrap();
    let files = [
        "synthea-r4/LARGE_Fletcher_Hyatt_fe0562b5-f517-4951-8366-32fdab088930.json",
        "ips/connectathon_samples/EU_Giorgio_Cangioli_01.json",
        "ips/connectathon_samples/TW_Li-Hui_Lee_01-modified.json",
    ];
    for (n, file) in files.iter().enumerate() {
        let patient = Carnet::new(
            &home.path().join(format!("vault-{n}")),
            PASSPHRASE,
            Some(&station.trust_list),
        );
        patient.ok(&["init"]).unwrap();
        let import = patient
            .ok(&["records", "import", folder.join(file).to_str().unwrap()])
            .unwrap();
        assert!(import["imported"].as_u64() > Some(5), "{file}: {import}");
        let asked = desk
            .ask(
                "TREAT",
                &[
                    ("patient/Patient.rs", true),
                    ("patient/Condition.rs", true),
                    ("patient/MedicationRequest.rs", false),
                    ("patient/MedicationStatement.rs", false),
                    (LABS, false),
                ],
                30,
            )
            .unwrap();
        let answer = patient
            .ok(&["answer", text(&asked, "uri"), "--grant", "all"])
            .unwrap();
        desk.confirm(text(&asked, "id"), text(&answer, "code")).unwrap();
        let (status, bundle) = desk.records(text(&answer, "grant_id")).unwrap();
        assert_eq!(status, 200, "{file}");
        assert!(kinds(&bundle).contains(&"Patient"), "{file}");
        patient
            .ok(&["consents", "revoke", text(&answer, "consent_id")])
            .unwrap();
        assert_eq!(desk.records(text(&answer, "grant_id")).unwrap().0, 403, "{file}");
    }
}

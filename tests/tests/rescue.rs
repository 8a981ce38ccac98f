//! The device is gone: consents end from paper, and come back from the 24 words alone. Real stations, real programs.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that can't go on has failed"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use carnet_ledger::revoke_hash;
use carnet_tests::{Carnet, Desk, Station, processes::program};
use carnet_wallet_core::{
    Choice, Clock, Source, Wallet, unwatched,
    vault::{KdfChoice, Passphrase},
};
use fast_qr::{ECL, QRBuilder};
use image::{GrayImage, Luma};
use serde_json::{Value, json};
use tempfile::TempDir;

const PASSPHRASE: &str = "a lamp, two boats and the long road";
const ALLERGIES: &str = "patient/AllergyIntolerance.rs";
const KDF: KdfChoice = KdfChoice::Fixed { mib: 64, passes: 3 };

/// A person with one allergy.
fn records(name: &str) -> Vec<u8> {
    json!({"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": format!("urn:x:{name}"), "resource": {"resourceType": "Patient", "id": name,
            "name": [{"family": name, "given": ["A"]}], "birthDate": "1952-03-01"}},
        {"resource": {"resourceType": "AllergyIntolerance", "id": format!("a-{name}"),
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
            "code": {"text": "Penicillin"}, "patient": {"reference": format!("Patient/{name}")}}},
    ]})
    .to_string()
    .into_bytes()
}

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE.to_owned())
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

/// One signed list that names all of these stations.
fn list_of(folder: &Path, stations: &[&Station]) -> PathBuf {
    let dir = folder.join("authority");
    let trust = |arguments: &[&str]| {
        let mut command = Command::new(program("carnet-station").unwrap());
        let command = command.arg("trust").args(arguments).arg("--dir").arg(&dir);
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    trust(&["init", "--name", "Test authority", "--development"]);
    for station in stations {
        trust(&[
            "add",
            "--entry",
            station.data().join("entry.json").to_str().unwrap(),
        ]);
    }
    trust(&["sign", "--days", "30"]);
    dir.join("trust-list.jws")
}

/// A machine with nothing of the patient on it: what `carnet` answers there.
fn elsewhere(folder: &Path, arguments: &[&str]) -> Result<Value, Value> {
    let home = folder.join("another-machine");
    fs::create_dir_all(&home).unwrap();
    let output = Command::new(program("carnet").unwrap())
        .arg("--json")
        .args(arguments)
        .env_remove("CARNET_PASSPHRASE")
        .env("HOME", &home)
        .env("XDG_DATA_HOME", &home)
        .current_dir(&home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0, "nothing is left there");
    let said = if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(output.stderr)
    };
    let json = |bytes: Vec<u8>| {
        serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&bytes)))
    };
    said.map(json).map_err(json)
}

struct Scene {
    folder: TempDir,
    station: Station,
    desk: Desk,
    patient: Carnet,
}

fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let station = Station::start(&folder.path().join("station"), "Northgate Clinic").unwrap();
    let desk = Desk::at(&station).unwrap();
    let patient = Carnet::new(
        &folder.path().join("vault"),
        PASSPHRASE,
        Some(&station.trust_list),
    );
    patient.ok(&["init"]).unwrap();
    let file = folder.path().join("records.json");
    fs::write(&file, records("Kozey")).unwrap();
    patient
        .ok(&["records", "import", file.to_str().unwrap()])
        .unwrap();
    Scene {
        folder,
        station,
        desk,
        patient,
    }
}

/// A consent under which the desk has just read: its consent id and grant id.
fn read_consent(desk: &Desk, patient: &Carnet) -> (String, String) {
    let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap();
    let answer = patient
        .ok(&["answer", text(&asked, "uri"), "--grant", "all"])
        .unwrap();
    desk.confirm(text(&asked, "id"), text(&answer, "code")).unwrap();
    let grant = text(&answer, "grant_id").to_owned();
    assert_eq!(desk.records(&grant).unwrap().0, 200);
    (text(&answer, "consent_id").to_owned(), grant)
}

/// Writes the slip's PDF; the text of the slip.
fn slip(patient: &Carnet, consent: &str, file: &Path) -> String {
    patient
        .ok(&["consents", "slip", consent, "--out", file.to_str().unwrap()])
        .unwrap();
    let pdf = fs::read(file).unwrap();
    let begin = pdf.windows(12).position(|w| w == b"carnet:slip?").unwrap();
    let end = pdf[begin..].iter().position(|b| *b == b')').unwrap();
    String::from_utf8(pdf[begin..begin + end].to_vec()).unwrap()
}

fn picture(text: &str, file: &Path) {
    let code = QRBuilder::new(text).ecl(ECL::M).build().unwrap();
    let side = (code.size as u32 + 8) * 5;
    GrayImage::from_fn(side, side, |x, y| {
        let place = |at: u32| {
            (at / 5)
                .checked_sub(4)
                .map(|at| at as usize)
                .filter(|at| *at < code.size)
        };
        let dark = place(x).zip(place(y)).is_some_and(|(x, y)| code[y][x].value());
        Luma([if dark { 0 } else { 255 }])
    })
    .save(file)
    .unwrap();
}

#[test]
fn a_slip_ends_the_consent_on_a_machine_that_never_saw_the_vault() {
    let Scene {
        folder,
        mut station,
        desk,
        patient,
    } = scene();
    let path = |name: &str| folder.path().join(name);
    let (consent, grant) = read_consent(&desk, &patient);
    let slip_text = slip(&patient, &consent, &path("slip.pdf"));
    assert!(slip_text.len() <= 300);
    assert_eq!(desk.records(&grant).unwrap().0, 200, "a slip alone ends nothing");

    // As a person types it: broken over lines.
    let lines: Vec<&str> = slip_text
        .as_bytes()
        .chunks(40)
        .map(|l| str::from_utf8(l).unwrap())
        .collect();
    fs::write(path("slip.txt"), lines.join("\n")).unwrap();
    picture(&slip_text, &path("slip.png"));
    let wrong = slip_text.replacen("AB", "AC", 1) + "x";
    let use_it = |what: &str| elsewhere(folder.path(), &["revoke-with", what]);
    assert_eq!(use_it(&wrong).unwrap_err()["error"]["code"], "slip_damaged");
    assert_eq!(desk.records(&grant).unwrap().0, 200);

    station.kill();
    let unreachable = use_it(&slip_text).unwrap_err();
    assert_eq!(
        unreachable["error"]["code"], "station_unreachable",
        "{unreachable}"
    );
    assert!(text(&unreachable["error"], "next").contains("--at"));
    let station = station.again().unwrap();
    let desk = Desk::at(&station).unwrap();

    let done = use_it(path("slip.pdf").to_str().unwrap()).unwrap();
    assert_eq!(
        (text(&done, "status"), &done["already"]),
        ("revoked", &json!(false))
    );
    assert_eq!(text(&done, "grant_id"), grant);
    assert_eq!(desk.records(&grant).unwrap().0, 403, "the next read is denied");

    for again in ["slip.txt", "slip.png", "slip.pdf"] {
        let done = use_it(path(again).to_str().unwrap()).unwrap();
        assert_eq!(done["already"], true, "{again}");
    }
    let at = format!("{}/ledger", station.public_url.trim_end_matches('/'));
    let done = elsewhere(folder.path(), &["revoke-with", &slip_text, "--at", &at]).unwrap();
    assert_eq!(done["status"], "revoked");
}

#[test]
fn everything_is_taken_back_at_once_and_what_can_not_be_confirmed_is_caught_up() {
    let Scene {
        folder: _folder,
        mut station,
        desk,
        patient,
    } = scene();
    let (_, one) = read_consent(&desk, &patient);
    let (_, two) = read_consent(&desk, &patient);
    assert_eq!(
        patient.refused(&["consents", "revoke-all"]).unwrap().code,
        "not_confirmed"
    );
    station.kill();
    let done = patient.ok(&["consents", "revoke-all", "--yes"]).unwrap();
    assert_eq!(
        (done["consents"].as_array().unwrap().len(), &done["waiting"]),
        (2, &json!(2))
    );
    let station = station.again().unwrap();
    patient.ok(&["sync"]).unwrap();
    let desk = Desk::at(&station).unwrap();
    for grant in [one, two] {
        assert_eq!(desk.records(&grant).unwrap().0, 403);
    }
    let nothing = patient
        .ok(&["consents", "revoke-all", "--yes", "--everyone"])
        .unwrap();
    assert_eq!(nothing["consents"], json!([]));
}

/// Grants what the desk asks for, whole: the grant id.
async fn give(wallet: &Wallet, uri: &str) -> String {
    let answer = wallet.answer(uri, &Choice::All, &[]).await.unwrap();
    assert_eq!(answer.state, "granted");
    answer.grant_id.unwrap()
}

/// Records, as a stranger, revocations of grants that were made up for these addresses.
async fn make_up(station: &Station, subjects: &[String]) {
    let http = reqwest::Client::builder()
        .no_proxy()
        .danger_accept_invalid_certs(true)
        .build()
        .unwrap();
    for subject in subjects {
        let secret = [0x5e; 32];
        let grant = json!({
            "subject": subject, "commitment": format!("0x{}", "11".repeat(32)),
            "notBefore": 1_900_000_000_u64, "expiry": 1_900_003_600_u64,
            "revokeHash": format!("0x{}", hex::encode(revoke_hash(&secret))),
        });
        let url = format!("{}/ledger/revocations", station.public_url.trim_end_matches('/'));
        let body = json!({"grant": grant, "secret": format!("0x{}", hex::encode(secret))});
        let reply = http.post(url).json(&body).send().await.unwrap();
        assert_eq!(reply.status(), 200);
    }
}

/// The addresses under which anything stands in this station's ledger.
async fn subjects(station: &Station) -> Vec<String> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .danger_accept_invalid_certs(true)
        .build()
        .unwrap();
    let url = format!("{}/ledger/events", station.public_url.trim_end_matches('/'));
    let page: Value =
        serde_json::from_slice(&http.get(url).send().await.unwrap().bytes().await.unwrap()).unwrap();
    let events = page["events"].as_array().unwrap();
    events
        .iter()
        .map(|event| text(&event["grant"], "subject").to_owned())
        .collect()
}

#[test]
fn the_words_alone_find_every_grant_and_nothing_is_granted_before_all_ledgers_were_read() {
    let folder = tempfile::tempdir().unwrap();
    let start = |name: &str| Station::start(&folder.path().join(name), name).unwrap();
    let (north, mut city) = (start("Northgate Clinic"), start("City Hospital"));
    let (north_desk, city_desk) = (Desk::at(&north).unwrap(), Desk::at(&city).unwrap());
    let list = list_of(folder.path(), &[&north, &city]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ask = |desk: &Desk| text(&desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap(), "uri").to_owned();

    // Two people, three grants at two clinics, one of them taken back; then the device is lost.
    let first = Wallet::create(&folder.path().join("lost"), &passphrase(), KDF, Clock::system()).unwrap();
    let words = first.words.list().join(" ");
    let wallet = first.wallet;
    wallet.take_trust(&fs::read(&list).unwrap()).unwrap();
    wallet
        .import(
            &mut Source::bytes("records.json", &records("Maria")),
            false,
            &mut unwatched,
        )
        .unwrap();
    wallet.add_profile("Ana").unwrap();
    let ana = wallet.as_profile(1).unwrap();
    ana.import(
        &mut Source::bytes("records.json", &records("Ana")),
        false,
        &mut unwatched,
    )
    .unwrap();
    let asked = [&north_desk, &city_desk, &north_desk].map(ask);
    let [taken_back, marias, anas] = runtime.block_on(async {
        let taken_back = give(&wallet, &asked[0]).await;
        let view = wallet.revoke(&taken_back).await.unwrap();
        assert_eq!(view.ledger, "confirmed");
        let marias = give(&wallet, &asked[1]).await;
        let anas = give(&ana, &asked[2]).await;
        // Strangers know the addresses, from the other clinic's public ledger.
        let (at_north, at_city) = (subjects(&north).await, subjects(&city).await);
        make_up(&north, &at_city).await;
        make_up(&city, &at_north).await;
        [taken_back, marias, anas]
    });
    drop((wallet, ana));

    // Another folder, nothing but words and list; one clinic is down.
    city.kill();
    fs::write(folder.path().join("words.txt"), &words).unwrap();
    let words_file = folder.path().join("words.txt");
    let restored = Carnet::new(
        &folder.path().join("new"),
        "another passphrase, longer",
        Some(&list),
    );
    let made = restored
        .ok(&["restore", "--words-file", words_file.to_str().unwrap()])
        .unwrap();
    assert_eq!(made["recovery"]["pending"], json!(["City Hospital"]), "{made}");
    assert_eq!(
        (&made["recovery"]["found"], &made["people"]),
        (&json!(2), &json!(2))
    );
    let uri = ask(&north_desk);
    assert_eq!(
        restored
            .refused(&["--profile", "0", "answer", &uri, "--grant", "all"])
            .unwrap()
            .code,
        "scan_pending"
    );

    let city = city.again().unwrap();
    let synced = restored.ok(&["sync"]).unwrap();
    assert_eq!(
        (&synced["recovery"]["done"], &synced["recovery"]["found"]),
        (&json!(true), &json!(3)),
        "{synced}"
    );
    let listed = restored.ok(&["--profile", "0", "consents", "list"]).unwrap();
    let mut of_maria: Vec<(&str, &str, &str, bool)> = listed["consents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let recovered = line["recovered"] == true;
            (
                text(line, "grant_id"),
                text(line, "state"),
                text(line, "verifier"),
                recovered,
            )
        })
        .collect();
    of_maria.sort_by_key(|(_, state, ..)| *state);
    assert_eq!(
        of_maria,
        [
            (marias.as_str(), "granted", "City Hospital", true),
            (taken_back.as_str(), "revoked", "Northgate Clinic", true)
        ]
    );

    let back = restored
        .ok(&["--profile", "0", "consents", "revoke", &marias])
        .unwrap();
    assert_eq!(text(&back, "state"), "revoked", "{back}");
    let city_desk = Desk::at(&city).unwrap();
    assert_eq!(city_desk.records(&marias).unwrap().0, 403);

    // The other person's, by a slip made of the words alone.
    let opened = Wallet::unlock(
        &folder.path().join("new"),
        &Passphrase::new("another passphrase, longer".to_owned()),
        Clock::system(),
    )
    .unwrap();
    let ana = opened.as_profile(1).unwrap();
    let lines = ana.consents().unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].grant_id.as_deref(), Some(anas.as_str()));
    let slip = ana.slip(&anas).unwrap();
    let done = elsewhere(folder.path(), &["revoke-with", &slip.text]).unwrap();
    assert_eq!(text(&done, "grant_id"), anas);

    // New grants are given again, under keys that were never used.
    opened
        .import(
            &mut Source::bytes("records.json", &records("Maria")),
            false,
            &mut unwatched,
        )
        .unwrap();
    runtime.block_on(async {
        let before = subjects(&north).await;
        give(&opened, &uri).await;
        let after = subjects(&north).await;
        assert!(!before.contains(after.last().unwrap()));
    });
}

#[test]
fn a_clinic_that_is_gone_for_good_can_be_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let start = |name: &str| Station::start(&folder.path().join(name), name).unwrap();
    let (north, mut city) = (start("Northgate Clinic"), start("City Hospital"));
    let list = list_of(folder.path(), &[&north, &city]);
    let first = Wallet::create(&folder.path().join("lost"), &passphrase(), KDF, Clock::system()).unwrap();
    let words_file = folder.path().join("words.txt");
    fs::write(&words_file, first.words.list().join(" ")).unwrap();
    city.kill();
    let restored = Carnet::new(&folder.path().join("new"), PASSPHRASE, Some(&list));
    restored
        .ok(&["restore", "--words-file", words_file.to_str().unwrap()])
        .unwrap();
    assert_eq!(
        restored.refused(&["restore", "--skip", "nobody"]).unwrap().code,
        "unknown_organisation"
    );
    let done = restored.ok(&["restore", "--skip", "City Hospital"]).unwrap();
    assert_eq!(
        (&done["recovery"]["done"], &done["recovery"]["pending"]),
        (&json!(true), &json!([]))
    );
    let file = folder.path().join("records.json");
    fs::write(&file, records("Kozey")).unwrap();
    restored
        .ok(&["records", "import", file.to_str().unwrap()])
        .unwrap();
    let desk = Desk::at(&north).unwrap();
    let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap();
    let answer = restored
        .ok(&["answer", text(&asked, "uri"), "--grant", "all"])
        .unwrap();
    assert_eq!(answer["state"], "granted");
}

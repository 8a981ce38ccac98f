//! Somebody else than the clinic has seen the register: what a witness has signed once, the clinic can't take back.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that can't go on has failed"
)]

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use carnet_fetch::{Client, Limits, Pin};
use carnet_tests::{
    Carnet, Desk, Failure, Station, Witness,
    processes::{answer_of, program},
    records,
};
use serde_json::Value;
use url::Url;

const PASSPHRASE: &str = "a lamp, two boats and the long road";
const CLINIC: &str = "Northgate Clinic";

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

fn carnet_station(arguments: &[&str]) -> Result<Value, Failure> {
    let mut command = Command::new(program("carnet-station").unwrap());
    let output = command.args(arguments).output().unwrap();
    answer_of(arguments, &output).unwrap()
}

/// The development authority admits the witness; wallets believe it from then on.
fn admit(station: &Station, witness: &Witness) {
    let authority = station.data().join("development-authority");
    let (dir, entry) = (authority.to_str().unwrap(), witness.entry.to_str().unwrap());
    carnet_station(&["trust", "add", "--dir", dir, "--entry", entry]).unwrap();
    carnet_station(&["trust", "sign", "--dir", dir]).unwrap();
}

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

fn gives(patient: &Carnet, station: &Station) -> String {
    let asked = Desk::at(station).unwrap();
    let asked = asked
        .ask("TREAT", &[("patient/AllergyIntolerance.rs", true)], 7)
        .unwrap();
    let answer = patient
        .ok(&["answer", text(&asked, "uri"), "--grant", "all"])
        .unwrap();
    text(&answer, "consent_id").to_owned()
}

fn register(patient: &Carnet) -> Value {
    patient.ok(&["log", "registers"]).unwrap()["registers"][0].clone()
}

/// What a witness answers to a stranger: status, and code of the refusal.
fn asked(witness: &Witness, body: &[u8]) -> (u16, String) {
    let entry: Value = serde_json::from_slice(&fs::read(&witness.entry).unwrap()).unwrap();
    let pin = text(&entry["local"], "spki_sha256");
    let client = Client::new([Pin {
        origin: witness.url.clone(),
        spki_sha256: BASE64_URL_SAFE_NO_PAD.decode(pin).unwrap().try_into().unwrap(),
        local: true,
    }])
    .unwrap();
    let url = Url::parse(&witness.url).unwrap().join("add-checkpoint").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answer = client.post(&url, "text/plain", body.to_vec(), Limits::bytes(4_096));
    let answer = runtime.block_on(answer).unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    (answer.status, text(&body["error"], "code").to_owned())
}

/// Name of the log of a station's register.
fn log_of(station: &Station) -> String {
    let entry = fs::read(station.data().join("entry.json")).unwrap();
    let entry: Value = serde_json::from_slice(&entry).unwrap();
    let registry = &entry["registries"][0];
    let (chain, address) = (text(registry, "chain_id"), text(registry, "address"));
    format!("carnet-registry/{chain}/{address}/operations")
}

/// Looks until it is so: at most half a minute.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let patience = Instant::now();
    while !is_so() {
        assert!(patience.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
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
fn a_register_that_somebody_else_has_seen_is_witnessed_and_once_rolled_back_never_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut station = Station::start(&path("station"), CLINIC).unwrap();
    let witness = Witness::start(&path("witness"), &station.trust_list).unwrap();
    admit(&station, &witness);
    station.kill();
    let asks = ["--witness", witness.entry.to_str().unwrap()];
    let mut station = Station::start_with(&path("station"), CLINIC, "clinic", &asks).unwrap();

    let [anna, bert, cora] = ["anna", "bert", "cora"].map(|name| patient(folder.path(), name, &station));
    gives(&bert, &station);
    until("Bert's register is witnessed", || {
        register(&bert)["state"] == "witnessed"
    });
    assert_eq!(register(&bert)["witnesses"][0], "Wendland Archive");

    // The clinic puts a copy of its register aside, and goes on.
    let (ledger, aside) = (path("station").join("ledger"), path("aside"));
    station.kill();
    copy(&ledger, &aside);
    let mut station = station.again().unwrap();
    let consent = gives(&anna, &station);
    until("Anna's consent is witnessed", || {
        register(&anna)["state"] == "witnessed"
    });
    anna.ok(&["sync"]).unwrap();
    let shown = anna.ok(&["consents", "show", &consent]).unwrap();
    assert_eq!(shown["ledger"]["evidence"], "witnessed", "{shown}");

    // It takes the copy out again: the witness has signed a longer register, and stays with it.
    station.kill();
    fs::remove_dir_all(&ledger).unwrap();
    copy(&aside, &ledger);
    let station = station.again().unwrap();
    until("the witness refuses the shorter register", || {
        station.said().contains("it has signed this log at 2 entries")
    });
    gives(&cora, &station);
    until("the witness refuses the other history", || {
        station.said().contains("it has signed another history")
    });
    assert_eq!(register(&cora)["state"], "kept", "nobody else has seen it");
    assert_eq!(register(&cora)["witnesses"], Value::Array(Vec::new()));
    let berts = register(&bert);
    assert_eq!(berts["state"], "kept", "the witness may only be late: {berts}");
    assert_eq!(berts["awaited"][0], "Wendland Archive");
    assert_eq!(register(&anna)["code"], "log_two_histories");

    // Nor does it forget when both are struck down, and the register has grown beyond what it signed.
    let witness = witness.again().unwrap();
    let station = station.again().unwrap();
    gives(&bert, &station);
    until("the witness still refuses", || {
        station.said().contains("it has signed another history")
    });
    assert_eq!(register(&cora)["state"], "kept");
    drop(witness);
}

#[test]
fn a_witness_answers_strangers_each_with_the_reason_and_signs_nothing_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let station = Station::start(&folder.path().join("station"), CLINIC).unwrap();
    let witness = Witness::start(&folder.path().join("witness"), &station.trust_list).unwrap();
    let refused =
        |body: &[u8], status, code: &str| assert_eq!(asked(&witness, body), (status, code.to_owned()));
    refused(b"", 400, "witness_malformed");
    refused(&[0xff; 100], 400, "witness_malformed");
    refused(b"old 0\n\nsomebody's log\n1\n", 404, "witness_log_unknown");
    refused(&vec![b'a'; 100_000], 413, "witness_too_large");
    let origin = log_of(&station);
    let root = "A".repeat(43) + "=";
    refused(
        format!("old 0\n\n{origin}\n1\n{root}\n").as_bytes(),
        400,
        "checkpoint_malformed",
    );
    let line = format!("— {origin} {}\n", "AAAA".repeat(23));
    refused(
        format!("old 0\n\n{origin}\n1\n{root}\n\n{line}").as_bytes(),
        403,
        "checkpoint_signature",
    );
    refused(
        format!("old {}\n\n{origin}\n{}\n{root}\n\n{line}", u64::MAX, u64::MAX).as_bytes(),
        403,
        "checkpoint_signature",
    );
}

#[test]
fn a_witness_follows_a_register_as_soon_as_it_stands_in_its_list() {
    let folder = tempfile::tempdir().unwrap();
    let start = |name: &str, title: &str| Station::start(&folder.path().join(name), title).unwrap();
    let (north, south) = (start("north", CLINIC), start("south", "Southgate Clinic"));
    let witness = Witness::start(&folder.path().join("witness"), &north.trust_list).unwrap();
    let list = fs::read(&north.trust_list).unwrap();
    let code = || {
        let request = format!("old 0\n\n{}\n1\n{}=\n", log_of(&south), "A".repeat(43));
        asked(&witness, request.as_bytes()).1
    };
    assert_eq!(code(), "witness_log_unknown");
    // Another authority's list says nothing, wherever it lies.
    fs::copy(&south.trust_list, &north.trust_list).unwrap();
    until("the other authority's list is refused", || {
        witness.said().contains("trust_wrong_root")
    });
    assert_eq!(code(), "witness_log_unknown");
    fs::write(&north.trust_list, list).unwrap();
    let authority = north.data().join("development-authority");
    let (dir, entry) = (authority.to_str().unwrap(), south.data().join("entry.json"));
    carnet_station(&["trust", "add", "--dir", dir, "--entry", entry.to_str().unwrap()]).unwrap();
    carnet_station(&["trust", "sign", "--dir", dir]).unwrap();
    until("the register of the new list is followed", || {
        code() == "checkpoint_malformed"
    });
}

#[test]
fn a_witness_without_a_log_or_with_the_list_of_another_authority_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let station = Station::start(&folder.path().join("station"), CLINIC).unwrap();
    let data = folder.path().join("witness");
    let starts = |further: &[&str]| {
        let mut arguments = vec!["witness", "--name", "W", "--data", data.to_str().unwrap()];
        arguments.extend(further);
        carnet_station(&arguments).unwrap_err().code
    };
    assert_eq!(starts(&[]), "witness_no_logs");
    assert_eq!(starts(&["--log", "a+b+c"]), "witness_no_log_key");
    let list = station.trust_list.to_str().unwrap();
    assert_eq!(
        starts(&["--trust-list", list, "--root", "2345 6789"]),
        "trust_wrong_root"
    );
}

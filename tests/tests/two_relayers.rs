//! Two clinics with their registry on one chain: what one keeps back, the other brings there; and what the chain has not
//! confirmed is said to be so until it is.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that can't go on has failed"
)]

use std::process::{Command, Stdio};

use carnet_fetch::{Client, Limits, Pin};
use carnet_tests::{
    Carnet, Chain, Desk, Station,
    processes::{answer_of, program},
    records,
};
use serde_json::Value;
use url::Url;

const PASSPHRASE: &str = "a lamp, two boats and the long road";
const ALLERGIES: &str = "patient/AllergyIntolerance.rs";
/// Seconds until something is final, with a block each second: longer than a station lets a wallet wait.
const SLOW: u64 = 8;

struct Scene {
    _folder: tempfile::TempDir,
    chain: Chain,
    /// Asks and holds the consent.
    north: Station,
    /// Another relayer of the patient's list.
    south: Station,
    patient: Carnet,
}

fn scene(depth: u64) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let chain = Chain::start(&path("chain")).unwrap();
    let start = |name: &str, title: &str, account| {
        let on_chain = chain.relayed_by(account, depth).unwrap();
        Station::start_with(&path(name), title, "clinic", &borrowed(&on_chain)).unwrap()
    };
    let north = start("north", "Northgate Clinic", 0);
    let south = start("south", "Southgate Clinic", 1);
    admit(&north, &south);
    let patient = Carnet::new(&path("vault"), PASSPHRASE, Some(&north.trust_list));
    patient.ok(&["init"]).unwrap();
    let file = path("examples.json");
    records::official_examples("Patient/example", &file).unwrap();
    patient
        .ok(&["records", "import", file.to_str().unwrap()])
        .unwrap();
    Scene {
        _folder: folder,
        chain,
        north,
        south,
        patient,
    }
}

fn borrowed(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

/// The authority of one vouches for the other too.
fn admit(of: &Station, other: &Station) {
    let authority = of.data().join("development-authority");
    let (dir, entry) = (authority, other.data().join("entry.json"));
    for further in [&["add", "--entry", entry.to_str().unwrap()][..], &["sign"]] {
        let arguments = [
            &["trust", further[0], "--dir", dir.to_str().unwrap()],
            &further[1..],
        ]
        .concat();
        let output = Command::new(program("carnet-station").unwrap())
            .args(&arguments)
            .output()
            .unwrap();
        answer_of(&arguments, &output).unwrap().unwrap();
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

/// A consent whose records the desk can read; its id and its grant's.
fn gives(patient: &Carnet, station: &Station) -> (String, String) {
    let desk = Desk::at(station).unwrap();
    let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap();
    let answer = patient
        .ok(&["answer", text(&asked, "uri"), "--grant", "all"])
        .unwrap();
    assert_eq!(answer["state"], "granted", "{answer}");
    let (id, code) = (text(&asked, "id"), text(&answer, "code"));
    assert_eq!(desk.confirm(id, code).unwrap().0, 200);
    let grant = text(&answer, "grant_id").to_owned();
    assert_eq!(desk.records(&grant).unwrap().0, 200);
    (text(&answer, "consent_id").to_owned(), grant)
}

/// What a station says of a grant to anybody who asks.
fn status(station: &Station, grant: &str) -> String {
    let entry = std::fs::read(station.data().join("entry.json")).unwrap();
    let entry: Value = serde_json::from_slice(&entry).unwrap();
    let pin = text(&entry["local"], "spki_sha256");
    let client = Client::new([Pin {
        origin: station.public_url.clone(),
        spki_sha256: base64(pin),
        local: true,
    }])
    .unwrap();
    let url = Url::parse(&format!("{}/ledger/grants/{grant}", station.public_url)).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answer = runtime.block_on(client.get(&url, Limits::bytes(4_096))).unwrap();
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    text(&answer, "status").to_owned()
}

fn base64(text: &str) -> [u8; 32] {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
}

fn facts(patient: &Carnet, consent: &str) -> (String, String, String) {
    let shown = patient.ok(&["consents", "show", consent]).unwrap();
    let back = &shown["revocation"];
    let fact = |name| text(back, name).to_owned();
    (fact("state"), fact("ledger"), fact("clinic"))
}

fn reading(station: &Station, grant: &str) -> (u16, String) {
    let (status, answer) = Desk::at(station).unwrap().records(grant).unwrap();
    (
        status,
        answer["error"]["code"].as_str().unwrap_or_default().to_owned(),
    )
}

#[test]
fn a_clinic_that_does_not_answer_is_overtaken_by_the_other_and_can_not_read_when_it_comes_back() {
    let Scene {
        north,
        south,
        patient,
        ..
    } = &scene(0);
    let (consent, grant) = gives(patient, north);
    assert_eq!(status(south, &grant), "active", "both look at one registry");

    north.freeze(true).unwrap();
    let back = patient.ok(&["consents", "revoke", &consent]).unwrap();
    assert_eq!(
        (text(&back, "state"), text(&back, "ledger"), text(&back, "clinic")),
        ("revoking", "confirmed", "pending")
    );
    assert_eq!(status(south, &grant), "revoked");

    north.freeze(false).unwrap();
    assert_eq!(reading(north, &grant), (403, "revoked".to_owned()));
    assert_eq!(status(north, &grant), "revoked");
    patient.ok(&["sync"]).unwrap();
    let confirmed = || "confirmed".to_owned();
    assert_eq!(
        facts(patient, &consent),
        ("revoked".to_owned(), confirmed(), confirmed())
    );
}

#[test]
fn a_clinic_that_takes_a_revocation_and_brings_it_nowhere_is_overtaken_by_the_other() {
    let Scene {
        _folder,
        chain,
        north,
        south,
        patient,
    } = scene(0);
    let (first, first_grant) = gives(&patient, &north);
    let (second, second_grant) = gives(&patient, &north);
    let revoked = |north: &Station, consent: &str, grant: &str| {
        let back = patient.ok(&["consents", "revoke", consent]).unwrap();
        assert_eq!(
            (text(&back, "ledger"), text(&back, "clinic")),
            ("confirmed", "confirmed"),
            "{back}"
        );
        assert_eq!(back["deletion_receipt"], true);
        assert_eq!(status(&south, grant), "revoked");
        assert_eq!(reading(north, grant), (403, "revoked".to_owned()));
    };

    // Its account is empty: it takes the revocation, and nobody carries it.
    let north = north
        .again_with(&borrowed(&chain.relayed_by_nobody(0).unwrap()))
        .unwrap();
    revoked(&north, &first, &first_grant);

    // It reaches no node of the chain.
    let north = north.again_with(&borrowed(&chain.cut_off(0).unwrap())).unwrap();
    revoked(&north, &second, &second_grant);

    // It sees the chain again, and what the other has brought there.
    let north = north
        .again_with(&borrowed(&chain.relayed_by(0, 0).unwrap()))
        .unwrap();
    for grant in [&first_grant, &second_grant] {
        assert_eq!(status(&north, grant), "revoked");
        assert_eq!(reading(&north, grant), (403, "revoked".to_owned()));
    }
}

#[test]
fn what_the_chain_has_not_confirmed_is_said_to_be_so_and_goes_on_until_it_is() {
    let Scene {
        _folder,
        chain: _chain,
        north,
        patient,
        ..
    } = scene(SLOW);
    let desk = Desk::at(&north).unwrap();
    let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap();
    let (id, uri) = (text(&asked, "id"), text(&asked, "uri"));
    let run = |arguments: &[&str]| {
        let mut command = patient.command(arguments).unwrap();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let answering = run(&["answer", uri, "--grant", "all"]);
    desk.wait_for(id, &["recording"]).unwrap();
    let desk_sees = desk.request(id).unwrap();
    assert!(desk_sees["grant_id"].is_null(), "{desk_sees}");
    let other = Carnet::new(
        &patient.vault.with_extension("other"),
        PASSPHRASE,
        Some(&north.trust_list),
    );
    other.ok(&["init"]).unwrap();
    assert_eq!(other.refused(&["inspect", uri]).unwrap().code, "already_answered");

    let arguments = ["answer"];
    let answer = answering.wait_with_output().unwrap();
    let answer = answer_of(&arguments, &answer).unwrap().unwrap();
    assert_eq!(
        (text(&answer, "state"), text(&answer["ledger"], "status")),
        ("granted", "active")
    );
    let (consent, grant) = (text(&answer, "consent_id"), text(&answer, "grant_id"));
    assert_eq!(desk.confirm(id, text(&answer, "code")).unwrap().0, 200);
    assert_eq!(desk.records(grant).unwrap().0, 200);

    // The way back: from its first moment nothing can be read, and it is said to be confirmed when it is.
    let back = patient.ok(&["consents", "revoke", consent, "--no-wait"]).unwrap();
    assert_eq!(
        (text(&back, "state"), text(&back, "ledger"), text(&back, "clinic")),
        ("revoking", "handed_in", "confirmed")
    );
    assert_eq!(reading(&north, grant), (403, "revoked".to_owned()));
    let back = patient.ok(&["consents", "revoke", consent]).unwrap();
    assert_eq!(
        (text(&back, "state"), text(&back, "ledger"), text(&back, "clinic")),
        ("revoked", "confirmed", "confirmed")
    );
}

#[test]
fn an_answer_that_is_not_confirmed_outlives_the_wallets_process_and_the_stations() {
    let Scene {
        _folder,
        chain: _chain,
        north,
        south: _south,
        patient,
    } = scene(4 * SLOW);
    let desk = Desk::at(&north).unwrap();
    let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 7).unwrap();
    let (id, uri) = (text(&asked, "id"), text(&asked, "uri"));
    let answer = patient
        .ok(&["answer", uri, "--grant", "all", "--no-wait"])
        .unwrap();
    assert_eq!(
        (text(&answer, "state"), text(&answer["ledger"], "status")),
        ("sending", "unconfirmed")
    );
    let shown = || patient.ok(&["consents", "list"]).unwrap()["consents"][0].clone();
    let consent = shown();
    assert_eq!(consent["state"], "sending", "{consent}");

    let north = north.again().unwrap();
    let desk = Desk::at(&north).unwrap();
    assert_eq!(text(&desk.request(id).unwrap(), "state"), "recording");
    let patience = std::time::Instant::now();
    while shown()["state"] != "granted" {
        assert!(patience.elapsed().as_secs() < 120, "{}", shown());
        patient.ok(&["sync"]).unwrap();
    }
    let shown = patient
        .ok(&["consents", "show", text(&consent, "consent_id")])
        .unwrap();
    assert_eq!(desk.confirm(id, text(&shown, "code")).unwrap().0, 200);
    assert_eq!(desk.records(text(&consent, "grant_id")).unwrap().0, 200);
}

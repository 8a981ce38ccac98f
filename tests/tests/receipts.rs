//! The receipt of a consent is the same on both sides, byte for byte, and the patient can sign it.
#![expect(clippy::panic, reason = "a journey that can't go on has failed")]

use std::fs;

use carnet_tests::{Carnet, Desk, Station, records};
use serde_json::Value;

const ALLERGIES: &str = "patient/AllergyIntolerance.rs";
const VITALS: &str = "patient/Observation.rs?category=vital-signs";

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

#[test]
fn both_sides_have_the_same_receipt_before_and_after_it_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let station = Station::start(&folder.path().join("station"), "Northgate Clinic").unwrap();
    let desk = Desk::at(&station).unwrap();
    let vault = folder.path().join("vault");
    let patient = Carnet::new(
        &vault,
        "a lamp, two boats and the long road",
        Some(&station.trust_list),
    );
    patient.ok(&["init"]).unwrap();
    let file = folder.path().join("examples.json");
    records::official_examples("Patient/example", &file).unwrap();
    patient
        .ok(&["records", "import", file.to_str().unwrap()])
        .unwrap();

    let asked = desk
        .ask("TREAT", &[(ALLERGIES, true), (VITALS, false)], 30)
        .unwrap();
    let answer = patient
        .ok(&["answer", text(&asked, "uri"), "--grant", ALLERGIES])
        .unwrap();
    let (consent, grant) = (text(&answer, "consent_id"), text(&answer, "grant_id"));

    let receipt = |form: &str, name: &str| {
        let out = folder.path().join(name);
        let out = out.to_str().unwrap();
        patient
            .ok(&[
                "credentials",
                "issue",
                "--consent",
                consent,
                "--form",
                form,
                "--out",
                out,
            ])
            .unwrap();
        fs::read(out).unwrap()
    };
    let given = receipt("json", "given.json");
    assert_eq!(given, desk.receipt(grant, "json").unwrap());
    assert_eq!(receipt("pdf", "given.pdf"), desk.receipt(grant, "pdf").unwrap());

    let signed = patient
        .ok(&["credentials", "issue", "--consent", consent, "--form", "sd-jwt"])
        .unwrap();
    let taken = patient
        .ok(&["credentials", "import", text(&signed, "text")])
        .unwrap();
    assert_eq!(taken["card"]["issuer"]["own"], true);
    assert_eq!(taken["card"]["status"]["state"], "valid");

    patient.ok(&["consents", "revoke", consent]).unwrap();
    let withdrawn = receipt("json", "withdrawn.json");
    assert_ne!(given, withdrawn);
    assert_eq!(withdrawn, desk.receipt(grant, "json").unwrap());
    assert_eq!(
        receipt("pdf", "withdrawn.pdf"),
        desk.receipt(grant, "pdf").unwrap()
    );
    let events = &serde_json::from_slice::<Value>(&withdrawn).unwrap()["consent_record"]["events"];
    assert_eq!(
        events.as_array().map(Vec::len),
        Some(3),
        "given, withdrawn, erased: {events}"
    );
    let cards = patient.ok(&["credentials", "list"]).unwrap();
    assert_eq!(cards["cards"][0]["status"]["state"], "revoked");
    patient
        .ok(&["credentials", "remove", text(&cards["cards"][0], "id")])
        .unwrap();
    assert_eq!(
        patient.ok(&["credentials", "list"]).unwrap()["cards"],
        serde_json::json!([])
    );
}

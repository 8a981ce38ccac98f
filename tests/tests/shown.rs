//! The other way round: the patient shows a code and the desk scans it. Real programs, loopback TLS.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that can't go on has failed"
)]

use carnet_tests::{Carnet, Desk, Station, records};
use serde_json::{Value, json};

const ALLERGIES: &str = "patient/AllergyIntolerance.rs";

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

fn scan(desk: &Desk, code: &str) -> (u16, Value) {
    desk.call("POST", "/api/scan", Some(&json!({ "text": code })))
        .unwrap()
}

fn patient(folder: &std::path::Path, station: &Station) -> Carnet {
    let patient = Carnet::new(
        &folder.join("vault"),
        "a lamp, two boats and the long road",
        Some(&station.trust_list),
    );
    patient.ok(&["init"]).unwrap();
    let source = tempfile::tempdir().unwrap();
    let file = source.path().join("examples.json");
    records::official_examples("Patient/example", &file).unwrap();
    patient
        .ok(&["records", "import", file.to_str().unwrap()])
        .unwrap();
    patient
}

#[test]
fn the_patient_shows_a_code_the_desk_asks_and_later_a_pass_opens_the_consent() {
    let folder = tempfile::tempdir().unwrap();
    let station = Station::start(&folder.path().join("station"), "Northgate Clinic").unwrap();
    let desk = Desk::at(&station).unwrap();
    let patient = patient(folder.path(), &station);

    let shown = patient.ok(&["offer", "--to", "northgate-clinic"]).unwrap();
    let (code, id) = (text(&shown, "uri"), text(&shown, "id"));
    assert!(code.len() <= 300);
    assert_eq!(shown["verifier"]["name"], "Northgate Clinic");
    let look = || patient.ok(&["offer", "--look", id]).unwrap();
    assert_eq!(look()["state"], "waiting");

    // A question for an offer that nobody scanned is not asked.
    let question = json!({ "purpose": ["TREAT"], "items": [{ "scope": ALLERGIES, "required": true }], "days": 30, "offer": id });
    let (status, refusal) = desk.call("POST", "/api/requests", Some(&question)).unwrap();
    assert_eq!(
        (status, text(&refusal["error"], "code")),
        (410, "offer_not_waiting")
    );

    let (status, scanned) = scan(&desk, code);
    assert_eq!((status, text(&scanned, "kind")), (200, "offer"));
    assert_eq!(scanned["id"], id);
    assert_eq!(look()["state"], "waiting");
    let (status, asked) = desk.call("POST", "/api/requests", Some(&question)).unwrap();
    assert_eq!(status, 200, "{asked}");
    let (status, refusal) = desk.call("POST", "/api/requests", Some(&question)).unwrap();
    assert_eq!(
        (status, text(&refusal["error"], "code")),
        (410, "offer_not_waiting")
    );

    let found = look();
    assert_eq!(found["state"], "question");
    let request = text(&found, "request_id");
    let question = patient.ok(&["inspect", request]).unwrap();
    assert_eq!(question["verifier"]["name"], "Northgate Clinic");
    assert_eq!(look(), found, "a question that came stays there");

    let answer = patient.ok(&["answer", request, "--grant", "all"]).unwrap();
    let (grant, consent) = (text(&answer, "grant_id"), text(&answer, "consent_id"));
    assert_eq!(
        desk.confirm(text(&asked, "id"), text(&answer, "code")).unwrap().0,
        200
    );

    let pass = patient.ok(&["pass", grant]).unwrap();
    assert!(text(&pass, "uri").len() <= 300);
    let (status, opened) = scan(&desk, text(&pass, "uri"));
    assert_eq!((status, text(&opened, "kind")), (200, "pass"), "{opened}");
    assert_eq!(opened["grant_id"], grant);

    patient.ok(&["consents", "revoke", consent]).unwrap();
    let (status, refusal) = scan(&desk, text(&pass, "uri"));
    assert_eq!(
        (status, text(&refusal["error"], "code")),
        (404, "scanned_no_consent")
    );
    assert_eq!(patient.refused(&["pass", grant]).unwrap().code, "pass_not_active");
}

#[test]
fn what_a_desk_scans_by_mistake_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let station = Station::start(&folder.path().join("station"), "Northgate Clinic").unwrap();
    let other = Station::start(&folder.path().join("other"), "Southgate Clinic").unwrap();
    let (desk, other_desk) = (Desk::at(&station).unwrap(), Desk::at(&other).unwrap());
    let patient = patient(folder.path(), &station);
    let code = |answer: (u16, Value)| answer.1["error"]["code"].as_str().map(str::to_owned);

    let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 30).unwrap();
    assert_eq!(
        code(scan(&desk, text(&asked, "uri"))).as_deref(),
        Some("scanned_question")
    );
    let answer = patient
        .ok(&["answer", text(&asked, "uri"), "--grant", "all"])
        .unwrap();
    let slip = folder.path().join("slip.pdf");
    patient
        .ok(&[
            "consents",
            "slip",
            text(&answer, "consent_id"),
            "--out",
            slip.to_str().unwrap(),
        ])
        .unwrap();
    assert_eq!(
        code(scan(&desk, "carnet:slip?d=AQ")).as_deref(),
        Some("scanned_slip")
    );
    assert_eq!(
        code(scan(&desk, "https://example.org/")).as_deref(),
        Some("shown_code_not_one")
    );

    // Another clinic's desk can open nothing with a pass that it photographed…
    let pass = patient.ok(&["pass", text(&answer, "grant_id")]).unwrap();
    assert_eq!(
        code(scan(&other_desk, text(&pass, "uri"))).as_deref(),
        Some("scanned_no_consent")
    );
    // …and a question that it lays for an offer shown to somebody else is looked for in another place.
    let shown = patient.ok(&["offer", "--to", "northgate-clinic"]).unwrap();
    let (status, _) = scan(&other_desk, text(&shown, "uri"));
    assert_eq!(status, 200);
    let question = json!({
        "purpose": ["TREAT"], "items": [{ "scope": ALLERGIES, "required": true }], "days": 30, "offer": shown["id"],
    });
    assert_eq!(
        other_desk
            .call("POST", "/api/requests", Some(&question))
            .unwrap()
            .0,
        200
    );
    let look = patient.ok(&["offer", "--look", text(&shown, "id")]).unwrap();
    assert_eq!(look["state"], "waiting");
    assert_eq!(
        patient.refused(&["offer", "--to", "nobody"]).unwrap().code,
        "party_unknown"
    );
}

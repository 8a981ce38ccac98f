//! A clinic asks under each kind of identity, at an address with a name; the patient's wallet finds the key by itself.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that can't go on has failed"
)]

use carnet_tests::{Carnet, Desk, Station, records};
use serde_json::Value;

const ALLERGIES: &str = "patient/AllergyIntolerance.rs";

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

/// The station on `folder`, at the port it remembers, under its name.
fn at_a_name(folder: &std::path::Path, kind: &str) -> Station {
    let first = Station::start(folder, "Northgate Clinic").unwrap();
    let address = first.public_url.replace("127.0.0.1", "localhost");
    drop(first);
    Station::start_with(
        folder,
        "Northgate Clinic",
        "clinic",
        &["--public-url", &address, "--client-id", kind],
    )
    .unwrap()
}

#[test]
fn a_question_under_each_kind_of_identity_is_verified_answered_and_read() {
    for (kind, begins) in [
        ("x509_hash", "x509_hash:"),
        ("x509_san_dns", "x509_san_dns:localhost"),
        (
            "decentralized_identifier",
            "decentralized_identifier:did:web:localhost%3A",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let station = at_a_name(&folder.path().join("station"), kind);
        let desk = Desk::at(&station).unwrap();
        let patient = Carnet::new(
            &folder.path().join("vault"),
            "a lamp and two boats",
            Some(&station.trust_list),
        );
        patient.ok(&["init"]).unwrap();
        let file = folder.path().join("examples.json");
        records::official_examples("Patient/example", &file).unwrap();
        patient
            .ok(&["records", "import", file.to_str().unwrap()])
            .unwrap();

        let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 30).unwrap();
        let uri = text(&asked, "uri");
        assert!(uri.len() <= 300, "{}", uri.len());
        let link: carnet_exchange::RequestLink = uri.parse().unwrap();
        assert!(link.client_id.starts_with(begins), "{}", link.client_id);
        assert_eq!(link.method, carnet_exchange::RequestUriMethod::Post);

        let question = patient.ok(&["inspect", uri]).unwrap();
        assert_eq!(question["verifier"]["name"], "Northgate Clinic");
        let answer = patient.ok(&["answer", uri, "--grant", ALLERGIES]).unwrap();
        assert_eq!(answer["state"], "granted", "{kind}: {answer}");
        assert_eq!(
            desk.confirm(text(&asked, "id"), text(&answer, "code")).unwrap().0,
            200
        );
        assert_eq!(desk.records(text(&answer, "grant_id")).unwrap().0, 200);

        // What another key signs under the same name is refused: the station lost its folder and made new keys.
        drop(station);
        let other = at_a_name(&folder.path().join("other"), kind);
        let desk = Desk::at(&other).unwrap();
        let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 30).unwrap();
        let refused = patient.refused(&["inspect", text(&asked, "uri")]).unwrap();
        // Another certificate, or a name at an address that is not the listed one.
        let expected = match kind {
            "x509_san_dns" => "request_uri_origin",
            _ => "request_client_not_listed",
        };
        assert_eq!(refused.code, expected, "{kind}: {}", refused.message);
    }
}

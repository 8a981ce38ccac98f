//! The consent record: its canonical form, commitment and code are those of `docs/consent-record.md`.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod asked;

use asked::request;
use carnet_consent::{
    Consent, Decision, Digest32, FhirConsentStatus, GrantId, Item, Reading, ReadingKind, Salt, Scope,
    audit_event, code,
};
use carnet_fhir::read_record;
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../docs/consent-record.md");

/// The fenced block under a heading.
fn block(heading: &str) -> &'static str {
    let after = DOCUMENT.split_once(&format!("### {heading}\n")).unwrap().1;
    let fenced = after.split_once("```").unwrap().1.split_once('\n').unwrap().1;
    fenced.split_once("\n```").unwrap().0
}

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    let digits = text.trim().trim_start_matches("0x").as_bytes();
    let mut out = [0; N];
    assert_eq!(digits.len(), 2 * N);
    for (byte, pair) in out.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[test]
fn the_published_vector_holds() {
    let consent: Consent = serde_json::from_str(block("Document")).unwrap();
    assert_eq!(
        String::from_utf8(consent.canonical()).unwrap(),
        block("Canonical form")
    );
    let salt = Salt(bytes(block("Salt")));
    assert_eq!(hex(&consent.commitment(&salt).0), block("Commitment"));
    let grant_id: GrantId = block("Grant identifier").parse().unwrap();
    let holder: Digest32 = consent.holder.parse().unwrap();
    assert_eq!(
        code(&consent.request_digest.0, &holder.0, &grant_id.0).to_string(),
        block("Code")
    );
}

fn granted(scopes: &[&str]) -> Consent {
    let scopes: Vec<Scope> = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
    Consent::from_request(
        &request(),
        &scopes,
        Digest32([1; 32]),
        "holder".to_owned(),
        Digest32([2; 32]),
    )
}

#[test]
fn a_consent_never_says_more_than_was_asked() {
    let request = request();
    let all = granted(&[
        "patient/AllergyIntolerance.rs",
        "patient/Observation.rs?category=laboratory",
    ]);
    assert_eq!(
        (all.decision, all.check_against(&request)),
        (Decision::Permit, Ok(()))
    );
    let part = granted(&["patient/AllergyIntolerance.rs"]);
    assert_eq!(
        (part.decision, part.check_against(&request)),
        (Decision::Partial, Ok(()))
    );
    let refused = |consent: Consent| consent.check_against(&request).unwrap_err().code();
    assert_eq!(
        refused(granted(&["patient/Observation.rs"])),
        "consent_wider_than_asked"
    );
    assert_eq!(refused(granted(&[])), "consent_ill_formed");
    assert_eq!(
        refused(granted(&[
            "patient/AllergyIntolerance.rs",
            "patient/AllergyIntolerance.r"
        ])),
        "consent_ill_formed"
    );
    assert_eq!(
        refused(Consent {
            decision: Decision::Permit,
            ..part.clone()
        }),
        "consent_wrong_decision"
    );
    assert_eq!(
        refused(Consent {
            kind: "other".to_owned(),
            ..part.clone()
        }),
        "consent_unknown_kind"
    );
    let mut longer = part.clone();
    longer.period.end += jiff::SignedDuration::from_hours(1);
    assert_eq!(refused(longer), "consent_differs");
    assert_eq!(
        refused(Consent {
            data_period: None,
            ..part
        }),
        "consent_differs"
    );
}

#[test]
fn a_grant_only_ever_gives_reading() {
    let mut request = request();
    request.items = vec![Item {
        scope: "patient/*.cruds".parse().unwrap(),
        required: true,
    }];
    let consent = Consent::from_request(
        &request,
        &[request.items[0].scope.clone()],
        Digest32([1; 32]),
        String::new(),
        Digest32([2; 32]),
    );
    assert_eq!(consent.granted[0].to_string(), "patient/*.rs");
    assert_eq!(
        (consent.decision, consent.check_against(&request)),
        (Decision::Permit, Ok(()))
    );
}

#[test]
fn the_salt_and_every_term_change_the_commitment() {
    let consent = granted(&["patient/AllergyIntolerance.rs"]);
    let commitment = consent.commitment(&Salt([0; 16]));
    assert_ne!(commitment, consent.commitment(&Salt([1; 16])));
    let other = Consent {
        retention: carnet_consent::Retention::from_days(31).unwrap(),
        ..consent
    };
    assert_ne!(commitment, other.commitment(&Salt([0; 16])));
}

#[test]
fn fhir_forms_are_valid_r4_with_their_required_codings() {
    let at = "2026-03-02T10:20:00Z".parse().unwrap();
    let grant_id = GrantId([7; 32]);
    let consent = granted(&[
        "patient/AllergyIntolerance.rs",
        "patient/Observation.rs?category=laboratory",
    ]);
    for patient in [None, Some("Patient/1")] {
        let resource = consent.to_fhir(&grant_id, FhirConsentStatus::Active, patient, at);
        read_record(resource.to_string(), None).unwrap();
        // ppc-1, ppc-2, ppc-5 of R4 Consent.
        assert!(resource["policy"][0]["uri"].is_string() && resource["patient"].is_object());
        assert_eq!(resource["scope"]["coding"][0]["code"], "patient-privacy");
        assert_eq!(resource["category"][0]["coding"][0]["code"], "59284-0");
        assert_eq!(resource["provision"]["type"], "deny");
        let permits = resource["provision"]["provision"].as_array().unwrap();
        assert_eq!(permits.len(), 2);
        assert_eq!(permits[1]["class"][0]["code"], "Observation");
        assert_eq!(permits[1]["code"][0]["text"], "category=laboratory");
        assert_eq!(permits[0]["dataPeriod"]["start"], "2024-01-01");
    }
    let what = ["laboratory".to_owned()];
    for kind in [ReadingKind::Read, ReadingKind::Export, ReadingKind::BreakGlass] {
        let event: Value = audit_event(&Reading {
            who: "Dr. A",
            site: "Northgate",
            when: at,
            what: &what,
            grant_id,
            kind,
            reason: Some("ledger unreachable"),
        });
        read_record(event.to_string(), None).unwrap();
        assert!(event["type"]["code"].is_string() && event["recorded"] == "2026-03-02T10:20:00Z");
        assert_eq!(event["agent"][0]["requestor"], true);
        assert_eq!(event["source"]["observer"]["display"], "Northgate");
    }
}

#[test]
fn a_salt_shows_nothing_of_itself() {
    assert_eq!(format!("{:?}", Salt([9; 16])), "Salt(…)");
}

//! What goes, what stays home, and that the station's check agrees.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod asked;

use asked::request;
use carnet_consent::{Consent, ConsentRequest, Digest32, Scope, in_scope, select};
use carnet_fhir::{Record, read_record};
use serde_json::{Value, json};

fn record(resource: &Value) -> Record {
    read_record(resource.to_string(), None).unwrap()
}

fn scopes(texts: &[&str]) -> Vec<Scope> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// "goes", "along", the reason it stays home, or "no match"; and the station must agree.
fn fate(request: &ConsentRequest, granted: &[&str], records: &[Record], of: usize) -> String {
    let granted = scopes(granted);
    let listed: Vec<_> = records
        .iter()
        .enumerate()
        .map(|(i, record)| (i.to_string(), &record.summary))
        .collect();
    let selection = select(request, &granted, &listed);
    let id = of.to_string();
    let fate = if selection.going.contains(&id) {
        "goes"
    } else if selection.along.contains(&id) {
        "along"
    } else {
        selection
            .withheld
            .iter()
            .find(|(other, _)| *other == id)
            .map_or("no match", |(_, why)| why.code())
    };
    let digest = Digest32([1; 32]);
    let consent = Consent::from_request(request, &granted, digest, "holder".to_owned(), digest);
    let station = in_scope(&consent, &records[of]);
    assert_eq!(
        station.is_ok(),
        matches!(fate, "goes" | "along"),
        "{fate} {station:?}"
    );
    fate.to_owned()
}

fn alone(granted: &[&str], resource: &Value) -> String {
    fate(&request(), granted, &[record(resource)], 0)
}

fn allergy(extra: &Value) -> Value {
    let mut resource = json!({
        "resourceType": "AllergyIntolerance",
        "code": {"text": "Penicillin"},
        "clinicalStatus": {"coding": [{"code": "inactive"}]},
        "recordedDate": "2025-05-05",
        "patient": {"reference": "Patient/1"},
    });
    resource
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    resource
}

const ALLERGIES: &str = "patient/AllergyIntolerance.rs";

#[test]
fn data_of_another_kind_carried_inside_stays_home() {
    let granted = [ALLERGIES];
    let withheld = "carries_other_kind";
    assert_eq!(alone(&granted, &allergy(&json!({}))), "goes");
    let contained = |kind: &str| json!({"contained": [{"resourceType": kind, "id": "c"}]});
    for detail in [
        "Medication",
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "Location",
    ] {
        assert_eq!(alone(&granted, &allergy(&contained(detail))), "goes", "{detail}");
    }
    for kind in [
        "Condition",
        "Observation",
        "Patient",
        "RelatedPerson",
        "Binary",
        "DocumentReference",
        "Coverage",
    ] {
        assert_eq!(alone(&granted, &allergy(&contained(kind))), withheld, "{kind}");
    }
    let nested = json!({"contained": [{"resourceType": "Bundle", "type": "collection",
        "entry": [{"resource": {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}}]}]});
    assert_eq!(alone(&granted, &allergy(&nested)), withheld);
    let attached = json!({"extension": [{"url": "urn:x", "valueAttachment": {"contentType": "application/pdf", "data": "AA=="}}]});
    assert_eq!(alone(&granted, &allergy(&attached)), withheld);
    let told = json!({"extension": [{"url": "urn:x", "valueReference": {"reference": "Condition/1", "display": "HIV infection"}}]});
    assert_eq!(alone(&granted, &allergy(&told)), withheld);
    let pointed = json!({"extension": [{"url": "urn:x", "valueReference": {"reference": "Condition/1"}}]});
    assert_eq!(alone(&granted, &allergy(&pointed)), "goes");
}

#[test]
fn what_is_carried_goes_when_its_whole_kind_is_granted() {
    let with_lab = allergy(
        &json!({"contained": [{"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "IgE"}}]}),
    );
    assert_eq!(alone(&[ALLERGIES, "patient/Observation.rs"], &with_lab), "goes");
    assert_eq!(alone(&["patient/*.rs"], &with_lab), "goes");
    assert_eq!(
        alone(
            &[ALLERGIES, "patient/Observation.rs?category=laboratory"],
            &with_lab
        ),
        "carries_other_kind"
    );
}

#[test]
fn a_document_goes_only_with_all_that_its_sections_tell() {
    let document = json!({
        "resourceType": "Composition", "status": "final", "type": {"text": "Summary"}, "date": "2025-01-01", "title": "Summary",
        "author": [{"display": "Dr. A"}],
        "section": [{"title": "Allergies", "code": {"coding": [{"system": "http://loinc.org", "code": "48765-2"}]},
            "text": {"status": "generated", "div": "<div>Penicillin</div>"}}],
    });
    assert_eq!(
        alone(&["patient/Composition.rs"], &document),
        "carries_other_kind"
    );
    assert_eq!(alone(&["patient/Composition.rs", ALLERGIES], &document), "goes");
}

#[test]
fn the_data_period_looks_at_the_clinical_date_but_not_at_what_holds_today() {
    let old = |status: &str| {
        let mut resource = allergy(&json!({"recordedDate": "2010-01-01"}));
        resource["clinicalStatus"]["coding"][0]["code"] = status.into();
        resource
    };
    assert_eq!(alone(&[ALLERGIES], &old("inactive")), "outside_period");
    assert_eq!(alone(&[ALLERGIES], &old("active")), "goes");
    let mut undated = old("inactive");
    undated.as_object_mut().unwrap().remove("recordedDate");
    assert_eq!(alone(&[ALLERGIES], &undated), "goes");
    assert_eq!(
        alone(&[ALLERGIES], &allergy(&json!({"recordedDate": "2024"}))),
        "goes"
    );
    assert_eq!(
        alone(&[ALLERGIES], &allergy(&json!({"recordedDate": "2023-12"}))),
        "outside_period"
    );
}

#[test]
fn a_medicine_takes_its_product_along_and_nothing_else() {
    let records = [
        record(
            &json!({"resourceType": "MedicationStatement", "status": "active", "subject": {"reference": "Patient/1"},
            "medicationReference": {"reference": "urn:uuid:m1"}}),
        ),
        record(&json!({"resourceType": "Medication", "id": "m1", "code": {"text": "Warfarin"}})),
        record(&json!({"resourceType": "Medication", "id": "m2", "code": {"text": "Other"}})),
        record(&json!({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/1"}})),
    ];
    let granted = ["patient/MedicationStatement.rs"];
    assert_eq!(fate(&request(), &granted, &records[..2], 0), "goes");
    assert_eq!(fate(&request(), &granted, &records[..2], 1), "along");
    assert_eq!(fate(&request(), &granted, &records, 3), "no match");
    assert_eq!(fate(&request(), &[ALLERGIES], &records, 1), "no match");
    // The station can't see whose product a lone Medication is; the wallet does not send it.
    let listed: Vec<_> = records
        .iter()
        .enumerate()
        .map(|(i, record)| (i.to_string(), &record.summary))
        .collect();
    assert_eq!(select(&request(), &scopes(&granted), &listed).along, ["1"]);
}

#[test]
fn a_kind_that_was_not_granted_is_out_of_scope() {
    assert_eq!(alone(&["patient/Condition.rs"], &allergy(&json!({}))), "no match");
    assert_eq!(alone(&[], &allergy(&json!({}))), "no match");
}

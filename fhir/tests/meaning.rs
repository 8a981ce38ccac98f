//! What a record means to its reader: name, value, date, drawer, sensitivity.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use carnet_fhir::{ClinicalDate, Group, Sensitivity, Summary, person_of, pretty, read_file, read_record};
use jiff::civil::date;

fn summary(raw: &str) -> Summary {
    read_record(raw, None).unwrap().summary
}

#[test]
fn a_laboratory_value_keeps_its_digits_unit_and_range() {
    let value = summary(
        r#"{"resourceType":"Observation","status":"final",
        "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],
        "code":{"coding":[{"system":"http://loinc.org","code":"4548-4","display":"Hemoglobin A1c"}]},
        "subject":{"reference":"Patient/1"},"effectiveDateTime":"2024-03-05T08:30:00+01:00",
        "valueQuantity":{"value":7.20,"unit":"%","system":"http://unitsofmeasure.org","code":"%"},
        "referenceRange":[{"low":{"value":4.0,"unit":"%"},"high":{"value":6.0,"unit":"%"}}]}"#,
    );
    assert_eq!(
        (value.title.as_str(), value.detail.as_deref()),
        ("Hemoglobin A1c", Some("7.20 %"))
    );
    assert_eq!(value.group, Group::Laboratory);
    assert_eq!(value.date.as_ref().unwrap().to_string(), "2024-03-05");
    let measured = value.measurement.unwrap();
    assert_eq!(
        (measured.value, measured.low, measured.high),
        (7.2, Some(4.0), Some(6.0))
    );
    assert_eq!(
        (measured.unit.as_str(), measured.code.as_str()),
        ("%", "http://loinc.org|4548-4")
    );
    assert_eq!(
        (value.categories[0].code.as_str(), value.subject.as_deref()),
        ("laboratory", Some("Patient/1"))
    );
}

#[test]
fn blood_pressure_is_one_line() {
    let pressure = summary(
        r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},
        "component":[
          {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80.2,"unit":"mm[Hg]"}},
          {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"unit":"mm[Hg]"}}]}"#,
    );
    assert_eq!(
        (pressure.title.as_str(), pressure.detail.as_deref()),
        ("Blood pressure", Some("120/80 mmHg"))
    );
    assert_eq!((pressure.group, pressure.measurement), (Group::Vitals, None));
}

#[test]
fn a_medicine_by_reference_is_named_by_its_file() {
    let file = |reference: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"document","entry":[
            {{"resource":{{"resourceType":"MedicationStatement","status":"active","subject":{{"reference":"Patient/1"}},
                "medicationReference":{{"reference":"{reference}"}}}}}},
            {{"fullUrl":"https://x.example/Medication/m","resource":{{"resourceType":"Medication","id":"m",
                "code":{{"coding":[{{"system":"http://www.whocc.no/atc","code":"N06AB06","display":"Sertraline"}}]}}}}}}]}}"#
        )
    };
    for reference in [
        "Medication/m",
        "https://x.example/Medication/m",
        "Medication/m/_history/3",
    ] {
        let record = read_file(file(reference).as_bytes()).unwrap().records.remove(0);
        assert_eq!(record.summary.title, "Sertraline");
        assert_eq!(record.summary.sensitive, [Sensitivity::MentalHealth]);
        assert_eq!(record.summary.refers_to, ["Patient/1", reference]);
    }
    let unknown = read_file(file("https://evil.example/Medication/m").as_bytes())
        .unwrap()
        .records
        .remove(0);
    assert_eq!(unknown.summary.title, "Medication statement");
}

#[test]
fn texts_without_codes_and_codes_without_texts_are_named() {
    let title = |code: &str| {
        summary(&format!(
            r#"{{"resourceType":"AllergyIntolerance","code":{code},"patient":{{"reference":"Patient/1"}}}}"#
        ))
        .title
    };
    assert_eq!(title(r#"{"text":"對青黴素過敏"}"#), "對青黴素過敏");
    assert_eq!(
        title(r#"{"coding":[{"system":"http://snomed.info/sct","code":"91936005"}]}"#),
        "SNOMED CT 91936005"
    );
    assert_eq!(
        title(r#"{"coding":[{"code":"x"},{"code":"y","display":"Penicillin"}]}"#),
        "Penicillin"
    );
    assert_eq!(
        title(
            r#"{"coding":[{"system":"http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips","code":"no-known-allergies"}]}"#
        ),
        "No known allergies"
    );
    let absent = summary(
        r#"{"resourceType":"Observation","status":"final","code":{"text":"Smoking"},
        "dataAbsentReason":{"coding":[{"code":"unknown","display":"Unknown"}]}}"#,
    );
    assert_eq!(absent.detail.as_deref(), Some("no value: unknown"));
}

#[test]
fn dates_keep_their_precision_and_order() {
    let parse = |text: &str| text.parse::<ClinicalDate>();
    let year = parse("2024").unwrap();
    assert_eq!(
        (year.first_day(), year.last_day()),
        (date(2024, 1, 1), date(2024, 12, 31))
    );
    let month = parse("2024-02").unwrap();
    assert_eq!(
        (month.first_day(), month.last_day()),
        (date(2024, 2, 1), date(2024, 2, 29))
    );
    let moment = parse("2024-03-05T23:30:00.5-05:00").unwrap();
    assert_eq!(
        (moment.to_string().as_str(), moment.as_written()),
        ("2024-03-05", "2024-03-05T23:30:00.5-05:00")
    );
    assert!(moment.instant().is_some() && year < month && month < moment);
    assert_eq!(
        serde_json::to_string(&moment).unwrap(),
        "\"2024-03-05T23:30:00.5-05:00\""
    );
    for bad in [
        "",
        "24",
        "2024-13",
        "2024-02-30",
        "2024-1-1",
        "2024T10:00",
        "2024-01-01T25:00:00Z",
        "2024-01-01Tx",
        "-2024",
        "2024-01-01T10:00:00+1",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn labels_and_content_mark_what_is_sensitive() {
    let of = |raw: &str| summary(raw).sensitive;
    let label = |system: &str, code: &str| {
        of(&format!(
            r#"{{"resourceType":"Condition","subject":{{}},"meta":{{"security":[{{"system":"http://terminology.hl7.org/CodeSystem/{system}","code":"{code}"}}]}}}}"#
        ))
    };
    assert_eq!(label("v3-ActCode", "ETH"), [Sensitivity::SubstanceUse]);
    assert_eq!(label("v3-ActCode", "PSY"), [Sensitivity::MentalHealth]);
    assert_eq!(label("v3-ActCode", "SDV"), [Sensitivity::Violence]);
    assert_eq!(label("v3-Confidentiality", "R"), [Sensitivity::Restricted]);
    assert_eq!(label("v3-Confidentiality", "N"), []);
    let coded = |system: &str, code: &str| {
        of(&format!(
            r#"{{"resourceType":"Condition","subject":{{}},"code":{{"coding":[{{"system":"{system}","code":"{code}"}}]}}}}"#
        ))
    };
    assert_eq!(
        coded("http://hl7.org/fhir/sid/icd-10-cm", "F32.1"),
        [Sensitivity::MentalHealth]
    );
    assert_eq!(
        coded("http://hl7.org/fhir/sid/icd-10", "F10.2"),
        [Sensitivity::SubstanceUse]
    );
    assert_eq!(coded("http://hl7.org/fhir/sid/icd-10", "B20"), [Sensitivity::Hiv]);
    assert_eq!(coded("http://snomed.info/sct", "86406008"), [Sensitivity::Hiv]);
    assert_eq!(coded("http://snomed.info/sct", "38341003"), []);
    assert_eq!(coded("http://hl7.org/fhir/sid/icd-10", "I10"), []);
    let told = |text: &str| {
        of(&format!(
            r#"{{"resourceType":"Condition","subject":{{}},"code":{{"text":"{text}"}}}}"#
        ))
    };
    assert_eq!(told("Severe anxiety (panic)"), [Sensitivity::MentalHealth]);
    assert_eq!(told("Grapes and therapy"), []);
    let medicine = of(
        r#"{"resourceType":"MedicationRequest","status":"active","intent":"order","subject":{},
        "medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"313988","display":"Fluoxetine 20 MG Oral Capsule"}]}}"#,
    );
    assert_eq!(medicine, [Sensitivity::MentalHealth]);
}

#[test]
fn what_holds_today_is_active() {
    let active = |raw: &str| summary(raw).active;
    assert!(active(
        r#"{"resourceType":"Condition","subject":{},"clinicalStatus":{"coding":[{"code":"active"}]}}"#
    ));
    assert!(!active(
        r#"{"resourceType":"Condition","subject":{},"clinicalStatus":{"coding":[{"code":"resolved"}]}}"#
    ));
    assert!(!active(
        r#"{"resourceType":"Condition","subject":{},"abatementDateTime":"2020"}"#
    ));
    assert!(active(r#"{"resourceType":"AllergyIntolerance","patient":{}}"#));
    assert!(active(
        r#"{"resourceType":"MedicationRequest","status":"active","intent":"order","subject":{}}"#
    ));
    assert!(!active(
        r#"{"resourceType":"Observation","status":"final","code":{}}"#
    ));
}

#[test]
fn a_patient_is_a_person_and_shows_nothing_in_debug() {
    let record = read_record(
        r#"{"resourceType":"Patient","id":"p","birthDate":"1951-04-02","gender":"female","name":[
        {"use":"maiden","family":"Old"},{"use":"official","family":"Rossi","given":["Maria","Elena"]}]}"#,
        None,
    )
    .unwrap();
    let person = person_of(&record).unwrap();
    assert_eq!(person.name.as_deref(), Some("Maria Elena Rossi"));
    assert_eq!(
        (person.birth_date.as_deref(), person.gender.as_deref()),
        (Some("1951-04-02"), Some("female"))
    );
    assert!(!format!("{record:?} {person:?} {:?}", pretty(&record.raw)).contains("Rossi"));
}

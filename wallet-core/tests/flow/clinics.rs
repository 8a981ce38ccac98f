//! Organisations that the patient adds by hand: only after comparing, never in the place of a listed one.

use carnet_wallet_core::{Choice, Described};

use super::{ALLERGIES, Patient, Station};

fn last_group(fingerprint: &str) -> &str {
    fingerprint.rsplit(' ').next().unwrap()
}

#[tokio::test]
async fn a_clinic_is_added_by_its_file_and_paper_can_ask_and_is_taken_away_again() {
    let (listed, other) = (Station::start().await, Station::start().await);
    let patient = Patient::with(&listed);
    let wallet = &patient.wallet;
    let link = other.ask(&[(ALLERGIES, true)]);
    assert_eq!(
        wallet.inspect(&link).await.unwrap_err().code(),
        "request_client_not_listed"
    );

    let file = other.own_entry("Lakeside Practice");
    let seen = wallet.preview_clinic("entry.json", &file).unwrap();
    assert_eq!(
        (seen.name.as_str(), seen.looks_like.as_deref(), seen.known),
        ("Lakeside Practice", None, false)
    );
    assert_eq!(
        seen.fingerprint.split(' ').map(str::len).collect::<Vec<_>>(),
        [4; 8]
    );
    assert_eq!(wallet.parties().unwrap().len(), 1);
    for typed in ["", "zzzz", &seen.fingerprint[..4]] {
        assert_eq!(
            wallet.add_clinic(&file, typed).unwrap_err().code(),
            "clinic_fingerprint"
        );
    }
    let line = wallet
        .add_clinic(&file, &last_group(&seen.fingerprint).to_uppercase())
        .unwrap();
    assert!(line.added_by_you && line.id.starts_with("added:"), "{line:?}");
    assert!(wallet.preview_clinic("entry.json", &file).unwrap().known);

    let question = wallet.inspect(&link).await.unwrap();
    assert_eq!(question.verifier.name, "Lakeside Practice");
    assert!(question.verifier.added_by_you && question.verifier.vouched_by.is_empty());
    let done = wallet.answer(&link, &Choice::All, &[]).await.unwrap();
    assert_eq!(done.state, "granted");
    let why = wallet.trust_of(&line.id).unwrap();
    assert!(why.added_by_you && why.since.is_some() && why.vouched_by.is_empty());
    let authority = wallet.trust_of("northgate").unwrap();
    assert_eq!(
        (authority.vouched_by.as_str(), authority.added_by_you),
        ("Authority of Tests", false)
    );
    assert_eq!(wallet.trust_of("nobody").unwrap_err().code(), "clinic_unknown");

    let patient = patient.restarted();
    let wallet = &patient.wallet;
    assert_eq!(wallet.parties().unwrap().len(), 2);
    assert_eq!(
        wallet.remove_clinic("northgate").unwrap_err().code(),
        "clinic_not_added"
    );
    wallet.remove_clinic(&line.id).unwrap();
    assert_eq!(
        wallet.remove_clinic(&line.id).unwrap_err().code(),
        "clinic_unknown"
    );
    let link = other.ask(&[(ALLERGIES, true)]);
    assert_eq!(
        wallet.inspect(&link).await.unwrap_err().code(),
        "request_client_not_listed"
    );
}

// ATTACKS 18
#[tokio::test]
async fn nothing_of_a_listed_organisation_can_be_taken_over() {
    let (listed, other) = (Station::start().await, Station::start().await);
    let patient = Patient::with(&listed);
    let wallet = &patient.wallet;
    let add = |file: &str| {
        let seen = wallet.preview_clinic("x", file).unwrap();
        let refused = wallet
            .add_clinic(file, last_group(&seen.fingerprint))
            .unwrap_err();
        (seen.looks_like, seen.known, refused.code())
    };
    let northgate = Some("Northgate Clinic".to_owned());
    for name in ["N0rthgate Clinic", "Northg\u{430}te Clinic", "NORTHGATE-CLINIC"] {
        assert_eq!(
            add(&other.own_entry(name)),
            (northgate.clone(), false, "clinic_looks_listed"),
            "{name}"
        );
    }
    assert_eq!(
        add(&other.own_entry("Northgate Clinic")),
        (northgate, true, "clinic_listed")
    );
    // Its client id and its address, under another name.
    assert_eq!(
        add(&listed.own_entry("Lakeside Practice")),
        (None, true, "clinic_listed")
    );

    let good = other.own_entry("Lakeside Practice");
    for bad in [
        String::new(),
        "{}".to_owned(),
        good.replace("carnet_entry", "entry"),
        good.replacen("eyJ", "eyK", 1),
        listed.trust_list(1),
        "x".repeat(20_000),
    ] {
        assert_eq!(
            wallet.preview_clinic("x", &bad).unwrap_err().code(),
            "clinic_file"
        );
        assert_eq!(wallet.add_clinic(&bad, "aaaa").unwrap_err().code(), "clinic_file");
    }
    assert_eq!(wallet.parties().unwrap().len(), 1);
}

#[tokio::test]
async fn a_list_that_names_an_added_clinic_later_goes_before() {
    let (listed, other) = (Station::start().await, Station::start().await);
    let patient = Patient::with(&listed);
    let wallet = &patient.wallet;
    let file = other.own_entry("Lakeside Practice");
    let seen = wallet.preview_clinic("x", &file).unwrap();
    wallet.add_clinic(&file, last_group(&seen.fingerprint)).unwrap();
    let mut entry = carnet_exchange::trust::open_own(&file).unwrap().entry;
    entry.id = "lakeside".to_owned();
    entry.registries.clear();
    wallet
        .take_trust(listed.trust_list_with(2, vec![entry]).as_bytes())
        .unwrap();
    let ids: Vec<String> = wallet
        .parties()
        .unwrap()
        .into_iter()
        .map(|party| party.id)
        .collect();
    assert_eq!(ids, ["northgate", "lakeside"]);
}

//! Who read what: proven where the clinic's log shows it, and red where the clinic denies what it had reported.

use std::sync::atomic::Ordering;

use carnet_exchange::{manage::Logged, trust::RegistryKind};
use carnet_wallet_core::{Choice, Described, views::RegistryView};

use crate::{
    ALLERGIES, Patient,
    station::{Conduct, Readings, Station, witness},
};

/// A consent given: its id and its grant's.
async fn shares(patient: &Patient, station: &Station) -> (String, String) {
    let link = station.ask(&[(ALLERGIES, true)]);
    let done = patient.wallet.answer(&link, &Choice::All, &[]).await.unwrap();
    (done.consent_id.unwrap(), done.grant_id.unwrap())
}

/// Who read, and whether that is proven.
async fn asks(patient: &Patient, consent: &str) -> Vec<(String, String)> {
    let reads = patient.wallet.reads(consent).await.unwrap();
    reads.into_iter().map(|read| (read.who, read.proof)).collect()
}

fn known(patient: &Patient, consent: &str) -> Vec<(String, String)> {
    let reads = patient.wallet.consent(consent).unwrap().reads;
    reads.into_iter().map(|read| (read.who, read.proof)).collect()
}

fn book(patient: &Patient) -> Option<RegistryView> {
    let mut books = patient.wallet.registries().unwrap().into_iter();
    books.find(|book| book.about == "reads")
}

fn said(reads: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(who, proof): &(&str, &str)| ((*who).to_owned(), (*proof).to_owned());
    reads.iter().map(owned).collect()
}

#[tokio::test]
async fn what_the_log_shows_is_proven_and_silence_proves_and_breaks_nothing() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let (consent, grant) = shares(&patient, &station).await;
    station.readings().silent = true;
    assert_eq!(asks(&patient, &consent).await, said(&[("Nurse Ines", "none")]));
    assert!(book(&patient).is_none());

    station.readings().silent = false;
    assert_eq!(asks(&patient, &consent).await, said(&[("Nurse Ines", "proven")]));
    let kept = book(&patient).unwrap();
    assert_eq!((kept.state.as_str(), kept.entries), ("kept", 1));
    assert_eq!(kept.log, "carnet-station/northgate/reads");
    let happened = patient.wallet.activity().unwrap();
    assert_eq!(happened.iter().filter(|line| line.what == "read").count(), 1);

    // What others' records are read for makes the log longer; the clinic is silent for a while in between.
    for _ in 0..300 {
        station.readings().entries.push([9; 32]);
    }
    station.readings().add(&grant, "Dr. Ana");
    station.behave(Conduct::Gone);
    patient.wallet.reads(&consent).await.unwrap_err();
    station.behave(Conduct::Honest);
    let both = said(&[("Nurse Ines", "proven"), ("Dr. Ana", "proven")]);
    assert_eq!(asks(&patient, &consent).await, both);
    let patient = patient.restarted();
    assert_eq!(known(&patient, &consent), both);
    assert_eq!(book(&patient).unwrap().entries, 302);

    // A reading without a place is shown, and is not proven.
    let mut unplaced = station.readings().add(&grant, "Porter");
    unplaced.log = None;
    *station
        .readings()
        .told
        .get_mut(&grant)
        .unwrap()
        .last_mut()
        .unwrap() = unplaced;
    assert!(
        asks(&patient, &consent)
            .await
            .contains(&("Porter".to_owned(), "none".to_owned()))
    );
    assert_eq!(book(&patient).unwrap().state, "kept");
}

type Deed = fn(&mut Readings, &str);

#[tokio::test]
async fn a_clinic_that_denies_what_it_reported_or_rewrites_its_log_is_found_out() {
    let deeds: [(&str, Deed, &str); 9] = [
        (
            "says that somebody else read",
            |all, grant| all.told.get_mut(grant).unwrap()[0].who = "Nobody".into(),
            "log_read_changed",
        ),
        (
            "gives another salt",
            |all, grant| {
                let log = all.told.get_mut(grant).unwrap()[0].log.as_mut().unwrap();
                log.salt = carnet_consent::Salt([1; 16]);
            },
            "log_read_changed",
        ),
        (
            "drops it",
            |all, grant| all.told.get_mut(grant).unwrap().clear(),
            "log_read_missing",
        ),
        (
            "tells no place of it any more",
            |all, grant| all.told.get_mut(grant).unwrap()[0].log = None,
            "log_read_moved",
        ),
        (
            "moves it",
            |all, grant| {
                all.entries.push(all.entries[0]);
                let read = &mut all.told.get_mut(grant).unwrap()[0];
                let salt = read.log.take().unwrap().salt;
                read.log = Some(Logged { place: 1, salt });
            },
            "log_read_moved",
        ),
        (
            "reports one that is not in there",
            |all, grant| {
                all.add(grant, "Dr. Ana");
                all.told.get_mut(grant).unwrap()[1].who = "Nobody".into();
            },
            "log_read_broken",
        ),
        (
            "reports one that it has no place for",
            |all, grant| {
                all.add(grant, "Dr. Ana");
                all.entries.pop();
            },
            "log_read_broken",
        ),
        (
            "shows another log",
            |all, _| all.entries[0] = [1; 32],
            "log_two_histories",
        ),
        (
            "shows another log that is longer",
            |all, _| all.entries = vec![[1; 32], [2; 32]],
            "log_not_grown",
        ),
    ];
    for (what, deed, code) in deeds {
        let station = Station::start().await;
        let patient = Patient::with(&station);
        let (consent, grant) = shares(&patient, &station).await;
        assert_eq!(asks(&patient, &consent).await, said(&[("Nurse Ines", "proven")]));

        let before = station.readings().clone();
        deed(&mut station.readings(), &grant);
        asks(&patient, &consent).await;
        let broken = book(&patient).unwrap();
        assert_eq!(
            (broken.state.as_str(), broken.code.as_deref()),
            ("broken", Some(code)),
            "{what}"
        );
        assert_eq!(broken.portable, !code.starts_with("log_read_"), "{what}");
        let file = patient.wallet.contradiction(&broken.log);
        assert_eq!(file.is_ok(), broken.portable, "{what}");
        let reads = known(&patient, &consent);
        assert_eq!(reads[0].0, "Nurse Ines", "{what}: what was reported once stays");
        assert!(
            reads.iter().all(|(_, proof)| proof == "broken"),
            "{what}: {reads:?}"
        );
        let red = || {
            patient
                .wallet
                .activity()
                .unwrap()
                .iter()
                .filter(|line| line.what == "registry_broken")
                .count()
        };
        assert_eq!(red(), 1, "{what}");

        // For good, and told once.
        *station.readings() = before;
        asks(&patient, &consent).await;
        assert_eq!(
            (book(&patient).unwrap().code.as_deref(), red()),
            (Some(code), 1),
            "{what}"
        );
    }
}

#[tokio::test]
async fn a_log_that_is_not_what_was_anchored_is_found_out_at_the_first_look() {
    for (what, size, is_the_root, code) in [
        ("as it was", 1, true, None),
        ("with another reading", 1, false, Some("log_anchor_broken")),
        ("longer, and then cut", 2, true, Some("log_anchor_longer")),
    ] {
        let station = Station::start().await;
        let patient = Patient::with(&station);
        let (consent, grant) = shares(&patient, &station).await;
        station.readings().add(&grant, "Nurse Ines");
        let root = if is_the_root {
            station.readings().root()
        } else {
            [1; 32]
        };
        station.readings().anchored = Some((size, root));
        asks(&patient, &consent).await;
        let state = book(&patient).unwrap();
        assert_eq!(state.code.as_deref(), code, "{what}");
        assert!(!state.portable, "{what}");
        if code.is_none() {
            // It grows, and still begins with what is anchored; then it is written anew behind a wallet that knew nothing.
            station.readings().add(&grant, "Dr. Ana");
            asks(&patient, &consent).await;
            assert_eq!(book(&patient).unwrap().code, None);
            let newcomer = Patient::with(&station);
            let (consent, grant) = shares(&newcomer, &station).await;
            station.readings().entries.clear();
            station.readings().add(&grant, "Nobody");
            station.readings().add(&grant, "Nobody else");
            asks(&newcomer, &consent).await;
            assert_eq!(
                book(&newcomer).unwrap().code.as_deref(),
                Some("log_anchor_broken")
            );
        }
    }
}

#[tokio::test]
async fn a_log_that_is_cut_is_found_out_without_asking_who_read_and_so_is_a_forgotten_consent() {
    let station = Station::start().await;
    let [cut, forgotten] = [Patient::with(&station), Patient::with(&station)];
    let (consent, _) = shares(&cut, &station).await;
    asks(&cut, &consent).await;
    let (consent, _) = shares(&forgotten, &station).await;
    asks(&forgotten, &consent).await;

    station.readings().forgetful = true;
    let error = forgotten.wallet.reads(&consent).await.unwrap_err();
    assert_eq!(error.code(), "unknown_at_clinic");
    assert_eq!(
        book(&forgotten).unwrap().code.as_deref(),
        Some("log_read_missing")
    );

    station.readings().entries.clear();
    cut.wallet.check_registries().await.unwrap();
    assert_eq!(book(&cut).unwrap().code.as_deref(), Some("log_shorter"));
}

#[tokio::test]
async fn two_wallets_that_were_shown_two_logs_find_out() {
    let station = Station::start().await;
    let [one, other] = [Patient::with(&station), Patient::with(&station)];
    let (consent, _) = shares(&one, &station).await;
    asks(&one, &consent).await;
    let honest = one.wallet.register_states().unwrap();
    // To the second one a log of their own.
    station.readings().entries.clear();
    let (consent, _) = shares(&other, &station).await;
    assert_eq!(asks(&other, &consent).await, said(&[("Nurse Ines", "proven")]));
    assert_eq!(book(&other).unwrap().state, "kept");

    station.behave(Conduct::Gone);
    let compared = other.wallet.compare_registers(honest.as_bytes()).await.unwrap();
    let results: Vec<_> = compared
        .iter()
        .map(|one| (one.about.as_str(), one.result.as_str()))
        .collect();
    assert_eq!(results, [("reads", "broken")]);
    assert_eq!(book(&other).unwrap().code.as_deref(), Some("log_two_histories"));
    assert_eq!(known(&other, &consent), said(&[("Nurse Ines", "broken")]));
}

/// What is said of the book of readings after a look, so many minutes after the last one.
async fn after_minutes(minutes: i64, patient: &Patient) -> RegistryView {
    patient.later.fetch_add(minutes * 60, Ordering::SeqCst);
    patient.wallet.check_registries().await.unwrap();
    book(patient).unwrap()
}

#[tokio::test]
async fn a_witness_that_is_late_is_waited_for_and_told_of_when_it_stays_away() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let both = vec![witness("Wendland Archive"), witness("City Library")];
    // The clinic's only book is that of readings.
    let list = station.trust_list_of(2, RegistryKind::Network, both);
    patient.wallet.take_trust(list.as_bytes()).unwrap();
    let (consent, _) = shares(&patient, &station).await;
    station.readings().signed_by = vec!["Wendland Archive", "City Library"];
    asks(&patient, &consent).await;
    let witnessed = book(&patient).unwrap();
    assert_eq!(witnessed.state, "witnessed");
    assert_eq!(witnessed.witnesses, ["Wendland Archive", "City Library"]);
    assert!(!patient.wallet.needs_sync());

    // One of them is a little late: nobody is alarmed, and it is looked again soon.
    station.readings().signed_by = vec!["City Library"];
    let late = after_minutes(61, &patient).await;
    assert_eq!(
        (late.state.as_str(), late.missing.len(), late.missing_since),
        ("witnessed", 0, None)
    );
    assert_eq!(late.awaited, ["Wendland Archive"]);
    assert!(!patient.wallet.needs_sync());
    patient.later.fetch_add(6 * 60, Ordering::SeqCst);
    assert!(patient.wallet.needs_sync());
    station.readings().signed_by.push("Wendland Archive");
    assert!(after_minutes(0, &patient).await.awaited.is_empty());

    // It stays away; the other one comes and goes, and is not said to be missing since then.
    station.readings().signed_by = vec!["City Library"];
    let first = after_minutes(5, &patient).await.seen;
    station.readings().signed_by.clear();
    let late = after_minutes(50, &patient).await;
    assert_eq!((late.state.as_str(), late.awaited.len()), ("kept", 2));
    let missing = after_minutes(30, &patient).await;
    assert_eq!(missing.state, "unwitnessed");
    assert_eq!(missing.missing, ["Wendland Archive"]);
    assert_eq!(missing.awaited, ["City Library"]);
    assert_eq!(missing.missing_since, Some(first));
    station.readings().signed_by.push("Wendland Archive");
    let other = after_minutes(31, &patient).await;
    assert_eq!(other.state, "unwitnessed");
    assert_eq!(other.missing, ["City Library"]);
    assert!(other.missing_since.unwrap() > missing.missing_since.unwrap());

    // It is struck off the list: nobody waits for it any more.
    let list = station.trust_list_of(3, RegistryKind::Network, vec![witness("Wendland Archive")]);
    patient.wallet.take_trust(list.as_bytes()).unwrap();
    let left = after_minutes(61, &patient).await;
    assert_eq!(left.state, "witnessed");
    assert!(left.missing.is_empty() && left.awaited.is_empty());
}

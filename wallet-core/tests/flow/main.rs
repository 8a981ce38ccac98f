//! The wallet against a clinic over real TLS, through its public doors.
#![expect(clippy::unwrap_used, reason = "tests")]

mod cards;
mod clinics;
mod readings;
mod shown;
mod station;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use carnet_wallet_core::{
    Choice, Clock, Described, ImportError, Source, Wallet, unwatched,
    vault::{KdfChoice, Passphrase},
    views::ImportView,
};
use jiff::{SignedDuration, Timestamp};
use station::{Conduct, Station};

const RECORDS: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[
 {"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111","resource":{"resourceType":"Patient","id":"maria","name":[{"family":"Duarte","given":["Maria"]}],"birthDate":"1951-04-02"}},
 {"resource":{"resourceType":"AllergyIntolerance","id":"a1","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},"code":{"text":"Penicillin"},"patient":{"reference":"Patient/maria"}}},
 {"resource":{"resourceType":"Observation","id":"o1","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"4548-4","display":"HbA1c"}]},"subject":{"reference":"Patient/maria"},"effectiveDateTime":"2024-05-01","valueQuantity":{"value":7.20,"unit":"%"}}},
 {"resource":{"resourceType":"Observation","id":"o2","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"4548-4","display":"HbA1c"}]},"subject":{"reference":"Patient/maria"},"effectiveDateTime":"2023-05-01","valueQuantity":{"value":7.9,"unit":"%"}}},
 {"resource":{"resourceType":"Nonsense","id":"x"}}
]}"#;
const ALLERGIES: &str = "patient/AllergyIntolerance.rs";
const LABORATORY: &str = "patient/Observation.rs?category=laboratory";
const VACCINES: &str = "patient/Immunization.rs";

fn import(wallet: &Wallet, text: &str, other_person: bool) -> Result<ImportView, ImportError> {
    wallet.import(
        &mut Source::bytes("records.json", text.as_bytes()),
        other_person,
        &mut unwatched,
    )
}

struct Patient {
    dir: tempfile::TempDir,
    wallet: Wallet,
    later: Arc<AtomicI64>,
}

impl Patient {
    /// Everything was sent before, and nothing has to be sent again.
    async fn nothing_waits(&self) -> bool {
        let done = self.wallet.sync().await.unwrap();
        (done.sent, done.waiting) == (0, 0)
    }

    fn with(station: &Station) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let later = Arc::new(AtomicI64::new(0));
        let kdf = KdfChoice::Fixed { mib: 64, passes: 3 };
        let made = Wallet::create(&dir.path().join("vault"), &passphrase(), kdf, clock(&later)).unwrap();
        made.wallet.take_trust(station.trust_list(1).as_bytes()).unwrap();
        import(&made.wallet, RECORDS, false).unwrap();
        Self {
            dir,
            wallet: made.wallet,
            later,
        }
    }

    /// As after the process was killed.
    fn restarted(self) -> Self {
        let Self { dir, wallet, later } = self;
        drop(wallet);
        let wallet = open(&dir.path().join("vault"), &later);
        Self { dir, wallet, later }
    }

    fn state_of(&self, id: &str) -> String {
        self.wallet.consent(id).unwrap().line.state
    }

    fn only_consent(&self) -> (String, String) {
        let consents = self.wallet.consents().unwrap();
        assert_eq!(consents.len(), 1);
        (
            consents[0].consent_id.clone(),
            consents[0].grant_id.clone().unwrap(),
        )
    }
}

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse battery".to_owned())
}

fn clock(later: &Arc<AtomicI64>) -> Clock {
    let later = later.clone();
    Clock::new(move || Timestamp::now() + SignedDuration::from_secs(later.load(Ordering::SeqCst)))
}

fn open(dir: &Path, later: &Arc<AtomicI64>) -> Wallet {
    Wallet::unlock(dir, &passphrase(), clock(later)).unwrap()
}

#[tokio::test]
async fn a_consent_lives_from_question_to_deletion_receipt() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let link = station.ask(&[(ALLERGIES, true), (LABORATORY, false)]);

    let question = patient.wallet.inspect(&link).await.unwrap();
    assert_eq!(question.verifier.name, "Northgate Clinic");
    assert_eq!(
        question
            .items
            .iter()
            .map(|item| item.matching)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    patient.wallet.inspect(&link).await.unwrap();
    assert_eq!(
        station.seen().requests_served,
        1,
        "fetched once, then read from the vault"
    );

    let done = patient.wallet.answer(&link, &Choice::All, &[]).await.unwrap();
    assert_eq!(
        (done.decision.as_str(), done.state.as_str(), done.records),
        ("permit", "granted", 3)
    );
    assert_eq!(done.code.as_deref().map(str::len), Some(4));
    let ledger = done.ledger.unwrap();
    assert_eq!(
        (ledger.status.as_str(), ledger.chain_id.as_str()),
        ("active", "7777")
    );
    {
        let seen = station.seen();
        assert_eq!(seen.delivered.len(), 1);
        assert!(seen.delivered[0].contains("\"value\":7.20,"), "bytes as imported");
        assert!(
            !seen.delivered[0].contains("Duarte"),
            "the name was not asked for"
        );
    }

    let again = patient.wallet.answer(&link, &Choice::All, &[]).await.unwrap_err();
    assert_eq!(again.code(), "already_answered");

    let reads = patient
        .wallet
        .reads(done.consent_id.as_ref().unwrap())
        .await
        .unwrap();
    assert_eq!(
        (reads[0].who.as_str(), reads[0].what.as_str()),
        ("Nurse Ines", "allergies")
    );

    let prefix = &done.grant_id.unwrap()[..10];
    let back = patient.wallet.revoke(prefix).await.unwrap();
    assert_eq!(
        (back.state.as_str(), back.ledger.as_str(), back.clinic.as_str()),
        ("revoked", "confirmed", "confirmed")
    );
    assert!(back.deletion_receipt);
    assert!(patient.nothing_waits().await);
    assert_eq!(
        patient
            .wallet
            .consent(done.consent_id.as_ref().unwrap())
            .unwrap()
            .ledger
            .unwrap()
            .status,
        "revoked"
    );
    let happened: Vec<String> = patient
        .wallet
        .activity()
        .unwrap()
        .into_iter()
        .map(|line| line.what)
        .collect();
    for what in ["imported", "asked", "granted", "read", "revoked"] {
        assert!(happened.iter().any(|line| line == what), "{what}");
    }
}

#[tokio::test]
async fn without_a_genuine_promise_nothing_is_delivered_and_the_grant_is_made_void() {
    for (conduct, code) in [
        (Conduct::WithholdsPromise, "no_promise"),
        (Conduct::ForgesPromise, "promise_bad_signature"),
        (Conduct::RecordsNothing, "not_on_ledger"),
        (Conduct::RedirectsAnswer, "no_promise"),
    ] {
        let station = Station::start().await;
        let patient = Patient::with(&station);
        station.behave(conduct);
        let link = station.ask(&[(ALLERGIES, true)]);
        let error = patient.wallet.answer(&link, &Choice::All, &[]).await.unwrap_err();
        assert_eq!(error.code(), code, "{conduct:?}");
        let (consent_id, grant_id) = patient.only_consent();
        assert_eq!(patient.state_of(&consent_id), "failed", "{conduct:?}");
        {
            let seen = station.seen();
            assert!(seen.delivered.is_empty(), "{conduct:?}");
            assert!(seen.other_paths.is_empty(), "nothing was posted elsewhere");
            assert!(seen.revoked.contains(&grant_id), "{conduct:?}: tombstoned");
        }
        assert!(patient.nothing_waits().await, "{conduct:?}");
    }
}

#[tokio::test]
async fn a_wallet_killed_while_it_waits_says_failed_and_tombstones_after_the_restart() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    station.behave(Conduct::Hangs);
    let link = station.ask(&[(ALLERGIES, true)]);
    let waiting = tokio::time::timeout(
        Duration::from_secs(1),
        patient.wallet.answer(&link, &Choice::All, &[]),
    )
    .await;
    assert!(waiting.is_err());
    let (consent_id, grant_id) = patient.only_consent();
    assert_eq!(patient.state_of(&consent_id), "sending");

    let patient = patient.restarted();
    assert_eq!(patient.state_of(&consent_id), "failed");
    station.behave(Conduct::Gone);
    let done = patient.wallet.sync().await.unwrap();
    assert_eq!((done.sent, done.waiting), (0, 1));
    station.behave(Conduct::Honest);
    let done = patient.wallet.sync().await.unwrap();
    assert_eq!((done.sent, done.waiting), (1, 0));
    assert!(station.seen().revoked.contains(&grant_id));
    assert!(station.seen().delivered.is_empty());
    assert_eq!(
        patient
            .wallet
            .answer(&link, &Choice::All, &[])
            .await
            .unwrap_err()
            .code(),
        "already_answered"
    );
}

#[tokio::test]
async fn records_that_could_not_be_brought_are_brought_later_and_a_refused_delivery_is_taken_back() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    station.behave(Conduct::DeliveryDown);
    let done = patient
        .wallet
        .answer(&station.ask(&[(ALLERGIES, true)]), &Choice::All, &[])
        .await
        .unwrap();
    assert_eq!(done.state, "sending");
    let patient = patient.restarted();
    assert_eq!(patient.state_of(done.consent_id.as_ref().unwrap()), "sending");
    station.behave(Conduct::Honest);
    assert_eq!(patient.wallet.sync().await.unwrap().sent, 1);
    assert_eq!(patient.state_of(done.consent_id.as_ref().unwrap()), "granted");
    assert_eq!(station.seen().delivered.len(), 1);

    station.behave(Conduct::DeliveryRefused);
    let error = patient
        .wallet
        .answer(&station.ask(&[(ALLERGIES, true)]), &Choice::All, &[])
        .await
        .unwrap_err();
    assert_eq!(error.code(), "delivery_refused");
    let newest = &patient.wallet.consents().unwrap()[0];
    assert_eq!(newest.state, "revoked");
    assert_eq!(station.seen().delivered.len(), 1);
}

#[tokio::test]
async fn a_revocation_that_reaches_nobody_is_tried_again_until_it_is_confirmed() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let done = patient
        .wallet
        .answer(&station.ask(&[(ALLERGIES, true)]), &Choice::All, &[])
        .await
        .unwrap();
    station.behave(Conduct::Gone);
    let back = patient
        .wallet
        .revoke(done.consent_id.as_ref().unwrap())
        .await
        .unwrap();
    assert_eq!(
        (back.state.as_str(), back.ledger.as_str(), back.clinic.as_str()),
        ("revoking", "pending", "pending")
    );
    let patient = patient.restarted();
    assert_eq!(patient.wallet.home().unwrap().needs_you.len(), 1);
    station.behave(Conduct::Honest);
    assert_eq!(patient.wallet.sync().await.unwrap().sent, 1);
    assert_eq!(patient.state_of(done.consent_id.as_ref().unwrap()), "revoked");
}

#[tokio::test]
async fn a_clinic_that_keeps_a_revocation_back_is_overtaken_by_another_relayer_of_the_same_registry() {
    let (station, other) = (Station::start().await, Station::start().await);
    let patient = Patient::with(&station);
    let list = station.trust_list_with(2, vec![other.as_relayer()]);
    patient.wallet.take_trust(list.as_bytes()).unwrap();
    let done = patient
        .wallet
        .answer(&station.ask(&[(ALLERGIES, true)]), &Choice::All, &[])
        .await
        .unwrap();
    let (id, grant) = patient.only_consent();
    assert_eq!(Some(&id), done.consent_id.as_ref());
    // Neither of them: it waits. Then the other one alone.
    station.behave(Conduct::KeepsRevocationsBack);
    other.behave(Conduct::Gone);
    let back = patient.wallet.revoke(&id).await.unwrap();
    assert_eq!(back.ledger, "pending");
    other.behave(Conduct::Honest);
    let patient = patient.restarted();
    patient.wallet.sync().await.unwrap();
    assert!(other.seen().revoked.contains(&grant));
    assert!(!station.seen().revoked.contains(&grant));
    let back = patient.wallet.consent(&id).unwrap().revocation.unwrap();
    assert_eq!(
        (back.ledger.as_str(), back.clinic.as_str()),
        ("confirmed", "pending")
    );
}

#[tokio::test]
async fn an_answer_that_the_ledger_has_not_confirmed_goes_on_by_itself_and_nothing_leaves_before() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    station.behave(Conduct::NotFinal);
    let link = station.ask(&[(ALLERGIES, true)]);
    let done = patient.wallet.answer(&link, &Choice::All, &[]).await.unwrap();
    let ledger = done.ledger.unwrap();
    assert_eq!(
        (done.state.as_str(), ledger.status.as_str()),
        ("sending", "unconfirmed")
    );
    let id = done.consent_id.unwrap();
    // Neither a restart nor a further look that finds nothing new ends it.
    let patient = patient.restarted();
    assert!(patient.wallet.needs_sync());
    let synced = patient.wallet.sync().await.unwrap();
    assert_eq!((synced.sent, synced.waiting), (0, 1));
    assert_eq!(patient.state_of(&id), "sending");
    station.behave(Conduct::Gone);
    patient.wallet.sync().await.unwrap();
    assert_eq!(patient.state_of(&id), "sending");
    assert!(station.seen().delivered.is_empty());

    station.behave(Conduct::Honest);
    assert_eq!(patient.wallet.sync().await.unwrap().sent, 1);
    let now = patient.wallet.consent(&id).unwrap();
    assert_eq!(now.line.state, "granted");
    assert_eq!(now.ledger.unwrap().status, "active");
    assert_eq!(station.seen().delivered.len(), 1);
    assert!(patient.nothing_waits().await);
}

#[tokio::test]
async fn an_answer_whose_connection_broke_and_that_is_not_confirmed_yet_has_not_failed() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    station.behave(Conduct::NotFinalAndBreaks);
    let link = station.ask(&[(ALLERGIES, true)]);
    let done = patient.wallet.answer(&link, &Choice::All, &[]).await.unwrap();
    let ledger = done.ledger.unwrap();
    assert_eq!(
        (done.state.as_str(), ledger.status.as_str()),
        ("sending", "unconfirmed")
    );
    station.behave(Conduct::Honest);
    assert_eq!(patient.wallet.sync().await.unwrap().sent, 1);
    assert_eq!(patient.state_of(&done.consent_id.unwrap()), "granted");
    assert_eq!(station.seen().delivered.len(), 1);
    assert!(station.seen().revoked.is_empty());
}

#[tokio::test]
async fn an_answer_that_is_not_confirmed_can_be_taken_back_and_its_revocation_is_not_said_to_hold_too_early()
{
    let station = Station::start().await;
    let patient = Patient::with(&station);
    station.behave(Conduct::NotFinal);
    let link = station.ask(&[(ALLERGIES, true)]);
    let done = patient.wallet.answer(&link, &Choice::All, &[]).await.unwrap();
    let id = done.consent_id.unwrap();
    let back = patient.wallet.revoke(&id).await.unwrap();
    assert_eq!(
        (back.state.as_str(), back.ledger.as_str()),
        ("revoking", "handed_in")
    );
    patient.wallet.sync().await.unwrap();
    assert_eq!(patient.state_of(&id), "revoking");
    station.behave(Conduct::Honest);
    patient.wallet.sync().await.unwrap();
    let back = patient.wallet.consent(&id).unwrap().revocation.unwrap();
    assert_eq!(
        (back.state.as_str(), back.ledger.as_str()),
        ("revoked", "confirmed")
    );
    assert!(station.seen().delivered.is_empty());
}

#[tokio::test]
async fn an_answer_that_the_clinic_drops_before_it_is_confirmed_has_failed_and_nothing_was_shared() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    station.behave(Conduct::NotFinal);
    let link = station.ask(&[(ALLERGIES, true)]);
    let done = patient.wallet.answer(&link, &Choice::All, &[]).await.unwrap();
    let id = done.consent_id.unwrap();
    station.behave(Conduct::WithholdsPromise);
    patient.wallet.sync().await.unwrap();
    assert_eq!(patient.state_of(&id), "failed");
    assert!(station.seen().delivered.is_empty());
}

#[tokio::test]
async fn a_question_that_does_not_come_as_it_must_is_refused_and_not_kept() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    for (conduct, code) in [
        (Conduct::RedirectsRequest, "redirected"),
        (Conduct::RequestAsHtml, "wrong_content_type"),
        (Conduct::EndlessRequest, "too_large"),
        (Conduct::IgnoresNonce, "request_wallet_nonce_missing"),
        (Conduct::OtherNonce, "request_wallet_nonce"),
    ] {
        station.behave(conduct);
        let link = station.ask(&[(ALLERGIES, true)]);
        assert_eq!(patient.wallet.inspect(&link).await.unwrap_err().code(), code);
        assert_eq!(
            patient
                .wallet
                .answer(&link, &Choice::All, &[])
                .await
                .unwrap_err()
                .code(),
            code
        );
    }
    station.behave(Conduct::Gone);
    let link = station.ask(&[(ALLERGIES, true)]);
    assert_eq!(
        patient.wallet.inspect(&link).await.unwrap_err().code(),
        "station_unreachable"
    );
    assert!(patient.wallet.consents().unwrap().is_empty());
    let seen = station.seen();
    assert!(seen.other_paths.is_empty() && seen.granted.is_empty());
}

#[tokio::test]
async fn a_question_that_drips_in_is_given_up_after_five_seconds() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    station.behave(Conduct::DrippingRequest);
    let link = station.ask(&[(ALLERGIES, true)]);
    let begun = std::time::Instant::now();
    let refused = patient.wallet.inspect(&link).await.unwrap_err();
    assert_eq!(refused.code(), "station_timed_out");
    assert!(begun.elapsed() < Duration::from_secs(8));
    assert!(patient.wallet.consents().unwrap().is_empty());
}

#[tokio::test]
async fn a_clinic_that_is_gone_before_the_answer_leaves_the_question_open() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let link = station.ask(&[(ALLERGIES, true)]);
    patient.wallet.inspect(&link).await.unwrap();
    station.behave(Conduct::Gone);
    assert_eq!(
        patient
            .wallet
            .answer(&link, &Choice::All, &[])
            .await
            .unwrap_err()
            .code(),
        "station_unreachable"
    );
    assert!(patient.wallet.consents().unwrap().is_empty());
    station.behave(Conduct::Honest);
    assert_eq!(
        patient
            .wallet
            .answer(&link, &Choice::All, &[])
            .await
            .unwrap()
            .state,
        "granted"
    );
}

#[tokio::test]
async fn a_part_can_be_granted_and_what_was_not_asked_or_is_not_there_can_not() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let link = station.ask(&[(ALLERGIES, true), (LABORATORY, false), (VACCINES, false)]);
    let scopes = |scopes: &[&str]| Choice::Scopes(scopes.iter().map(|scope| (*scope).to_owned()).collect());
    for (choice, code) in [
        (scopes(&["patient/Condition.rs"]), "not_asked"),
        (scopes(&[VACCINES]), "nothing_matches"),
        (scopes(&[]), "nothing_chosen"),
    ] {
        assert_eq!(
            patient
                .wallet
                .answer(&link, &choice, &[])
                .await
                .unwrap_err()
                .code(),
            code
        );
    }
    let done = patient
        .wallet
        .answer(&link, &scopes(&[LABORATORY]), &[])
        .await
        .unwrap();
    assert_eq!((done.decision.as_str(), done.records), ("partial", 2));
    assert!(!station.seen().delivered[0].contains("Penicillin"));
    let view = patient.wallet.consent(done.consent_id.as_ref().unwrap()).unwrap();
    assert_eq!(view.not_granted, [ALLERGIES, VACCINES]);
}

#[tokio::test]
async fn a_no_shares_nothing_and_an_expired_code_is_not_answered() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let link = station.ask(&[(ALLERGIES, true)]);
    assert_eq!(patient.wallet.deny(&link).await.unwrap().decision, "deny");
    assert_eq!(station.seen().denied, 1);
    assert_eq!(
        patient
            .wallet
            .answer(&link, &Choice::All, &[])
            .await
            .unwrap_err()
            .code(),
        "already_answered"
    );

    let link = station.ask(&[(ALLERGIES, true)]);
    patient.wallet.inspect(&link).await.unwrap();
    patient.later.store(6 * 60, Ordering::SeqCst);
    assert_eq!(
        patient
            .wallet
            .answer(&link, &Choice::All, &[])
            .await
            .unwrap_err()
            .code(),
        "request_expired"
    );
    assert!(station.seen().granted.is_empty());
}

#[tokio::test]
async fn a_granted_consent_reads_as_expired_after_its_end() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let done = patient
        .wallet
        .answer(&station.ask(&[(ALLERGIES, true)]), &Choice::All, &[])
        .await
        .unwrap();
    patient.later.store(31 * 24 * 3600, Ordering::SeqCst);
    assert_eq!(patient.state_of(done.consent_id.as_ref().unwrap()), "expired");
    assert_eq!(
        patient
            .wallet
            .revoke(done.consent_id.as_ref().unwrap())
            .await
            .unwrap_err()
            .code(),
        "already_over"
    );
}

#[tokio::test]
async fn a_file_about_somebody_else_is_refused_unless_said_explicitly() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    assert_eq!(import(&patient.wallet, RECORDS, false).unwrap().already_here, 4);
    let other = RECORDS
        .replace("Duarte", "Schmidt")
        .replace("1951-04-02", "1980-01-01");
    assert!(
        patient
            .wallet
            .preview_import(&mut Source::bytes("f.json", other.as_bytes()), &mut unwatched)
            .unwrap()
            .other_person
    );
    assert_eq!(
        import(&patient.wallet, &other, false).unwrap_err().code(),
        "other_person"
    );
    let orphan = r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/other"}}"#;
    assert_eq!(
        import(&patient.wallet, orphan, false).unwrap_err().code(),
        "other_person"
    );
    assert_eq!(patient.wallet.records(None).unwrap().len(), 4);
    assert_eq!(import(&patient.wallet, &other, true).unwrap().imported, 1);
    assert_eq!(
        import(&patient.wallet, "hello", false).unwrap_err().code(),
        "not_json"
    );
}

#[tokio::test]
async fn an_older_or_foreign_trust_list_is_refused_and_the_held_one_stays() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let second = station.trust_list(2);
    assert_eq!(patient.wallet.take_trust(second.as_bytes()).unwrap().version, 2);
    patient.wallet.take_trust(second.as_bytes()).unwrap();
    let old = patient
        .wallet
        .take_trust(station.trust_list(1).as_bytes())
        .unwrap_err();
    assert_eq!(old.code(), "trust_rollback_refused");
    assert_eq!(patient.wallet.trust().unwrap().unwrap().version, 2);
}

#[test]
fn a_link_is_read_from_a_picture_of_a_code() {
    let link = format!(
        "openid4vp://?client_id=x509_hash%3A{}&request_uri=https%3A%2F%2F127.0.0.1%3A4433%2Foid4vp%2Frequest%2Fabcdefghijklmnopqrstuv",
        "A".repeat(43)
    );
    assert_eq!(Wallet::read_code(&picture(&link)).unwrap(), link);
    assert_eq!(
        Wallet::read_code(&picture("https://example.org"))
            .unwrap_err()
            .code(),
        "not_a_request"
    );
    assert_eq!(Wallet::read_code(b"nothing").unwrap_err().code(), "not_a_picture");
}

fn picture(text: &str) -> Vec<u8> {
    let code = fast_qr::QRBuilder::new(text).build().unwrap();
    let (quiet, scale) = (4, 6);
    let side = (code.size + 2 * quiet) * scale;
    let grey = image::GrayImage::from_fn(side as u32, side as u32, |x, y| {
        let at = |n: u32| (n as usize / scale).checked_sub(quiet).filter(|n| *n < code.size);
        let dark = matches!((at(x), at(y)), (Some(x), Some(y)) if code[y][x].value());
        image::Luma([if dark { 0 } else { 255 }])
    });
    let mut png = std::io::Cursor::new(Vec::new());
    grey.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

#[tokio::test]
async fn what_is_no_code_of_ours_is_named_and_not_opened() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    for (text, code) in [
        (
            "shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0",
            "code_is_a_health_link",
        ),
        (
            "https://viewer.example/#shlink:/eyJ1cmwiOiJ4In0",
            "code_is_a_health_link",
        ),
        ("https://example.org/", "code_is_a_web_link"),
        ("carnet:slip?d=AQ", "code_is_a_slip"),
        ("carnet:pass?d=AQ", "code_is_for_the_desk"),
        ("javascript:alert(1)", "code_unknown"),
        ("", "code_unknown"),
    ] {
        let error = patient.wallet.open_code(text).await.unwrap_err();
        assert_eq!(error.facts().code, code, "{text}");
    }
}

//! Receipts of real consents, and cards that others issued.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use carnet_credentials::{
    data_integrity::{self, Signing, Suite},
    jwk::PublicKey,
    jws,
    status::token::{self, Bits, Publication, Reference, Status, Statuses},
};
use carnet_did_resolver::document::Relationship;
use carnet_exchange::{Entry, client_id_of, trust::Role};
use carnet_wallet_core::{
    Choice, Clock, Described, ImportCredentialError, ReceiptForm, Wallet, unwatched,
    vault::{BackupSecret, KdfChoice},
    views::TakenCardView,
};
use jiff::Timestamp;
use p256::{ecdsa::SigningKey, pkcs8::DecodePrivateKey};
use serde_json::{Map, Value, json};

use super::{ALLERGIES, LABORATORY, Patient, passphrase, station::Station};

pub(super) fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

/// An insurer that issues cards, by a key that the list pins.
pub(super) fn insurer(roles: Vec<Role>) -> Entry {
    Entry {
        id: "sunrise".to_owned(),
        name: "Sunrise Insurance".to_owned(),
        client_ids: vec![],
        origins: vec!["https://sunrise.example".to_owned()],
        purposes: vec![],
        roles,
        registries: vec![],
        log_keys: vec![],
        issuer_keys: vec![PublicKey::from(&key(41))],
        request_keys: vec![],
        offline_keys: vec![],
        local: None,
    }
}

pub(super) fn now() -> i64 {
    Timestamp::now().as_second()
}

/// Two of the same hour are copies of one card.
fn cover(more: &Value) -> Value {
    let issued = now() - now() % 3_600;
    let mut claims = json!({
        "iss": "https://sunrise.example",
        "vct": "https://sunrise.example/types/InsuranceCover/1",
        "iat": issued,
        "exp": issued + 86_400,
        "cover": { "plan": "Family", "isActive": true },
        "member_number": "S\u{202e}-77",
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn signed(claims: &Value, key: &SigningKey) -> String {
    signed_with(Map::new(), claims, key)
}

fn signed_with(header: Map<String, Value>, claims: &Value, key: &SigningKey) -> String {
    jws::sign("dc+sd-jwt", header, claims.to_string().as_bytes(), key) + "~"
}

fn take(wallet: &Wallet, text: &str) -> Result<TakenCardView, ImportCredentialError> {
    wallet.import_credential(text.as_bytes())
}

fn refused(wallet: &Wallet, text: &str) -> &'static str {
    take(wallet, text).unwrap_err().code()
}

async fn granted(station: &Station, patient: &Patient) -> String {
    let link = station.ask(&[(ALLERGIES, true), (LABORATORY, false)]);
    let choice = Choice::Scopes(vec![ALLERGIES.to_owned()]);
    patient
        .wallet
        .answer(&link, &choice, &[])
        .await
        .unwrap()
        .consent_id
        .unwrap()
}

fn text(patient: &Patient, consent: &str, form: ReceiptForm) -> String {
    String::from_utf8(patient.wallet.issue_receipt(consent, form).unwrap().bytes).unwrap()
}

/// What a signed text says in its payload.
pub(super) fn payload(compact: &str) -> Value {
    let payload = compact.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// Another text in which one character of the payload differs.
fn flipped(compact: &str) -> String {
    let at = compact.find('.').unwrap() + 20;
    let other = if compact.as_bytes()[at] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &compact[..at], &compact[at + 1..])
}

#[tokio::test]
async fn a_partial_consent_has_a_receipt_in_every_form_and_a_withdrawal_is_on_the_next_one() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let consent = granted(&station, &patient).await;

    let receipt: Value = serde_json::from_str(&text(&patient, &consent, ReceiptForm::Json)).unwrap();
    let record = &receipt["consent_record"];
    assert_eq!(record["record_id"], consent.as_str());
    assert_eq!(
        record["party_identification"][0]["party_name"],
        "Northgate Clinic"
    );
    assert_eq!(record["carnet_evidence"]["decision"], "partial");
    let pii = &record["pii_processing"]["purposes"][0]["pii_information"];
    assert_eq!(pii.as_array().unwrap().len(), 1);
    assert_eq!(pii[0]["pii_attribute_id"], ALLERGIES);
    assert_eq!(record["events"].as_array().unwrap().len(), 1);
    let pdf = patient.wallet.issue_receipt(&consent, ReceiptForm::Pdf).unwrap();
    assert!(pdf.bytes.starts_with(b"%PDF-"));

    patient.wallet.revoke(&consent).await.unwrap();
    let receipt: Value = serde_json::from_str(&text(&patient, &consent, ReceiptForm::Json)).unwrap();
    let events = receipt["consent_record"]["events"].as_array().unwrap();
    let states: Vec<&Value> = events.iter().map(|event| &event["event_state"]).collect();
    assert_eq!(states, ["consent given", "consent withdrawn", "copy erased"]);
    let happened = patient.wallet.activity().unwrap();
    assert_eq!(
        happened
            .iter()
            .filter(|line| line.what == "credential_issued")
            .count(),
        3
    );
}

#[tokio::test]
async fn a_signed_receipt_is_by_the_key_that_the_clinic_knows_and_its_status_is_that_of_the_grant() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let consent = granted(&station, &patient).await;
    let plain: Value = serde_json::from_str(&text(&patient, &consent, ReceiptForm::Json)).unwrap();
    let principal = plain["consent_record"]["pii_principal_id"]
        .as_str()
        .unwrap()
        .to_owned();

    for form in [ReceiptForm::SdJwt, ReceiptForm::Vc] {
        let signed = text(&patient, &consent, form);
        let said = payload(&signed);
        let issuer = said["iss"].as_str().or(said["issuer"].as_str()).unwrap();
        let document = carnet_did_resolver::resolve(issuer).unwrap();
        let signer = document.verification_method[0].public_key().unwrap();
        assert!(principal.ends_with(&signer.thumbprint_text()), "{form:?}");
        if form == ReceiptForm::Vc {
            assert_eq!(said["credentialSubject"]["receipt"], plain);
        } else {
            assert!(!signed.contains("Northgate"), "who it was can be withheld");
        }

        let taken = take(&patient.wallet, &signed).unwrap();
        assert!(!taken.already_here && taken.card.issuer.own && taken.card.issuer.name.is_none());
        assert_eq!(taken.card.title, "Receipt of a consent");
        assert_eq!(
            (taken.card.validity.as_str(), taken.card.status.state.as_str()),
            ("valid", "valid")
        );
        let card = patient.wallet.card(&taken.card.id[..6]).unwrap();
        let says = |label: &str| {
            card.claims
                .iter()
                .find(|claim| claim.label == label)
                .map(|claim| claim.value.clone())
        };
        assert_eq!(says("Who may see it").as_deref(), Some("Northgate Clinic"));
        assert_eq!(says("What may be seen").as_deref(), Some("Allergies"));
        assert!(card.bound && take(&patient.wallet, &signed).unwrap().already_here);
        assert_eq!(refused(&patient.wallet, &flipped(&signed)), "card_bad_signature");
    }
    patient.wallet.revoke(&consent).await.unwrap();
    let cards = patient.wallet.cards().unwrap();
    assert_eq!(cards.len(), 2);
    assert!(cards.iter().all(|card| card.status.state == "revoked"));
}

#[tokio::test]
async fn there_is_no_receipt_of_what_was_not_given() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    patient
        .wallet
        .deny(&station.ask(&[(ALLERGIES, true)]))
        .await
        .unwrap();
    let denied = patient.wallet.consents().unwrap()[0].consent_id.clone();
    let code = |id: &str| {
        patient
            .wallet
            .issue_receipt(id, ReceiptForm::Json)
            .unwrap_err()
            .code()
    };
    assert_eq!(code(&denied), "nothing_shared");
    assert_eq!(code("f00"), "unknown_consent");
}

#[tokio::test]
async fn a_card_of_a_listed_issuer_is_kept_with_its_copies_and_survives_a_restore() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let wallet = &patient.wallet;
    let one = signed(&cover(&json!({ "jti": "1" })), &key(41));
    assert_eq!(refused(wallet, &one), "card_issuer_unknown");
    let verifier_only = station.trust_list_with(2, vec![insurer(vec![Role::Verifier])]);
    wallet.take_trust(verifier_only.as_bytes()).unwrap();
    assert_eq!(
        refused(wallet, &one),
        "card_issuer_unknown",
        "it may ask, not issue"
    );
    let list = station.trust_list_with(3, vec![insurer(vec![Role::Issuer])]);
    wallet.take_trust(list.as_bytes()).unwrap();

    let taken = take(wallet, &one).unwrap().card;
    assert_eq!(taken.title, "Insurance cover");
    assert_eq!(taken.issuer.name.as_deref(), Some("Sunrise Insurance"));
    assert_eq!((taken.status.state.as_str(), taken.copies), ("none", 1));
    // As pasted from a letter, broken into lines.
    let lines: Vec<_> = one.as_bytes().chunks(60).map(String::from_utf8_lossy).collect();
    let broken = lines.join("\n");
    assert!(take(wallet, &broken).unwrap().already_here);

    let consent = granted(&station, &patient).await;
    let mine = payload(&text(&patient, &consent, ReceiptForm::SdJwt))["cnf"].clone();
    let bound = signed(&cover(&json!({ "jti": "2", "cnf": mine })), &key(41));
    assert_eq!(take(wallet, &bound).unwrap().card.copies, 2);
    let list = json!({ "status_list": { "idx": 4, "uri": "https://sunrise.example/status" } });
    let other = signed(
        &cover(&json!({ "cover": { "plan": "Single" }, "status": list })),
        &key(41),
    );
    let other = take(wallet, &other).unwrap().card;
    assert_eq!((other.status.state.as_str(), other.copies), ("not_checked", 1));
    assert!(other.status.as_of.is_some());

    let card = wallet.card(&taken.id).unwrap();
    let lines: Vec<(&str, &str)> = card
        .claims
        .iter()
        .map(|claim| (claim.label.as_str(), claim.value.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            ("Cover · Is active", "yes"),
            ("Cover · Plan", "Family"),
            ("Jti", "2"),
            ("Member number", "S-77")
        ]
    );

    let happened = format!("{:?}", wallet.activity().unwrap());
    assert!(
        happened.contains("credential_imported")
            && !happened.contains("Family")
            && !happened.contains("S-77")
    );

    let file = patient.dir.path().join("copy");
    let kdf = KdfChoice::Fixed { mib: 64, passes: 3 };
    wallet.back_up(&file, &passphrase(), kdf, &mut unwatched).unwrap();
    let (restored, _) = Wallet::restore(
        &patient.dir.path().join("again"),
        &file,
        &BackupSecret::Passphrase(&passphrase()),
        (&passphrase(), kdf),
        Clock::system(),
        &mut unwatched,
    )
    .unwrap();
    let titles = |wallet: &Wallet| -> Vec<(String, u32)> {
        wallet
            .cards()
            .unwrap()
            .into_iter()
            .map(|card| (card.id, card.copies))
            .collect()
    };
    assert_eq!(titles(&restored), titles(wallet));
    assert_eq!(titles(wallet).len(), 2);
    wallet.remove_card(&taken.id).unwrap();
    assert_eq!(wallet.cards().unwrap().len(), 1);
    assert_eq!(wallet.card(&taken.id).unwrap_err().code(), "unknown_card");
}

#[tokio::test]
async fn a_card_is_looked_up_in_its_issuers_whole_list_and_only_what_holds_is_believed() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let wallet = &patient.wallet;
    let uri = format!("{}/lists/1", station.origin());
    let reference = Reference::new(&uri, 7);
    let claims = cover(&json!({ "iss": station.origin(), "status": reference.to_claim() }));
    let id = take(wallet, &signed(&claims, station.log_key())).unwrap().card.id;

    let publish = |status, uri: &str, age: i64, key: &SigningKey| {
        let mut statuses = Statuses::new(Bits::Two, 1_000).unwrap();
        statuses.set(7, status).unwrap();
        let publication = Publication {
            uri,
            iat: Timestamp::from_second(now() - age).unwrap(),
            exp: None,
            ttl: None,
            header: Map::new(),
        };
        let list = token::issue(&statuses, &publication, key);
        station.seen().published.insert("/lists/1".to_owned(), list);
    };
    let looked_up = async || {
        let card = wallet.look_up_card(&id).await;
        card.map(|card| card.line.status.state)
            .map_err(|error| error.code())
    };
    assert_eq!(
        looked_up().await,
        Err("request_unknown"),
        "nothing is published yet"
    );
    publish(Status::Valid, &uri, 0, station.log_key());
    assert_eq!(looked_up().await.as_deref(), Ok("valid"));
    publish(Status::Suspended, &uri, 0, station.log_key());
    assert_eq!(looked_up().await.as_deref(), Ok("suspended"));
    for (other, age, key) in [
        (format!("{uri}2"), 0, station.log_key().clone()),
        (uri.clone(), 30 * 86_400, station.log_key().clone()),
        (uri.clone(), 0, key(41)),
    ] {
        publish(Status::Valid, &other, age, &key);
        assert_eq!(looked_up().await, Err("card_list_refused"));
        assert_eq!(wallet.card(&id).unwrap().line.status.state, "suspended");
    }
    publish(Status::Invalid, &uri, 0, station.log_key());
    assert_eq!(looked_up().await.as_deref(), Ok("revoked"));
    assert_eq!(wallet.cards().unwrap()[0].status.state, "revoked");
    // Nobody who is not the issuer is asked, whatever the card says.
    let elsewhere = Reference::new("https://tracker.example/lists/1", 7).to_claim();
    let claims = cover(&json!({ "iss": station.origin(), "status": elsewhere, "cover": {} }));
    let other = take(wallet, &signed(&claims, station.log_key())).unwrap().card.id;
    let refused = wallet.look_up_card(&other).await.unwrap_err();
    assert_eq!(refused.code(), "card_nobody_to_ask");
}

#[tokio::test]
async fn an_issuer_is_known_by_the_certificate_that_the_list_names() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let pair = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["sunrise.example".to_owned()])
        .unwrap()
        .self_signed(&pair)
        .unwrap();
    let signer = SigningKey::from_pkcs8_der(&pair.serialize_der()).unwrap();
    let listed = Entry {
        client_ids: vec![client_id_of(certificate.der())],
        issuer_keys: vec![],
        request_keys: vec![],
        ..insurer(vec![Role::Issuer])
    };
    let list = station.trust_list_with(2, vec![listed]);
    patient.wallet.take_trust(list.as_bytes()).unwrap();
    let header = |der: &[u8]| Map::from_iter([("x5c".to_owned(), json!([STANDARD.encode(der)]))]);

    let by_it = signed_with(header(certificate.der()), &cover(&json!({})), &signer);
    let card = take(&patient.wallet, &by_it).unwrap().card;
    assert_eq!(card.issuer.name.as_deref(), Some("Sunrise Insurance"));
    let by_another = signed_with(header(certificate.der()), &cover(&json!({})), &key(42));
    assert_eq!(refused(&patient.wallet, &by_another), "card_bad_signature");
    let for_another = cover(&json!({ "iss": "https://moonset.example" }));
    let for_another = signed_with(header(certificate.der()), &for_another, &signer);
    assert_eq!(refused(&patient.wallet, &for_another), "card_issuer_unknown");
    let stranger = rcgen::CertificateParams::new(vec!["sunrise.example".to_owned()])
        .unwrap()
        .self_signed(&pair)
        .unwrap();
    let stranger = signed_with(header(stranger.der()), &cover(&json!({})), &signer);
    assert_eq!(refused(&patient.wallet, &stranger), "card_issuer_unknown");
}

#[tokio::test]
async fn what_is_not_genuine_or_not_for_this_person_is_not_kept() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let wallet = &patient.wallet;
    let list = station.trust_list_with(2, vec![insurer(vec![Role::Issuer])]);
    wallet.take_trust(list.as_bytes()).unwrap();
    let good = signed(&cover(&json!({})), &key(41));
    let by = |more: Value| signed(&cover(&more), &key(41));
    let theirs = json!({ "jwk": PublicKey::from(&key(50)).to_jwk() });
    for (text, code) in [
        (flipped(&good), "card_bad_signature"),
        (signed(&cover(&json!({})), &key(42)), "card_bad_signature"),
        (by(json!({ "exp": now() - 1 })), "card_expired"),
        (by(json!({ "exp": "tomorrow" })), "card_malformed"),
        (by(json!({ "vct": 7 })), "card_malformed"),
        (by(json!({ "cnf": theirs })), "card_not_yours"),
        (
            by(json!({ "iss": "did:web:sunrise.example" })),
            "card_issuer_unknown",
        ),
        (
            by(json!({ "iss": "https://sunrise.example.evil" })),
            "card_issuer_unknown",
        ),
        (format!("{good}e30.e30.AA"), "card_was_shown"),
        (format!("{good}WyJhIiwiYiIsMV0~"), "card_malformed"),
        (
            r#"{"type":["VerifiableCredential"]}"#.to_owned(),
            "card_unreadable",
        ),
        ("Dear Maria".to_owned(), "card_unreadable"),
        (String::new(), "card_unreadable"),
        ("~".repeat(70_000), "card_too_large"),
    ] {
        assert_eq!(refused(wallet, &text), code, "{}", &text[..text.len().min(60)]);
    }
    assert!(wallet.cards().unwrap().is_empty());
    let ahead = by(json!({ "nbf": now() + 3_600 }));
    assert_eq!(take(wallet, &ahead).unwrap().card.validity, "not_yet");
    // Anybody can sign with a DID of their own: it is genuine, and by nobody on the list.
    let did = PublicKey::from(&key(60)).did_key();
    let own = signed(&cover(&json!({ "iss": did })), &key(60));
    let own = take(wallet, &own).unwrap().card;
    assert!(own.issuer.name.is_none() && !own.issuer.own);
}

#[tokio::test]
async fn cards_of_two_people_never_mix() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let consent = granted(&station, &patient).await;
    let receipt = text(&patient, &consent, ReceiptForm::SdJwt);
    let ana = patient.wallet.add_profile("Ana").unwrap().number;
    let ana = patient.wallet.as_profile(ana).unwrap();
    assert_eq!(refused(&ana, &receipt), "card_not_yours");
    let card = take(&patient.wallet, &receipt).unwrap().card;
    assert!(ana.cards().unwrap().is_empty());
    assert_eq!(ana.card(&card.id).unwrap_err().code(), "unknown_card");
    let did = PublicKey::from(&key(60)).did_jwk();
    take(&ana, &signed(&cover(&json!({ "iss": did })), &key(60))).unwrap();
    assert_eq!(
        (ana.cards().unwrap().len(), patient.wallet.cards().unwrap().len()),
        (1, 1)
    );
    drop(ana);
    assert_eq!(patient.restarted().wallet.cards().unwrap().len(), 1);
}

/// A W3C credential about anybody, with a proof inside.
fn proven(more: &Value) -> String {
    let key = key(60);
    let did = PublicKey::from(&key).did_key();
    let mut credential = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "type": ["VerifiableCredential", "LibraryCard"],
        "issuer": did,
        "validUntil": (Timestamp::now() + jiff::SignedDuration::from_hours(24)).to_string(),
        "credentialSubject": { "borrowsUntil": "2030" },
    });
    for (name, value) in more.as_object().unwrap() {
        credential[name] = value.clone();
    }
    let kid = format!("{did}#{}", PublicKey::from(&key).to_multikey());
    let suite = Suite::named("ecdsa-rdfc-2019").unwrap();
    let how = Signing::new(suite, Relationship::AssertionMethod, &kid, Timestamp::now());
    let signed = data_integrity::sign(credential.as_object().unwrap().clone(), &how, &key).unwrap();
    Value::Object(signed).to_string()
}

#[tokio::test]
async fn a_w3c_card_passes_the_gate_and_its_status_is_said_to_be_unchecked() {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let wallet = &patient.wallet;
    let good = proven(&json!({}));
    let card = take(wallet, &good).unwrap().card;
    assert_eq!(
        (card.title.as_str(), card.status.state.as_str()),
        ("Library card", "none")
    );
    let view = wallet.card(&card.id).unwrap();
    assert!(!view.bound && view.claims[0].label == "Borrows until");

    let entry = json!({
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": "https://library.example/status/1",
    });
    let listed = take(wallet, &proven(&json!({ "credentialStatus": entry }))).unwrap();
    assert!(listed.card.id == card.id && listed.card.copies == 2);
    assert_eq!(listed.card.status.state, "not_checked");

    let theirs = json!({ "id": PublicKey::from(&key(50)).did_key(), "borrowsUntil": "2030" });
    assert_eq!(
        refused(wallet, &proven(&json!({ "credentialSubject": theirs }))),
        "card_not_yours"
    );
    assert_eq!(
        refused(wallet, &good.replace("2030", "2090")),
        "card_bad_signature"
    );
    let context = "https://www.w3.org/ns/credentials/examples/v2";
    assert_eq!(
        refused(wallet, &good.replace(context, "https://library.example/v1")),
        "card_other_form"
    );
}

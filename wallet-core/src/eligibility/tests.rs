//! Statements shown without their values: what the patient sees, what leaves, and what is used up by it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::jwk::PublicKey;
use carnet_eligibility::{Day, Issuance, Kind, Randomness, Rules, Statement, check, credential, issue};
use carnet_exchange::{
    EncryptionKey, Entry, RequestLink, TrustList,
    answer::{self, Presentation},
    client_id_of,
    dcql::Query,
    eligibility::{self, AskedStatement, QUERY, today},
    jwe,
    request::{self, RequestParts},
    trust::{self, Role},
};
use ed25519_dalek::SigningKey as EdKey;
use jiff::{SignedDuration, Timestamp};
use p256::{SecretKey, ecdsa::SigningKey, pkcs8::DecodePrivateKey};
use serde_json::{Map, Value};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use url::Url;

use crate::{
    Choice, ChosenCard, Clock, Described, GrantError, Wallet,
    credentials::{Binding, CredentialForm, EdCopyKey, KeptCredential},
    inspect::Question,
    kept::KeptRequest,
    unwatched,
    vault::{BackupSecret, KdfChoice, Passphrase, Table},
};

const ORIGIN: &str = "https://127.0.0.1:1";
const KDF: KdfChoice = KdfChoice::Fixed { mib: 64, passes: 3 };

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse battery".to_owned())
}

fn random<const N: usize>() -> [u8; N] {
    crate::random::make_bytes().unwrap()
}

fn issuer() -> EdKey {
    EdKey::from_bytes(&[51; 32])
}

/// A copy for somebody born on 1 June 1950, good today and tomorrow.
fn copy(card: &str) -> (String, KeptCredential) {
    let holder = EdKey::from_bytes(&random());
    let born: jiff::civil::Date = "1950-06-01".parse().unwrap();
    let day = today(Timestamp::now()).unwrap();
    let issuance = Issuance {
        kind: &Kind::BirthDate,
        values: &[Day::try_from(born).unwrap().number().into()],
        holder: &holder.verifying_key(),
        from: day,
        until: day.plus(1).unwrap(),
    };
    let randomness = Randomness::new(random()).unwrap();
    let (copy, opening) = issue(&issuance, &issuer(), randomness).unwrap();
    let document = credential::issued(&copy, &opening);
    let moment = |name: &str| document[name].as_str().unwrap().parse::<Timestamp>().unwrap();
    let kept = KeptCredential {
        form: CredentialForm::Eligibility,
        text: document.to_string(),
        issuer: document["issuer"].as_str().unwrap().to_owned(),
        entry_id: Some("sunrise".to_owned()),
        own: false,
        kind: Kind::BirthDate.schema().to_owned(),
        claims: Map::new(),
        from: Some(moment("validFrom")),
        until: Some(moment("validUntil")),
        status: None,
        binding: Binding::EdCopy(EdCopyKey::new(holder)),
        single_use: true,
        source: None,
        card: card.to_owned(),
        added: Timestamp::now(),
        looked_up: None,
    };
    (hex::encode(random::<16>()), kept)
}

fn entry(id: &str, name: &str, role: Role) -> Entry {
    Entry {
        id: id.to_owned(),
        name: name.to_owned(),
        client_ids: vec![],
        origins: vec![format!("https://{id}.example")],
        purposes: vec![],
        roles: vec![role],
        registries: vec![],
        log_keys: vec![],
        issuer_keys: vec![],
        request_keys: vec![],
        offline_keys: vec![],
        local: None,
    }
}

/// A pharmacy that asks, and the list that names it and an insurer.
struct Pharmacy {
    certificate: Vec<u8>,
    key: SigningKey,
}

impl Pharmacy {
    fn new(wallet: &Wallet) -> Self {
        let pair = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .self_signed(&pair)
            .unwrap();
        let new = Self {
            certificate: certificate.der().to_vec(),
            key: SigningKey::from_pkcs8_der(&pair.serialize_der()).unwrap(),
        };
        let pharmacy = Entry {
            client_ids: vec![client_id_of(&new.certificate)],
            origins: vec![ORIGIN.to_owned()],
            ..entry("corner", "Corner Pharmacy", Role::Verifier)
        };
        let insurer = Entry {
            issuer_keys: vec![PublicKey::from(&issuer())],
            ..entry("sunrise", "Sunrise Insurance", Role::Issuer)
        };
        let now = Timestamp::now();
        let list = TrustList {
            version: 1,
            issued: now,
            expires: now + SignedDuration::from_hours(24 * 60),
            authority: "Authority of Tests".to_owned(),
            development: true,
            entries: vec![pharmacy, insurer],
        };
        wallet
            .take_trust(trust::sign(&list, &key(12)).unwrap().as_bytes())
            .unwrap();
        new
    }

    /// A sealed question, as it lies in the vault once it was read.
    fn asks(&self, wallet: &Wallet, years: u8) -> Question {
        let now = Timestamp::from_second(wallet.clock.now().as_second()).unwrap();
        let asked = AskedStatement::today(Statement::AgeAtLeast { years }, now).unwrap();
        let nonce = URL_SAFE_NO_PAD.encode(random::<32>());
        let parts = RequestParts {
            response_uri: &Url::parse(&format!("{ORIGIN}/r")).unwrap(),
            nonce: &nonce,
            state: "abc",
            issued: now,
            expires: now + SignedDuration::from_mins(5),
            encryption_key: &EncryptionKey::new(answer_key().public_key(), None),
            query: &Query {
                credentials: vec![eligibility::query(&[])],
                sets: vec![],
            },
            consent: None,
            statement: Some(&asked),
        };
        let signed = request::sign(&parts, &self.key, self.certificate.as_slice());
        let link = RequestLink {
            client_id: client_id_of(&self.certificate),
            request_uri: Url::parse(&format!("{ORIGIN}/q")).unwrap(),
            method: carnet_exchange::RequestUriMethod::Get,
        };
        let kept = KeptRequest {
            link: link.to_string(),
            compact: signed.compact,
            wallet_nonce: None,
            did_document: None,
            expires: now + SignedDuration::from_mins(5),
            once: nonce.clone(),
            consent_id: None,
            verifier: "Corner Pharmacy".to_owned(),
            answered: false,
        };
        wallet.vault.put(Table::Requests, &nonce, &kept).unwrap();
        wallet.open_question(&nonce).unwrap()
    }
}

fn answer_key() -> SecretKey {
    SecretKey::from_slice(&[7; 32]).unwrap()
}

fn holding(copies: u8) -> (tempfile::TempDir, Wallet, Arc<AtomicI64>) {
    let dir = tempfile::tempdir().unwrap();
    let later = Arc::new(AtomicI64::new(0));
    let moved = Arc::clone(&later);
    let clock =
        Clock::new(move || Timestamp::now() + SignedDuration::from_secs(moved.load(Ordering::SeqCst)));
    let wallet = Wallet::create(&dir.path().join("vault"), &passphrase(), KDF, clock)
        .unwrap()
        .wallet;
    for _ in 0..copies {
        let (id, kept) = copy("c0ffee");
        wallet.vault.put(Table::Credentials, &id, &kept).unwrap();
    }
    (dir, wallet, later)
}

fn chosen() -> [ChosenCard; 1] {
    [ChosenCard {
        query: QUERY.to_owned(),
        card: "c0ffee".to_owned(),
    }]
}

fn copies(wallet: &Wallet, question: &Question) -> Option<u32> {
    let statements = wallet.statements_asked(question).unwrap();
    statements[0].options.first().map(|option| option.copies)
}

async fn answered(wallet: &Wallet, question: &Question) -> &'static str {
    let nothing = Choice::Scopes(Vec::new());
    let answered = wallet.answer(&question.request_id, &nothing, &chosen()).await;
    match answered.unwrap_err() {
        // Nobody is there to take it.
        GrantError::Unreachable(_) => "unreachable",
        error => error.code(),
    }
}

#[tokio::test]
async fn the_patient_sees_what_they_learn_and_alone_whether_it_holds() {
    let (_dir, wallet, _) = holding(2);
    let pharmacy = Pharmacy::new(&wallet);
    let question = pharmacy.asks(&wallet, 65);
    let view = wallet.question(&question.request_id).unwrap();
    assert!(view.cards.is_empty() && view.items.is_empty());
    let [statement] = view.statements.as_slice() else {
        panic!("one statement")
    };
    assert!(statement.says.starts_with("65 or older on "));
    assert_eq!(
        statement.learns,
        [
            "whether it was shown: yes or not shown",
            "who issued it: Sunrise Insurance",
            "until when your proof is valid"
        ]
    );
    let [option] = statement.options.as_slice() else {
        panic!("one card")
    };
    assert_eq!(
        (option.title.as_str(), option.own_value.as_str()),
        ("Proof of age", "born 1 June 1950")
    );
    assert!(option.holds && !option.last_copy && option.copies == 2);
    assert_eq!((statement.asked_before, &statement.wait_until), (0, &None));

    let held = wallet.statements().unwrap();
    assert_eq!((held.len(), held[0].copies, held[0].issuer_listed), (1, 2, true));

    // What doesn't hold can't be chosen; nothing is used up by trying.
    let older = pharmacy.asks(&wallet, 90);
    assert!(!wallet.statements_asked(&older).unwrap()[0].options[0].holds);
    assert_eq!(answered(&wallet, &older).await, "eligibility_not_true");
    assert_eq!(copies(&wallet, &older), Some(2));
}

#[tokio::test]
async fn the_proof_is_for_this_question_and_its_copy_is_used_up_before_anything_leaves() {
    let (dir, wallet, _) = holding(2);
    let pharmacy = Pharmacy::new(&wallet);
    let question = pharmacy.asks(&wallet, 65);
    let shown = wallet.shown(&question, &chosen()).unwrap();
    let Presentation::Object(proof) = &shown.presentations[QUERY][0] else {
        panic!("no object")
    };
    let asked = question.request.statement.clone().unwrap();
    let asked = asked.request(&question.request.client_id, &question.request.digest);
    let issuers = [issuer().verifying_key()];
    let bytes = credential::read_shown(&Value::Object(proof.clone()), &asked, &issuers).unwrap();
    let rules = Rules {
        issuers: &issuers,
        today: today(Timestamp::now()).unwrap(),
    };
    assert_eq!(
        check(&bytes, &asked, &rules).unwrap().issuer,
        issuer().verifying_key()
    );
    let text = Value::Object(proof.clone()).to_string();
    assert!(!text.contains("1950-06") && !format!("{shown:?}").contains("proof"));

    // Killed between making it durable and sending: the copy does not come back.
    let mut change = wallet.vault.change();
    shown.put(&mut change, Timestamp::now(), "Corner Pharmacy");
    change.commit().unwrap();
    drop((wallet, question));
    let wallet = Wallet::unlock(&dir.path().join("vault"), &passphrase(), Clock::system()).unwrap();
    let question = pharmacy.asks(&wallet, 65);
    assert_eq!(copies(&wallet, &question), Some(1));
    let again = wallet.shown(&question, &chosen()).unwrap();
    let Presentation::Object(again) = &again.presentations[QUERY][0] else {
        panic!("no object")
    };
    assert_ne!(
        again["credentialSubject"], proof["credentialSubject"],
        "another copy, another key"
    );

    // Nobody there: the copy is gone all the same, the question is open again.
    assert!(matches!(
        wallet
            .answer(&question.request_id, &Choice::Scopes(Vec::new()), &chosen())
            .await,
        Err(GrantError::Unreachable(_))
    ));
    assert_eq!(copies(&wallet, &question), None);
    assert_eq!(answered(&wallet, &question).await, "no_such_card");
    let all: Vec<(String, KeptCredential)> = wallet.vault.all(Table::Credentials).unwrap();
    assert!(
        all.iter()
            .all(|(_, kept)| kept.text.is_empty() && !kept.is_left())
    );
    let log = wallet.activity().unwrap();
    let told: Vec<&String> = log
        .iter()
        .filter(|line| line.what == "proved")
        .flat_map(|line| &line.shown)
        .collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with("65 or older on ") && !format!("{log:?}").contains("1950-06"));
}

// ATTACKS 28
#[tokio::test]
async fn a_copy_is_not_used_again_after_a_restored_backup() {
    let (dir, wallet, _) = holding(2);
    let pharmacy = Pharmacy::new(&wallet);
    let file = dir.path().join("copy");
    wallet.back_up(&file, &passphrase(), KDF, &mut unwatched).unwrap();
    let question = pharmacy.asks(&wallet, 65);
    assert_eq!(answered(&wallet, &question).await, "unreachable");
    let (restored, _) = Wallet::restore(
        &dir.path().join("again"),
        &file,
        &BackupSecret::Passphrase(&passphrase()),
        (&passphrase(), KDF),
        Clock::system(),
        &mut unwatched,
    )
    .unwrap();
    let question = pharmacy.asks(&restored, 65);
    assert_eq!(
        copies(&restored, &question),
        None,
        "all copies of before are burnt"
    );
    assert!(restored.statements().unwrap().is_empty());
}

// ATTACKS 28
#[tokio::test]
async fn not_holding_not_being_true_and_not_wanting_look_the_same() {
    let mut said = Vec::new();
    for (copies, years) in [(0, 65), (2, 90), (2, 65)] {
        let (_dir, wallet, _) = holding(copies);
        let pharmacy = Pharmacy::new(&wallet);
        let question = pharmacy.asks(&wallet, years);
        if (copies, years) != (2, 65) {
            let refused = wallet
                .answer(&question.request_id, &Choice::Scopes(Vec::new()), &chosen())
                .await;
            assert!(
                matches!(refused, Err(GrantError::Proof(_))),
                "nothing was tried over the network"
            );
        }
        // What `deny` sends, to the address that every answer goes to.
        let jwe = answer::seal_denial(
            &question.request,
            &SecretKey::from_slice(&[9; 32]).unwrap(),
            [9; 12],
        )
        .unwrap();
        let (header, plain) = jwe::decrypt(&jwe, &answer_key(), 65_536).unwrap();
        said.push((
            jwe.len(),
            header,
            plain.to_vec(),
            answer::form_body(&jwe).len(),
            question.request.response_uri.clone(),
        ));
    }
    assert!(said.windows(2).all(|two| two[0] == two[1]));
}

// ATTACKS 28
#[tokio::test]
async fn a_party_that_asks_for_one_limit_after_the_other_has_to_wait_and_the_patient_is_told() {
    let (_dir, wallet, later) = holding(6);
    let pharmacy = Pharmacy::new(&wallet);
    let view = |years| {
        let question = pharmacy.asks(&wallet, years);
        let view = wallet.statements_asked(&question).unwrap().remove(0);
        (question, view)
    };
    let (first, seen) = view(60);
    assert_eq!(seen.asked_before, 0);
    assert_eq!(answered(&wallet, &first).await, "unreachable");
    let (second, seen) = view(65);
    assert_eq!(
        (seen.asked_before, &seen.wait_until),
        (1, &None),
        "said from the second on"
    );
    assert_eq!(answered(&wallet, &second).await, "unreachable");
    let (third, seen) = view(70);
    assert_eq!(seen.asked_before, 2);
    assert!(seen.wait_until.is_some());
    assert_eq!(answered(&wallet, &third).await, "eligibility_probing");
    // The same limit says nothing new.
    let (same, seen) = view(65);
    assert!(seen.wait_until.is_none());
    assert_eq!(answered(&wallet, &same).await, "unreachable");
    // A day later it can be answered; asking and refusing in between counted for nothing.
    later.store(24 * 3600 + 1, Ordering::SeqCst);
    let (third, seen) = view(70);
    assert!(seen.wait_until.is_none(), "{:?}", seen.wait_until);
    assert_eq!(answered(&wallet, &third).await, "unreachable");
    let (fourth, _) = view(72);
    assert_eq!(answered(&wallet, &fourth).await, "eligibility_probing");
}

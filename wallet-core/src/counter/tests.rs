//! A counter without a network, against a wallet: every address that it knows is listened at, and nobody may come.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use carnet_credentials::jwk::PublicKey;
use carnet_eligibility::{Day, Issuance, Kind, Randomness, Statement, credential, issue};
use carnet_exchange::{
    Entry, TrustList,
    counter::{Challenge, SealingSecret, check},
    eligibility::today,
    trust::{self, Role},
};
use ed25519_dalek::SigningKey;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, json};
use sha2::{Digest as _, Sha512};

use crate::{
    Clock, CounterError, Described, Wallet,
    credentials::{Binding, CredentialForm, EdCopyKey, KeptCredential},
    vault::{KdfChoice, Passphrase, Table},
    views::{ActivityLine, ChallengeView, CounterAnswerView},
};

const CARD: &str = "c0ffee";

fn start() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse battery".to_owned())
}

/// A wallet, a pharmacy, an insurer, and a list that has both.
struct Scene {
    dir: tempfile::TempDir,
    wallet: Wallet,
    seconds: Arc<AtomicI64>,
    list: TrustList,
    /// Where the pharmacy and the insurer would be reached.
    places: Vec<TcpListener>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        for place in &self.places {
            place.set_nonblocking(true).unwrap();
            assert!(place.accept().is_err(), "somebody was called");
        }
    }
}

impl Scene {
    fn new() -> Self {
        let seconds = Arc::new(AtomicI64::new(0));
        let dir = tempfile::tempdir().unwrap();
        let kdf = KdfChoice::Fixed { mib: 64, passes: 3 };
        let clock = clock(&seconds);
        let made = Wallet::create(&dir.path().join("vault"), &passphrase(), kdf, clock).unwrap();
        let places: Vec<TcpListener> = (0..2)
            .map(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap())
            .collect();
        let entry = |place: &TcpListener, id: &str, roles| Entry {
            id: id.to_owned(),
            name: format!("{id} ltd."),
            client_ids: vec![format!("x509_hash:{id}")],
            origins: vec![format!("https://{}", place.local_addr().unwrap())],
            purposes: vec![],
            roles,
            registries: vec![],
            log_keys: vec![],
            issuer_keys: vec![],
            request_keys: vec![],
            offline_keys: vec![],
            local: None,
        };
        let mut pharmacy = entry(&places[0], "pharmacy", vec![Role::Verifier]);
        pharmacy.offline_keys = vec![PublicKey::from(&key(1))];
        let mut insurer = entry(&places[1], "sunrise", vec![Role::Issuer]);
        insurer.issuer_keys = vec![PublicKey::from(&key(2))];
        let list = TrustList {
            version: 1,
            issued: start(),
            expires: start() + SignedDuration::from_hours(48),
            authority: "Authority of Tests".to_owned(),
            development: true,
            entries: vec![pharmacy, insurer],
        };
        let scene = Self {
            dir,
            wallet: made.wallet,
            seconds,
            list,
            places,
        };
        scene.take_list();
        scene
    }

    fn take_list(&self) {
        let root = p256::ecdsa::SigningKey::from_slice(&[12; 32]).unwrap();
        let signed = trust::sign(&self.list, &root).unwrap();
        self.wallet.take_trust(signed.as_bytes()).unwrap();
    }

    fn now(&self) -> Timestamp {
        start() + SignedDuration::from_secs(self.seconds.load(Ordering::SeqCst))
    }

    fn pass(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    /// A copy of somebody's birth date, of today.
    fn hold(&self, seed: u8, born: &str) {
        let (holder, born): (_, Day) = (key(seed), serde_json::from_value(json!(born)).unwrap());
        let from = today(self.now()).unwrap();
        let fresh = Randomness::new(Sha512::digest([seed]).into()).unwrap();
        let (copy, opening) = issue(
            &Issuance {
                kind: &Kind::BirthDate,
                values: &[u32::from(born.number())],
                holder: &holder.verifying_key(),
                from,
                until: from.plus(6).unwrap(),
            },
            &key(2),
            fresh,
        )
        .unwrap();
        let begin = |day: Day| day.date().to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        let kept = KeptCredential {
            form: CredentialForm::Eligibility,
            text: credential::issued(&copy, &opening).to_string(),
            issuer: PublicKey::Ed25519(copy.issuer).did_key(),
            entry_id: Some("sunrise".to_owned()),
            own: false,
            kind: copy.kind.schema().to_owned(),
            claims: Map::new(),
            from: Some(begin(copy.from)),
            until: Some(begin(copy.until.plus(1).unwrap())),
            status: None,
            binding: Binding::EdCopy(EdCopyKey::new(holder)),
            single_use: true,
            source: None,
            card: CARD.to_owned(),
            added: self.now(),
            looked_up: None,
        };
        let id = format!("copy-{seed}");
        self.wallet.vault.put(Table::Credentials, &id, &kept).unwrap();
    }

    fn copies_left(&self) -> usize {
        let all: Vec<(String, KeptCredential)> = self.wallet.vault.all(Table::Credentials).unwrap();
        all.iter().filter(|(_, kept)| kept.is_left()).count()
    }

    fn asks(&self, nonce: u8, by: &SigningKey, years: u8) -> String {
        let challenge = Challenge {
            statement: Statement::AgeAtLeast { years },
            made: self.now(),
            nonce: [nonce; 32],
            seal_to: secret().public(),
        };
        challenge.sign(by).unwrap()
    }

    async fn sees(&self, text: &str) -> ChallengeView {
        let opened = self.wallet.open_code(text).await.unwrap();
        assert_eq!(opened.kind, "challenge");
        self.wallet.challenge(&opened.id).unwrap()
    }

    async fn shows(&self, text: &str) -> CounterAnswerView {
        let seen = self.sees(text).await;
        self.wallet
            .answer_challenge(&seen.challenge_id, CARD)
            .await
            .unwrap()
    }

    async fn refuses(&self, text: &str) -> &'static str {
        match self.wallet.open_code(text).await {
            Err(error) => error.code(),
            Ok(opened) => self
                .wallet
                .answer_challenge(&opened.id, CARD)
                .await
                .unwrap_err()
                .code(),
        }
    }

    fn checks(&self, challenge: &str, answer: &str) -> Result<String, &'static str> {
        let own = key(1).verifying_key();
        check(answer, challenge, &own, "pharmacy", &secret(), &self.list)
            .map(|checked| checked.issuer)
            .map_err(carnet_exchange::counter::ShownError::code)
    }

    fn log(&self) -> Vec<ActivityLine> {
        self.wallet.activity().unwrap()
    }
}

fn clock(seconds: &Arc<AtomicI64>) -> Clock {
    let seconds = Arc::clone(seconds);
    Clock::new(move || start() + SignedDuration::from_secs(seconds.load(Ordering::SeqCst)))
}

fn secret() -> SealingSecret {
    SealingSecret::from_bytes(&[7; 32]).unwrap()
}

#[tokio::test]
async fn a_counter_is_shown_what_it_asks_and_nobody_is_called() {
    let scene = Scene::new();
    scene.hold(31, "1950-06-01");
    let text = scene.asks(1, &key(1), 65);
    let seen = scene.sees(&text).await;
    assert_eq!(seen.verifier.name, "pharmacy ltd.");
    assert_eq!(seen.statement.says, "65 or older on 23 November 2026");
    assert!(!seen.list_expired && seen.development);
    assert_eq!(seen.expires, "2026-11-23T10:05:00Z");
    let option = &seen.statement.options[0];
    assert!(option.holds && option.copies == 1 && option.last_copy);
    assert_eq!(scene.copies_left(), 1, "seeing is not showing");

    let shown = scene.shows(&text).await;
    assert_eq!(scene.checks(&text, &shown.uri), Ok("sunrise ltd.".to_owned()));
    assert_eq!(shown.digits.len(), 4);
    assert!(shown.uri.starts_with("CARNET:A1/") && shown.svg.starts_with("<svg"));
    assert_eq!(scene.copies_left(), 0);
    let line = &scene.log()[0];
    assert_eq!(
        (line.what.as_str(), line.who.as_deref()),
        ("proved", Some("pharmacy ltd."))
    );
    assert_eq!(line.shown, ["65 or older on 23 November 2026"]);
    assert!(!format!("{:?}", scene.log()).contains("1950-06"));
}

// ATTACKS 28
#[tokio::test]
async fn a_question_is_answered_once_and_a_copy_is_shown_once() {
    let scene = Scene::new();
    scene.hold(31, "1950-06-01");
    scene.hold(32, "1950-06-01");
    let text = scene.asks(1, &key(1), 65);
    let first = scene.shows(&text).await;
    assert_eq!(scene.refuses(&text).await, "challenge_used");
    assert_eq!(scene.copies_left(), 1);
    // Killed after it was made durable: the question stays used and the copy too.
    let Scene { dir, seconds, .. } = &scene;
    let path = dir.path().join("vault");
    let again = scene.asks(2, &key(1), 65);
    let second = scene.shows(&again).await;
    assert_eq!(
        scene.checks(&again, &first.uri),
        Err("counter_answer_not_for_this"),
        "pasted into another session"
    );
    assert!(scene.checks(&again, &second.uri).is_ok());
    let copied = tempfile::tempdir().unwrap();
    let to = copied.path().join("vault");
    copy_folder(&path, &to);
    let reopened = Wallet::unlock(&to, &passphrase(), clock(seconds)).unwrap();
    assert_eq!(
        reopened.open_code(&again).await.unwrap_err().code(),
        "challenge_used"
    );
    let third = scene.asks(3, &key(1), 65);
    assert_eq!(scene.refuses(&third).await, "no_such_card");
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn two_answers_at_once_to_one_question_are_one() {
    let scene = Scene::new();
    scene.hold(31, "1950-06-01");
    scene.hold(32, "1950-06-01");
    let text = scene.asks(1, &key(1), 65);
    let id = scene.sees(&text).await.challenge_id;
    let both = tokio::join!(
        scene.wallet.answer_challenge(&id, CARD),
        scene.wallet.answer_challenge(&id, CARD)
    );
    let refused = [both.0.err(), both.1.err()];
    assert!(matches!(
        refused,
        [None, Some(CounterError::Used)] | [Some(CounterError::Used), None]
    ));
    assert_eq!(scene.copies_left(), 1);
}

// ATTACKS 28
#[tokio::test]
async fn only_copies_of_today_count() {
    let scene = Scene::new();
    scene.hold(31, "1950-06-01");
    scene.pass(24 * 3600);
    let text = scene.asks(1, &key(1), 65);
    let seen = scene.sees(&text).await;
    let option = &seen.statement.options[0];
    assert!(option.holds && option.copies == 0 && !option.last_copy);
    let error = scene
        .wallet
        .answer_challenge(&seen.challenge_id, CARD)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "no_copy_of_today");
    assert!(error.facts().next.contains("fetch today's copies"));
    assert_eq!(scene.copies_left(), 1, "kept for where there is a network");
    scene.hold(32, "1950-06-01");
    let shown = scene.shows(&text).await;
    assert!(scene.checks(&text, &shown.uri).is_ok());
    assert_eq!(scene.copies_left(), 1, "today's was used, not yesterday's");
}

#[tokio::test]
async fn an_expired_list_still_works_and_says_so() {
    let scene = Scene::new();
    scene.pass(10 * 24 * 3600);
    scene.hold(31, "1950-06-01");
    let text = scene.asks(1, &key(1), 65);
    let seen = scene.sees(&text).await;
    assert!(seen.list_expired);
    assert_eq!(seen.list_issued, "2026-11-23T10:00:00Z");
    let shown = scene.shows(&text).await;
    assert!(scene.checks(&text, &shown.uri).is_ok());
}

// ATTACKS 28
#[tokio::test]
async fn who_is_not_on_the_list_is_shown_nothing() {
    let mut scene = Scene::new();
    scene.hold(31, "1950-06-01");
    assert_eq!(
        scene.refuses(&scene.asks(1, &key(9), 65)).await,
        "challenge_unlisted"
    );
    assert_eq!(scene.log()[0].code.as_deref(), Some("challenge_unlisted"));
    // Read while it was listed, and taken off the list before it was answered.
    let text = scene.asks(2, &key(1), 65);
    let id = scene.sees(&text).await.challenge_id;
    scene.list.version = 2;
    scene.list.entries[0].offline_keys.clear();
    scene.take_list();
    let error = scene.wallet.answer_challenge(&id, CARD).await.unwrap_err();
    assert_eq!(error.code(), "challenge_unlisted");
    assert_eq!(scene.copies_left(), 1);
}

#[tokio::test]
async fn what_has_run_out_or_does_not_hold_is_not_shown_and_costs_no_copy() {
    let scene = Scene::new();
    scene.hold(31, "1990-06-01");
    assert_eq!(
        scene.refuses(&scene.asks(1, &key(1), 65)).await,
        "eligibility_not_true"
    );
    let text = scene.asks(2, &key(1), 18);
    let id = scene.sees(&text).await.challenge_id;
    scene.pass(301);
    assert_eq!(scene.refuses(&text).await, "challenge_expired");
    let error = scene.wallet.answer_challenge(&id, CARD).await.unwrap_err();
    assert_eq!(error.code(), "challenge_expired");
    scene.pass(-600);
    assert_eq!(scene.refuses(&text).await, "challenge_clock");
    let unknown = scene.wallet.answer_challenge("never", CARD).await.unwrap_err();
    assert_eq!(unknown.code(), "challenge_unknown");
    let about_nothing = Challenge {
        statement: serde_json::from_value(
            json!({ "statement": "code-in", "list": "00".repeat(32), "first": 1, "last": 2 }),
        )
        .unwrap(),
        made: scene.now(),
        nonce: [9; 32],
        seal_to: secret().public(),
    };
    let text = about_nothing.sign(&key(1)).unwrap();
    assert_eq!(scene.refuses(&text).await, "challenge_list");
    assert_eq!(scene.copies_left(), 1);
}

// ATTACKS 28
#[tokio::test]
async fn a_counter_that_asks_limit_after_limit_has_to_wait() {
    let scene = Scene::new();
    (31..36).for_each(|seed| scene.hold(seed, "1950-06-01"));
    scene.shows(&scene.asks(1, &key(1), 65)).await;
    scene.shows(&scene.asks(2, &key(1), 70)).await;
    let seen = scene.sees(&scene.asks(3, &key(1), 75)).await;
    assert_eq!(seen.statement.asked_before, 2);
    assert_eq!(seen.statement.wait_until.as_deref(), Some("2026-11-24T10:00:00Z"));
    assert_eq!(
        scene.refuses(&scene.asks(3, &key(1), 75)).await,
        "eligibility_probing"
    );
    assert_eq!(scene.copies_left(), 3);
}

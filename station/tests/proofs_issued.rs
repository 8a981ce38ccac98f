//! Cards that prove something, from the desk into a real wallet, day after day: single-use copies for a week, fetched anew, until
//! the card is taken back.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use carnet_station::{app::Role, serve::MovedClock};
use carnet_wallet_core::{
    Clock, Described, TakeCardError, Wallet,
    vault::{KdfChoice, Passphrase},
    views::CardLine,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use support::{Station, ok};

struct Scene {
    folder: tempfile::TempDir,
    clock: MovedClock,
    station: Station,
    wallet: Wallet,
}

fn clock(moved: &MovedClock) -> Clock {
    let source = moved.source();
    Clock::new(move || source())
}

fn passphrase() -> Passphrase {
    Passphrase::new("a lamp, two boats and the long road".to_owned())
}

async fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let moved = MovedClock::default();
    let station = Station::start_as(&folder.path().join("station"), &moved, vec![Role::Issuer]).await;
    let kdf = KdfChoice::Fixed { mib: 64, passes: 3 };
    let made = Wallet::create(&folder.path().join("vault"), &passphrase(), kdf, clock(&moved)).unwrap();
    let list = std::fs::read(&station.trust_list).unwrap();
    made.wallet.take_trust(&list).unwrap();
    Scene {
        folder,
        clock: moved,
        station,
        wallet: made.wallet,
    }
}

impl Scene {
    async fn offer(&self, template: &str, claims: Value) -> Value {
        let body = json!({ "template": template, "claims": claims });
        let reply = self.station.post("/api/cards/offers", body).await;
        ok(&reply);
        reply.body
    }

    async fn taken(&self, offer: &Value) -> CardLine {
        let opened = self
            .wallet
            .open_code(offer["uri"].as_str().unwrap())
            .await
            .unwrap();
        let pin = offer["pin"].as_str().map(str::to_owned);
        let accepted = self.wallet.accept_card_offer(&opened.id, pin).await.unwrap();
        accepted.cards.into_iter().next().unwrap()
    }

    fn card(&self) -> CardLine {
        let mut cards = self.wallet.cards().unwrap();
        assert_eq!(cards.len(), 1);
        cards.remove(0)
    }

    async fn revoke(&self, offer: &Value) {
        let path = format!("/api/cards/offers/{}/revoke", offer["id"].as_str().unwrap());
        ok(&self.station.post(&path, json!({})).await);
    }

    fn later(&self, days: i64) {
        self.clock.ahead(SignedDuration::from_hours(24 * days));
    }
}

/// Midnight (UTC) so many days from now, as views say it.
fn midnight(days: i64) -> String {
    let day = Timestamp::now() + SignedDuration::from_hours(24 * days);
    format!("{}T00:00:00Z", day.strftime("%Y-%m-%d"))
}

fn born() -> Value {
    json!({ "birth_date": "1950-06-01" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_of_age_is_offered_taken_and_fetched_anew_when_its_week_is_over() {
    let scene = scene().await;
    let offer = scene.offer("proof-of-age", born()).await;
    let opened = scene
        .wallet
        .open_code(offer["uri"].as_str().unwrap())
        .await
        .unwrap();
    let view = scene.wallet.card_offer(&opened.id).unwrap();
    let offered = &view.cards[0];
    assert_eq!(offered.title, "Proof of age");
    assert_eq!(offered.describes, ["Date of birth"]);
    assert!(offered.proves && offered.single_use);

    let card = scene.taken(&offer).await;
    assert_eq!(card.title, "Proof of age");
    assert_eq!(card.says.as_deref(), Some("born 1 June 1950"));
    assert_eq!(
        (card.copies, card.single_use, card.low, card.refillable),
        (20, true, false, true)
    );
    assert_eq!(card.until, Some(midnight(7)));
    assert_eq!(card.status.state, "none");
    let whole = scene.wallet.card(&card.id).unwrap();
    assert!(whole.bound);
    assert_eq!(whole.claims[0].value, "born 1 June 1950");

    scene.later(6);
    assert_eq!(
        (scene.card().copies, scene.card().validity.as_str()),
        (20, "valid")
    );
    let enough = scene.wallet.refill_card(&card.id).await.unwrap_err();
    assert!(matches!(enough, TakeCardError::Enough));

    scene.later(7);
    let over = scene.card();
    assert_eq!((over.copies, over.validity.as_str()), (0, "expired"));
    assert!(over.low && over.refillable);
    let fresh = scene.wallet.refill_card(&card.id).await.unwrap().line;
    assert_eq!((fresh.id.as_str(), fresh.copies), (card.id.as_str(), 20));
    assert_eq!(fresh.until, Some(midnight(14)));
    assert_eq!(scene.card().copies, 20, "what was over is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_issued_and_said_as_it_was_entered() {
    let scene = scene().await;
    let conditions = scene.station.get("/api/cards/templates").await.body;
    let conditions = conditions.as_array().unwrap();
    let entitlement = conditions.iter().find(|one| one["id"] == "entitlement").unwrap();
    let condition = entitlement["fields"][0]["options"][0].clone();
    let name = condition.as_str().unwrap().split_once(' ').unwrap().1.to_owned();
    for (template, claims, says) in [
        (
            "proof-of-cover",
            json!({ "first_day": "2026-01-01", "last_day": "2031-12-31" }),
            "covered from 1 January 2026 to 31 December 2031".to_owned(),
        ),
        (
            "proof-of-income",
            json!({ "amount": "41250.50", "currency": "EUR" }),
            "income of 41,250.50 EUR a year".to_owned(),
        ),
        (
            "laboratory-value",
            json!({ "test": "HbA1c in % (LOINC 4548-4)", "value": "6.8", "taken_on": "2026-11-01" }),
            "HbA1c of 6.8 %, taken 1 November 2026".to_owned(),
        ),
        ("entitlement", json!({ "code": condition }), name),
    ] {
        let offer = scene.offer(template, claims).await;
        let card = scene.taken(&offer).await;
        assert!(card.says.as_ref().unwrap().contains(&says), "{:?}", card.says);
        assert_eq!(card.copies, 20);
    }
    assert_eq!(scene.wallet.cards().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_copy_outlives_the_cover_that_it_proves() {
    let scene = scene().await;
    let today = Timestamp::now().strftime("%Y-%m-%d").to_string();
    let claims = json!({ "first_day": "2026-01-01", "last_day": today });
    let offer = scene.offer("proof-of-cover", claims).await;
    let card = scene.taken(&offer).await;
    assert_eq!(card.until, Some(midnight(1)));
    scene.later(1);
    assert_eq!(scene.card().copies, 0);
    let refused = scene.wallet.refill_card(&card.id).await.unwrap_err();
    assert_eq!(refused.facts().code, "refill_refused");
    assert!(!scene.card().refillable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_was_taken_back_gives_no_more_copies() {
    let scene = scene().await;
    let offer = scene.offer("proof-of-age", born()).await;
    let card = scene.taken(&offer).await;
    scene.revoke(&offer).await;
    scene.later(7);
    let refused = scene.wallet.refill_card(&card.id).await.unwrap_err();
    assert!(matches!(refused, TakeCardError::RefillRefused), "{refused}");
    let card = scene.card();
    assert_eq!((card.copies, card.refillable), (0, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_exact_number_is_never_offered() {
    let scene = scene().await;
    for (template, claims, code, field) in [
        (
            "proof-of-age",
            json!({ "birth_date": "1899-12-31" }),
            "card_field_out_of_range",
            "birth_date",
        ),
        (
            "proof-of-income",
            json!({ "amount": "1.001", "currency": "EUR" }),
            "card_field_out_of_range",
            "amount",
        ),
        (
            "proof-of-cover",
            json!({ "first_day": "2020-01-01", "last_day": "2020-12-31" }),
            "card_over",
            "",
        ),
    ] {
        let body = json!({ "template": template, "claims": claims });
        let refused = scene.station.post("/api/cards/offers", body).await;
        assert_eq!((refused.status, refused.code()), (422, code), "{refused:?}");
        assert_eq!(refused.body["error"]["field"].as_str().unwrap_or_default(), field);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issuers_key_for_proofs_stays_the_same_and_is_in_its_entry() {
    let scene = scene().await;
    let key = std::fs::read(scene.folder.path().join("station/eligibility.key")).unwrap();
    let secret: [u8; 32] = key.try_into().unwrap();
    let public = carnet_credentials::jwk::PublicKey::from(&ed25519_dalek::SigningKey::from_bytes(&secret));
    let entry = std::fs::read(scene.folder.path().join("station/entry.json")).unwrap();
    let entry: Value = serde_json::from_slice(&entry).unwrap();
    assert_eq!(entry["issuer_keys"].as_array().unwrap().len(), 2);
    assert_eq!(entry["issuer_keys"][1], public.to_jwk());
}

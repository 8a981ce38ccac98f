//! Which form of a question counts: only what was served last can be answered, once.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use carnet_exchange::{
    RequestLink, media,
    request::{self, Fetched, VerifiedRequest, post_body},
};
use jiff::Timestamp;
use serde_json::json;
use support::{
    Station, reply,
    wallet::{ALLERGIES, Wallet, send},
};

const RECORDS: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[]}"#;

async fn asked(station: &Station) -> (String, RequestLink) {
    let (id, link) = station
        .ask(json!({"purpose": ["TREAT"], "items": [{"scope": ALLERGIES, "required": true}], "days": 3}))
        .await;
    (id, link.parse().unwrap())
}

async fn post(station: &Station, link: &RequestLink, body: String) -> reqwest::Response {
    station
        .http
        .post(link.request_uri.clone())
        .header("content-type", media::FORM)
        .body(body)
        .send()
        .await
        .unwrap()
}

async fn posted(station: &Station, wallet: &Wallet, link: &RequestLink, nonce: &str) -> VerifiedRequest {
    let response = post(station, link, post_body(nonce)).await;
    assert_eq!(response.headers()["content-type"], media::REQUEST);
    let compact = response.text().await.unwrap();
    let fetched = Fetched {
        wallet_nonce: Some(nonce),
        ..Fetched::from(link)
    };
    request::verify(&compact, fetched, wallet.list(), Timestamp::now()).unwrap()
}

#[tokio::test]
async fn only_the_form_served_last_can_be_answered_and_only_once() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let wallet = Wallet::new(&station);
    let (_, link) = asked(&station).await;
    let plain = wallet.question(&station, &link.to_string()).await;
    let first = posted(&station, &wallet, &link, "first-wallet-nonce-000000").await;
    let second = posted(&station, &wallet, &link, "second-wallet-nonce-00000").await;
    assert_ne!(first.digest, second.digest);
    assert_eq!(first.nonce, second.nonce);

    for stale in [plain, first] {
        let answer = wallet.answer(stale, &[ALLERGIES], RECORDS);
        let refused = answer.send(&station).await;
        assert_eq!(refused.status, 400, "{refused:?}");
    }
    let answer = wallet.answer(second.clone(), &[ALLERGIES], RECORDS);
    answer.promised(&station, &wallet).await;
    // Answered: no form is served any more, and another answer to the same form is refused.
    assert_eq!(post(&station, &link, post_body("third")).await.status(), 410);
    let again = wallet.answer(second, &[ALLERGIES], RECORDS);
    assert_eq!(
        send(&station, &again.request, &again.jwe).await.code(),
        "request_used"
    );
}

#[tokio::test]
async fn a_fetch_that_is_no_form_or_has_an_odd_nonce_is_refused_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let wallet = Wallet::new(&station);
    let (_, link) = asked(&station).await;
    let good = posted(&station, &wallet, &link, "the-wallets-own-nonce-0000").await;
    for odd in [
        "%0a".to_owned(),
        "a%20b".to_owned(),
        String::new(),
        "a".repeat(257),
    ] {
        let refused = reply(post(&station, &link, format!("wallet_nonce={odd}")).await).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "request_wallet_nonce"),
            "{odd}"
        );
    }
    let twice = post(&station, &link, "wallet_nonce=a&wallet_nonce=b".to_owned()).await;
    assert!(twice.status().is_client_error());
    let large = post(&station, &link, format!("wallet_metadata={}", "a".repeat(20_000))).await;
    assert_eq!(large.status(), 413);
    let other_type = station
        .http
        .post(link.request_uri.clone())
        .json(&json!({"wallet_nonce": "x"}))
        .send()
        .await
        .unwrap();
    assert_eq!(other_type.status(), 415);
    wallet
        .answer(good, &[ALLERGIES], RECORDS)
        .promised(&station, &wallet)
        .await;
}

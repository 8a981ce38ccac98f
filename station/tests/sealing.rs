//! How records are sealed: a station that offered HPKE takes nothing weaker, and destroys both keys with the consent.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use carnet_exchange::media;
use serde_json::json;
use support::{
    Station, ok, reply,
    wallet::{ALLERGIES, BUNDLE, Wallet},
};

#[tokio::test]
async fn a_station_offers_the_stronger_key_takes_nothing_weaker_and_destroys_both() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let wallet = Wallet::new(&station);
    let (id, link) = station
        .ask(json!({"purpose": ["TREAT"], "items": [{"scope": ALLERGIES, "required": true}], "days": 3}))
        .await;
    let request = wallet.question(&station, &link).await;
    assert!(request.consent.as_ref().unwrap().delivery_key.is_post_quantum());
    // The code doesn't grow by it, the question stays small.
    assert!(link.len() <= 300);

    let answer = wallet.answer(request, &[ALLERGIES], BUNDLE);
    answer.promised(&station, &wallet).await;
    let as_type = |content_type: &'static str| {
        station
            .http
            .post(
                answer
                    .request
                    .consent
                    .as_ref()
                    .unwrap()
                    .request
                    .delivery
                    .uri
                    .clone(),
            )
            .header("content-type", content_type)
            .body(answer.delivery.clone())
            .send()
    };
    let weaker = reply(as_type(media::DELIVERY).await.unwrap()).await;
    assert_eq!((weaker.status, weaker.code()), (415, "delivery_downgraded"));
    let odd = reply(as_type("text/plain").await.unwrap()).await;
    assert_eq!((odd.status, odd.code()), (415, "ill_formed"));

    assert_eq!(answer.deliver(&station).await.status, 204);
    ok(&station.confirm(&id, &answer.code).await);
    ok(&station.records(&answer.id()).await);
    let keys = dir.path().join("delivery-keys");
    let kept: Vec<_> = std::fs::read_dir(&keys).unwrap().collect();
    assert_eq!(kept.len(), 1);
    // One file holds both: destroying it destroys both.
    let bytes = std::fs::read(kept[0].as_ref().unwrap().path()).unwrap();
    assert_eq!(bytes.len(), 64);
    wallet.manage(&station, vec![answer.revoke()]).await;
    assert_eq!(std::fs::read_dir(&keys).unwrap().count(), 0);
    assert_eq!(station.records(&answer.id()).await.status, 403);
}

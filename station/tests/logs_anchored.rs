//! A station that keeps its own registry says there how far its logs are, when it stops at the latest.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod anchors;
mod support;

use serde_json::{Value, json};
use support::{
    Station, ok,
    wallet::{ALLERGIES, BUNDLE, Wallet},
};

#[tokio::test]
async fn what_was_read_is_anchored_when_the_station_stops_and_nothing_is_said_of_others_logs() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let log = anchors::log_of_reads(&station);
    let before = anchors::ask(&station, &log).await;
    assert_eq!((before.status, &before.body["anchor"]), (200, &Value::Null));

    let wallet = Wallet::new(&station);
    let question =
        json!({ "purpose": ["TREAT"], "items": [{"scope": ALLERGIES, "required": true}], "days": 3 });
    let (id, link) = station.ask(question).await;
    let request = wallet.question(&station, &link).await;
    let answer = wallet.answer(request, &[ALLERGIES], BUNDLE);
    answer.promised(&station, &wallet).await;
    assert_eq!(answer.deliver(&station).await.status, 204);
    ok(&station.confirm(&id, &answer.code).await);
    for _ in 0..3 {
        ok(&station.records(&answer.id()).await);
    }

    let station = station.stop_and_restart();
    let said = anchors::of_size(&station, &log, 1).await;
    assert_eq!(said["anchor"]["by"], said["sender"]);
    assert!(anchors::continues(&station, &said["anchor"]).await);

    let strangers = "0x00000000000000000000000000000000000000aa";
    let other = anchors::ask(&station, &format!("{log}/{strangers}")).await;
    assert_eq!((other.status, &other.body["anchor"]), (200, &Value::Null));
    for wrong in ["0x12".to_owned(), log.to_uppercase(), format!("{log}/0xzz")] {
        let refused = anchors::ask(&station, &wrong).await;
        assert_eq!((refused.status, refused.code()), (400, "malformed"), "{wrong}");
    }
}

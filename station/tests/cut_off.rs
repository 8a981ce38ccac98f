//! A station whose registry is on a chain, while the chain can't be reached, or only barely.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use carnet_exchange::manage::OpResult;
use carnet_ledger::{Ledger as _, LedgerError};
use carnet_station::{
    anchors,
    app::App,
    limits::{ASKING, TOMBSTONES},
    serve::MovedClock,
    sweep,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use support::{
    Station,
    ledger::{Asks, Watched, unreachable},
    wallet::{ALLERGIES, Answer, BUNDLE, Wallet},
};

struct Scene {
    _dir: tempfile::TempDir,
    clock: MovedClock,
    station: Station,
    app: Arc<App>,
    ledger: Arc<Watched>,
}

async fn scene() -> Scene {
    let (dir, clock) = (tempfile::tempdir().unwrap(), MovedClock::default());
    let (station, app, ledger) = Station::start_watched(dir.path(), &clock).await;
    Scene {
        _dir: dir,
        clock,
        station,
        app,
        ledger,
    }
}

fn question(days: u32) -> Value {
    let items = json!([{"scope": ALLERGIES, "required": true}]);
    json!({"purpose": ["TREAT"], "items": items, "days": days})
}

/// An answer that is not sent yet, and who gives it.
async fn answer(station: &Station, days: u32) -> (Wallet, Answer) {
    let wallet = Wallet::new(station);
    let (_, link) = station.ask(question(days)).await;
    let request = wallet.question(station, &link).await;
    let answer = wallet.answer(request, &[ALLERGIES], BUNDLE);
    (wallet, answer)
}

async fn given(station: &Station, days: u32) -> Answer {
    let (wallet, answer) = answer(station, days).await;
    answer.promised(station, &wallet).await;
    answer
}

/// Keys of what was, or will be, delivered.
fn keys(data: &Path) -> usize {
    std::fs::read_dir(data.join("delivery-keys")).unwrap().count()
}

#[tokio::test]
async fn what_has_run_out_is_let_go_though_no_node_answers_and_none_is_asked_before_the_doors_open() {
    let Scene {
        clock,
        station,
        app,
        ledger,
        ..
    } = &scene().await;
    given(station, 3).await;
    let kept = given(station, 30).await;
    assert_eq!(keys(&station.data), 2);
    ledger.is_cut_off();
    clock.ahead(SignedDuration::from_hours(4 * 24));
    sweep::after_a_crash(app).unwrap();
    assert_eq!(ledger.asked_here(), []);
    assert_eq!(keys(&station.data), 1);
    assert!(app.delivery_key(kept.request.state.as_deref().unwrap()).exists());
}

#[tokio::test]
async fn one_consent_that_fails_holds_up_no_other_and_a_silent_chain_is_asked_once() {
    let Scene {
        station, app, ledger, ..
    } = &scene().await;
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(given(station, 3).await);
    }
    for answer in &all {
        let (grant, proof) = answer.taken_back();
        ledger.own.revoke(&grant, &proof).unwrap();
    }
    ledger.is_cut_off();
    sweep::ended_elsewhere(app).unwrap();
    assert_eq!((ledger.asked_here().len(), keys(&station.data)), (1, 4));
    // The staff's list is there at once and says for none of them that it holds.
    ledger.is_cut_off();
    let listed = station.get("/api/consents").await.body;
    let states = listed.as_array().unwrap().iter().map(|one| &one["state"]);
    assert!(states.eq([&json!("stale"); 4]), "{listed}");
    assert!(ledger.asked().len() < 4, "{:?}", ledger.asked());

    // Whichever comes first.
    let odd = all.iter().map(|answer| answer.grant_id.0).min().unwrap();
    ledger.fails(move |asks| (asks == Asks::Read(odd)).then_some(LedgerError::Damaged("one row")));
    let swept = sweep::ended_elsewhere(app).unwrap_err();
    assert!(format!("{swept:?}").contains("one row"), "{swept:?}");
    assert_eq!(keys(&station.data), 1);
    ledger.is_well();
    sweep::ended_elsewhere(app).unwrap();
    assert_eq!(keys(&station.data), 0);
}

#[tokio::test]
async fn an_answer_sent_again_gets_no_promise_before_the_ledger_has_said_that_it_still_holds() {
    let Scene { station, ledger, .. } = &scene().await;
    let (_, answer) = answer(station, 3).await;
    ledger.fails(|asks| matches!(asks, Asks::Read(_)).then(unreachable));
    for _ in 0..2 {
        let sent = answer.send(station).await;
        assert_eq!((sent.status, sent.code()), (503, "unreachable"), "{sent:?}");
    }
    let (grant, proof) = answer.taken_back();
    ledger.own.revoke(&grant, &proof).unwrap();
    ledger.is_well();
    for _ in 0..2 {
        let sent = answer.send(station).await;
        assert_eq!((sent.status, sent.code()), (409, "revoked"), "{sent:?}");
        assert_eq!(keys(&station.data), 0);
    }
}

#[tokio::test]
async fn strangers_revocations_are_paid_for_what_the_chain_knows_and_a_few_others_each_hour() {
    let Scene {
        station, app, ledger, ..
    } = &scene().await;
    let post = async |answer: &Answer| {
        let url = format!("{}/ledger/revocations", station.public_url);
        let sent = station.http.post(url).json(&answer.revocation_body());
        support::reply(sent.send().await.unwrap()).await
    };
    let kept = given(station, 3).await;
    let (_, elsewhere) = answer(station, 3).await;
    let (_, under_way) = answer(station, 3).await;
    let (wallet, _) = answer(station, 3).await;
    let question = under_way.request.clone();
    ledger.fails(|asks| (asks == Asks::Grant).then_some(LedgerError::NotFinal));
    assert_eq!(under_way.send(station).await.code(), "not_final");
    ledger.is_well();

    for n in 0..=TOMBSTONES {
        let made_up = wallet.answer(question.clone(), &[ALLERGIES], BUNDLE);
        let said = post(&made_up).await;
        let expected = if n < TOMBSTONES { "" } else { "too_many_requests" };
        assert_eq!(said.code(), expected, "{n}: {said:?}");
    }
    let sent = ledger.asked().into_iter().filter(|asks| *asks == Asks::Revoke);
    assert_eq!(sent.count(), usize::from(TOMBSTONES));
    // The holder's door is no way around it.
    let made_up = wallet.answer(question, &[ALLERGIES], BUNDLE);
    let results = wallet.manage(station, vec![made_up.revoke()]).await;
    let refused = matches!(&results[0], OpResult::Refused { code, .. } if code == "too_many_requests");
    assert!(refused, "{results:?}");

    // What the chain knows, whoever brought it there, and what is on its way there.
    let (grant, signature) = elsewhere.granted();
    ledger.own.grant(&grant, &signature).unwrap();
    for answer in [&kept, &elsewhere, &under_way] {
        let said = post(answer).await;
        assert!(said.body["promise"].is_string(), "{said:?}");
    }
    assert_eq!(app.db.count("sent/").unwrap(), 2);
}

#[tokio::test]
async fn a_slow_chain_leaves_room_for_what_does_not_need_it() {
    let Scene { station, ledger, .. } = &scene().await;
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Mutex::new(released);
    ledger.fails(move |_| {
        let _ = released.lock().unwrap().recv();
        None
    });
    let ask = async |path: &str| {
        let url = format!("{}{path}", station.public_url);
        support::reply(station.http.get(url).send().await.unwrap()).await
    };
    let grant = format!("/ledger/grants/0x{}", "00".repeat(32));
    let waiting: Vec<_> = (0..ASKING)
        .map(|_| {
            let (http, url) = (station.http.clone(), format!("{}{grant}", station.public_url));
            tokio::spawn(async move { http.get(url).send().await.unwrap().status().as_u16() })
        })
        .collect();
    while ledger.asked().len() < ASKING {
        tokio::task::yield_now().await;
    }
    let anchors = format!("/ledger/anchors/0x{}", "00".repeat(32));
    for path in [&grant, &anchors, "/ledger/events"] {
        let said = ask(path).await;
        assert_eq!((said.status, said.code()), (503, "busy"), "{path}");
    }
    assert_eq!(ask("/policy").await.status, 200);
    drop(release);
    for one in waiting {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert_eq!(ask(&grant).await.status, 200);
}

#[tokio::test]
async fn one_node_that_knows_no_anchors_ends_no_anchoring() {
    let Scene {
        station, app, ledger, ..
    } = &scene().await;
    let wallet = Wallet::new(station);
    let (id, link) = station.ask(question(3)).await;
    let request = wallet.question(station, &link).await;
    let answer = wallet.answer(request, &[ALLERGIES], BUNDLE);
    answer.promised(station, &wallet).await;
    assert_eq!(answer.deliver(station).await.status, 204);
    support::ok(&station.confirm(&id, &answer.code).await);
    support::ok(&station.records(&answer.id()).await);

    let (anchored, is_anchored) = tokio::sync::oneshot::channel();
    let (anchored, first) = (Mutex::new(Some(anchored)), AtomicBool::new(true));
    ledger.fails(move |asks| {
        if first.swap(false, Ordering::SeqCst) {
            return Some(LedgerError::NoAnchors);
        }
        if asks == Asks::Anchor {
            let _ = anchored.lock().unwrap().take().map(|anchored| anchored.send(()));
        }
        None
    });
    let often = Duration::from_millis(1);
    let anchoring = tokio::spawn(anchors::keep_anchoring(Arc::clone(app), often));
    let done = tokio::time::timeout(Duration::from_mins(1), is_anchored).await;
    anchoring.abort();
    done.unwrap().unwrap();
}

#[tokio::test]
async fn what_the_store_can_not_say_of_an_anchor_is_an_outage() {
    let Scene { station, ledger, .. } = &scene().await;
    ledger.fails(|_| Some(LedgerError::Store(Arc::new(std::io::Error::other("full")))));
    let url = format!("{}/ledger/anchors/0x{}", station.public_url, "00".repeat(32));
    let said = support::reply(station.http.get(url).send().await.unwrap()).await;
    assert_eq!((said.status, said.code()), (503, "store"), "{said:?}");
}

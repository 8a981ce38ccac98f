//! The log of what was read: each reading is in it, nothing is ever taken out, and it says nothing to anybody else.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use carnet_consent::GrantId;
use carnet_exchange::{
    evidence::log_keys,
    manage::{Logged, Op, OpResult, Read},
};
use carnet_log::{
    Checkpoint, Hash,
    checkpoint::Log,
    entry,
    receipt::read_lines,
    tree::{check_entry, check_growth},
};
use serde_json::{Value, json};
use support::{
    Station, ok,
    wallet::{ALLERGIES, Answer, BUNDLE, Wallet},
};

const HOUR: u64 = 60 * 60;

/// A consent that the desk can read.
async fn readable(station: &Station) -> (Wallet, Answer) {
    let wallet = Wallet::new(station);
    let question =
        json!({ "purpose": ["TREAT"], "items": [{"scope": ALLERGIES, "required": true}], "days": 3 });
    let (id, link) = station.ask(question).await;
    let request = wallet.question(station, &link).await;
    let answer = wallet.answer(request, &[ALLERGIES], BUNDLE);
    answer.promised(station, &wallet).await;
    assert_eq!(answer.deliver(station).await.status, 204);
    ok(&station.confirm(&id, &answer.code).await);
    (wallet, answer)
}

async fn reported(station: &Station, wallet: &Wallet, grant_id: GrantId) -> Vec<(Read, Logged)> {
    let results = wallet.manage(station, vec![Op::Reads { grant_id }]).await;
    let [OpResult::Reads { reads, .. }] = results.as_slice() else {
        panic!("{results:?}");
    };
    reads
        .iter()
        .map(|read| (read.clone(), read.log.clone().unwrap()))
        .collect()
}

async fn given(station: &Station, path: &str) -> (u16, Vec<u8>) {
    let url = format!("{}{path}", station.public_url);
    let response = station.http.get(url).send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.bytes().await.unwrap().to_vec())
}

async fn text(station: &Station, path: &str) -> String {
    let (status, body) = given(station, path).await;
    assert_eq!(status, 200, "{path}");
    String::from_utf8(body).unwrap()
}

async fn hashes(station: &Station, path: &str) -> Vec<Hash> {
    read_lines(&text(station, path).await).unwrap()
}

/// The newest state, signed by the key of the trust entry.
async fn state(station: &Station, wallet: &Wallet) -> Checkpoint {
    let party = &wallet.list().entries[0];
    let (origin, keys) = (entry::reads(&party.id), log_keys(party));
    assert_eq!(origin, "carnet-station/northgate-clinic/reads");
    let log = Log {
        origin: &origin,
        keys: &keys,
    };
    Checkpoint::read(&text(station, "/manage/log/checkpoint").await, log, &[]).unwrap()
}

async fn all_proven(station: &Station, wallet: &Wallet, grant_id: GrantId) -> u64 {
    let reads = reported(station, wallet, grant_id).await;
    let state = state(station, wallet).await;
    for (read, log) in &reads {
        let path = format!("/manage/log/inclusion/{}/{}", log.place, state.size());
        let way = hashes(station, &path).await;
        let written = read.entry(&grant_id, &log.salt);
        assert_eq!(check_entry(&way, state.head(), log.place, &written), Ok(()));
        // Another reader, another consent, another salt: another entry.
        let mut other = read.clone();
        other.who.push('x');
        for forged in [
            other.entry(&grant_id, &log.salt),
            read.entry(&GrantId([7; 32]), &log.salt),
            read.entry(&grant_id, &carnet_consent::Salt([7; 16])),
        ] {
            assert!(check_entry(&way, state.head(), log.place, &forged).is_err());
        }
    }
    reads.len() as u64
}

/// Entries as they travel (c2sp.org/tlog-tiles).
fn unbundled(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    while let [high, low, rest @ ..] = bytes {
        let (entry, rest) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        entries.push(entry.to_vec());
        bytes = rest;
    }
    entries
}

#[tokio::test]
async fn each_reading_is_proven_to_the_holder_and_says_nothing_to_anybody_else() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let (wallet, answer) = readable(&station).await;
    let empty = state(&station, &wallet).await;
    assert_eq!(empty.size(), 0);
    for _ in 0..3 {
        ok(&station.records(&answer.id()).await);
    }
    let (other_wallet, other) = readable(&station).await;
    ok(&station.records(&other.id()).await);
    let four = state(&station, &wallet).await;
    assert_eq!(four.size(), 4);
    assert_eq!(all_proven(&station, &wallet, answer.grant_id).await, 3);
    assert_eq!(all_proven(&station, &other_wallet, other.grant_id).await, 1);

    // Nobody but the holder is told a salt.
    let results = other_wallet
        .manage(
            &station,
            vec![Op::Reads {
                grant_id: answer.grant_id,
            }],
        )
        .await;
    assert!(matches!(&results[0], OpResult::Refused { code, .. } if code == "unknown"));

    // What everybody can fetch: a hash for each reading, no two alike although three were.
    let (status, bundle) = given(&station, "/manage/log/tile/entries/000.p/4").await;
    assert_eq!(status, 200);
    let entries = unbundled(&bundle);
    assert_eq!(entries.len(), 4);
    assert!(entries.iter().all(|entry| entry.len() == 32));
    let unlike: std::collections::BTreeSet<_> = entries.iter().collect();
    assert_eq!(unlike.len(), 4);
    for path in [
        "/manage/log/tile/entries/000.p/5",
        "/manage/log/growth/1/5",
        "/manage/log/inclusion/4/4",
        "/manage/log/tile/1/000",
    ] {
        assert_eq!(given(&station, path).await.0, 404, "{path}");
    }

    // A taken back consent's readings stay, and what comes later only adds to them.
    let results = wallet.manage(&station, vec![answer.revoke()]).await;
    assert!(matches!(&results[0], OpResult::Revoked { .. }));
    ok(&station.records(&other.id()).await);
    assert_eq!(all_proven(&station, &wallet, answer.grant_id).await, 3);
    let five = state(&station, &wallet).await;
    let way = hashes(&station, "/manage/log/growth/4/5").await;
    assert_eq!(check_growth(&way, four.head(), five.head()), Ok(()));
}

#[tokio::test]
async fn public_doors_tell_no_time_but_the_hour() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let (wallet, answer) = readable(&station).await;
    ok(&station.records(&answer.id()).await);
    wallet.manage(&station, vec![answer.revoke()]).await;

    let events: Value = serde_json::from_str(&text(&station, "/ledger/events?after=0").await).unwrap();
    let events = events["events"].as_array().unwrap();
    assert_eq!(events.len(), 2);
    for event in events {
        for time in [
            &event["time"],
            &event["grant"]["notBefore"],
            &event["grant"]["expiry"],
        ] {
            assert_eq!(time.as_u64().unwrap() % HOUR, 0, "{event}");
        }
    }
    let (_, bundle) = given(&station, "/ledger/log/tile/entries/000.p/2").await;
    for entry in unbundled(&bundle) {
        let entry = String::from_utf8(entry).unwrap();
        let time: u64 = entry.lines().last().unwrap().parse().unwrap();
        assert_eq!(time % HOUR, 0, "{entry}");
    }
}

#[tokio::test]
async fn after_a_kill_the_log_holds_every_reading_that_was_handed_out_and_the_two_agree() {
    let dir = tempfile::tempdir().unwrap();
    let mut station = Station::start(dir.path());
    let (wallet, answer) = readable(&station).await;
    let mut handed_out = 0;
    for round in 0..4_u64 {
        let before = state(&station, &wallet).await;
        let mut reading = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let url = format!("{}/api/consents/{}/records", station.staff_url, answer.id());
            let request = station.http.get(url).bearer_auth(&station.token);
            reading.spawn(async move {
                request
                    .send()
                    .await
                    .is_ok_and(|response| response.status() == 200)
            });
        }
        // Killed after as many as the round says have come back; the others are somewhere on their way.
        for _ in 0..=round {
            handed_out += u64::from(reading.join_next().await.unwrap().unwrap());
        }
        station = station.kill_and_restart();
        while let Some(read) = reading.join_next().await {
            handed_out += u64::from(read.unwrap());
        }
        let after = state(&station, &wallet).await;
        let path = format!("/manage/log/growth/{}/{}", before.size(), after.size());
        let way = hashes(&station, &path).await;
        assert_eq!(check_growth(&way, before.head(), after.head()), Ok(()));
        assert_eq!(all_proven(&station, &wallet, answer.grant_id).await, after.size());
        assert!(after.size() >= handed_out, "{} < {handed_out}", after.size());
    }
    assert!(handed_out >= 10);
}

//! What a registry says of a station's log, asked of the station's public door.

use std::time::{Duration, Instant};

use carnet_exchange::{Entry, evidence::log_keys};
use carnet_ledger::log_id;
use carnet_log::{Checkpoint, Hash, checkpoint::Log, receipt::read_lines, tree::check_growth, verifier_key};
use serde_json::Value;

use crate::support::{Reply, Station, reply};

/// What the log of what was read is called in the registry.
pub(crate) fn log_of_reads(station: &Station) -> String {
    let (origin, key) = reads_of(station);
    format!("0x{}", hex::encode(log_id(&verifier_key(&origin, &key))))
}

pub(crate) async fn ask(station: &Station, path: &str) -> Reply {
    let url = format!("{}/ledger/anchors/{path}", station.public_url);
    reply(station.http.get(url).send().await.unwrap()).await
}

/// What the station itself says, once so many entries are anchored.
pub(crate) async fn of_size(station: &Station, log: &str, size: u64) -> Value {
    let begin = Instant::now();
    loop {
        let said = ask(station, log).await;
        if said.body["anchor"]["size"].as_u64() >= Some(size) {
            return said.body;
        }
        assert!(begin.elapsed() < Duration::from_mins(1), "{said:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether the log that the station shows now begins with what is anchored.
pub(crate) async fn continues(station: &Station, anchor: &Value) -> bool {
    let (origin, key) = reads_of(station);
    let log = Log {
        origin: &origin,
        keys: &[key],
    };
    let now = Checkpoint::read(&text(station, "checkpoint").await, log, &[]).unwrap();
    let size = anchor["size"].as_u64().unwrap();
    let mut root = [0; 32];
    hex::decode_to_slice(&anchor["root"].as_str().unwrap()[2..], &mut root).unwrap();
    let growth = text(station, &format!("growth/{size}/{}", now.size())).await;
    check_growth(&read_lines(&growth).unwrap(), (size, Hash(root)), now.head()).is_ok()
}

async fn text(station: &Station, path: &str) -> String {
    let url = format!("{}/manage/log/{path}", station.public_url);
    station.http.get(url).send().await.unwrap().text().await.unwrap()
}

fn reads_of(station: &Station) -> (String, ed25519_dalek::VerifyingKey) {
    let entry: Entry =
        serde_json::from_slice(&std::fs::read(station.data.join("entry.json")).unwrap()).unwrap();
    let origin = carnet_log::entry::reads(&entry.id);
    (origin, log_keys(&entry)[0])
}

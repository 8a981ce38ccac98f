//! A station whose registry is on a chain, here one node that runs beside the test.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod anchors;
mod support;

use std::{
    io::{BufRead as _, BufReader},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use carnet_exchange::manage::OpResult;
use serde_json::{Value, json};
use support::{
    PROGRAM, Station, ok, reply,
    wallet::{ALLERGIES, Answer, BUNDLE, Wallet},
};

/// The first key that anvil endows; it is in its manual.
const ENDOWED: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// A node with a block each second: a chain that stands still is not believed for long. It ends with this.
struct Node(Child, String);

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn node() -> Node {
    let program = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../ledger/contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
    assert!(
        program.exists(),
        "anvil is not installed; run `npm ci` in ledger/contracts"
    );
    let mut child = Command::new(program)
        .args(["--hardfork", "london", "--block-time", "1", "--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It tells where it listens when it does.
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let place = lines.find_map(|line| Some(line.strip_prefix("Listening on ")?.to_owned()));
    thread::spawn(move || lines.for_each(drop));
    Node(child, format!("http://{}", place.unwrap()))
}

fn key_file(path: &Path, mode: u32) -> String {
    let mut file = std::fs::OpenOptions::new();
    let file = file.write(true).create_new(true).mode(mode).open(path);
    std::io::Write::write_all(&mut file.unwrap(), ENDOWED.as_bytes()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_consent_is_given_and_taken_back_on_a_chain_and_a_dead_node_denies() {
    let (dir, keys, node) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), node());
    let key = key_file(&keys.path().join("key"), 0o600);
    let place = [
        "--registry-rpc",
        &node.1,
        "--registry-chain-id",
        "31337",
        "--relayer-key-file",
        &key,
    ];
    let made = Command::new(PROGRAM)
        .arg("deploy-registry")
        .args(place)
        .output()
        .unwrap();
    let made: Value = serde_json::from_slice(&made.stdout).unwrap_or_else(|_| panic!("{made:?}"));
    let registry = made["registry_address"].as_str().unwrap();
    let first_block = made["registry_first_block"].to_string();
    let further = [
        "--registry-depth",
        "0",
        "--registry-address",
        registry,
        "--registry-first-block",
        &first_block,
    ];
    let often = ["--anchor-every", "1"];
    let station = Station::start_with(dir.path(), &[&place[..], &further[..], &often[..]].concat());

    let health = station.get("/api/health").await.body["ledger"].clone();
    assert_eq!(
        health,
        json!({"status": "ok", "chain_id": "31337", "registry": registry, "kept_by": "network"})
    );
    let entry = std::fs::read(dir.path().join("entry.json")).unwrap();
    let entry: Value = serde_json::from_slice(&entry).unwrap();
    let of_entry = &entry["registries"][0];
    assert_eq!(
        (&of_entry["kind"], &of_entry["finality_seconds"]),
        (&json!("network"), &json!(900))
    );
    let log = station
        .http
        .get(format!("{}/ledger/log/checkpoint", station.public_url));
    let log = reply(log.send().await.unwrap()).await;
    assert_eq!((log.status, log.code()), (404, "registry_on_chain"));

    let wallet = Wallet::new(&station);
    let (kept, given) = (read(&station, &wallet).await, read(&station, &wallet).await);
    let results = wallet.manage(&station, vec![given.revoke()]).await;
    assert!(
        matches!(&results[0], OpResult::Revoked { promise: Some(_), .. }),
        "{results:?}"
    );
    assert_eq!(given.ledger_status(&station).await, "revoked");
    let denied = station.records(&given.id()).await;
    assert_eq!((denied.status, denied.code()), (403, "revoked"));
    ok(&station.records(&kept.id()).await);

    // Both readings were logged, and the chain says so through any station that uses it.
    let other = tempfile::tempdir().unwrap();
    let other = Station::start_with(other.path(), &[&place[..], &further[..]].concat());
    let log = anchors::log_of_reads(&station);
    let said = anchors::of_size(&station, &log, 2).await;
    let sender = said["sender"].as_str().unwrap();
    let seen = anchors::ask(&other, &format!("{log}/{sender}")).await;
    assert_eq!(seen.body["anchor"], said["anchor"], "{seen:?}");
    assert!(anchors::continues(&station, &said["anchor"]).await);
    drop(other);

    drop(node);
    let denied = station.records(&kept.id()).await;
    assert_eq!(denied.code(), "stale", "{denied:?}");
    let health = station.get("/api/health").await.body["ledger"]["status"].clone();
    assert_eq!(health, "unreachable");
}

/// From the question to the records on the desk.
async fn read(station: &Station, wallet: &Wallet) -> Answer {
    let items = json!([{"scope": ALLERGIES, "required": true}]);
    let question = json!({"purpose": ["TREAT"], "items": items, "days": 3});
    let (id, link) = station.ask(question).await;
    let request = wallet.question(station, &link).await;
    let answer = wallet.answer(request, &[ALLERGIES], BUNDLE);
    assert_eq!(answer.ledger_status(station).await, "none");
    answer.promised(station, wallet).await;
    assert_eq!(answer.ledger_status(station).await, "active");
    assert_eq!(answer.deliver(station).await.status, 204);
    ok(&station.confirm(&id, &answer.code).await);
    ok(&station.records(&answer.id()).await);
    answer
}

#[test]
fn a_relayers_key_that_others_can_read_is_not_used() {
    let keys = tempfile::tempdir().unwrap();
    let key = key_file(&keys.path().join("key"), 0o644);
    let run = Command::new(PROGRAM)
        .args([
            "deploy-registry",
            "--registry-rpc",
            "http://127.0.0.1:1",
            "--registry-chain-id",
            "1",
        ])
        .args(["--relayer-key-file", &key])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(!run.status.success() && said.contains("relayer_key"), "{said}");
    assert!(!said.contains(&ENDOWED[2..]), "{said}");
}

#[test]
fn a_registry_on_a_chain_is_not_read_from_the_chains_beginning_because_nobody_said_where_it_begins() {
    let data = tempfile::tempdir().unwrap();
    let run = Command::new(PROGRAM)
        .args(["serve", "--data", data.path().to_str().unwrap()])
        .args(["--registry-rpc", "http://127.0.0.1:1", "--registry-chain-id", "1"])
        .args(["--registry-address", "0x00000000000000000000000000000000000000aa"])
        .args(["--relayer-key-file", "key"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(
        !run.status.success() && said.contains("--registry-first-block"),
        "{said}"
    );
}

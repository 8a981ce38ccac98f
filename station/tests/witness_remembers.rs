//! What a witness remembers: of a log that forked, and of the list that it follows.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use carnet_credentials::jwk::PublicKey;
use carnet_exchange::{
    Entry, RootKey, TrustList,
    trust::{self, Registry, RegistryKind},
};
use carnet_log::{Checkpoint, Hash, Place, Tiles, Tree, TreeError, tree::leaf, witness::request};
use carnet_station::{
    db::Db,
    errors::Told as _,
    witness::{self, Options, cosign::Cosigner},
};
use carnet_store::EngineKind;
use ed25519_dalek::SigningKey;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const ORIGIN: &str = "carnet-registry/1/0x00/operations";
const OTHER: &str = "carnet-registry/2/0x00/operations";

#[derive(Default)]
struct Kept(BTreeMap<(u8, u64), Vec<u8>>);

impl Tiles for Kept {
    fn read(&self, place: Place) -> Result<Option<Vec<u8>>, TreeError> {
        Ok(self.0.get(&(place.level, place.index)).cloned())
    }
}

fn keeper() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

/// What a keeper sends of a log of these entries to a witness that knows the first `old`.
fn grown(origin: &str, old: u64, entries: &[&str]) -> String {
    let leaves: Vec<Hash> = entries.iter().map(|entry| leaf(entry.as_bytes())).collect();
    let (mut tree, mut kept) = (Tree::of(0).unwrap(), Kept::default());
    for (place, tile) in tree.append(&leaves, &kept).unwrap() {
        kept.0.insert((place.level, place.index), tile);
    }
    let growth = tree.prove_growth(old, &kept).unwrap();
    let root = tree.root(&kept).unwrap();
    let head = Checkpoint::sign(origin, tree.size(), root, &keeper()).unwrap();
    request(old, &growth, &head)
}

fn open(db: &Db) -> Cosigner {
    let keys = vec![keeper().verifying_key()];
    let logs = BTreeMap::from([(ORIGIN.to_owned(), keys.clone()), (OTHER.to_owned(), keys)]);
    let key = SigningKey::from_bytes(&[2; 32]);
    Cosigner::open("w".to_owned(), key, logs, db.clone(), Arc::new(Timestamp::now)).unwrap()
}

fn code(witness: &Cosigner, request: &str) -> (u16, &'static str) {
    match witness.cosign(request.as_bytes()) {
        Ok(_) => (200, ""),
        Err(error) => (error.status().as_u16(), error.code()),
    }
}

fn store(dir: &Path) -> Db {
    Db::new(Arc::new(carnet_store::open(dir, EngineKind::default()).unwrap()))
}

#[test]
fn the_proof_of_two_histories_stays_and_nothing_more_is_signed_of_that_log() {
    let dir = tempfile::tempdir().unwrap();
    let db = store(dir.path());
    let witness = open(&db);
    let note = |request: &str| request.split_once("\n\n").unwrap().1.to_owned();
    let (first, second) = (grown(ORIGIN, 0, &["a"]), grown(ORIGIN, 1, &["b"]));
    assert_eq!(code(&witness, &first), (200, ""));
    assert_eq!(code(&witness, &second), (409, "witness_two_histories"));
    let both = json!({ "signed": note(&first), "seen": note(&second) });
    let kept = || db.get::<Value>(&format!("contradiction/{ORIGIN}")).unwrap();
    assert_eq!(kept(), Some(both.clone()));

    let forked = (422, "witness_two_histories");
    assert_eq!(code(&witness, &grown(ORIGIN, 1, &["a", "b"])), forked);
    assert_eq!(
        code(&witness, &grown(ORIGIN, 1, &["c"])),
        (409, "witness_two_histories")
    );
    drop(witness);
    let witness = open(&db);
    assert_eq!(code(&witness, &grown(ORIGIN, 1, &["a", "b"])), forked);
    assert_eq!(kept(), Some(both));
    // Of another log, and of one that is not signed by its keeper, what is true of it.
    assert_eq!(code(&witness, &grown(OTHER, 0, &["a"])), (200, ""));
    let line = format!("— {ORIGIN} {}\n", "AAAA".repeat(23));
    let forged = format!("{}\n\n{line}", first.rsplit_once("\n\n").unwrap().0);
    assert_eq!(code(&witness, &forged).1, "checkpoint_signature");
}

#[test]
fn what_an_older_version_kept_of_two_histories_still_counts() {
    let dir = tempfile::tempdir().unwrap();
    let db = store(dir.path());
    let first = grown(ORIGIN, 0, &["a"]);
    assert_eq!(code(&open(&db), &first), (200, ""));
    let row = format!("head/{ORIGIN}");
    let mut head: Value = db.get(&row).unwrap().unwrap();
    head["contradicted_by"] = json!("another state");
    db.put(&row, &head).unwrap();
    let witness = open(&db);
    assert_eq!(
        code(&witness, &grown(ORIGIN, 1, &["a", "b"])),
        (422, "witness_two_histories")
    );
    let kept: Value = db.get(&format!("contradiction/{ORIGIN}")).unwrap().unwrap();
    assert_eq!(kept["seen"], "another state");
}

fn root(seed: u8) -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap()
}

/// A file with this version of a list by this authority, issued so many days ago for thirty.
fn list(dir: &Path, version: u64, by: u8, days: i64) -> PathBuf {
    let issued = Timestamp::now() - SignedDuration::from_hours(24 * days);
    let list = TrustList {
        version,
        issued,
        expires: issued + SignedDuration::from_hours(24 * 30),
        authority: "Authority".to_owned(),
        development: true,
        entries: vec![Entry {
            id: "northgate".to_owned(),
            name: "Northgate Clinic".to_owned(),
            client_ids: vec![],
            origins: vec![],
            purposes: vec![],
            roles: vec![],
            registries: vec![Registry {
                chain_id: "1".to_owned(),
                address: format!("0x{}", "00".repeat(20)),
                endpoints: vec!["https://clinic.example/ledger".parse().unwrap()],
                finality_seconds: 0,
                kind: RegistryKind::Embedded,
            }],
            log_keys: vec![PublicKey::Ed25519(keeper().verifying_key())],
            issuer_keys: vec![],
            request_keys: vec![],
            offline_keys: vec![],
            local: None,
        }],
    };
    let file = dir.join(format!("{version}-{by}-{days}.jws"));
    std::fs::write(&file, trust::sign(&list, &root(by)).unwrap()).unwrap();
    file
}

#[test]
fn a_list_that_ran_out_or_is_older_or_anothers_is_not_followed_after_a_restart_either() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dir = tempfile::tempdir().unwrap();
    let start = |file: PathBuf, root: Option<&str>| {
        let options = Options {
            data: dir.path().join("witness"),
            listen: ([127, 0, 0, 1], 0).into(),
            public_url: None,
            name: "W".to_owned(),
            trust_list: Some(file),
            root: root.map(str::to_owned),
            logs: Vec::new(),
        };
        witness::open(&options, Arc::new(Timestamp::now)).map_or_else(|error| error.code(), |_| "")
    };
    let list = |version, by, days| list(dir.path(), version, by, days);
    assert_eq!(start(list(2, 7, 31), None), "trust_expired");
    assert_eq!(start(list(2, 7, -1), None), "trust_not_yet_valid");
    assert_eq!(start(list(2, 7, 0), None), "");
    assert_eq!(start(list(2, 7, 0), None), "");
    assert_eq!(start(list(1, 7, 0), None), "trust_not_newer");
    assert_eq!(start(list(3, 8, 0), None), "trust_wrong_root");
    // Another authority, where whoever runs the witness says so; then that one it is.
    let other = RootKey::from(&PublicKey::from(&root(8))).fingerprint();
    assert_eq!(start(list(3, 7, 0), Some(&other)), "trust_wrong_root");
    assert_eq!(start(list(1, 8, 0), Some(&other)), "");
    assert_eq!(start(list(1, 8, 0), None), "");
    assert_eq!(start(list(3, 7, 0), None), "trust_wrong_root");
    assert_eq!(start(list(2, 8, 0), Some(&other)), "");
    assert_eq!(start(list(1, 8, 0), Some(&other)), "trust_not_newer");
}

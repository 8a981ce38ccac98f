//! Every operation is in the log that grows with it, at its place, and the log never loses one.

use std::sync::Arc;

use carnet_ledger::{
    Event, EventKind, Grant, Ledger, Proof, address_of, embedded::Embedded, revoke_hash, sign_grant,
};
use carnet_log::{
    Hash, Tree, entry,
    tree::{check_entry, check_growth},
};
use carnet_store::Store;
use k256::ecdsa::SigningKey;

use crate::support::{Disk, MemoryStore};

const CHAIN: u64 = 5_000_000_000_000_001;
const NOW: u64 = 1_900_000_800;

fn open(store: &Arc<MemoryStore>) -> Embedded {
    Embedded::open(Arc::clone(store) as Arc<dyn Store>, CHAIN, Arc::new(|| NOW)).unwrap()
}

fn grant(n: u16) -> (SigningKey, Grant) {
    let mut secret = [9; 32];
    secret[..2].copy_from_slice(&n.to_be_bytes());
    let key = SigningKey::from_slice(&secret).unwrap();
    let grant = Grant {
        subject: address_of(&key),
        commitment: secret,
        not_before: NOW,
        expiry: NOW + 86_400,
        revoke_hash: revoke_hash(&secret),
    };
    (key, grant)
}

/// Records so many grants, every third taken back, and tries what is refused or said before.
fn work(ledger: &Embedded, numbers: std::ops::Range<u16>) {
    for n in numbers {
        let (key, grant) = grant(n);
        let signature = sign_grant(&ledger.domain(), &grant, &key);
        ledger.grant(&grant, &signature).unwrap();
        ledger.grant(&grant, &signature).unwrap();
        ledger.revoke(&grant, &Proof::Secret([0; 32])).unwrap_err();
        if n % 3 == 0 {
            ledger.revoke(&grant, &Proof::Secret(grant.commitment)).unwrap();
        }
    }
}

/// As a stranger would write it who was told what happened.
fn entry_of(event: &Event) -> Vec<u8> {
    let operation = match event.kind {
        EventKind::Granted => entry::Operation::Grant,
        EventKind::Revoked => entry::Operation::Revoke,
    };
    let id = hex::encode(event.grant_id);
    entry::operation(operation, &id, event.recorded.sequence, event.recorded.time)
}

fn head(ledger: &Embedded) -> (Tree, (u64, Hash)) {
    let tree = ledger.log().unwrap();
    (tree, (tree.size(), tree.root(ledger).unwrap()))
}

fn every_operation_is_in_it(ledger: &Embedded) {
    let (tree, head) = head(ledger);
    let events = ledger.events(0, 10_000).unwrap();
    assert_eq!(events.last, head.0);
    for event in &events.events {
        let place = event.recorded.sequence - 1;
        let proof = tree.prove_entry(place, ledger).unwrap();
        assert_eq!(check_entry(&proof, head, place, &entry_of(event)), Ok(()));
    }
}

#[test]
fn every_operation_has_its_place_and_what_is_refused_or_repeated_has_none() {
    let store = Arc::new(MemoryStore::new());
    let ledger = open(&store);
    assert_eq!(head(&ledger).0.size(), 0);
    work(&ledger, 0..30);
    let (_, early) = head(&ledger);
    assert_eq!(early.0, 40);
    every_operation_is_in_it(&ledger);
    drop(ledger);

    let ledger = open(&store);
    work(&ledger, 30..240);
    every_operation_is_in_it(&ledger);
    let (tree, late) = head(&ledger);
    let growth = tree.prove_growth(early.0, &ledger).unwrap();
    assert_eq!(check_growth(&growth, early, late), Ok(()));
}

#[test]
fn a_failed_commit_leaves_the_log_as_long_as_what_is_durable() {
    for disk in [Disk::Refuses, Disk::WritesAndFails] {
        let store = Arc::new(MemoryStore::new());
        let ledger = open(&store);
        work(&ledger, 0..5);
        let (_, before) = head(&ledger);
        let (key, next) = grant(100);
        let signature = sign_grant(&ledger.domain(), &next, &key);
        store.becomes(disk);
        assert_eq!(ledger.grant(&next, &signature).unwrap_err().code(), "store");
        assert_eq!(head(&ledger).1, before, "{disk:?}");
        store.becomes(Disk::Well);
        ledger.grant(&next, &signature).unwrap();
        every_operation_is_in_it(&ledger);
        let (tree, after) = head(&ledger);
        assert_eq!(after.0, before.0 + 1);
        let growth = tree.prove_growth(before.0, &ledger).unwrap();
        assert_eq!(check_growth(&growth, before, after), Ok(()), "{disk:?}");
    }
}

#[test]
fn a_registry_from_before_there_was_a_log_gets_the_one_it_would_have_had() {
    let store = Arc::new(MemoryStore::new());
    let ledger = open(&store);
    work(&ledger, 0..210);
    let (_, expected) = head(&ledger);
    assert!(expected.0 > 256);
    drop(ledger);
    store
        .pairs
        .lock()
        .unwrap()
        .retain(|key, _| !key.starts_with(b"ledger/t"));
    assert_eq!(head(&open(&store)).1, expected);
}

//! The embedded engine keeps the rules of every engine, and its own: durable before it answers, over any restart.
#![expect(clippy::unwrap_used, reason = "tests")]

mod conformance;
mod log;
mod older;
mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use carnet_ledger::{
    Grant, Ledger as _, Proof, Status,
    embedded::{Embedded, chain_id_from},
    grant_id,
};
use carnet_store::Store;
use conformance::{Bench, DAY, HOUR, NOW, Subject, conformance, status};
use serde_json::Value;
use sha3::{Digest as _, Keccak256};
use support::{Disk, MemoryStore};

const CHAIN: u64 = 5_000_000_000_000_001;

/// A ledger over a store that outlives it, and its clock.
struct World {
    store: Arc<MemoryStore>,
    clock: Arc<AtomicU64>,
}

impl World {
    fn new() -> Self {
        Self {
            store: Arc::new(MemoryStore::new()),
            clock: Arc::new(AtomicU64::new(NOW)),
        }
    }

    fn open(&self) -> Embedded {
        self.try_open().unwrap()
    }

    fn try_open(&self) -> Result<Embedded, carnet_ledger::LedgerError> {
        let clock = Arc::clone(&self.clock);
        Embedded::open(
            Arc::clone(&self.store) as Arc<dyn Store>,
            CHAIN,
            Arc::new(move || clock.load(Ordering::SeqCst)),
        )
    }

    fn set_clock(&self, time: u64) {
        self.clock.store(time, Ordering::SeqCst);
    }
}

fn fresh() -> Bench {
    let world = World::new();
    let ledger = Arc::new(world.open());
    Bench {
        ledger,
        set_clock: Box::new(move |time| world.set_clock(time)),
    }
}

conformance!(fresh);

#[test]
fn a_registry_from_before_there_were_anchors_opens_and_does_all_else() {
    let world = World::new();
    let registry = world.open().domain().registry;
    let code = older::code();
    let hash: [u8; 32] = Keccak256::digest(&code).into();
    {
        let mut pairs = world.store.pairs.lock().unwrap();
        pairs.retain(|key, _| !key.starts_with(b"ledger/c"));
        pairs.insert([b"ledger/c", &hash[..]].concat(), code);
        let account = pairs.get_mut(&[b"ledger/a", &registry.0[..]].concat()).unwrap();
        account[40..].copy_from_slice(&hash);
    }
    older::goes_on(&world.open());
}

#[test]
fn a_registry_from_before_slots_had_the_operations_number_finds_it_where_it_stood() {
    let world = World::new();
    let ledger = world.open();
    let maria = Subject::number(1);
    let (kept, taken_back) = (maria.grant(NOW, NOW + DAY), maria.grant(NOW, NOW + 2 * DAY));
    let given = maria.give(&ledger, &kept).unwrap();
    maria.give(&ledger, &taken_back).unwrap();
    let id = grant_id(&ledger.domain(), &kept);
    {
        let mut pairs = world.store.pairs.lock().unwrap();
        let slots = pairs.iter_mut().filter(|(key, _)| key.starts_with(b"ledger/s"));
        slots.for_each(|(_, value)| value.truncate(32));
        let numbers = [(id, 1_u64), (grant_id(&ledger.domain(), &taken_back), 2)];
        for (id, number) in numbers {
            pairs.insert(
                [&b"ledger/o"[..], &id, b"g"].concat(),
                number.to_be_bytes().to_vec(),
            );
        }
    }
    drop(ledger);
    let ledger = world.open();
    assert_eq!(maria.give(&ledger, &kept).unwrap(), given);
    let revoked = ledger.revoke(&taken_back, &maria.secret_proof()).unwrap();
    assert_eq!(
        ledger.revoke(&taken_back, &maria.secret_proof()).unwrap(),
        revoked
    );
    assert_eq!(revoked.sequence, 3);

    // A number that is another operation's is no answer.
    let slots = |numbered: fn(&mut Vec<u8>)| {
        let mut pairs = world.store.pairs.lock().unwrap();
        let slots = pairs.iter_mut().filter(|(key, _)| key.starts_with(b"ledger/s"));
        slots.for_each(|(_, value)| numbered(value));
    };
    slots(|value| value.splice(32.., 1_u64.to_be_bytes()).for_each(drop));
    assert_eq!(
        ledger
            .revoke(&taken_back, &maria.secret_proof())
            .unwrap_err()
            .code(),
        "damaged"
    );
    slots(|value| value.truncate(36));
    assert_eq!(maria.give(&ledger, &kept).unwrap_err().code(), "damaged");
}

#[test]
fn what_is_anchored_is_durable_before_it_is_confirmed_and_outlives_a_restart() {
    let world = World::new();
    let ledger = world.open();
    ledger.anchor(&[1; 32], 1, &[1; 32]).unwrap();
    world.store.becomes(Disk::Refuses);
    assert_eq!(ledger.anchor(&[1; 32], 2, &[2; 32]).unwrap_err().code(), "store");
    world.store.becomes(Disk::WritesAndFails);
    assert_eq!(ledger.anchor(&[1; 32], 3, &[3; 32]).unwrap_err().code(), "store");
    let before = world.store.commits();
    world.store.becomes(Disk::Well);
    ledger.anchor(&[1; 32], 3, &[3; 32]).unwrap();
    assert_eq!(
        world.store.commits(),
        before + 1,
        "what may not be durable is written once more"
    );
    ledger.anchor(&[1; 32], 3, &[3; 32]).unwrap();
    assert_eq!(world.store.commits(), before + 1);
    drop(ledger);
    let ledger = world.open();
    let said = ledger.anchor_of(&[1; 32], ledger.sender()).unwrap().unwrap();
    assert_eq!((said.size, said.root), (3, [3; 32]));
}

#[test]
fn the_contract_agrees_with_the_vectors() {
    let file: Value = serde_json::from_str(include_str!("../vectors/signatures.json")).unwrap();
    let bytes = |value: &Value| hex::decode(&value.as_str().unwrap()[2..]).unwrap();
    for vector in file["vectors"].as_array().unwrap() {
        let chain: u64 = vector["chainId"].as_str().unwrap().parse().unwrap();
        let ledger = Embedded::open(Arc::new(MemoryStore::new()), chain, Arc::new(|| NOW)).unwrap();
        assert_eq!(
            ledger.domain().registry.to_string(),
            vector["registry"].as_str().unwrap()
        );
        assert_eq!(ledger.domain().chain_id, chain);

        let grant: Grant = serde_json::from_value(vector["grant"].clone()).unwrap();
        ledger
            .grant(&grant, &bytes(&vector["signature"]).try_into().unwrap())
            .unwrap();
        assert_eq!(
            ledger
                .status(&bytes(&vector["grantId"]).try_into().unwrap())
                .unwrap(),
            Status::Active
        );
        let secret = Proof::Secret(bytes(&vector["secret"]).try_into().unwrap());
        let signature = Proof::Signature(bytes(&vector["revocationSignature"]).try_into().unwrap());
        assert_eq!(
            ledger.revoke(&grant, &signature).unwrap(),
            ledger.revoke(&grant, &secret).unwrap()
        );
    }
}

#[test]
fn on_disk_everything_is_there_after_a_restart_and_counting_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let open = |chain| {
        let store = Arc::new(carnet_store::open(folder.path(), carnet_store::EngineKind::default()).unwrap());
        Embedded::open(store, chain, Arc::new(|| NOW)).unwrap()
    };
    let (maria, peter) = (Subject::number(1), Subject::number(2));
    let (granted, revoked) = (maria.grant(NOW, NOW + DAY), peter.grant(NOW, NOW + DAY));

    let ledger = open(CHAIN);
    let domain = ledger.domain();
    let first = maria.give(&ledger, &granted).unwrap();
    let tombstone = ledger.revoke(&revoked, &peter.secret_proof()).unwrap();
    drop(ledger);

    let ledger = open(CHAIN + 1);
    assert_eq!(ledger.domain(), domain, "a registry keeps its chain id");
    assert_eq!(maria.give(&ledger, &granted).unwrap(), first);
    assert_eq!(ledger.revoke(&revoked, &peter.secret_proof()).unwrap(), tombstone);
    assert_eq!(
        (status(&ledger, &granted), status(&ledger, &revoked)),
        (Status::Active, Status::Revoked)
    );
    let listed = ledger.events(0, 10).unwrap();
    assert_eq!((listed.events.len(), listed.last), (2, 2));
    assert_eq!(
        ledger.revoke(&granted, &maria.secret_proof()).unwrap().sequence,
        3
    );
}

#[test]
fn an_operation_is_one_commit_and_a_look_or_a_repetition_none() {
    let world = World::new();
    let ledger = world.open();
    let maria = Subject::number(1);
    let grant = maria.grant(NOW, NOW + DAY);
    let at = |step: &str, expected| assert_eq!(world.store.commits(), expected, "{step}");
    at("made", 1);
    maria.give(&ledger, &grant).unwrap();
    at("granted", 2);
    maria.give(&ledger, &grant).unwrap();
    status(&ledger, &grant);
    ledger.events(0, 10).unwrap();
    Subject::number(2).give(&ledger, &grant).unwrap_err();
    at("repeated, looked at, refused", 2);
    ledger.revoke(&grant, &maria.secret_proof()).unwrap();
    at("revoked", 3);
    drop(ledger);
    world.open();
    at("opened again", 3);
}

#[test]
fn what_was_not_made_durable_is_not_confirmed() {
    for disk in [Disk::Refuses, Disk::WritesAndFails] {
        let world = World::new();
        let ledger = world.open();
        let maria = Subject::number(1);
        let grant = maria.grant(NOW, NOW + DAY);
        world.store.becomes(disk);
        assert_eq!(maria.give(&ledger, &grant).unwrap_err().code(), "store");
        assert_eq!(
            maria.give(&ledger, &grant).unwrap_err().code(),
            "store",
            "also if it can be read already"
        );
        let listed = ledger.events(0, 10).unwrap();
        assert_eq!((listed.events.len(), listed.last), (0, 0), "nor is it listed");
        world.store.becomes(Disk::Well);
        let recorded = maria.give(&ledger, &grant).unwrap();
        assert_eq!(recorded.sequence, 1, "recorded once");
        assert_eq!(
            world.open().status(&grant_id(&ledger.domain(), &grant)).unwrap(),
            Status::Active
        );
        assert_eq!(ledger.events(0, 10).unwrap().events.len(), 1);
    }
}

#[test]
fn a_registry_that_could_not_be_written_does_not_exist() {
    let world = World::new();
    world.store.becomes(Disk::Refuses);
    assert_eq!(world.try_open().unwrap_err().code(), "store");
    world.store.becomes(Disk::Well);
    world.open();
}

#[test]
fn what_ran_on_top_of_a_commit_stands_and_falls_with_it() {
    for disk in [Disk::Well, Disk::Refuses, Disk::WritesAndFails] {
        let world = World::new();
        let ledger = world.open();
        let maria = Subject::number(1);
        let (first, other) = (maria.grant(NOW, NOW + DAY), maria.grant(NOW, NOW + 2 * DAY));
        let is_well = disk == Disk::Well;
        let until = |count: &dyn Fn() -> usize, more_than: usize| {
            while count() <= more_than {
                thread::yield_now();
            }
        };
        thread::scope(|scope| {
            let gate = world.store.hold_up(disk);
            let commits = world.store.commits();
            let began = scope.spawn(|| maria.give(&ledger, &first));
            until(&|| world.store.commits(), commits);
            // The other one is not among what is being committed, so it is looked for in the store while it runs on top.
            let readings = world.store.readings();
            let on_top = scope.spawn(|| maria.give(&ledger, &other));
            until(&|| world.store.readings(), readings);
            let again = scope.spawn(|| maria.give(&ledger, &first));
            assert_eq!(ledger.events(0, 10).unwrap().last, 0, "nothing is durable yet");
            drop(gate);
            assert_eq!(began.join().unwrap().is_ok(), is_well);
            on_top.join().unwrap().unwrap();
            again.join().unwrap().unwrap();
        });
        drop(ledger);
        let ledger = world.open();
        for grant in [&first, &other] {
            assert_eq!(status(&ledger, grant), Status::Active, "{disk:?}");
        }
        let events = ledger.events(0, 10).unwrap();
        let numbers: Vec<u64> = events
            .events
            .iter()
            .map(|event| event.recorded.sequence)
            .collect();
        assert_eq!((numbers, events.last), (vec![1, 2], 2), "{disk:?}");
        for event in &events.events {
            let given = maria.give(&ledger, &event.grant).unwrap();
            assert_eq!(given, event.recorded, "{disk:?}");
        }
    }
}

#[test]
fn time_does_not_go_back_with_the_clock() {
    let world = World::new();
    let ledger = world.open();
    let maria = Subject::number(1);
    let grant = maria.grant(NOW, NOW + HOUR);
    maria.give(&ledger, &grant).unwrap();
    world.set_clock(NOW + 2 * HOUR);
    assert_eq!(status(&ledger, &grant), Status::Expired);
    world.set_clock(NOW);
    assert_eq!(status(&ledger, &grant), Status::Expired, "while it runs");
    ledger.keep_time().unwrap();
    drop(ledger);
    let ledger = world.open();
    assert_eq!(status(&ledger, &grant), Status::Expired, "over a restart");
    let late = maria.grant(NOW, NOW + 3 * HOUR);
    assert_eq!(maria.give(&ledger, &late).unwrap().time, NOW + 2 * HOUR);
}

#[test]
fn data_that_were_cut_short_are_reported_and_never_read_as_something_else() {
    let alter = |world: &World, kind: &[u8], length: usize| {
        let mut pairs = world.store.pairs.lock().unwrap();
        pairs
            .iter_mut()
            .filter(|(key, _)| key.starts_with(kind))
            .for_each(|(_, value)| value.truncate(length));
    };
    let with_grant = || {
        let world = World::new();
        let maria = Subject::number(1);
        let grant = maria.grant(NOW, NOW + DAY);
        maria.give(&world.open(), &grant).unwrap();
        (world, grant)
    };

    for (kind, length) in [(&b"ledger/c"[..], 100), (b"ledger/h", 10), (b"ledger/a", 71)] {
        let (world, _) = with_grant();
        alter(&world, kind, length);
        assert_eq!(world.try_open().unwrap_err().code(), "damaged", "{kind:?}");
    }

    let (world, grant) = with_grant();
    let ledger = world.open();
    alter(&world, b"ledger/s", 31);
    assert_eq!(
        ledger
            .status(&grant_id(&ledger.domain(), &grant))
            .unwrap_err()
            .code(),
        "damaged"
    );

    let (world, grant) = with_grant();
    let ledger = world.open();
    alter(&world, b"ledger/e", 9);
    assert_eq!(ledger.events(0, 10).unwrap_err().code(), "damaged");
    assert_eq!(
        Subject::number(1).give(&ledger, &grant).unwrap_err().code(),
        "damaged"
    );
}

#[test]
fn a_random_chain_id_is_exact_in_json_and_no_public_chains() {
    for random in [[0; 8], [255; 8]] {
        let id = chain_id_from(random);
        assert!((1 << 52..1 << 53).contains(&id));
    }
    assert_ne!(chain_id_from([1; 8]), chain_id_from([2; 8]));
}

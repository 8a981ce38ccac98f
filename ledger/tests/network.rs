//! The network engine keeps the rules of every engine against a real node, and its own: what can still be taken back is not
//! believed, nothing is paid twice, and a node that fails or lies is left aside.
#![expect(clippy::unwrap_used, reason = "tests")]

mod anvil;
mod conformance;
#[expect(dead_code, reason = "its failing disk is for the other engine")]
mod support;

use std::{
    net::TcpListener,
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, SystemTime},
};

use anvil::{Anvil, PATIENCE, World, deploy_at, endowed, relayer, until};
use carnet_ledger::{
    Address, Grant, Ledger, Recorded, Status, address_of, grant_id,
    network::{Config, Fees, Finality, Network, Patience},
};
use conformance::{Bench, DAY, HOUR, NOW, Subject, conformance, status};
use serde_json::json;
use support::MemoryStore;

fn fresh() -> Bench {
    let world = World::new(&[]);
    let ledger = Arc::new(world.open(world.config()));
    Bench {
        ledger,
        set_clock: Box::new(move |time| world.set_clock(time)),
    }
}

conformance!(fresh);

fn code<T: std::fmt::Debug>(done: Result<T, carnet_ledger::LedgerError>) -> &'static str {
    done.unwrap_err().code()
}

/// Gives in another thread, as it waits.
fn giving<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    ledger: &'scope Network,
    grant: Grant,
) -> thread::ScopedJoinHandle<'scope, Recorded> {
    scope.spawn(move || Subject::number(1).give(ledger, &grant).unwrap())
}

#[test]
fn twenty_grants_at_once_are_twenty_transactions_in_order() {
    let world = World::new(&[]);
    let ledger = world.open(world.config());
    let mut sequences: Vec<u64> = thread::scope(|scope| {
        let give = |n| {
            let ledger = &ledger;
            scope.spawn(move || {
                let subject = Subject::number(n);
                subject
                    .give(ledger, &subject.grant(NOW, NOW + DAY))
                    .unwrap()
                    .sequence
            })
        };
        let givers: Vec<_> = (0..20).map(give).collect();
        givers.into_iter().map(|giver| giver.join().unwrap()).collect()
    });
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=20).collect::<Vec<_>>());
    assert_eq!(world.paid(), 20);
}

#[test]
fn what_is_refused_or_asked_again_costs_nothing() {
    let world = World::new(&[]);
    let ledger = world.open(world.config());
    let (maria, peter) = (Subject::number(1), Subject::number(2));
    let grant = maria.grant(NOW, NOW + DAY);
    assert_eq!(code(peter.give(&ledger, &grant)), "bad_signature");
    assert_eq!(code(maria.give(&ledger, &maria.grant(NOW, NOW))), "window_empty");
    assert_eq!(code(ledger.revoke(&grant, &peter.secret_proof())), "wrong_secret");
    assert_eq!(world.paid(), 0);
    let given = maria.give(&ledger, &grant).unwrap();
    assert_eq!(world.paid(), 1);
    assert_eq!(maria.give(&ledger, &grant).unwrap(), given);
    drop(ledger);
    let ledger = world.open(world.config());
    assert_eq!(maria.give(&ledger, &grant).unwrap(), given, "over a restart");
    let elsewhere = world.open_over(world.config(), endowed(false), Arc::new(MemoryStore::new()));
    assert_eq!(
        maria.give(&elsewhere, &grant).unwrap(),
        given,
        "and by who kept nothing"
    );
    assert_eq!(world.paid(), 1);
}

#[test]
fn a_stuck_transaction_is_replaced_for_more_up_to_the_limit_and_never_doubled() {
    let world = World::new(&[]);
    let most = 4_000_000_000;
    let ledger = world.open(Config {
        fees: Fees {
            most: most.into(),
            tip: 1_000_000_000,
        },
        patience: Patience {
            stuck: Duration::from_millis(100),
            ..PATIENCE
        },
        ..world.config()
    });
    world
        .anvil
        .ask("anvil_setNextBlockBaseFeePerGas", json!(["0x3b9aca00"]));
    world.anvil.mine(1);
    world.anvil.mines_by_itself(false);
    let grant = Subject::number(1).grant(NOW, NOW + DAY);
    thread::scope(|scope| {
        let given = giving(scope, &ledger, grant);
        until("it is under way", || world.offers().len() == 1);
        let first = world.offers()[0];
        until("more is offered", || world.offers()[0] > first);
        // An eighth more does not fit below the limit any more.
        until("the limit is near", || world.offers()[0] * 9 / 8 >= most);
        assert!(world.offers().len() == 1 && world.offers()[0] <= most);
        world.anvil.mine(1);
        assert_eq!(given.join().unwrap().sequence, 1);
    });
    assert_eq!((world.paid(), status(&ledger, &grant)), (1, Status::Active));
}

#[test]
fn what_a_node_has_forgotten_is_sent_again() {
    let world = World::new(&[]);
    let ledger = world.open(world.config());
    world.anvil.mines_by_itself(false);
    let (one, two) = (
        Subject::number(1).grant(NOW, NOW + DAY),
        Subject::number(1).grant(NOW, NOW + HOUR),
    );
    thread::scope(|scope| {
        let both = [one, two].map(|grant| giving(scope, &ledger, grant));
        until("both are under way", || world.offers().len() == 2);
        world.anvil.ask("anvil_dropAllTransactions", json!([]));
        until("both are sent again", || world.offers().len() == 2);
        world.anvil.mine(1);
        for giver in both {
            giver.join().unwrap();
        }
    });
    assert_eq!(world.paid(), 2);
}

#[test]
fn a_grant_counts_when_it_is_final_and_one_taken_out_of_the_chain_is_sent_again() {
    let world = World::new(&[]);
    let ledger = world.open(Config {
        finality: Finality::Depth(2),
        ..world.config()
    });
    world.anvil.mine(5);
    world.anvil.mines_by_itself(false);
    let grant = Subject::number(1).grant(NOW, NOW + DAY);
    thread::scope(|scope| {
        let given = giving(scope, &ledger, grant);
        until("it is under way", || world.offers().len() == 1);
        world.anvil.mine(2);
        assert_eq!(world.paid(), 1);
        assert_eq!(status(&ledger, &grant), Status::None, "not final");
        world.anvil.reorganise(2);
        assert_eq!((world.paid(), status(&ledger, &grant)), (0, Status::None));
        until("it is sent again", || world.offers().len() == 1);
        assert!(!given.is_finished());
        world.anvil.mine(2);
        assert_eq!(status(&ledger, &grant), Status::None);
        assert_eq!(ledger.events(0, 10).unwrap().last, 0, "nor is it told");
        world.anvil.mine(1);
        assert_eq!(given.join().unwrap().sequence, 1);
    });
    assert_eq!((world.paid(), status(&ledger, &grant)), (1, Status::Active));
    assert_eq!(ledger.events(0, 10).unwrap().last, 1);
}

#[test]
fn a_revocation_counts_at_once_and_never_reads_active_again() {
    let world = World::new(&[]);
    let config = Config {
        finality: Finality::Depth(2),
        ..world.config()
    };
    let ledger = world.open(config.clone());
    let stranger = world.open_over(config, endowed(false), Arc::new(MemoryStore::new()));
    let maria = Subject::number(1);
    let grant = maria.grant(NOW, NOW + DAY);
    thread::scope(|scope| {
        let given = giving(scope, &ledger, grant);
        until("it is included", || world.paid() == 1);
        world.anvil.mine(2);
        given.join().unwrap();
    });
    assert_eq!(status(&ledger, &grant), Status::Active);
    world.anvil.mines_by_itself(false);
    thread::scope(|scope| {
        let revoked = scope.spawn(|| ledger.revoke(&grant, &maria.secret_proof()).unwrap());
        until("it is under way", || world.offers().len() == 1);
        let is_revoked = |when: &str| {
            assert_eq!(status(&ledger, &grant), Status::Revoked, "{when}");
        };
        is_revoked("in no block");
        assert_eq!(status(&stranger, &grant), Status::Revoked, "whoever asks");
        assert_eq!(code(maria.give(&ledger, &grant)), "revoked");
        world.anvil.mine(1);
        is_revoked("in a block");
        world.anvil.reorganise(1);
        assert_eq!(world.paid(), 1, "taken out again");
        is_revoked("taken out");
        until("it is sent again", || world.offers().len() == 1);
        world.anvil.mine(3);
        assert_eq!(revoked.join().unwrap().sequence, 2);
        is_revoked("final");
    });
    assert_eq!((world.paid(), status(&stranger, &grant)), (2, Status::Revoked));
}

#[test]
fn where_the_chain_says_what_is_final_that_is_what_counts() {
    let world = World::new(&["--slots-in-an-epoch", "2"]);
    let ledger = world.open(Config {
        finality: Finality::Tag,
        ..world.config()
    });
    let final_block = || {
        world
            .anvil
            .ask("eth_getBlockByNumber", json!(["finalized", false]))["number"]
            .clone()
    };
    let grant = Subject::number(1).grant(NOW, NOW + DAY);
    thread::scope(|scope| {
        let given = giving(scope, &ledger, grant);
        until("it is included", || world.paid() == 1);
        let place = world.anvil.ask("eth_blockNumber", json!([]));
        while final_block() != place {
            assert_eq!(
                (status(&ledger, &grant), given.is_finished()),
                (Status::None, false)
            );
            world.anvil.mine(1);
        }
        given.join().unwrap();
    });
    assert_eq!(status(&ledger, &grant), Status::Active);
}

#[test]
fn a_chain_with_a_block_each_second_by_the_real_clock() {
    let anvil = Anvil::start(&["--block-time", "1"]);
    let now = || {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let clock = Arc::new(now().into());
    let deployed = deploy_at(&anvil, &clock);
    let world = World {
        anvil,
        deployed,
        clock,
        store: Arc::new(MemoryStore::new()),
    };
    let config = Config {
        finality: Finality::Depth(1),
        ..world.config()
    };
    let store = Arc::clone(&world.store);
    let ledger = Network::open(config, endowed(true), store, Arc::new(now)).unwrap();
    let (maria, peter) = (Subject::number(1), Subject::number(2));
    let start = now() / HOUR * HOUR;
    let (hers, his) = (maria.grant(start, start + DAY), peter.grant(start, start + DAY));
    thread::scope(|scope| {
        let both = [(&maria, hers), (&peter, his)].map(|(who, grant)| {
            let ledger = &ledger;
            scope.spawn(move || who.give(ledger, &grant).unwrap())
        });
        let mut sequences = both.map(|giver| giver.join().unwrap().sequence);
        sequences.sort_unstable();
        assert_eq!(sequences, [1, 2]);
    });
    assert_eq!(status(&ledger, &hers), Status::Active);
    ledger.revoke(&hers, &maria.secret_proof()).unwrap();
    assert_eq!(
        (status(&ledger, &hers), status(&ledger, &his)),
        (Status::Revoked, Status::Active)
    );
}

#[test]
fn a_restart_of_node_and_engine_in_mid_flight_loses_and_doubles_nothing() {
    let mut world = World::new(&[]);
    let hasty = Config {
        patience: Patience {
            operation: Duration::from_millis(500),
            ..PATIENCE
        },
        ..world.config()
    };
    world.anvil.mines_by_itself(false);
    let maria = Subject::number(1);
    let (grant, tombstone) = (maria.grant(NOW, NOW + DAY), maria.grant(NOW, NOW + 2 * DAY));
    let ledger = world.open(hasty);
    assert_eq!(code(maria.give(&ledger, &grant)), "not_final");
    assert_eq!(
        code(ledger.revoke(&tombstone, &maria.secret_proof())),
        "not_final"
    );
    assert_eq!(world.offers().len(), 2);
    drop(ledger);

    // The node keeps its blocks and forgets what waits.
    let (port, kept) = (world.anvil.port, world.anvil.ask("anvil_dumpState", json!([])));
    drop(world.anvil);
    world.anvil = Anvil::start_at(port, &["--timestamp", &NOW.to_string()]);
    world.anvil.ask("anvil_loadState", json!([kept]));
    world.anvil.ask("anvil_setBlockTimestampInterval", json!([0]));
    world.anvil.mines_by_itself(false);
    assert_eq!(world.offers().len(), 0);

    let ledger = world.open(world.config());
    until("both are sent again, unasked", || world.offers().len() == 2);
    assert_eq!(status(&ledger, &tombstone), Status::Revoked);
    thread::scope(|scope| {
        let again = giving(scope, &ledger, grant);
        world.anvil.mine(1);
        let given = again.join().unwrap();
        assert_eq!(maria.give(&ledger, &grant).unwrap(), given);
    });
    ledger
        .revoke(&tombstone, &maria.signature_proof(&ledger, &tombstone))
        .unwrap();
    assert_eq!((world.paid(), ledger.events(0, 10).unwrap().last), (2, 2));
}

#[test]
fn what_another_relayer_has_sent_is_waited_for_and_not_paid_again() {
    let world = World::new(&[]);
    let ledger = world.open(world.config());
    let other = world.open_over(world.config(), endowed(false), Arc::new(MemoryStore::new()));
    let others = || world.anvil.included(address_of(&endowed(false)));
    let before = others();
    world.anvil.mines_by_itself(false);
    let grant = Subject::number(1).grant(NOW, NOW + DAY);
    thread::scope(|scope| {
        let first = giving(scope, &ledger, grant);
        until("it is under way", || world.offers().len() == 1);
        let hasty = scope.spawn(|| Subject::number(1).give(&other, &grant).unwrap());
        let same = giving(scope, &ledger, grant);
        // Rounds of the other engine go by: each reading is one more exchange with the same node.
        for _ in 0..50 {
            assert_eq!(status(&other, &grant), Status::None);
        }
        assert_eq!(world.anvil.offers(address_of(&endowed(false))), [0_u64; 0]);
        world.anvil.mine(1);
        let recorded = first.join().unwrap();
        assert_eq!(
            (same.join().unwrap(), hasty.join().unwrap()),
            (recorded, recorded)
        );
    });
    assert_eq!((world.paid(), others()), (1, before));
}

#[test]
fn a_relayer_that_cannot_or_must_not_pay_says_so() {
    let world = World::new(&[]);
    let maria = Subject::number(1);
    let grant = maria.grant(NOW, NOW + DAY);
    let poor = world.open_over(
        world.config(),
        Subject::number(77).key,
        Arc::new(MemoryStore::new()),
    );
    assert_eq!(code(maria.give(&poor, &grant)), "unpaid");
    let frugal = Config {
        fees: Fees { most: 1_000, tip: 1 },
        ..world.config()
    };
    let frugal = world.open_over(frugal, endowed(true), Arc::new(MemoryStore::new()));
    assert_eq!(code(maria.give(&frugal, &grant)), "unpaid");
    assert_eq!((world.paid(), status(&frugal, &grant)), (0, Status::None));
    let rich = world.open(world.config());
    maria.give(&rich, &grant).unwrap();
    for ledger in [&poor, &frugal] {
        assert_eq!(code(ledger.revoke(&grant, &maria.secret_proof())), "unpaid");
        assert_eq!(
            status(ledger, &grant),
            Status::Revoked,
            "it counts where it was asked for"
        );
    }
    assert_eq!(status(&rich, &grant), Status::Active);
}

#[test]
fn a_node_that_is_down_slow_behind_or_elsewhere_is_left_aside_and_alone_tells_nothing() {
    let world = World::new(&[]);
    let maria = Subject::number(1);
    let (grant, later) = (maria.grant(NOW, NOW + DAY), maria.grant(NOW, NOW + 2 * DAY));
    maria.give(&world.open(world.config()), &grant).unwrap();

    let other_chain = Anvil::start(&["--timestamp", &NOW.to_string(), "--chain-id", "5"]);
    let no_registry = Anvil::start(&["--timestamp", &NOW.to_string()]);
    let old = (NOW - 120).to_string();
    let behind = Anvil::start(&["--timestamp", &old]);
    behind.ask("anvil_setBlockTimestampInterval", json!([0]));
    let there = deploy_at(&behind, &Arc::new((NOW - 120).into()));
    assert_eq!(
        there.registry, world.deployed.registry,
        "in all but its time it is like the true one"
    );
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let down = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bad = [
        other_chain.url(),
        no_registry.url(),
        behind.url(),
        format!("http://{}", silent.local_addr().unwrap()),
        format!("http://{down}"),
    ];
    let through = |nodes: &[String]| {
        let config = Config {
            nodes: nodes.iter().map(|node| node.parse().unwrap()).collect(),
            patience: Patience {
                node: Duration::from_secs(3),
                ..PATIENCE
            },
            ..world.config()
        };
        world.open_over(config, endowed(true), Arc::new(MemoryStore::new()))
    };
    for node in &bad {
        let ledger = through(std::slice::from_ref(node));
        let id = grant_id(&ledger.domain(), &grant);
        assert_eq!(code(ledger.read(&id)), "unreachable", "{node}");
        assert_eq!(code(ledger.events(0, 10)), "unreachable", "{node}");
        assert_eq!(code(maria.give(&ledger, &later)), "unreachable", "{node}");
    }
    let ledger = through(&[&bad[..], &[world.anvil.url()]].concat());
    assert_eq!(status(&ledger, &grant), Status::Active);
    assert_eq!(maria.give(&ledger, &later).unwrap().sequence, 2);
    assert_eq!(ledger.events(0, 10).unwrap().last, 2);
    assert!(
        [&other_chain, &no_registry, &behind]
            .iter()
            .all(|node| node.included(relayer()) == 0)
    );
}

#[test]
fn while_no_node_answers_nothing_is_known_and_afterwards_everything() {
    let mut world = World::new(&[]);
    let ledger = world.open(world.config());
    let maria = Subject::number(1);
    let grant = maria.grant(NOW, NOW + DAY);
    maria.give(&ledger, &grant).unwrap();
    let id = grant_id(&ledger.domain(), &grant);
    let (port, kept) = (world.anvil.port, world.anvil.ask("anvil_dumpState", json!([])));
    drop(world.anvil);
    assert_eq!(code(ledger.read(&id)), "unreachable");
    assert_eq!(code(ledger.revoke(&grant, &maria.secret_proof())), "unreachable");
    world.anvil = Anvil::start_at(port, &["--timestamp", &NOW.to_string()]);
    assert_eq!(
        code(ledger.read(&id)),
        "unreachable",
        "the node has come back without its blocks"
    );
    world.anvil.ask("anvil_loadState", json!([kept]));
    world.anvil.ask("anvil_setBlockTimestampInterval", json!([0]));
    assert_eq!(status(&ledger, &grant), Status::Active);
    assert_eq!(ledger.revoke(&grant, &maria.secret_proof()).unwrap().sequence, 2);
}

#[test]
fn a_chain_whose_clock_stands_still_is_not_believed() {
    let world = World::new(&[]);
    let ledger = world.open(world.config());
    let grant = Subject::number(1).grant(NOW, NOW + DAY);
    Subject::number(1).give(&ledger, &grant).unwrap();
    let id = grant_id(&ledger.domain(), &grant);
    for away in [NOW + 61, NOW - 61] {
        world.clock.store(away, Ordering::SeqCst);
        assert_eq!(code(ledger.read(&id)), "unreachable");
    }
    world.clock.store(NOW + 60, Ordering::SeqCst);
    assert_eq!(ledger.status(&id).unwrap(), Status::Active);
}

#[test]
fn a_store_belongs_to_one_registry_and_a_node_is_asked_over_https_or_on_this_machine() {
    let world = World::new(&[]);
    let ledger = world.open(world.config());
    let maria = Subject::number(1);
    maria.give(&ledger, &maria.grant(NOW, NOW + DAY)).unwrap();
    drop(ledger);
    let open = |config| {
        let clock = Arc::new(|| NOW);
        Network::open(config, endowed(true), Arc::clone(&world.store) as _, clock).map(drop)
    };
    let mut elsewhere = world.config();
    elsewhere.domain.registry = Address([9; 20]);
    assert_eq!(code(open(elsewhere)), "damaged");
    for (node, fits) in [
        ("https://node.example/secret", true),
        ("http://127.0.0.1:1", true),
        ("http://node.example/secret", false),
        ("http://10.0.0.1:8545", false),
        ("ftp://127.0.0.1", false),
    ] {
        let done = open(Config {
            nodes: vec![node.parse().unwrap()],
            ..world.config()
        });
        assert_eq!(done.is_ok(), fits, "{node}");
        let said = format!("{done:?}");
        assert!(!said.contains("secret"), "{said}");
    }
}

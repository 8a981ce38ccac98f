//! Nodes that fail, are behind or elsewhere are left aside, and what they lose is not lost. What a node says of the past, of gas
//! and of the relayer's account is bounded, or wants another's word, as far as `lies` shows it.

mod liar;
mod lies;

use std::{
    net::TcpListener,
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use carnet_ledger::{
    Address, Ledger as _, MAX_PERIOD_SECONDS, Status, grant_id,
    network::{Config, Fees, Network, Patience, deploy},
};
use serde_json::json;

use crate::{
    anvil::{Anvil, CHAIN, PATIENCE, World, deploy_at, endowed, relayer, until},
    code,
    conformance::{DAY, NOW, Subject, status},
    giving,
    support::MemoryStore,
};

#[test]
fn a_restart_of_node_and_engine_in_mid_flight_loses_and_doubles_nothing() {
    let mut world = World::new(&[]);
    let hasty = Config {
        patience: Patience {
            operation: Duration::from_secs(2),
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
    // Neither was waited for until it had left.
    until("both are under way", || world.offers().len() == 2);
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
    let bad = [
        other_chain.url(),
        no_registry.url(),
        behind.url(),
        format!("http://{}", silent.local_addr().unwrap()),
        // Down, and nobody else's meanwhile: what is given back may be given to another test.
        "http://127.0.0.1:1".to_owned(),
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
        let config = Config {
            nodes: vec![node.parse().unwrap()],
            ..world.config()
        };
        let shown = format!("{config:?}");
        let done = open(config);
        assert_eq!(done.is_ok(), fits, "{node}");
        let said = format!("{done:?}{shown}");
        assert!(!said.contains("secret"), "{said}");
    }
}

#[test]
fn a_new_registry_that_is_in_no_block_yet_names_its_transaction() {
    let anvil = Anvil::start(&["--timestamp", &NOW.to_string()]);
    anvil.mines_by_itself(false);
    let made = deploy(
        &[anvil.url().parse().unwrap()],
        CHAIN,
        endowed(true),
        MAX_PERIOD_SECONDS,
        Fees::default(),
        Patience {
            operation: Duration::from_secs(1),
            ..PATIENCE
        },
        Arc::new(|| NOW),
    );
    let error = made.unwrap_err();
    assert_eq!(error.code(), "not_deployed");
    let waiting = anvil.ask("eth_getBlockByNumber", json!(["pending", false]));
    let hash = waiting["transactions"][0].as_str().unwrap();
    assert!(error.to_string().contains(hash), "{error}");
}

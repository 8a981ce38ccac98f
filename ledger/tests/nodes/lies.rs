//! What a node may say, and what becomes of it.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use carnet_ledger::{
    Ledger as _, Status,
    network::{Config, Network, Patience},
};
use serde_json::{Value, json};

use super::liar::{Liar, refusal};
use crate::{
    anvil::{Anvil, PATIENCE, World, deploy_at, endowed, until},
    code,
    conformance::{DAY, HOUR, NOW, Subject, status},
    giving,
    support::MemoryStore,
};

/// On while it lies.
fn switch(on: bool) -> (Arc<AtomicBool>, Arc<AtomicBool>) {
    let lies = Arc::new(AtomicBool::new(on));
    (Arc::clone(&lies), lies)
}

fn asks_for(question: &Value, method: &str) -> bool {
    question["method"] == method
}

/// Through these nodes, the first preferred; callers don't wait long, and what was put off comes soon.
fn through(world: &World, nodes: &[String]) -> Network {
    world.open(Config {
        nodes: nodes.iter().map(|node| node.parse().unwrap()).collect(),
        patience: Patience {
            operation: Duration::from_secs(3),
            stuck: Duration::from_millis(200),
            ..PATIENCE
        },
        ..world.config()
    })
}

#[test]
fn a_node_that_estimates_any_gas_is_not_obeyed() {
    let world = World::new(&[]);
    let liar = Liar::before(&world.anvil, |question, truth| {
        if asks_for(question, "eth_estimateGas") {
            json!({"result": "0xffffffffffff"})
        } else {
            truth()
        }
    });
    let ledger = through(&world, &[liar.url()]);
    let maria = Subject::number(1);
    let grant = maria.grant(NOW, NOW + DAY);
    assert_eq!(maria.give(&ledger, &grant).unwrap().sequence, 1);
}

#[test]
fn what_no_node_takes_holds_up_nothing_else_and_is_tried_again_and_given_up_in_the_end() {
    let world = World::new(&[]);
    let (maria, peter) = (Subject::number(1), Subject::number(2));
    let (hers, his) = (maria.grant(NOW, NOW + DAY), peter.grant(NOW, NOW + DAY));
    let (lies, does_lie) = switch(true);
    let (counted, refused) = switch(false);
    let subject = hers.subject.to_string().trim_start_matches("0x").to_owned();
    let liar = Liar::before(&world.anvil, move |question, truth| {
        let raw = question["params"][0].as_str().unwrap_or_default();
        let is_hers = asks_for(question, "eth_sendRawTransaction") && raw.contains(&subject);
        if is_hers && lies.load(Ordering::SeqCst) {
            counted.store(true, Ordering::SeqCst);
            refusal("transaction underpriced")
        } else {
            truth()
        }
    });
    let ledger = world.open(Config {
        nodes: vec![liar.url().parse().unwrap()],
        patience: Patience {
            stuck: Duration::from_secs(3),
            ..PATIENCE
        },
        ..world.config()
    });
    thread::scope(|scope| {
        let given = giving(scope, &ledger, hers);
        until("it was refused", || refused.load(Ordering::SeqCst));
        assert_eq!(peter.give(&ledger, &his).unwrap().sequence, 1);
        assert_eq!((world.paid(), given.is_finished()), (1, false));
        does_lie.store(false, Ordering::SeqCst);
        assert_eq!(given.join().unwrap().sequence, 2);
    });
    drop(ledger);
    does_lie.store(true, Ordering::SeqCst);
    let ledger = through(&world, &[liar.url()]);
    let later = maria.grant(NOW, NOW + HOUR);
    assert_eq!(code(maria.give(&ledger, &later)), "given_up");
    assert_eq!(world.paid(), 2);
}

#[test]
fn a_revocation_that_was_taken_is_not_let_go_at_one_nodes_word() {
    let world = World::new(&[]);
    let maria = Subject::number(1);
    let grant = maria.grant(NOW, NOW + DAY);
    maria.give(&world.open(world.config()), &grant).unwrap();
    // Found valid once, then never again, and not sent on.
    let liar = || {
        let simulated = AtomicU64::new(0);
        let secret = hex::encode(maria.secret);
        Liar::before(&world.anvil, move |question, truth| {
            let call = question["params"][0]["data"].as_str().unwrap_or_default();
            if asks_for(question, "eth_sendRawTransaction") {
                refusal("no")
            } else if asks_for(question, "eth_call")
                && call.ends_with(&secret)
                && simulated.fetch_add(1, Ordering::SeqCst) > 0
            {
                json!({"error": {"code": 3, "message": "execution reverted", "data": "0x12345678"}})
            } else {
                truth()
            }
        })
    };
    let alone = through(&world, &[liar().url()]);
    let refused = alone.revoke(&grant, &maria.secret_proof());
    assert_eq!(code(refused), "damaged", "there is no other node to ask");
    drop(alone);
    let ledger = through(&world, &[liar().url(), world.anvil.url()]);
    assert_eq!(ledger.revoke(&grant, &maria.secret_proof()).unwrap().sequence, 2);
    assert_eq!(status(&ledger, &grant), Status::Revoked);
}

#[test]
fn an_operation_that_was_taken_goes_on_whatever_its_nodes_do() {
    let world = World::new(&[]);
    let (was_sent, is_down) = switch(false);
    let liar = Liar::before(&world.anvil, move |question, truth| {
        if asks_for(question, "eth_sendRawTransaction") {
            was_sent.store(true, Ordering::SeqCst);
        }
        if was_sent.load(Ordering::SeqCst) {
            refusal("down")
        } else {
            truth()
        }
    });
    let ledger = through(&world, &[liar.url()]);
    let maria = Subject::number(1);
    let grant = maria.grant(NOW, NOW + DAY);
    assert_eq!(code(maria.give(&ledger, &grant)), "not_final");
    assert!(is_down.load(Ordering::SeqCst));
    drop(ledger);
    let ledger = world.open(world.config());
    until("it is recorded, unasked", || {
        status(&ledger, &grant) == Status::Active
    });
}

#[test]
fn a_caller_hears_in_time_also_when_a_node_never_answers() {
    let world = World::new(&[]);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let ledger = world.open(Config {
        nodes: vec![address.parse().unwrap()],
        patience: Patience {
            node: Duration::from_hours(1),
            operation: Duration::from_millis(300),
            ..PATIENCE
        },
        ..world.config()
    });
    let maria = Subject::number(1);
    let grant = maria.grant(NOW, NOW + DAY);
    assert_eq!(code(maria.give(&ledger, &grant)), "unreachable");
}

#[test]
fn one_nodes_past_is_kept_only_if_another_that_answers_tells_the_same() {
    let world = World::new(&[]);
    let fork = Anvil::start(&["--timestamp", &NOW.to_string()]);
    fork.ask("anvil_setBlockTimestampInterval", json!([0]));
    assert_eq!(
        deploy_at(&fork, &world.clock).registry,
        world.deployed.registry,
        "it is like the true one"
    );
    let (maria, peter) = (Subject::number(1), Subject::number(2));
    let (hers, his) = (maria.grant(NOW, NOW + DAY), peter.grant(NOW, NOW + HOUR));
    maria.give(&world.open(world.config()), &hers).unwrap();
    let there = Config {
        nodes: vec![fork.url().parse().unwrap()],
        ..world.config()
    };
    let there = world.open_over(there, endowed(true), Arc::new(MemoryStore::new()));
    peter.give(&there, &his).unwrap();
    drop(there);

    let store = Arc::new(MemoryStore::new());
    let over = |nodes: &[String]| {
        let config = Config {
            nodes: nodes.iter().map(|node| node.parse().unwrap()).collect(),
            patience: Patience {
                operation: Duration::from_secs(10),
                ..PATIENCE
            },
            ..world.config()
        };
        world.open_over(config, endowed(true), Arc::clone(&store) as _)
    };
    let two = over(&[fork.url(), world.anvil.url()]);
    assert_eq!(code(two.events(0, 10)), "unreachable", "one says this, one that");
    world.anvil.mines_by_itself(false);
    thread::scope(|scope| {
        let revoked = scope.spawn(|| code(two.revoke(&hers, &maria.secret_proof())));
        until("a revocation is sent all the same", || world.offers().len() == 1);
        assert_eq!(
            revoked.join().unwrap(),
            "not_final",
            "but it is not told as final"
        );
    });
    drop(two);
    world.anvil.mines_by_itself(true);
    world.anvil.mine(1);
    let honest = Liar::before(&world.anvil, |_, truth| truth());
    let three = over(&[fork.url(), world.anvil.url(), honest.url()]);
    let told = three.events(0, 10).unwrap();
    assert_eq!((told.last, told.events[0].grant), (2, hers));
    assert_eq!(peter.give(&three, &his).unwrap().sequence, 3);
}

#[test]
fn an_event_that_a_node_has_left_out_is_found_and_nothing_told_before_moves() {
    let world = World::new(&[]);
    let (lies, does_lie) = switch(false);
    let liar = Liar::before(&world.anvil, move |question, truth| {
        let answer = truth();
        let is_it = asks_for(question, "eth_getLogs") && answer["result"] != json!([]);
        if is_it && lies.swap(false, Ordering::SeqCst) {
            json!({"result": []})
        } else {
            answer
        }
    });
    let ledger = through(&world, &[liar.url()]);
    let (maria, peter) = (Subject::number(1), Subject::number(2));
    let first = peter.give(&ledger, &peter.grant(NOW, NOW + DAY)).unwrap();
    does_lie.store(true, Ordering::SeqCst);
    let hers = maria.grant(NOW, NOW + DAY);
    until("hers is told", || maria.give(&ledger, &hers).is_ok());
    assert!(!does_lie.load(Ordering::SeqCst), "it was left out once");
    let told = ledger.events(0, 10).unwrap();
    let sequences: Vec<_> = told.events.iter().map(|event| event.recorded.sequence).collect();
    assert_eq!((told.last, sequences), (2, vec![1, 2]));
    assert_eq!(told.events[0].recorded, first);
    maria.give(&ledger, &maria.grant(NOW, NOW + HOUR)).unwrap();
    drop(ledger);
    assert_eq!(
        world.open(world.config()).events(0, 10).unwrap().last,
        3,
        "it goes on from there"
    );
}

#[test]
fn an_event_told_twice_is_not_believed() {
    let world = World::new(&[]);
    let (lies, does_lie) = switch(false);
    let (anvil, registry) = (world.anvil.port, world.deployed.registry);
    let liar = Liar::before(&world.anvil, move |question, truth| {
        if !(lies.load(Ordering::SeqCst) && asks_for(question, "eth_getLogs")) {
            return truth();
        }
        let mut all = question.clone();
        all["params"] = json!([{"address": registry, "fromBlock": "0x0", "toBlock": "latest"}]);
        let mut all = crate::anvil::ask_at(anvil, &all).unwrap();
        all["result"][0]["blockNumber"] = question["params"][0]["toBlock"].clone();
        json!({"result": [all["result"][0]]})
    });
    let ledger = through(&world, &[liar.url()]);
    let maria = Subject::number(1);
    let grant = maria.grant(NOW, NOW + DAY);
    let given = maria.give(&ledger, &grant).unwrap();
    does_lie.store(true, Ordering::SeqCst);
    world.anvil.mine(1);
    assert_eq!(code(ledger.events(0, 10)), "unreachable");
    does_lie.store(false, Ordering::SeqCst);
    assert_eq!(ledger.events(0, 10).unwrap().last, 1);
    assert_eq!(maria.give(&ledger, &grant).unwrap(), given);
}

#[test]
fn a_count_of_transactions_that_cannot_be_ends_nothing() {
    let world = World::new(&[]);
    let told = Arc::new(AtomicU64::new(0));
    let (lies, does_lie) = switch(true);
    let counted = Arc::clone(&told);
    let liar = Liar::before(&world.anvil, move |question, truth| {
        let is_it = asks_for(question, "eth_getTransactionCount") && question["params"][1] == "pending";
        if is_it && lies.load(Ordering::SeqCst) {
            counted.fetch_add(1, Ordering::SeqCst);
            json!({"result": "0xffffffffffffffff"})
        } else {
            truth()
        }
    });
    let nodes = vec![liar.url().parse().unwrap()];
    let ledger = world.open(Config {
        nodes,
        ..world.config()
    });
    let grant = Subject::number(1).grant(NOW, NOW + DAY);
    thread::scope(|scope| {
        let given = giving(scope, &ledger, grant);
        until("it was told so more than once", || {
            told.load(Ordering::SeqCst) > 2
        });
        does_lie.store(false, Ordering::SeqCst);
        given.join().unwrap();
    });
    assert_eq!(world.paid(), 1);
}

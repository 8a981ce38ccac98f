//! The network engine keeps the rules of every engine against a real node, and its own: what can still be taken back is not
//! believed, nothing is paid twice, and a node that fails or lies is left aside.
#![expect(clippy::unwrap_used, reason = "tests")]

mod anvil;
mod conformance;
mod nodes;
#[expect(dead_code, reason = "its failing disk is for the other engine")]
mod support;

use std::{
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use anvil::{Anvil, PATIENCE, World, deploy_at, endowed, until};
use carnet_ledger::{
    Grant, Ledger, Recorded, Status, address_of,
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
fn fifty_one_revocations_on_their_way_elsewhere_hold_up_nothing() {
    let world = World::new(&[]);
    world.anvil.mines_by_itself(false);
    let hasty = Config {
        patience: Patience {
            operation: Duration::from_secs(5),
            ..PATIENCE
        },
        ..world.config()
    };
    let elsewhere = world.open_over(hasty.clone(), endowed(false), Arc::new(MemoryStore::new()));
    let ledger = world.open(hasty);
    for ledger in [&elsewhere, &ledger] {
        thread::scope(|scope| {
            for n in 0..51 {
                scope.spawn(move || {
                    let subject = Subject::number(n);
                    let revoked = ledger.revoke(&subject.grant(NOW, NOW + DAY), &subject.secret_proof());
                    assert_eq!(code(revoked), "not_final");
                });
            }
        });
        let theirs = world.anvil.offers(address_of(&endowed(false)));
        assert_eq!((theirs.len(), world.offers().len()), (51, 0));
    }
    let other = Subject::number(60);
    thread::scope(|scope| {
        let given = scope.spawn(|| other.give(&ledger, &other.grant(NOW, NOW + DAY)));
        until("it is under way", || world.offers().len() == 1);
        world.anvil.mine(1);
        given.join().unwrap().unwrap();
    });
}

#[test]
fn a_relayer_that_cannot_or_must_not_pay_says_so() {
    let world = World::new(&[]);
    let maria = Subject::number(1);
    let grant = maria.grant(NOW, NOW + DAY);
    let stores = [(); 2].map(|()| Arc::new(MemoryStore::new()));
    let open_poor = || {
        world.open_over(
            world.config(),
            Subject::number(77).key,
            Arc::clone(&stores[0]) as _,
        )
    };
    let open_frugal = || {
        let config = Config {
            fees: Fees { most: 1_000, tip: 1 },
            ..world.config()
        };
        world.open_over(config, endowed(true), Arc::clone(&stores[1]) as _)
    };
    let (poor, frugal) = (open_poor(), open_frugal());
    assert_eq!(code(maria.give(&poor, &grant)), "unpaid");
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
    drop((poor, frugal));
    for ledger in [open_poor(), open_frugal()] {
        assert_eq!(status(&ledger, &grant), Status::Revoked, "over a restart");
    }
    assert_eq!(status(&rich, &grant), Status::Active);
}

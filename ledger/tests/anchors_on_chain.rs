//! Anchors on a real chain: paid once, believed when final, over restarts and reorganisations.
#![expect(clippy::unwrap_used, reason = "tests")]

#[expect(dead_code, reason = "more is needed for grants")]
mod anvil;
#[expect(dead_code, unused_macros, unused_imports, reason = "all of it runs elsewhere")]
mod conformance;
mod older;
#[expect(dead_code, reason = "its failing disk is for the other engine")]
mod support;

use std::{sync::Arc, thread, time::Duration};

use anvil::{PATIENCE, World, endowed, until};
use carnet_ledger::{
    Address, Ledger as _,
    network::{Config, Finality, Network, Patience},
};
use serde_json::json;
use support::MemoryStore;

const LOG: [u8; 32] = [9; 32];

fn size(ledger: &Network, by: Address) -> u64 {
    ledger.anchor_of(&LOG, by).unwrap().map_or(0, |said| said.size)
}

#[test]
fn the_same_again_and_what_is_refused_cost_nothing_and_strangers_speak_for_themselves() {
    let world = World::new(&[]);
    let ledger = world.open(world.config());
    ledger.anchor(&LOG, 5, &[5; 32]).unwrap();
    ledger.anchor(&LOG, 5, &[5; 32]).unwrap();
    assert_eq!(
        ledger.anchor(&LOG, 4, &[4; 32]).unwrap_err().code(),
        "would_shrink"
    );
    assert_eq!(ledger.anchor(&LOG, 5, &[4; 32]).unwrap_err().code(), "other_root");
    let stranger = world.open_over(world.config(), endowed(false), Arc::new(MemoryStore::new()));
    stranger.anchor(&LOG, 100, &[1; 32]).unwrap();
    assert_eq!(
        (size(&stranger, ledger.sender()), size(&ledger, stranger.sender())),
        (5, 100)
    );
    drop(ledger);
    let ledger = world.open(world.config());
    ledger.anchor(&LOG, 5, &[5; 32]).unwrap();
    assert_eq!(world.paid(), 1, "also over a restart");
    ledger.anchor(&LOG, 6, &[6; 32]).unwrap();
    assert_eq!((world.paid(), size(&ledger, ledger.sender())), (2, 6));
}

#[test]
fn an_anchor_counts_when_it_is_final_and_one_taken_out_of_the_chain_is_sent_again() {
    let world = World::new(&[]);
    world.anvil.mine(5);
    let config = Config {
        finality: Finality::Depth(3),
        ..world.config()
    };
    let ledger = world.open(config.clone());
    thread::scope(|scope| {
        let anchoring = scope.spawn(|| ledger.anchor(&LOG, 5, &[5; 32]));
        until("it is in a block", || world.paid() == 1);
        assert_eq!(size(&ledger, ledger.sender()), 0, "it can still be taken out");
        world.anvil.mines_by_itself(false);
        world.anvil.reorganise(1);
        assert_eq!(world.paid(), 0, "it was taken out");
        until("it is sent again", || world.offers().len() == 1);
        world.anvil.mine(1);
        assert_eq!(world.paid(), 1, "in a block again");
        world.anvil.mine(3);
        anchoring.join().unwrap().unwrap();
    });
    assert_eq!(size(&ledger, ledger.sender()), 5);

    // Stopped in mid-flight, and the node forgets it: it goes on by itself.
    drop(ledger);
    let hasty = Config {
        patience: Patience {
            operation: Duration::from_secs(2),
            ..PATIENCE
        },
        ..config.clone()
    };
    let ledger = world.open(hasty);
    let told = ledger.anchor(&LOG, 6, &[6; 32]).unwrap_err();
    assert_eq!(told.code(), "not_final");
    until("it is on its way", || world.offers().len() == 1);
    drop(ledger);
    world.anvil.ask("anvil_dropAllTransactions", json!([]));
    let ledger = world.open(config);
    until("it is on its way again, unasked", || world.offers().len() == 1);
    world.anvil.mine(4);
    until("it is final", || size(&ledger, ledger.sender()) == 6);
    assert_eq!(world.paid(), 2);
}

#[test]
fn a_registry_from_before_there_were_anchors_is_relied_on_for_all_else() {
    let world = World::new(&[]);
    let code = format!("0x{}", hex::encode(older::code()));
    let registry = world.deployed.registry;
    world.anvil.ask("anvil_setCode", json!([registry, code]));
    older::goes_on(&world.open(world.config()));
    let other = code.replacen("6080", "6081", 1);
    world.anvil.ask("anvil_setCode", json!([registry, other]));
    let ledger = world.open(world.config());
    assert_eq!(
        ledger.read(&[1; 32]).unwrap_err().code(),
        "unreachable",
        "not any code"
    );
}

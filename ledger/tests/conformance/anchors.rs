//! What every engine must do with anchors of logs.

use carnet_ledger::{Address, Anchor, Ledger, log_id};

use super::{Bench, DAY, NOW, Subject, code, status};

const LOG: [u8; 32] = [9; 32];

fn anchored(ledger: &dyn Ledger) -> Option<(u64, [u8; 32])> {
    let said = ledger.anchor_of(&LOG, ledger.sender()).unwrap();
    said.map(|Anchor { log, by, size, root }| {
        assert_eq!((log, by), (LOG, ledger.sender()));
        (size, root)
    })
}

pub(crate) fn an_anchor_moves_on_with_its_log_and_neither_shrinks_nor_changes(bench: &Bench) {
    let ledger = &*bench.ledger;
    assert_eq!(anchored(ledger), None);
    ledger.anchor(&LOG, 7, &[7; 32]).unwrap();
    assert_eq!(anchored(ledger), Some((7, [7; 32])));
    ledger.anchor(&LOG, 7, &[7; 32]).unwrap();
    ledger.anchor(&LOG, 9, &[9; 32]).unwrap();
    for (size, root, refused) in [
        (8, [8; 32], "would_shrink"),
        (7, [7; 32], "would_shrink"),
        (0, [0; 32], "would_shrink"),
        (9, [8; 32], "other_root"),
    ] {
        assert_eq!(code(ledger.anchor(&LOG, size, &root)), refused);
    }
    assert_eq!(anchored(ledger), Some((9, [9; 32])));
    assert_eq!(
        ledger.anchor_of(&LOG, Address([7; 20])).unwrap(),
        None,
        "nobody else has said so"
    );
    assert_eq!(
        ledger
            .anchor_of(&log_id("another+00000000+AA=="), ledger.sender())
            .unwrap(),
        None
    );
}

pub(crate) fn an_anchor_has_no_place_among_the_operations_and_touches_no_grant(bench: &Bench) {
    let (ledger, maria, peter) = (&*bench.ledger, Subject::number(1), Subject::number(2));
    let (first, second) = (maria.grant(NOW, NOW + DAY), peter.grant(NOW, NOW + DAY));
    assert_eq!(maria.give(ledger, &first).unwrap().sequence, 1);
    let named_like_it = carnet_ledger::grant_id(&ledger.domain(), &first);
    ledger.anchor(&named_like_it, 3, &[1; 32]).unwrap();
    assert_eq!(peter.give(ledger, &second).unwrap().sequence, 2);
    ledger.anchor(&LOG, u64::MAX, &[1; 32]).unwrap();
    ledger.revoke(&first, &maria.secret_proof()).unwrap();
    let listed = ledger.events(0, 10).unwrap();
    assert_eq!((listed.events.len(), listed.last), (3, 3));
    assert_eq!(status(ledger, &first), carnet_ledger::Status::Revoked);
    assert_eq!(status(ledger, &second), carnet_ledger::Status::Active);
}

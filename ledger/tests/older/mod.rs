//! A registry made before logs could be anchored.

use carnet_ledger::{Ledger, LedgerError, MAX_PERIOD_SECONDS, Status};

use crate::conformance::{DAY, NOW, Subject, status};

/// It goes on as ever, and says why it can't anchor.
pub(crate) fn goes_on(ledger: &dyn Ledger) {
    let maria = Subject::number(1);
    let grant = maria.grant(NOW, NOW + DAY);
    maria.give(ledger, &grant).unwrap();
    let refused: [LedgerError; 2] = [
        ledger.anchor(&[9; 32], 1, &[1; 32]).unwrap_err(),
        ledger.anchor_of(&[9; 32], ledger.sender()).unwrap_err(),
    ];
    assert_eq!(refused.map(|refused| refused.code()), ["no_anchors"; 2]);
    ledger.revoke(&grant, &maria.secret_proof()).unwrap();
    assert_eq!(status(ledger, &grant), Status::Revoked);
}

/// Its code, for periods of at most 90 days.
pub(crate) fn code() -> Vec<u8> {
    let text = include_str!("registry-without-anchors.hex");
    let mut code = hex::decode(text.split_whitespace().collect::<String>()).unwrap();
    for hole in [240, 3_527] {
        code[hole + 25..][..8].copy_from_slice(&MAX_PERIOD_SECONDS.to_be_bytes());
    }
    code
}

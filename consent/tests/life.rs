//! The life of a consent.

use carnet_consent::{WalletEvent, WalletState};
use proptest::prelude::*;

const EVENTS: [WalletEvent; 7] = [
    WalletEvent::Answered,
    WalletEvent::Refused,
    WalletEvent::Promised,
    WalletEvent::NotPromised,
    WalletEvent::TakenBack,
    WalletEvent::RevocationConfirmed,
    WalletEvent::Ended,
];

#[test]
fn a_consent_is_given_and_taken_back() {
    let mut state = WalletState::Requested;
    for (event, next) in [
        (WalletEvent::Answered, WalletState::Sending),
        (WalletEvent::Promised, WalletState::Granted),
        (WalletEvent::TakenBack, WalletState::Revoking),
        (WalletEvent::Ended, WalletState::Revoking),
        (WalletEvent::RevocationConfirmed, WalletState::Revoked),
    ] {
        state = state.next(event).unwrap();
        assert_eq!(state, next);
    }
}

#[test]
fn an_answer_without_a_promise_shares_nothing_and_stays_failed() {
    let failed = WalletState::Sending.next(WalletEvent::NotPromised).unwrap();
    assert_eq!(failed, WalletState::Failed);
    assert_eq!(
        failed.next(WalletEvent::Promised).unwrap_err().code(),
        "consent_state"
    );
}

proptest! {
    #[test]
    fn what_is_final_stays(events in prop::collection::vec(prop::sample::select(EVENTS.to_vec()), 0..30)) {
        let mut state = WalletState::Requested;
        for event in events {
            let next = state.next(event).unwrap_or(state);
            if state.is_final() {
                prop_assert_eq!(next, state);
            }
            // Granted only by a promise, and never again once it was taken back.
            if next == WalletState::Granted && state != WalletState::Granted {
                prop_assert_eq!((state, event), (WalletState::Sending, WalletEvent::Promised));
            }
            state = next;
        }
    }
}

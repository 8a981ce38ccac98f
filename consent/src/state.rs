//! How a consent lives and ends.

use serde::{Deserialize, Serialize};

/// Where a consent stands in the wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum WalletState {
    /// Asked, not answered.
    Requested,
    /// Answered, the promise is awaited; nothing was shared.
    Sending,
    /// Promised and delivered or about to be.
    Granted,
    /// The patient said no.
    Denied,
    /// No promise came: nothing was shared.
    Failed,
    /// Taken back, not yet confirmed everywhere.
    Revoking,
    /// Taken back and confirmed. Terminal.
    Revoked,
    /// Its time, or the question's, ran out.
    Expired,
}

/// What can happen to a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WalletEvent {
    /// The patient granted all or part and the answer was sent.
    Answered,
    /// The patient said no.
    Refused,
    /// A valid inclusion promise came.
    Promised,
    /// No promise came in time, or a bad one; the grant was tombstoned.
    NotPromised,
    /// The patient took it back.
    TakenBack,
    /// Ledger and station confirmed the revocation.
    RevocationConfirmed,
    /// The end of the consent, or of the question, passed.
    Ended,
}

/// This cannot happen to a consent in this state; the state stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen to a consent that is {from:?}")]
pub struct StateError {
    /// The state.
    pub from: WalletState,
    /// The event.
    pub event: WalletEvent,
}

impl StateError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        "consent_state"
    }
}

impl WalletState {
    /// The state after an event. What repeats a fact already known changes nothing.
    pub fn next(self, event: WalletEvent) -> Result<Self, StateError> {
        use WalletEvent as E;
        use WalletState as S;
        Ok(match (self, event) {
            (S::Requested, E::Answered) => S::Sending,
            (S::Requested | S::Denied, E::Refused) => S::Denied,
            (S::Requested | S::Granted | S::Expired, E::Ended) => S::Expired,
            (S::Sending | S::Granted, E::Promised) => S::Granted,
            (S::Sending | S::Failed, E::NotPromised) => S::Failed,
            // An unfinished revocation stays open past the end: the other side has not confirmed deletion.
            (S::Revoking, E::TakenBack | E::Ended) | (S::Granted | S::Sending, E::TakenBack) => S::Revoking,
            (S::Revoking | S::Revoked, E::RevocationConfirmed) | (S::Revoked, E::TakenBack | E::Ended) => {
                S::Revoked
            }
            (from, event) => return Err(StateError { from, event }),
        })
    }

    /// Nothing can change it any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Denied | Self::Failed | Self::Revoked | Self::Expired)
    }
}

/// Where a grant stands on the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum LedgerStatus {
    /// Never recorded.
    None,
    /// Recorded, not yet final.
    Pending,
    /// Recorded and valid.
    Active,
    /// Taken back, before or after it was recorded. Terminal.
    Revoked,
    /// Past its end.
    Expired,
}

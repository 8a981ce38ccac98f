//! Why the ledger said no.

use std::sync::Arc;

/// A refusal, or an engine that can't answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LedgerError {
    /// Not the subject's signature of this, or not in the one accepted form (65 bytes, low s, v 27 or 28).
    #[error(
        "the signature does not belong to this grant; nothing was recorded; sign again with the grant's own key"
    )]
    BadSignature,
    /// The period is empty or over.
    #[error("the period is empty or already over; nothing was recorded; ask for a new period")]
    WindowEmpty,
    /// The period is longer than the registry allows.
    #[error("the period is longer than this registry allows; nothing was recorded; ask for a shorter one")]
    TooLong,
    /// The period's start is more than a day from the ledger's time.
    #[error(
        "the period does not begin within a day of now; nothing was recorded; check the clock, then ask again"
    )]
    NotNow,
    /// It was taken back, which is final.
    #[error("this consent was revoked, which is final; nothing was recorded; a new one can be given")]
    Revoked,
    /// The secret is not the one behind this grant.
    #[error("the revocation secret is not of this grant; nothing was recorded; check the slip")]
    WrongSecret,
    /// More entries of this log are anchored than it is said to have now.
    #[error(
        "more of this log is anchored than it is said to have; nothing was recorded; it was cut, or an old copy is in use"
    )]
    WouldShrink,
    /// At this size the log is anchored with another root.
    #[error(
        "this log is anchored with another content; nothing was recorded; it was changed, or another log has its key"
    )]
    OtherRoot,
    /// The registry is older than anchors.
    #[error(
        "this registry was made before logs could be anchored; consents are recorded as ever; a newer registry can do both"
    )]
    NoAnchors,
    /// The engine's storage failed. The operation may be asked for again: it is recorded at most once.
    #[error("the ledger's storage failed; nothing was confirmed; try again, it is recorded at most once")]
    Store(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// What is stored is not what this program has written, or contract and engine disagree. It stays untouched.
    #[error("the ledger's data can't be read ({0}); nothing was changed; restore it or ask for help")]
    Damaged(&'static str),
    /// No node of the chain could be relied on: none answers, or those that do are behind or on another chain. Nothing
    /// is known; deny.
    #[error(
        "no node of the ledger can be relied on; nothing is known and nothing confirmed; try again later"
    )]
    Unreachable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// It was taken and is not yet final. It goes on being sent until it is; the same again asks how it stands.
    #[error("the ledger has not confirmed it yet; it goes on being sent; ask again")]
    NotFinal,
    /// As many operations wait to become final as this engine holds.
    #[error("too many operations wait for the ledger; this one was not taken; try again later")]
    Crowded,
    /// The engine ended before it could say.
    #[error(
        "the ledger's engine ended before it could say; what it has taken goes on when it starts again; ask again then"
    )]
    Interrupted,
    /// The chain included it in vain or its nodes refused it, time and again. It is not paid for any more.
    #[error(
        "the ledger did not take it, time and again; nothing was confirmed and it is no longer sent; ask again, or for help"
    )]
    GivenUp,
    /// The transaction that makes a new registry left, and is in no block yet. Nobody sends it again. Its hash.
    #[error(
        "the new registry is in no block yet; its transaction 0x{} may still come in; look for it before making another",
        hex::encode(.0)
    )]
    NotDeployed([u8; 32]),
    /// The relayer can't pay what the chain asks, or must not: its fee stands above the limit set for it.
    #[error(
        "the relayer can't pay the ledger's fee; nothing was confirmed; use another relayer, or ask for help"
    )]
    Unpaid,
}

impl LedgerError {
    /// Whether this says nothing about the operation asked for, only that the engine couldn't say or do more now. The same
    /// may be asked for again: it is recorded at most once.
    pub fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Store(_)
                | Self::Damaged(_)
                | Self::Unreachable(_)
                | Self::NotFinal
                | Self::Crowded
                | Self::Interrupted
                | Self::GivenUp
                | Self::NotDeployed(_)
                | Self::Unpaid
        )
    }

    /// Stable name, snake_case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadSignature => "bad_signature",
            Self::WindowEmpty => "window_empty",
            Self::TooLong => "too_long",
            Self::NotNow => "not_now",
            Self::Revoked => "revoked",
            Self::WrongSecret => "wrong_secret",
            Self::WouldShrink => "would_shrink",
            Self::OtherRoot => "other_root",
            Self::NoAnchors => "no_anchors",
            Self::Store(_) => "store",
            Self::Damaged(_) => "damaged",
            Self::Unreachable(_) => "unreachable",
            Self::NotFinal => "not_final",
            Self::Crowded => "crowded",
            Self::Interrupted => "interrupted",
            Self::GivenUp => "given_up",
            Self::NotDeployed(_) => "not_deployed",
            Self::Unpaid => "unpaid",
        }
    }
}

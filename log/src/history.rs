//! What two checkpoints of one log say of each other: one wallet's of yesterday and of today, or two wallets'.

use crate::{Checkpoint, Hash, tree::check_growth};

/// The log is not one history. Both checkpoints are signed by its keeper: together they show it to anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Of different logs: they say nothing of each other.
    #[error("these are checkpoints of two different logs")]
    OtherLog,
    /// Two roots for one size: two people were shown different logs.
    #[error("the keeper has signed two different logs of the same length")]
    TwoHistories,
    /// The later one is shorter.
    #[error("the log is shorter than it was")]
    Shorter,
    /// The proof that the later one begins with the earlier one does not hold. It may have been damaged on its way: ask
    /// again, and if it stays so, the log was rewritten.
    #[error("the log can't show that it still begins with what it was")]
    NotGrown,
}

impl Broken {
    /// Stable name of the finding.
    pub fn code(self) -> &'static str {
        match self {
            Self::OtherLog => "log_other_log",
            Self::TwoHistories => "log_two_histories",
            Self::Shorter => "log_shorter",
            Self::NotGrown => "log_not_grown",
        }
    }
}

/// Whether `seen` continues `kept`, which the same reader had before. `growth` is the keeper's proof.
///
/// # Errors
/// [`Broken`].
pub fn advance(kept: &Checkpoint, seen: &Checkpoint, growth: &[Hash]) -> Result<(), Broken> {
    if kept.origin() == seen.origin() && seen.size() < kept.size() {
        return Err(Broken::Shorter);
    }
    compare(kept, seen, growth)
}

/// Whether two checkpoints, whichever is later, are of one history. `growth` is the keeper's proof from the smaller to the
/// larger; none is needed where they are of one size.
///
/// # Errors
/// [`Broken`], never [`Broken::Shorter`].
pub fn compare(one: &Checkpoint, other: &Checkpoint, growth: &[Hash]) -> Result<(), Broken> {
    if one.origin() != other.origin() {
        return Err(Broken::OtherLog);
    }
    if one.size() == other.size() {
        return if one.root() == other.root() {
            Ok(())
        } else {
            Err(Broken::TwoHistories)
        };
    }
    let (earlier, later) = if one.size() < other.size() {
        (one, other)
    } else {
        (other, one)
    };
    check_growth(growth, earlier.head(), later.head()).map_err(|_| Broken::NotGrown)
}

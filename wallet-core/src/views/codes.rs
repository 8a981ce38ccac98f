//! Codes between this screen and a desk or a counter.

use serde::Serialize;
use specta::Type;

use super::{StatementAskedView, VerifierView};

/// A code for the screen that the desk scans.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ShownCode {
    /// Names an offer when its state is asked; empty for a pass.
    pub code_id: String,
    /// What the code says, for a link or a hand scanner; at most 300 characters.
    pub uri: String,
    /// The code as a picture.
    pub svg: String,
    /// From when nobody takes it any more.
    pub expires: String,
    /// Whom it is for.
    pub verifier: VerifierView,
}

/// What a counter without a network asks.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ChallengeView {
    /// Names the sealed question in this vault; `answer_challenge` takes it.
    pub challenge_id: String,
    pub verifier: VerifierView,
    pub statement: StatementAskedView,
    /// When the list of organisations was made by which the asker is known.
    pub list_issued: String,
    /// That list is too old to be relied on.
    pub list_expired: bool,
    /// When this question can no longer be answered.
    pub expires: String,
    pub development: bool,
}

/// What the counter is to read from this screen.
#[derive(Debug, Clone, Serialize, Type)]
pub struct CounterAnswerView {
    /// The answer as a picture.
    pub svg: String,
    /// What the picture says, for a hand scanner or for pasting.
    pub uri: String,
    /// Four digits; the counter shows the same when it reads this answer.
    pub digits: String,
    /// From when the counter no longer takes it.
    pub expires: String,
}

/// What came of a code that was shown.
#[derive(Debug, Clone, Serialize, Type)]
pub struct OfferStateView {
    /// `waiting`, `question` or `expired`.
    pub state: String,
    /// The desk's question, once it has come.
    pub request_id: Option<String>,
}

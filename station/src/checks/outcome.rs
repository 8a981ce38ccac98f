//! What came of a check, what to do with it, and the line that stays.

use carnet_eligibility::Day;
use carnet_exchange::answer::CheckedStatement;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::rows::{Asked, State};

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub result: Shown,
    /// Why nothing is known.
    pub reason: Option<String>,
    /// Who issued the value: its name in the list of organisations.
    pub issuer: Option<String>,
    /// Last day of what was shown.
    pub valid_until: Option<Day>,
    /// What the phone that showed it shows.
    pub digits: Option<String>,
    /// When the list of organisations was signed that decided whom to believe.
    pub list_issued: Option<Timestamp>,
    pub at: Timestamp,
}

/// The three answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    Yes,
    NotShown,
    CannotCheck,
}

impl Outcome {
    /// It holds.
    pub fn yes(
        checked: &CheckedStatement,
        digits: String,
        list_issued: Option<Timestamp>,
        at: Timestamp,
    ) -> Self {
        Self {
            result: Shown::Yes,
            reason: None,
            issuer: Some(checked.issuer.clone()),
            valid_until: Some(checked.until),
            digits: Some(digits),
            list_issued,
            at,
        }
    }

    /// Nothing is known, for this reason.
    pub fn cannot_check(reason: &str, list_issued: Option<Timestamp>, at: Timestamp) -> Self {
        Self {
            result: Shown::CannotCheck,
            reason: Some(reason.to_owned()),
            issuer: None,
            valid_until: None,
            digits: None,
            list_issued,
            at,
        }
    }

    /// It was not shown: refused, not held, or not true. Nobody knows which.
    pub fn not_shown(at: Timestamp) -> Self {
        Self {
            result: Shown::NotShown,
            reason: None,
            issuer: None,
            valid_until: None,
            digits: None,
            list_issued: None,
            at,
        }
    }

    /// What to do now, for somebody with a queue.
    fn next(&self) -> &'static str {
        match self.result {
            Shown::Yes => {
                "Look at the patient's phone: it must show these four digits. If it does, dispense. If it doesn't, it was \
                 somebody else's phone: ask again."
            }
            Shown::NotShown => {
                "This is not a no. The patient may have declined, or not hold such a card. Ask for the paper card or a \
                 prescription, or ask again."
            }
            Shown::CannotCheck => match self.reason.as_deref().unwrap_or_default() {
                "eligibility_issuer"
                | "eligibility_credential_unknown_issuer"
                | "answer_issuer_not_asked" => {
                    "Nothing is known. Who issued the card is not on your list, or is not accepted for this. Ask for the \
                     paper card, and tell whoever keeps your list."
                }
                "eligibility_validity" | "counter_copy_old" => {
                    "Nothing is known. The patient's copy has run out. Ask them to open their wallet where there is a \
                     network, then ask again."
                }
                "unavailable" => {
                    "Nothing is known. Your list of organisations can't be read. Check the network and the list, then \
                     ask again."
                }
                _ => {
                    "Nothing is known: this speaks neither for the patient nor against. Ask again with a new code. If it \
                     happens twice, ask for the paper card."
                }
            },
        }
    }
}

/// As the page sees it; before there is an answer, `result` is null.
pub fn view(says: &str, outcome: Option<&Outcome>, list_issued: Option<Timestamp>) -> Value {
    json!({
        "says": says,
        "result": outcome.map(|outcome| outcome.result),
        "reason": outcome.and_then(|outcome| outcome.reason.as_ref()),
        "issuer": outcome.and_then(|outcome| outcome.issuer.as_ref()),
        "valid_until": outcome.and_then(|outcome| outcome.valid_until),
        "digits": outcome.and_then(|outcome| outcome.digits.as_ref()),
        "list_issued": outcome.and_then(|outcome| outcome.list_issued).or(list_issued),
        // "Not shown" is found out anew with each look.
        "at": outcome.filter(|outcome| outcome.result != Shown::NotShown).map(|outcome| outcome.at),
        "what_next": outcome.map_or("Let the patient scan the code with their wallet.", Outcome::next),
    })
}

/// Where a check stands: what was kept, or what follows from the question having been refused or run out.
pub fn outcome(asked: &Asked, now: Timestamp) -> Option<Outcome> {
    let kept = asked.check.clone();
    match asked.state(now) {
        State::Denied => Some(Outcome::not_shown(now)),
        State::Expired => kept.or_else(|| Some(Outcome::not_shown(asked.expires))),
        _ => kept,
    }
}

/// One line for those who look after the station: who asked what, and what came of it. Nothing of the patient.
#[derive(Debug, Serialize, Deserialize)]
pub struct Line {
    pub at: Timestamp,
    pub by: String,
    pub says: String,
    pub result: Shown,
    pub reason: Option<String>,
}

impl Line {
    /// Key of the line of one question.
    pub fn key(id: &str) -> String {
        format!("check/{id}")
    }

    pub fn of(asked: &Asked, outcome: &Outcome) -> Self {
        Self {
            at: outcome.at,
            by: asked.by.name(),
            says: asked.question.title.clone(),
            result: outcome.result,
            reason: outcome.reason.clone(),
        }
    }
}

//! Waiting for a register that takes its time to confirm. What it has not confirmed when this ends, whatever ends it, goes on
//! with the next `carnet sync`.

use std::{io::IsTerminal, time::Duration};

use carnet_wallet_core::{
    Wallet,
    views::{AnswerView, RevocationView},
};
use tokio::time::{Instant, sleep};

use crate::{arguments::Common, failure::Failure};

/// How long a command waits.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two questions; the register itself waits a while before it says that it has nothing new.
const PAUSE: Duration = Duration::from_secs(1);

/// How long to wait, and whether anybody is told why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    until: Instant,
    told: bool,
}

pub(crate) fn patience(common: &Common, none: bool) -> Patience {
    Patience {
        until: Instant::now() + if none { Duration::ZERO } else { PATIENCE },
        told: !none && !common.json && std::io::stderr().is_terminal(),
    }
}

impl Patience {
    /// Goes on with an answer until it is confirmed.
    pub(crate) async fn answered(
        mut self,
        wallet: &Wallet,
        mut done: AnswerView,
    ) -> Result<AnswerView, Failure> {
        let Some(id) = done.consent_id.clone() else {
            return Ok(done);
        };
        let unconfirmed = |done: &AnswerView| {
            let ledger = done.ledger.as_ref();
            ledger.is_some_and(|ledger| ledger.status == "unconfirmed")
        };
        while done.state == "sending" && unconfirmed(&done) && self.ask_again(wallet).await {
            let now = wallet.consent(&id)?;
            (done.state, done.ledger) = (now.line.state, now.ledger);
        }
        came_to_nothing(&done.state).map_or(Ok(done), Err)
    }

    /// Goes on with a revocation that was handed in until it is confirmed.
    pub(crate) async fn revoked(
        mut self,
        wallet: &Wallet,
        id: &str,
        mut done: RevocationView,
    ) -> Result<RevocationView, Failure> {
        while done.ledger == "handed_in" && self.ask_again(wallet).await {
            if let Some(now) = wallet.consent(id)?.revocation {
                done = now;
            }
        }
        Ok(done)
    }

    /// False when it was waited long enough, or nobody can be asked: what was done stays done, and is only not confirmed yet.
    async fn ask_again(&mut self, wallet: &Wallet) -> bool {
        if Instant::now() >= self.until {
            return false;
        }
        if std::mem::take(&mut self.told) {
            eprintln!(
                "The register has not confirmed it yet. You need do nothing: Carnet asks again until it has."
            );
        }
        sleep(PAUSE).await;
        wallet.sync().await.is_ok()
    }
}

/// What an answer has come to that was on its way to the register, where nothing was shared.
fn came_to_nothing(state: &str) -> Option<Failure> {
    let (code, message) = match state {
        "failed" => (
            "no_promise",
            "The register did not confirm your answer. Nothing was shared, and what you signed is being made void.",
        ),
        "revoking" | "revoked" => (
            "delivery_refused",
            "The register confirmed your answer, but no record was delivered. Your consent is being taken back.",
        ),
        _ => return None,
    };
    Some(Failure::here(code, message, "Ask the desk for a new code."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_came_to_nothing_while_it_was_waited_for_is_a_failure() {
        for state in ["failed", "revoking", "revoked"] {
            assert!(came_to_nothing(state).is_some(), "{state}");
        }
        for state in ["sending", "granted", "expired", "shown", "proved"] {
            assert!(came_to_nothing(state).is_none(), "{state}");
        }
    }
}

//! Saying no.

use carnet_consent::{ConsentRequest, WalletState};
use carnet_exchange::{answer, limits::REPLY_BYTES, media};
use carnet_fetch::Limits;
use jiff::Timestamp;
use thiserror::Error;

use crate::{
    Described, Facts, InspectError, NoRandomness, TalkError, Wallet,
    activity::{Entry, Happened},
    inspect::Question,
    kept::KeptConsent,
    random::{make_bytes, make_key},
    vault::{Table, VaultError},
    views::AnswerView,
};

const DENY: &str = "deny";

#[derive(Debug, Error)]
pub enum DenyError {
    #[error(transparent)]
    Question(#[from] InspectError),
    #[error("Your no is kept here, but it could not be brought to the clinic. Nothing was shared.")]
    NotDelivered(#[source] TalkError),
    #[error("The refusal could not be sealed. Nothing was sent.")]
    Seal,
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for DenyError {
    fn facts(&self) -> Facts {
        match self {
            Self::Question(error) => error.facts(),
            Self::NotDelivered(error) => Facts {
                next: "You need do nothing more: without your yes, nobody can read anything.",
                ..error.facts()
            },
            Self::Seal => Facts::unexpected("answer_not_sealed", "Ask the desk for a new code."),
            Self::Randomness(_) => Facts::critical("no_randomness", "Restart this device and try again."),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// Refuses a question, by its link or its request id. The no holds here even where the clinic can't be reached.
    pub async fn deny(&self, link_or_request_id: &str) -> Result<AnswerView, DenyError> {
        let request_id = self.request_id(link_or_request_id).await?;
        let _hold = self.hold_question(&request_id).await?;
        let question = self.open_question(&request_id)?;
        let jwe = answer::seal_denial(&question.request, &make_key()?, make_bytes()?)
            .map_err(|_| DenyError::Seal)?;
        let view = self.keep_denial(&question)?;
        let sent = question
            .talk
            .post(
                &question.request.response_uri,
                media::FORM,
                answer::form_body(&jwe).into_bytes(),
                Limits::bytes(REPLY_BYTES),
            )
            .await
            .map_err(DenyError::NotDelivered);
        sent?;
        Ok(view)
    }

    fn keep_denial(&self, question: &Question) -> Result<AnswerView, VaultError> {
        let now = self.clock.now();
        let mut change = self.vault.change();
        let mut consent_id = None;
        if let Some(asked) = &question.request.consent {
            let kept = denied(question, &asked.request, now);
            change.put(Table::Consents, &kept.consent_id, &kept);
            consent_id = Some(kept.consent_id);
        }
        change.put(Table::Requests, &question.request_id, &question.kept.used());
        Entry::new(now, Happened::Denied)
            .who(&question.kept.verifier)
            .put(&mut change);
        change.commit()?;
        Ok(AnswerView {
            decision: DENY.to_owned(),
            consent_id,
            grant_id: None,
            code: None,
            state: "denied".to_owned(),
            ledger: None,
            records: 0,
            shown: 0,
        })
    }
}

/// What is kept of a consent that was refused.
fn denied(question: &Question, asked: &ConsentRequest, now: Timestamp) -> KeptConsent {
    KeptConsent {
        consent_id: asked.consent_id.to_string(),
        state: WalletState::Denied,
        verifier_id: question.request.entry_id.clone(),
        verifier: question.kept.verifier.clone(),
        decision: DENY.to_owned(),
        purpose: asked
            .purpose
            .iter()
            .map(|purpose| purpose.code().to_owned())
            .collect(),
        granted: Vec::new(),
        not_granted: asked.items.iter().map(|item| item.scope.to_string()).collect(),
        start: asked.period.start,
        end: asked.period.end,
        retention_days: asked.retention.days(),
        groups: Vec::new(),
        records: 0,
        made: now,
        given: None,
    }
}

//! Sending what waits.

use std::ops::ControlFlow;

use jiff::SignedDuration;
use thiserror::Error;

use crate::{
    Described, Facts, RecoverError, TalkError, Wallet,
    errands::Finish,
    kept::{Errand, KeptRequest},
    talk::Talk,
    vault::{Table, VaultError},
    views::SyncView,
};

/// How long an unanswered question is kept after it expired.
const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Error)]
pub enum SyncError {
    #[error(transparent)]
    Recover(#[from] RecoverError),
    #[error(transparent)]
    Talk(#[from] TalkError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for SyncError {
    fn facts(&self) -> Facts {
        match self {
            Self::Recover(error) => error.facts(),
            Self::Talk(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// Whether anything waits to be sent for anybody in the vault.
    pub fn needs_sync(&self) -> bool {
        let unsearched = self
            .recovery()
            .is_ok_and(|view| view.is_some_and(|view| !view.done));
        unsearched
            || self.kept_profiles().is_ok_and(|people| {
                people
                    .iter()
                    .any(|(profile, _)| self.acting_as(*profile).needs_sync_own())
            })
    }

    pub(crate) fn needs_sync_own(&self) -> bool {
        self.vault
            .all::<Errand>(Table::Outbox)
            .is_ok_and(|errands| !errands.is_empty())
            || self.registries_due().unwrap_or(false)
    }

    /// Brings everything that waits one step further: answers that were interrupted, revocations and tombstones that are
    /// not confirmed everywhere, for everybody in the vault; and after a restore the search on the ledgers. Whoever can't be
    /// reached is tried again next time.
    pub async fn sync(&self) -> Result<SyncView, SyncError> {
        if self.recovery()?.is_some_and(|view| !view.done) {
            match self.scan(&mut |_| ControlFlow::Continue(())).await {
                // Without a list there is nobody to ask; that is said where it matters.
                Ok(_) | Err(RecoverError::NoList) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut done = SyncView { sent: 0, waiting: 0 };
        for (profile, _) in self.kept_profiles()? {
            let own = self.acting_as(profile).sync_own().await?;
            done.sent += own.sent;
            done.waiting += own.waiting;
        }
        Ok(done)
    }

    async fn sync_own(&self) -> Result<SyncView, SyncError> {
        self.forget_old_questions()?;
        let errands: Vec<(String, Errand)> = self.vault.all(Table::Outbox)?;
        let mut done = SyncView { sent: 0, waiting: 0 };
        let registries_due = self.registries_due()?;
        if errands.is_empty() && !registries_due {
            return Ok(done);
        }
        let talk = match self.talk() {
            Ok(talk) => talk.impatient(),
            // Nobody to ask, and nothing that must be sent.
            Err(_) if errands.is_empty() => return Ok(done),
            Err(error) => return Err(error.into()),
        };
        for (consent_id, _) in errands {
            if self.run_errand(&talk, &consent_id).await? {
                done.sent += 1;
            } else {
                done.waiting += 1;
            }
        }
        if registries_due {
            self.look_at_registries(&talk).await?;
        }
        Ok(done)
    }

    /// True when nothing more waits for this consent.
    async fn run_errand(&self, talk: &Talk, consent_id: &str) -> Result<bool, VaultError> {
        // Somebody is at it in this process: it is theirs to end.
        let Some(_hold) = self.try_hold(consent_id) else {
            return Ok(false);
        };
        let Some(errand) = self.vault.get::<Errand>(Table::Outbox, consent_id)? else {
            return Ok(true);
        };
        if errand == Errand::Issuer {
            return self.run_issuer_errand(talk, consent_id).await;
        }
        let Some(kept) = self.kept_consent(consent_id)? else {
            self.vault.delete(Table::Outbox, consent_id)?;
            return Ok(true);
        };
        match errand {
            Errand::Issuer => {}
            Errand::TakeBack => {
                self.take_back(talk, kept).await?;
            }
            Errand::Finish => match self.finish(talk, kept).await? {
                (_, Finish::Delivered | Finish::Waiting) => {}
                (kept, Finish::NotOnLedger | Finish::Refused(_)) => {
                    self.take_back(talk, kept).await?;
                }
            },
        }
        Ok(self.vault.get::<Errand>(Table::Outbox, consent_id)?.is_none())
    }

    fn forget_old_questions(&self) -> Result<(), VaultError> {
        let now = self.clock.now();
        for (request_id, kept) in self.vault.all::<KeptRequest>(Table::Requests)? {
            if !kept.answered && now.duration_since(kept.expires) > FORGET_AFTER {
                self.vault.delete(Table::Requests, &request_id)?;
            }
        }
        Ok(())
    }
}

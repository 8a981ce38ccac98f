//! Copies that the issuer sends later (OpenID4VCI 1.0 section 9): asked for again, not sooner than the issuer wants.

use super::{
    KeptIssuance, Waiting,
    accept::{Broken, Collected},
    error::TakeCardError,
};
use crate::{
    Described, Wallet,
    activity::{Entry, Happened},
    talk::Talk,
    vault::{Table, VaultError},
};
use carnet_exchange::issuance::credential::CredentialResponse;
use jiff::SignedDuration;

/// What became of copies that were waited for.
enum Asked {
    Came(Collected),
    NotYet(Waiting),
    Over(Broken),
}

impl Wallet {
    /// What waits for an issuer: notifications, and copies that come later. True when nothing more does.
    pub(crate) async fn run_issuer_errand(&self, talk: &Talk, offer_id: &str) -> Result<bool, VaultError> {
        self.fetch_waiting(talk, offer_id).await?;
        self.tell_issuer(talk, offer_id).await
    }

    async fn fetch_waiting(&self, talk: &Talk, offer_id: &str) -> Result<(), VaultError> {
        let Some(mut kept) = self.vault.get::<KeptIssuance>(Table::Issuances, offer_id)? else {
            return Ok(());
        };
        let now = self.clock.now();
        let (due, mut later): (Vec<_>, Vec<_>) = std::mem::take(&mut kept.waiting)
            .into_iter()
            .partition(|waiting| waiting.not_before <= now);
        if due.is_empty() {
            return Ok(());
        }
        let entry = talk.list.by_id(&kept.source.entry_id);
        let name = entry.map(|entry| entry.name.clone()).unwrap_or_default();
        let mut came = Collected::default();
        let mut refused = Vec::new();
        for waiting in due {
            match self.ask_again(talk, offer_id, &kept, waiting).await {
                Asked::Came(mut more) => {
                    came.copies.append(&mut more.copies);
                    came.tell.append(&mut more.tell);
                }
                Asked::NotYet(waiting) => later.push(waiting),
                Asked::Over(broken) => refused.push(broken),
            }
        }
        kept.waiting = later;
        let mut change = self.vault.change();
        for broken in refused {
            kept.tell.extend(broken.tell);
            Entry::new(now, Happened::Refused)
                .who(&name)
                .code(broken.error.code())
                .put(&mut change);
        }
        change.commit()?;
        match self.keep(offer_id, kept, &name, came) {
            Err(TakeCardError::Vault(error)) => Err(error),
            _ => Ok(()),
        }
    }

    async fn ask_again(&self, talk: &Talk, offer_id: &str, kept: &KeptIssuance, waiting: Waiting) -> Asked {
        let over = |error: TakeCardError| {
            Asked::Over(Broken {
                error,
                tell: Vec::new(),
            })
        };
        let (Some(key), Some(token), Some(url)) = (&kept.dpop, &kept.access, &kept.source.deferred) else {
            return over(TakeCardError::Denied);
        };
        let issuer = self.issuer(talk, &kept.source, key);
        let asked = waiting.keys.len();
        match issuer.later(url, token, &waiting.transaction_id, asked).await {
            Ok(CredentialResponse::Now {
                credentials,
                notification_id,
            }) => {
                let came = (credentials, notification_id);
                match self
                    .look_at(offer_id, kept, talk, waiting.card, &waiting.keys, came)
                    .await
                {
                    Ok(collected) => Asked::Came(collected),
                    Err(broken) => Asked::Over(broken),
                }
            }
            Ok(CredentialResponse::Later {
                transaction_id,
                interval,
            }) => Asked::NotYet(Waiting {
                transaction_id,
                not_before: self.clock.now() + SignedDuration::from_secs(interval as i64),
                ..waiting
            }),
            Err(TakeCardError::Talk(error)) if error.is_temporary() => Asked::NotYet(waiting),
            Err(error) => over(error),
        }
    }
}

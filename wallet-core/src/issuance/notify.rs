//! Telling the issuer what became of its copies, from the outbox: after a crash, after a day without a network.

use std::time::Duration;

use super::{KeptIssuance, error::TakeCardError};
use crate::{
    Wallet,
    talk::Talk,
    vault::{Table, VaultError},
};

/// How long the patient waits for it; the outbox goes on.
const SOON: Duration = Duration::from_secs(5);

impl Wallet {
    /// Tries once to tell what there is to tell, without keeping the patient waiting.
    pub(super) async fn tell_soon(&self, talk: &Talk, offer_id: &str) -> Result<(), TakeCardError> {
        match tokio::time::timeout(SOON, self.tell_issuer(talk, offer_id)).await {
            Ok(Err(error)) => Err(error.into()),
            // What was cut off here goes on from the outbox.
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }

    /// Tells what there is to tell. True when nothing more waits.
    pub(super) async fn tell_issuer(&self, talk: &Talk, offer_id: &str) -> Result<bool, VaultError> {
        let Some(mut kept) = self.vault.get::<KeptIssuance>(Table::Issuances, offer_id)? else {
            self.vault.delete(Table::Outbox, offer_id)?;
            return Ok(true);
        };
        let mut left = Vec::new();
        if let (Some(key), Some(token)) = (&kept.dpop, &kept.access) {
            let issuer = self.issuer(talk, &kept.source, key);
            for tell in &kept.tell {
                let told = match issuer.tell(token, tell).await {
                    Ok(told) => told,
                    Err(TakeCardError::Talk(error)) => !error.is_temporary(),
                    Err(_) => true,
                };
                if !told {
                    left.push(tell.clone());
                }
            }
        }
        kept.tell = left;
        let done = kept.tell.is_empty() && kept.waiting.is_empty();
        let mut change = self.vault.change();
        change.put(Table::Issuances, offer_id, &kept);
        if done {
            change.delete(Table::Outbox, offer_id);
        }
        change.commit()?;
        Ok(done)
    }
}

//! More copies of a card, as long as its issuer gives them.

use carnet_exchange::issuance::token::TokenRequest;

use super::{KeptIssuance, Stage, accept::Broken, error::TakeCardError};
use crate::{
    CardsError, Wallet,
    credentials::{KeptCredential, views::CardView},
    vault::{Table, VaultError},
};

impl Wallet {
    /// Fills a card up again to as many copies as its issuer gives at a time.
    pub async fn refill_card(&self, card_id: &str) -> Result<CardView, TakeCardError> {
        let copies = self.find_card(card_id)?;
        let (_, first) = copies.first().ok_or(CardsError::Unknown)?;
        let (card_id, kind) = (first.card.clone(), first.kind.clone());
        let offer_id = first.source.clone().ok_or(TakeCardError::NotRefillable)?;
        let _hold = self.hold(&offer_id).await;
        let mut kept: KeptIssuance = self
            .vault
            .get(Table::Issuances, &offer_id)?
            .ok_or(TakeCardError::NotRefillable)?;
        let (Some(refresh_token), Some(dpop)) = (kept.refresh.clone(), kept.dpop.clone()) else {
            return Err(TakeCardError::NotRefillable);
        };
        let card = kept.cards.iter().position(|card| card.kind == kind);
        let card = card.ok_or(TakeCardError::NotRefillable)?;
        let now = self.clock.now();
        let left = copies.iter().filter(|(_, kept)| kept.is_left_at(now)).count();
        let wanted = (kept.source.batch_size as usize).saturating_sub(left);
        if wanted == 0 {
            return Err(TakeCardError::Enough);
        }
        let talk = self.talk()?;
        let name = talk.entry(&kept.source.entry_id)?.name.clone();
        let issuer = self.issuer(&talk, &kept.source, &dpop);
        let token = match issuer.token(&TokenRequest::Refresh { refresh_token }).await {
            Err(TakeCardError::NotAccepted | TakeCardError::Denied) => {
                kept.refresh = None;
                kept.stage = Stage::Ended;
                self.vault.put(Table::Issuances, &offer_id, &kept)?;
                return Err(TakeCardError::RefillRefused);
            }
            token => token?,
        };
        let collected = self
            .collect(&offer_id, &kept, &issuer, &token, card, wanted)
            .await;
        kept.access = Some(token.access_token);
        if let Some(fresh) = token.refresh_token {
            kept.refresh = Some(fresh);
        }
        match collected {
            Ok(all) => {
                self.keep(&offer_id, kept, &name, all)?;
                self.tell_soon(&talk, &offer_id).await?;
                Ok(self.card(&card_id)?)
            }
            Err(Broken { error, tell }) => {
                self.refuse(&offer_id, kept, &name, &error, tell).await?;
                Err(error)
            }
        }
    }

    /// Whether the issuer of these copies offers more.
    pub(crate) fn refillable(&self, copies: &[(String, KeptCredential)]) -> Result<bool, VaultError> {
        let source = copies.iter().find_map(|(_, kept)| kept.source.as_ref());
        let Some(source) = source else {
            return Ok(false);
        };
        let kept: Option<KeptIssuance> = self.vault.get(Table::Issuances, source)?;
        Ok(kept.is_some_and(|kept| kept.refresh.is_some()))
    }
}

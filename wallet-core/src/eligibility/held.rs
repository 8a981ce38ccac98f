//! Which statements could be shown, by which cards, until when.

use carnet_exchange::eligibility::issuers;
use jiff::Timestamp;
use thiserror::Error;

use crate::{
    Described, Facts, TrustError, Wallet, activity::to_the_second, credentials::KeptCredential,
    vault::VaultError, views::ProvableView,
};

#[derive(Debug, Error)]
pub enum StatementsError {
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for StatementsError {
    fn facts(&self) -> Facts {
        match self {
            Self::Trust(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// Each card that can prove something today, with its copies and until when they are good.
    pub fn statements(&self) -> Result<Vec<ProvableView>, StatementsError> {
        let list = self.held_list()?.map(|(list, _)| list);
        let known = list.as_ref().map(issuers).unwrap_or_default();
        let mut views: Vec<ProvableView> = Vec::new();
        for copies in self.kept_eligibility()? {
            let Some((kept, copy, opening)) = copies.iter().find_map(|kept| {
                let (copy, opening, _) = kept.eligibility()?;
                Some((kept, copy, opening))
            }) else {
                continue;
            };
            views.push(ProvableView {
                card: kept.card.clone(),
                title: copy.kind.title().to_owned(),
                issuer: kept.issuer_view(list.as_ref()),
                own_value: copy.kind.own_words(&opening),
                proves: copy.kind.can_prove().to_owned(),
                until: latest(&copies).map(to_the_second),
                copies: u32::try_from(copies.len()).unwrap_or(u32::MAX),
                issuer_listed: known.iter().any(|(issuer, _)| *issuer == copy.issuer),
            });
        }
        Ok(views)
    }

    /// The copies that are good today, by card, whatever they are of.
    fn kept_eligibility(&self) -> Result<Vec<Vec<KeptCredential>>, VaultError> {
        let now = self.clock.now();
        let good = |kept: &KeptCredential| {
            kept.eligibility_kind().is_some()
                && kept.is_left()
                && kept.from.is_some_and(|from| from <= now)
                && kept.until.is_some_and(|until| now < until)
        };
        let cards = self.kept_cards()?.into_iter();
        Ok(cards
            .map(|copies| copies.into_iter().map(|(_, kept)| kept).filter(good).collect())
            .filter(|copies: &Vec<KeptCredential>| !copies.is_empty())
            .collect())
    }
}

fn latest(copies: &[KeptCredential]) -> Option<Timestamp> {
    copies.iter().filter_map(|kept| kept.until).max()
}

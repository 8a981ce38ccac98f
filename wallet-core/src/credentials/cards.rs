//! What is held: a card for each credential, however many copies there are.

use carnet_consent::{GrantId, LEDGER_STATUS, LedgerEntry, WalletState};
use carnet_exchange::TrustList;
use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;

use super::{
    Binding, CredentialForm, KeptCredential,
    claims::{said, title},
    views::{CardLine, CardStatus, CardView, IssuerView},
};
use crate::{
    Described, Facts, TrustError, Wallet,
    activity::{Entry, Happened, to_the_second},
    vault::{Table, VaultError},
};

/// So many copies of a card are few.
const LOW: u32 = 3;

#[derive(Debug, Error)]
pub enum CardsError {
    #[error("There is no card with this id.")]
    Unknown,
    #[error("Several cards begin with this id.")]
    Ambiguous,
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for CardsError {
    fn facts(&self) -> Facts {
        match self {
            Self::Unknown => Facts::expected("unknown_card", "Look it up in the list of cards."),
            Self::Ambiguous => Facts::expected("ambiguous_id", "Give more of the id."),
            Self::Trust(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// Every card, newest first.
    pub fn cards(&self) -> Result<Vec<CardLine>, CardsError> {
        let list = self.held_list()?.map(|(list, _)| list);
        self.kept_cards()?
            .iter()
            .map(|copies| self.card_line(copies, list.as_ref()))
            .collect()
    }

    /// One card whole; a unique beginning of its id will do.
    pub fn card(&self, id: &str) -> Result<CardView, CardsError> {
        let list = self.held_list()?.map(|(list, _)| list);
        let copies = self.find_card(id)?;
        let (_, newest) = copies.first().ok_or(CardsError::Unknown)?;
        Ok(CardView {
            line: self.card_line(&copies, list.as_ref())?,
            claims: said(newest),
            bound: !matches!(newest.binding, Binding::Nobody),
            added: to_the_second(newest.added),
            form: newest.form,
            issuer_id: newest.issuer.clone(),
            json: serde_json::to_string_pretty(&newest.claims).unwrap_or_default(),
        })
    }

    /// Removes a card with all its copies.
    pub fn remove_card(&self, id: &str) -> Result<(), CardsError> {
        let list = self.held_list()?.map(|(list, _)| list);
        let copies = self.find_card(id)?;
        let issuer = copies
            .first()
            .and_then(|(_, kept)| kept.issuer_view(list.as_ref()).name);
        let mut change = self.vault.change();
        for (id, _) in &copies {
            change.delete(Table::Credentials, id);
        }
        let mut line = Entry::new(self.clock.now(), Happened::CredentialRemoved);
        if let Some(issuer) = &issuer {
            line = line.who(issuer);
        }
        line.put(&mut change);
        Ok(change.commit()?)
    }

    /// How many cards there are, each counted once.
    pub(crate) fn count_cards(&self) -> Result<u32, VaultError> {
        Ok(u32::try_from(self.kept_cards()?.len()).unwrap_or(u32::MAX))
    }

    /// All copies of each card, the newest copy and the newest card first.
    pub(crate) fn kept_cards(&self) -> Result<Vec<Vec<(String, KeptCredential)>>, VaultError> {
        let mut all: Vec<(String, KeptCredential)> = self.vault.all(Table::Credentials)?;
        all.sort_by(|(a, one), (b, other)| (other.added, b).cmp(&(one.added, a)));
        let mut cards: Vec<Vec<(String, KeptCredential)>> = Vec::new();
        for (id, kept) in all {
            match cards
                .iter_mut()
                .find(|copies| copies.first().is_some_and(|(_, first)| first.card == kept.card))
            {
                Some(copies) => copies.push((id, kept)),
                None => cards.push(vec![(id, kept)]),
            }
        }
        Ok(cards)
    }

    pub(crate) fn find_card(&self, id: &str) -> Result<Vec<(String, KeptCredential)>, CardsError> {
        if id.is_empty() {
            return Err(CardsError::Unknown);
        }
        let mut matching = self.kept_cards()?.into_iter().filter(|copies| {
            copies
                .first()
                .is_some_and(|(_, first)| first.card.starts_with(id))
        });
        match (matching.next(), matching.next()) {
            (Some(card), None) => Ok(card),
            (None, _) => Err(CardsError::Unknown),
            _ => Err(CardsError::Ambiguous),
        }
    }

    fn card_line(
        &self,
        copies: &[(String, KeptCredential)],
        list: Option<&TrustList>,
    ) -> Result<CardLine, CardsError> {
        let (_, kept) = copies.first().ok_or(CardsError::Unknown)?;
        let now = self.clock.now();
        // Copies that are over in a few days speak for their card one after the other: the one that is good longest counts.
        let until = copies.iter().filter_map(|(_, copy)| copy.until).max();
        let (from, until) = match kept.form {
            CredentialForm::Eligibility => (kept.from, until),
            _ => (kept.from, kept.until),
        };
        let left = count(copies, now);
        let validity = match (from, until) {
            (_, Some(until)) if now >= until => "expired",
            (Some(from), _) if now < from => "not_yet",
            _ => "valid",
        };
        Ok(CardLine {
            id: kept.card.clone(),
            title: title(&kept.kind),
            kind: kept.kind.clone(),
            issuer: kept.issuer_view(list),
            validity: validity.to_owned(),
            from: from.map(to_the_second),
            until: until.map(to_the_second),
            // Each copy has a place of its own in its issuer's list; one that was taken back speaks for all.
            status: self.card_status(
                copies
                    .iter()
                    .map(|(_, copy)| copy)
                    .find(|copy| {
                        copy.looked_up
                            .as_ref()
                            .is_some_and(|looked_up| looked_up.state != "valid")
                    })
                    .unwrap_or(kept),
                now,
            )?,
            copies: left,
            says: match kept.form {
                CredentialForm::Eligibility => {
                    let says = kept.claims.get("says").and_then(Value::as_str);
                    says.map(str::to_owned)
                }
                _ => None,
            },
            single_use: kept.single_use,
            low: kept.single_use && left <= LOW,
            refillable: self.refillable(copies)?,
        })
    }

    /// Whether it was taken back, as far as this wallet knows: of its own consents it knows by itself, of others what their
    /// issuer last said.
    fn card_status(&self, kept: &KeptCredential, now: Timestamp) -> Result<CardStatus, CardsError> {
        let known = |state: &str, as_of| CardStatus {
            state: state.to_owned(),
            as_of,
        };
        let Some(status) = &kept.status else {
            return Ok(known("none", None));
        };
        let consents = self.kept_consents()?;
        let grant = ledger_entry(kept.form, status).map(|entry| entry.grant_id.to_string());
        let state = consents
            .iter()
            .find(|consent| {
                let given = consent.given.as_ref();
                grant.is_some() && given.map(|given| &given.grant_id) == grant.as_ref()
            })
            .map(|consent| consent.state_at(now));
        Ok(match state {
            Some(WalletState::Revoking | WalletState::Revoked) => known("revoked", None),
            Some(WalletState::Granted) => known("valid", None),
            Some(WalletState::Expired) => known("ended", None),
            _ => match &kept.looked_up {
                Some(looked_up) => known(&looked_up.state, Some(to_the_second(looked_up.when))),
                None => known("not_checked", Some(to_the_second(kept.added))),
            },
        })
    }
}

/// How many copies can still be shown.
fn count(copies: &[(String, KeptCredential)], now: Timestamp) -> u32 {
    let left = copies.iter().filter(|(_, kept)| kept.is_left_at(now));
    u32::try_from(left.count()).unwrap_or(u32::MAX)
}

impl KeptCredential {
    /// The issuer's name is the trust list's, or nobody's.
    pub(crate) fn issuer_view(&self, list: Option<&TrustList>) -> IssuerView {
        let entry = self.entry_id.as_ref().and_then(|id| list?.by_id(id));
        IssuerView {
            name: entry.map(|entry| entry.name.clone()),
            own: self.own,
        }
    }
}

/// The grant whose status is the credential's.
fn ledger_entry(form: CredentialForm, status: &Value) -> Option<LedgerEntry> {
    match form {
        CredentialForm::SdJwt => serde_json::from_value(status.get(LEDGER_STATUS)?.clone()).ok(),
        CredentialForm::VcJose | CredentialForm::VcDataIntegrity => {
            let text = |name: &str| Some(status.get(name)?.as_str()?.to_owned());
            let grant_id: GrantId = text("grantId")?.parse().ok()?;
            Some(LedgerEntry {
                chain_id: text("chainId")?,
                registry: text("registry")?,
                grant_id,
            })
        }
        // Without a status: it is over in a few days.
        CredentialForm::Eligibility => None,
    }
}

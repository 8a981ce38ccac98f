//! Does anything need me?

use std::collections::BTreeSet;

use carnet_consent::WalletState;
use jiff::SignedDuration;
use thiserror::Error;

use crate::{
    Described, Facts, ProfilesError, RecoverError, TrustError, Wallet,
    kept::{Errand, KeptRequest, WORDS_SEEN},
    vault::{Table, VaultError},
    views::{HomeView, Need, OtherPerson, TrustView},
};

const SOON: SignedDuration = SignedDuration::from_hours(48);
const LIST_SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// For how long a failed answer stays on the first page once its tombstone is confirmed.
const FAILED_SHOWN: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Error)]
pub enum HomeError {
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Profiles(#[from] ProfilesError),
    #[error(transparent)]
    Recover(#[from] RecoverError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for HomeError {
    fn facts(&self) -> Facts {
        match self {
            Self::Trust(error) => error.facts(),
            Self::Profiles(error) => error.facts(),
            Self::Recover(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    pub fn home(&self) -> Result<HomeView, HomeError> {
        let trust = self.trust()?;
        let (needs_you, active_consents) = self.needs(trust.as_ref())?;
        let profile = self.profile()?;
        let mut others = Vec::new();
        for (other, _) in self.kept_profiles()? {
            if other != self.vault.profile() {
                let other = self.acting_as(other);
                let needs = other.needs(None)?.0.len() as u32;
                let person = other.profile()?;
                if needs > 0 {
                    others.push(OtherPerson {
                        number: person.number,
                        name: person.name,
                        needs,
                    });
                }
            }
        }
        Ok(HomeView {
            person: self.person()?.and_then(|person| person.name),
            needs_you,
            active_consents,
            records: profile.records,
            cards: self.count_cards()?,
            words_pending: self.vault.get::<bool>(Table::Meta, WORDS_SEEN)?.is_none(),
            trust,
            profile,
            backup: self.backup_state()?,
            scan_pending: self.recovery()?.map(|view| view.pending).unwrap_or_default(),
            others,
        })
    }

    /// What waits for the acting person, most urgent first, and with how many organisations a consent is active.
    fn needs(&self, trust: Option<&TrustView>) -> Result<(Vec<Need>, u32), HomeError> {
        let now = self.clock.now();
        let consents = self.kept_consents()?;
        let mut unconfirmed = Vec::new();
        let mut failed = Vec::new();
        let mut ending = Vec::new();
        let mut active = BTreeSet::new();
        for kept in &consents {
            let (consent_id, verifier) = (kept.consent_id.clone(), kept.verifier.clone());
            match kept.state_at(now) {
                WalletState::Granted => {
                    active.insert(&kept.verifier_id);
                    if kept.end.duration_since(now) <= SOON {
                        ending.push(Need::EndsSoon {
                            consent_id,
                            verifier,
                            end: kept.end.to_string(),
                        });
                    }
                }
                WalletState::Sending => {
                    active.insert(&kept.verifier_id);
                }
                WalletState::Revoking => {
                    unconfirmed.push(Need::RevocationUnconfirmed { consent_id, verifier });
                }
                WalletState::Failed => {
                    let waiting = self
                        .vault
                        .get::<Errand>(Table::Outbox, &kept.consent_id)?
                        .is_some();
                    if waiting || now.duration_since(kept.made) <= FAILED_SHOWN {
                        failed.push(Need::SharingFailed { consent_id, verifier });
                    }
                }
                _ => {}
            }
        }
        let mut open: Vec<(String, KeptRequest)> = self.vault.all(Table::Requests)?;
        open.retain(|(_, request)| !request.answered && request.expires > now);
        open.sort_by_key(|(_, request)| request.expires);
        let questions = open.into_iter().map(|(request_id, request)| Need::QuestionOpen {
            request_id,
            verifier: request.verifier,
            expires: request.expires.to_string(),
        });
        let list_ends = trust
            .filter(|trust| {
                trust
                    .expires
                    .parse()
                    .is_ok_and(|end: jiff::Timestamp| end.duration_since(now) <= LIST_SOON)
            })
            .map(|trust| Need::TrustExpires {
                when: trust.expires.clone(),
            });
        let needs = unconfirmed
            .into_iter()
            .chain(questions)
            .chain(failed)
            .chain(list_ends)
            .chain(ending)
            .collect();
        Ok((needs, active.len() as u32))
    }

    /// The 24 words were shown to the end.
    pub fn words_seen(&self) -> Result<(), HomeError> {
        Ok(self.vault.put(Table::Meta, WORDS_SEEN, &true)?)
    }
}

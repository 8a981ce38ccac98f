//! Taking everything back at once.

use carnet_consent::WalletState;

use crate::{
    RevokeError, Wallet,
    kept::{KeptConsent, TakenBack},
    views::{RevokeAllView, RevokedLine},
};

impl Wallet {
    /// Takes back every consent of the acting person under which something can be read, or could be: durably here, all of
    /// them, before the first clinic is told. What can't be confirmed now is tried again by [`Wallet::sync`].
    pub async fn revoke_all(&self) -> Result<RevokeAllView, RevokeError> {
        self.revoke_those_of(std::slice::from_ref(self)).await
    }

    /// The same for everybody in the vault.
    pub async fn revoke_all_of_everyone(&self) -> Result<RevokeAllView, RevokeError> {
        let people: Vec<Self> = self
            .kept_profiles()?
            .into_iter()
            .map(|(profile, _)| self.acting_as(profile))
            .collect();
        self.revoke_those_of(&people).await
    }

    async fn revoke_those_of(&self, people: &[Self]) -> Result<RevokeAllView, RevokeError> {
        let mut started = Vec::new();
        for person in people {
            for kept in person.kept_consents()? {
                if person.can_be_taken_back(&kept) {
                    let hold = person.hold(&kept.consent_id).await;
                    // Somebody may just have been at it.
                    let Some(kept) = person.kept_consent(&kept.consent_id)? else {
                        continue;
                    };
                    if !person.can_be_taken_back(&kept) {
                        continue;
                    }
                    let kept = match kept.state {
                        WalletState::Revoking => kept,
                        _ => person.start_taking_back(kept)?,
                    };
                    started.push((person, hold, kept));
                }
            }
        }
        let talk = self.talk().ok().map(crate::talk::Talk::impatient);
        let mut view = RevokeAllView {
            consents: Vec::new(),
            waiting: 0,
        };
        for (person, _hold, kept) in started {
            let kept = match &talk {
                Some(talk) => person.take_back(talk, kept).await?,
                None => kept,
            };
            if kept.state == WalletState::Revoking {
                view.waiting += 1;
            }
            if let Some(revocation) = kept.revocation() {
                view.consents.push(RevokedLine {
                    profile: person.vault.profile().number(),
                    consent_id: kept.consent_id.clone(),
                    verifier: kept.verifier.clone(),
                    revocation,
                });
            }
        }
        Ok(view)
    }

    fn can_be_taken_back(&self, kept: &KeptConsent) -> bool {
        let unconfirmed = |back: &TakenBack| back.ledger.is_none() || !back.clinic;
        match kept.state_at(self.clock.now()) {
            WalletState::Granted | WalletState::Sending => kept.given.is_some(),
            WalletState::Revoking => kept
                .given
                .as_ref()
                .and_then(|given| given.taken_back.as_ref())
                .is_some_and(unconfirmed),
            _ => false,
        }
    }
}

//! Taking a consent back.

use carnet_consent::WalletState;
use thiserror::Error;

use crate::{ConsentsError, Described, Facts, Wallet, vault::VaultError, views::RevocationView};

#[derive(Debug, Error)]
pub enum RevokeError {
    #[error(transparent)]
    Consent(#[from] ConsentsError),
    #[error("There is nothing to take back: nothing was shared.")]
    NothingShared,
    #[error("This consent has ended by itself; nothing can be read under it any more.")]
    Over,
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for RevokeError {
    fn facts(&self) -> Facts {
        match self {
            Self::Consent(error) => error.facts(),
            Self::NothingShared => Facts::expected("nothing_shared", "You need do nothing."),
            Self::Over => Facts::expected("already_over", "You need do nothing."),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// Takes a consent back: durably here first, then at the clinic and on the ledger. What can't be confirmed now is
    /// tried again by [`Wallet::sync`] until it is.
    pub async fn revoke(&self, id: &str) -> Result<RevocationView, RevokeError> {
        let consent_id = self.find_consent(id)?.consent_id;
        let _hold = self.hold(&consent_id).await;
        let kept = self.kept_consent(&consent_id)?.ok_or(ConsentsError::Unknown)?;
        let kept = match kept.state {
            WalletState::Denied | WalletState::Failed | WalletState::Requested => {
                return Err(RevokeError::NothingShared);
            }
            WalletState::Revoking | WalletState::Revoked => kept,
            _ if self.clock.now() >= kept.end => return Err(RevokeError::Over),
            _ => self.start_taking_back(kept)?,
        };
        let kept = match self.talk() {
            // A clinic that is silent once is not waited for again: others may be told sooner.
            Ok(talk) => self.take_back(&talk.impatient(), kept).await?,
            // It is being taken back all the same; nobody can be told yet.
            Err(_) => kept,
        };
        kept.revocation().ok_or(RevokeError::NothingShared)
    }
}

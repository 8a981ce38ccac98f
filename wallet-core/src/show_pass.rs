//! "Here is my consent": a code signed freshly with that consent's holder key, so that the desk has the right one open.

use carnet_consent::{Consent, Digest32, GrantId, WalletState};
use carnet_exchange::code::{CodeError, LIFE, pass::Pass};
use thiserror::Error;

use crate::{
    ConsentsError, Described, Facts, TrustError, Wallet, activity::to_the_second, trust::verifier_view,
    vault::VaultError, views::ShownCode,
};

/// Why there is no pass.
#[derive(Debug, Error)]
pub enum ShowPassError {
    #[error(transparent)]
    Consent(#[from] ConsentsError),
    #[error("Nobody can read anything under this consent: it was never given, was taken back, or has ended.")]
    NotActive,
    #[error(
        "This consent was found again on the ledger; what a pass is made of was lost with the old device."
    )]
    Recovered,
    #[error("The clinic is no longer on your list of organisations. No pass was made.")]
    Unlisted,
    #[error("No pass was made: {0}.")]
    Code(#[from] CodeError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for ShowPassError {
    fn facts(&self) -> Facts {
        match self {
            Self::Consent(error) => error.facts(),
            Self::NotActive => Facts::expected("pass_not_active", "Show the desk a code to ask you anew."),
            Self::Recovered => Facts::expected(
                "pass_recovered",
                "Take this consent back, and let the desk ask you anew.",
            ),
            Self::Unlisted => Facts::expected("clinic_not_listed", "Take the newest list of organisations."),
            Self::Code(error) => Facts::unexpected(error.code(), "Try again."),
            Self::Trust(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// A pass for an active consent, by its id or its grant's. Good for five minutes.
    pub fn show_pass(&self, id: &str) -> Result<ShownCode, ShowPassError> {
        let kept = self.find_consent(id)?;
        let now = self.clock.now();
        if kept.state_at(now) != WalletState::Granted {
            return Err(ShowPassError::NotActive);
        }
        let given = kept.given.as_ref().ok_or(ShowPassError::NotActive)?;
        let grant_id: GrantId = given.grant_id.parse().map_err(|_| ShowPassError::Recovered)?;
        let consent: Consent = serde_json::from_str(&given.consent).map_err(|_| ShowPassError::Recovered)?;
        let delivery: Digest32 = consent.delivery_digest;
        let (list, _) = self.held_list()?.ok_or(TrustError::None)?;
        let party = list.by_id(&kept.verifier_id).ok_or(ShowPassError::Unlisted)?;
        let holder = self.vault.keys().derive_holder_key(&kept.verifier_id);
        let uri = Pass::make(&grant_id, &delivery, &holder, now).text();
        Ok(ShownCode {
            code_id: String::new(),
            svg: carnet_qr::svg(&uri).map_err(|_| CodeError::TooLong)?,
            uri,
            expires: to_the_second(now + LIFE),
            verifier: verifier_view(party, &list),
        })
    }
}

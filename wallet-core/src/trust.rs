//! The list of organisations this wallet knows: pinned with the first one, replaced only by newer ones of the same root.

use carnet_exchange::{
    Entry as Party, RootKey, TrustList,
    trust::{self, open_held, verify_first, verify_update},
};
use thiserror::Error;

use crate::{
    Clock, Described, Facts, Wallet,
    activity::{Entry, Happened},
    clinics,
    kept::{KeptTrust, LIST},
    vault::{Table, VaultError},
    views::{TrustView, VerifierView},
};

#[derive(Debug, Error)]
pub enum TrustError {
    #[error("This wallet knows no organisations yet.")]
    None,
    #[error("This list of organisations was not taken: {0}.")]
    Refused(trust::TrustError),
    #[error("The list of organisations in the vault can't be read: {0}.")]
    Held(trust::TrustError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for TrustError {
    fn facts(&self) -> Facts {
        match self {
            Self::None => Facts::expected(
                "no_trust_list",
                "Give it the list of the authority that you trust, once.",
            ),
            Self::Refused(error) => match error {
                trust::TrustError::Expired | trust::TrustError::NotNewer | trust::TrustError::NotYetValid => {
                    Facts::expected(
                        error.code(),
                        "Ask the authority for its newest list. The one you have stays.",
                    )
                }
                _ => Facts::critical(
                    error.code(),
                    "Don't use this file. The list you have stays. Ask where the file came from.",
                ),
            },
            Self::Held(error) => Facts::critical(error.code(), "Restore the wallet from a backup."),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// The list held, if there is one. It may have expired: it stays in force, with a warning.
    pub fn trust(&self) -> Result<Option<TrustView>, TrustError> {
        Ok(self.authority_list()?.map(|(list, root)| view(&list, root)))
    }

    /// What a first list would bring, without keeping it.
    pub fn preview_trust(jws: &[u8], clock: &Clock) -> Result<TrustView, TrustError> {
        let (list, root) = verify_first(&text(jws), clock.now()).map_err(TrustError::Refused)?;
        Ok(view(&list, root))
    }

    /// Takes a list: the first one pins its root key, a later one must be newer and signed by that key. The very list that is
    /// held already changes nothing.
    pub fn take_trust(&self, jws: &[u8]) -> Result<TrustView, TrustError> {
        let now = self.clock.now();
        let jws = text(jws);
        let held: Option<KeptTrust> = self.vault.get(Table::Trust, LIST)?;
        let (list, root) = match &held {
            None => verify_first(&jws, now).map_err(TrustError::Refused)?,
            Some(held) => {
                let current = open_held(&held.jws, &held.root).map_err(TrustError::Held)?;
                if held.jws == jws {
                    return Ok(view(&current, held.root));
                }
                (
                    verify_update(&jws, &held.root, current.version, now).map_err(TrustError::Refused)?,
                    held.root,
                )
            }
        };
        let mut change = self.vault.change();
        change.put(Table::Trust, LIST, &KeptTrust { jws, root });
        Entry::new(now, Happened::TrustUpdated)
            .who(&list.authority)
            .put(&mut change);
        change.commit()?;
        Ok(view(&list, root))
    }

    /// The authority's list, and behind it whom the patient added.
    pub(crate) fn held_list(&self) -> Result<Option<(TrustList, RootKey)>, TrustError> {
        let Some((list, root)) = self.authority_list()? else {
            return Ok(None);
        };
        Ok(Some((self.with_added(list)?, root)))
    }

    fn authority_list(&self) -> Result<Option<(TrustList, RootKey)>, TrustError> {
        let held: Option<KeptTrust> = self.vault.get(Table::Trust, LIST)?;
        held.map(|held| {
            open_held(&held.jws, &held.root)
                .map(|list| (list, held.root))
                .map_err(TrustError::Held)
        })
        .transpose()
    }
}

fn text(jws: &[u8]) -> String {
    // What is no text can't be a compact JWS either: the parser says so.
    String::from_utf8_lossy(jws).trim().to_owned()
}

fn view(list: &TrustList, root: RootKey) -> TrustView {
    TrustView {
        authority: list.authority.clone(),
        development: list.development,
        version: u32::try_from(list.version).unwrap_or(u32::MAX),
        expires: list.expires.to_string(),
        organisations: list.entries.iter().map(|entry| entry.name.clone()).collect(),
        root: root.fingerprint(),
    }
}

/// Who a party is, as a screen says it: by the list's name for it, never by its own.
pub(crate) fn verifier_view(party: &Party, list: &TrustList) -> VerifierView {
    VerifierView {
        id: party.id.clone(),
        name: party.name.clone(),
        vouched_by: clinics::vouched_by(list, &party.id),
        added_by_you: party.id.starts_with(trust::ADDED),
    }
}

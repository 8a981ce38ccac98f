//! Organisations that the patient adds by hand, from the organisation's own file and paper, and why any organisation is known.

use carnet_exchange::{
    Entry as Party, TrustList,
    trust::{self, ADDED, OwnEntry, Role, is_mixed, open_own},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    Described, Facts, TrustError, Wallet,
    activity::{Entry, Happened},
    vault::{Table, VaultError},
    views::{ClinicView, PartyLine, PartyTrustView},
};

/// Why an organisation was not added.
#[derive(Debug, Error)]
pub enum ClinicError {
    #[error("This file is not an organisation's own entry: {0}.")]
    File(trust::TrustError),
    #[error("The characters typed are not those of this file.")]
    Fingerprint,
    #[error("This organisation, or one of its addresses, is on your list already.")]
    Listed,
    #[error("This name could be taken for an organisation on your list.")]
    LooksListed,
    #[error("This wallet knows no such organisation.")]
    Unknown,
    #[error("This organisation is on your authority's list and can't be removed here.")]
    NotAdded,
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for ClinicError {
    fn facts(&self) -> Facts {
        match self {
            Self::File(_) => {
                Facts::critical("clinic_file", "Don't use this file. Ask the desk for a new one.")
            }
            Self::Fingerprint => Facts::expected(
                "clinic_fingerprint",
                "Compare all groups with the paper from the desk, then type the last group again.",
            ),
            Self::Listed => Facts::expected("clinic_listed", "You need not add it."),
            Self::LooksListed => Facts::critical(
                "clinic_looks_listed",
                "Don't add it. Ask at the organisation that you know whether this is theirs.",
            ),
            Self::Unknown => Facts::expected("clinic_unknown", "Look at your list of organisations."),
            Self::NotAdded => {
                Facts::expected("clinic_not_added", "Only the authority can take it off its list.")
            }
            Self::Trust(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

/// An organisation that was added (table `Trust`, id is its own).
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptClinic {
    pub(crate) entry: Party,
    pub(crate) added: Timestamp,
}

/// What may stand in table `Trust`.
#[derive(Deserialize)]
#[serde(untagged)]
enum InTrust {
    Clinic(Box<KeptClinic>),
    List(serde::de::IgnoredAny),
}

impl std::fmt::Debug for KeptClinic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptClinic")
    }
}

impl Wallet {
    /// What a file would add. `name` is the file's, and says nothing. Adds nothing.
    pub fn preview_clinic(&self, _name: &str, content: &str) -> Result<ClinicView, ClinicError> {
        let OwnEntry { entry, fingerprint } = open_own(content.trim()).map_err(ClinicError::File)?;
        let list = self.listed()?;
        let looks_like = entry.resembled_in(&list).map(|known| known.name.clone());
        Ok(ClinicView {
            known: taken(&entry, &list) || list.by_id(&entry.id).is_some(),
            looks_like,
            mixed_letters: is_mixed(&entry.name),
            id: entry.id,
            name: entry.name,
            origins: entry.origins,
            purposes: entry
                .purposes
                .iter()
                .map(|purpose| purpose.code().to_owned())
                .collect(),
            fingerprint,
        })
    }

    /// Adds an organisation, once the last group of the fingerprint was typed from its paper. Nothing that the authority's
    /// list knows can be taken over.
    pub fn add_clinic(&self, content: &str, typed: &str) -> Result<PartyLine, ClinicError> {
        let OwnEntry { entry, fingerprint } = open_own(content.trim()).map_err(ClinicError::File)?;
        let list = self.listed()?;
        if taken(&entry, &list) {
            return Err(ClinicError::Listed);
        }
        if entry.resembled_in(&list).is_some() {
            return Err(ClinicError::LooksListed);
        }
        let last = fingerprint.rsplit(' ').next().unwrap_or_default();
        if !typed.trim().eq_ignore_ascii_case(last) {
            return Err(ClinicError::Fingerprint);
        }
        let now = self.clock.now();
        let line = line_of(&entry, list.development);
        let mut change = self.vault.change();
        Entry::new(now, Happened::TrustUpdated)
            .who(&entry.name)
            .put(&mut change);
        let id = entry.id.clone();
        change.put(Table::Trust, &id, &KeptClinic { entry, added: now });
        change.commit()?;
        Ok(line)
    }

    /// Takes away an organisation that was added. What was agreed with it stays, and can no longer be taken back through it.
    pub fn remove_clinic(&self, id: &str) -> Result<(), ClinicError> {
        if !id.starts_with(ADDED) {
            return Err(match self.listed()?.by_id(id) {
                Some(_) => ClinicError::NotAdded,
                None => ClinicError::Unknown,
            });
        }
        let kept: KeptClinic = self.vault.get(Table::Trust, id)?.ok_or(ClinicError::Unknown)?;
        let mut change = self.vault.change();
        change.delete(Table::Trust, id);
        Entry::new(self.clock.now(), Happened::TrustUpdated)
            .who(&kept.entry.name)
            .put(&mut change);
        Ok(change.commit()?)
    }

    /// Everybody who is known.
    pub fn parties(&self) -> Result<Vec<PartyLine>, ClinicError> {
        let Some((list, _)) = self.held_list()? else {
            return Ok(Vec::new());
        };
        Ok(list
            .entries
            .iter()
            .map(|entry| line_of(entry, list.development))
            .collect())
    }

    /// Why this organisation's name is believed.
    pub fn trust_of(&self, entry_id: &str) -> Result<PartyTrustView, ClinicError> {
        let (list, _) = self.held_list()?.ok_or(ClinicError::Unknown)?;
        let entry = list.by_id(entry_id).ok_or(ClinicError::Unknown)?;
        let added_by_you = entry.id.starts_with(ADDED);
        let mut since = self
            .kept_consents()?
            .into_iter()
            .filter(|kept| kept.verifier_id == entry_id)
            .map(|kept| kept.made)
            .min();
        if added_by_you && since.is_none() {
            since = self
                .vault
                .get::<KeptClinic>(Table::Trust, entry_id)?
                .map(|kept| kept.added);
        }
        Ok(PartyTrustView {
            id: entry.id.clone(),
            name: entry.name.clone(),
            vouched_by: vouched_by(&list, entry_id),
            added_by_you,
            list_version: u32::try_from(list.version).unwrap_or(u32::MAX),
            list_issued: list.issued.to_string(),
            list_expires: list.expires.to_string(),
            list_expired: list.is_expired(self.clock.now()),
            development: list.development,
            origins: entry.origins.clone(),
            roles: roles(entry),
            purposes: entry
                .purposes
                .iter()
                .map(|purpose| purpose.code().to_owned())
                .collect(),
            since: since.map(|time| time.to_string()),
        })
    }

    /// The list with the organisations that were added behind it. One that the list has taken in since, or that takes
    /// something of the list's, is left out: the list goes before.
    pub(crate) fn with_added(&self, mut list: TrustList) -> Result<TrustList, VaultError> {
        for (id, kept) in self.vault.all::<InTrust>(Table::Trust)? {
            if let InTrust::Clinic(kept) = kept
                && kept.entry.id == id
                && !taken(&kept.entry, &list)
            {
                list.entries.push(kept.entry);
            }
        }
        Ok(list)
    }

    fn listed(&self) -> Result<TrustList, ClinicError> {
        let (list, _) = self.held_list()?.ok_or(TrustError::None)?;
        Ok(list)
    }
}

/// Whose word a name is; nobody's but the patient's own where it was added by hand.
pub(crate) fn vouched_by(list: &TrustList, entry_id: &str) -> String {
    if entry_id.starts_with(ADDED) {
        String::new()
    } else {
        list.authority.clone()
    }
}

/// Whether a name, a client id or an address of this entry is another's already. (Its id is made of its key.)
fn taken(entry: &Party, list: &TrustList) -> bool {
    list.entries.iter().any(|known| {
        known.id != entry.id
            && (known.name == entry.name
                || known.client_ids.iter().any(|id| entry.client_ids.contains(id))
                || known.origins.iter().any(|origin| entry.origins.contains(origin)))
    })
}

fn line_of(entry: &Party, development: bool) -> PartyLine {
    PartyLine {
        id: entry.id.clone(),
        name: entry.name.clone(),
        roles: roles(entry),
        added_by_you: entry.id.starts_with(ADDED),
        development,
    }
}

fn roles(entry: &Party) -> Vec<String> {
    let word = |role: &Role| match role {
        Role::Verifier => "verifier",
        Role::Issuer => "issuer",
        Role::Relayer => "relayer",
        Role::Spender => "spender",
        Role::Witness => "witness",
    };
    entry.roles.iter().map(|role| word(role).to_owned()).collect()
}

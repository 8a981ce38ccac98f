//! Several people in one vault: who they are, and who is acting.

use carnet_consent::WalletState;
use thiserror::Error;

use crate::{
    Described, Facts, Wallet,
    activity::{Entry, Happened},
    kept::KeptProfile,
    vault::{ProfileId, Table, VaultError},
    views::{PersonView, ProfileView},
};

/// Longest name of a person, in characters.
const NAME_CHARS: usize = 60;

#[derive(Debug, Error)]
pub enum ProfilesError {
    #[error("Nobody in this wallet has that name or number.")]
    Unknown,
    #[error("A name has 1 to 60 characters, on one line. Nothing was changed.")]
    NameRefused,
    #[error("Somebody in this wallet has that name already. Nothing was changed.")]
    NameTaken,
    #[error("One wallet takes at most 100 people. Nothing was changed.")]
    Full,
    #[error("Somebody can still see this person's records. Nothing was removed.")]
    StillShared,
    #[error("The first person can't be removed: the wallet is theirs. Nothing was removed.")]
    First,
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for ProfilesError {
    fn facts(&self) -> Facts {
        match self {
            Self::Unknown => Facts::expected("unknown_profile", "Look it up in the list of people."),
            Self::NameRefused => Facts::expected("profile_name_refused", "Choose a shorter name."),
            Self::NameTaken => Facts::expected("profile_name_taken", "Choose another name."),
            Self::Full => Facts::expected("too_many_profiles", "Make another wallet for more people."),
            Self::StillShared => Facts::personal(
                "profile_still_shared",
                "Take back this person's consents first, and wait until that is confirmed.",
            ),
            Self::First => Facts::expected(
                "first_profile",
                "Remove the whole wallet if it is no longer needed.",
            ),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// Everybody in this vault, in the order in which they came.
    pub fn profiles(&self) -> Result<Vec<ProfileView>, ProfilesError> {
        self.kept_profiles()?
            .into_iter()
            .map(|(profile, kept)| self.acting_as(profile).profile_view(&kept, self.vault.profile()))
            .collect()
    }

    /// The person who is acting.
    pub fn profile(&self) -> Result<ProfileView, ProfilesError> {
        let acting = self.vault.profile();
        let kept = self
            .kept_profiles()?
            .into_iter()
            .find(|(profile, _)| *profile == acting)
            .map(|(_, kept)| kept)
            .ok_or(ProfilesError::Unknown)?;
        self.profile_view(&kept, acting)
    }

    /// The same open wallet with the person of this number acting.
    pub fn as_profile(&self, number: u32) -> Result<Self, ProfilesError> {
        let known = self.kept_profiles()?;
        known
            .iter()
            .find(|(profile, _)| profile.number() == number)
            .map(|(profile, _)| self.acting_as(*profile))
            .ok_or(ProfilesError::Unknown)
    }

    /// The person of this name, in any case, or of this number. The first one is found under the name on the records, too.
    pub fn find_profile(&self, name_or_number: &str) -> Result<u32, ProfilesError> {
        let wanted = name_or_number.trim().to_lowercase();
        self.profiles()?
            .into_iter()
            .find(|profile| {
                profile.number.to_string() == wanted
                    || profile
                        .name
                        .as_ref()
                        .is_some_and(|name| name.to_lowercase() == wanted)
            })
            .map(|profile| profile.number)
            .ok_or(ProfilesError::Unknown)
    }

    /// Makes room for one more person. Their keys come of the same 24 words.
    pub fn add_profile(&self, name: &str) -> Result<ProfileView, ProfilesError> {
        let name = self.free_name(name, None)?;
        // Numbers of people who were removed are not given again: their keys may still stand on ledgers.
        let number = self
            .vault
            .all::<KeptProfile>(Table::Profiles)?
            .iter()
            .filter_map(|(id, _)| id.parse::<u32>().ok())
            .max()
            .unwrap_or(0)
            + 1;
        let profile = ProfileId::new(number).ok_or(ProfilesError::Full)?;
        let kept = KeptProfile {
            name: Some(name.clone()),
            added: self.clock.now(),
            removed: false,
        };
        let mut change = self.vault.change();
        change.put(Table::Profiles, &profile_key(profile), &kept);
        Entry::new(kept.added, Happened::ProfileAdded)
            .who(&name)
            .put(&mut change);
        change.commit()?;
        self.acting_as(profile).profile_view(&kept, self.vault.profile())
    }

    /// Gives a person another name.
    pub fn rename_profile(&self, number: u32, name: &str) -> Result<(), ProfilesError> {
        let wallet = self.as_profile(number)?;
        let profile = wallet.vault.profile();
        let kept = KeptProfile {
            name: Some(self.free_name(name, Some(profile))?),
            added: self.clock.now(),
            removed: false,
        };
        Ok(self.vault.put(Table::Profiles, &profile_key(profile), &kept)?)
    }

    /// Removes a person with everything the vault keeps for them. Not while somebody may still see their records.
    pub fn remove_profile(&self, number: u32) -> Result<(), ProfilesError> {
        let wallet = self.as_profile(number)?;
        let profile = wallet.vault.profile();
        if profile == ProfileId::FIRST {
            return Err(ProfilesError::First);
        }
        let now = self.clock.now();
        let over = |state| {
            matches!(
                state,
                WalletState::Denied | WalletState::Failed | WalletState::Revoked | WalletState::Expired
            )
        };
        if wallet.needs_sync_own()
            || !wallet
                .kept_consents()?
                .iter()
                .all(|kept| over(kept.state_at(now)))
        {
            return Err(ProfilesError::StillShared);
        }
        let mut change = wallet.vault.change();
        for table in Table::OF_ONE_PERSON {
            for id in wallet.vault.ids(table)? {
                change.delete(table, &id);
            }
        }
        let kept = KeptProfile {
            name: None,
            added: now,
            removed: true,
        };
        change.put(Table::Profiles, &profile_key(profile), &kept);
        Entry::new(now, Happened::ProfileRemoved).put(&mut change);
        change.commit()?;
        wallet.shelf.forget();
        Ok(())
    }

    pub(crate) fn kept_profiles(&self) -> Result<Vec<(ProfileId, KeptProfile)>, VaultError> {
        let mut people: Vec<(ProfileId, KeptProfile)> = Vec::new();
        for (id, kept) in self.vault.all::<KeptProfile>(Table::Profiles)? {
            let profile = id.parse().ok().and_then(ProfileId::new);
            people.push((profile.ok_or(VaultError::UnknownForm)?, kept));
        }
        if people.iter().all(|(profile, _)| *profile != ProfileId::FIRST) {
            people.insert(0, (ProfileId::FIRST, KeptProfile::default()));
        }
        people.retain(|(_, kept)| !kept.removed);
        people.sort_unstable_by_key(|(profile, _)| *profile);
        Ok(people)
    }

    fn profile_view(&self, kept: &KeptProfile, acting: ProfileId) -> Result<ProfileView, ProfilesError> {
        let now = self.clock.now();
        let person = self.person()?;
        let active = self
            .kept_consents()?
            .iter()
            .filter(|kept| matches!(kept.state_at(now), WalletState::Granted | WalletState::Sending))
            .count();
        Ok(ProfileView {
            number: self.vault.profile().number(),
            name: kept
                .name
                .clone()
                .or_else(|| person.as_ref().and_then(|person| person.name.clone())),
            person: person.map(|person| PersonView {
                name: person.name,
                birth_date: person.birth_date,
            }),
            acting: self.vault.profile() == acting,
            records: self.count_records()?,
            active_consents: active as u32,
        })
    }

    fn free_name(&self, name: &str, own: Option<ProfileId>) -> Result<String, ProfilesError> {
        let name = name.trim();
        let fits = (1..=NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        // A number would be taken for somebody's number.
        if !fits || name.parse::<u32>().is_ok() {
            return Err(ProfilesError::NameRefused);
        }
        let taken = self.profiles()?.into_iter().any(|other| {
            own.map(ProfileId::number) != Some(other.number)
                && other
                    .name
                    .is_some_and(|other| other.to_lowercase() == name.to_lowercase())
        });
        if taken {
            return Err(ProfilesError::NameTaken);
        }
        Ok(name.to_owned())
    }
}

pub(crate) fn profile_key(profile: ProfileId) -> String {
    format!("{:03}", profile.number())
}

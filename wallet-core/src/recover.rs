//! After a restore: which ledgers still have to be read for grants of this wallet, and that nothing is granted before.
//!
//! A consent number used twice would put two grants under one key and one secret. So every registry of the trust list is
//! read first, or given up by the patient's own word.

use carnet_exchange::{
    TrustList,
    trust::{Entry as Party, Registry},
};
use thiserror::Error;

use crate::{
    Clock, Described, Facts, TalkError, TrustError, Wallet,
    kept::{KeptRecovery, RECOVERY},
    vault::{Mark, Table, VaultError},
    views::RecoveryView,
};

/// After so many numbers in a row that were never used, a person's grants are all found (`docs/keys.md`).
const GAP: u64 = 100;
/// After so many people in a row who have no grant, everybody is found.
const PEOPLE_GAP: u32 = 4;
/// Numbers left out where a registry was given up: some may have been used there. Fewer than the gap, so that a later
/// search still gets across.
const LEFT_OUT: u64 = 50;

#[derive(Debug, Error)]
pub enum RecoverError {
    #[error(
        "Your earlier consents are still being looked for; {pending} could not be asked yet. Nothing was sent."
    )]
    ScanPending {
        /// Names of organisations, for a person to read.
        pending: String,
    },
    #[error(
        "This wallet knows no organisations yet, so your earlier consents can't be looked for. Nothing was sent."
    )]
    NoList,
    #[error("There is no organisation of this name or id among those that are still to be asked.")]
    NotPending,
    #[error("Your earlier consents are not being looked for: there was no restore, or everything was found.")]
    NoRecovery,
    #[error(transparent)]
    Talk(#[from] TalkError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for RecoverError {
    fn facts(&self) -> Facts {
        match self {
            Self::ScanPending { .. } => Facts::expected(
                "scan_pending",
                "Try again when they can be reached, or give them up: what you shared there then can't be found here.",
            ),
            Self::NoList => Facts::expected(
                "scan_pending",
                "Give the wallet the list of the authority that you trust, once.",
            ),
            Self::NotPending => {
                Facts::expected("unknown_organisation", "Look it up among those not yet asked.")
            }
            Self::NoRecovery => Facts::expected("no_recovery", "You need do nothing."),
            Self::Talk(error) => error.facts(),
            Self::Trust(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

/// How many people, and how many consent numbers of each, have to be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) people: u32,
    pub(crate) numbers: u64,
}

/// A registry of the list, and the organisations that name it. The first of them is where it is read.
pub(crate) struct Place<'a> {
    pub(crate) parties: Vec<&'a Party>,
    pub(crate) registry: &'a Registry,
}

impl Place<'_> {
    /// Who keeps it, as far as the list tells.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.parties.iter().map(|party| party.name.as_str()).collect();
        names.join(" / ")
    }
}

/// A search that begins: every ledger is searched for grants of this wallet before anything new is granted. It is in a
/// restored vault from its first moment on.
pub(crate) struct Begun(Vec<u8>);

impl Begun {
    pub(crate) fn now(clock: &Clock) -> Result<Self, VaultError> {
        let recovery = KeptRecovery {
            begun: clock.now(),
            ..KeptRecovery::default()
        };
        let bytes = serde_json::to_vec(&recovery).map_err(|_| VaultError::NotWritable)?;
        Ok(Self(bytes))
    }

    pub(crate) fn mark(&self) -> Mark<'_> {
        Mark {
            table: Table::Meta,
            id: RECOVERY,
            value: &self.0,
        }
    }
}

impl Wallet {
    /// How far the search is; none if there never was a restore.
    pub fn recovery(&self) -> Result<Option<RecoveryView>, RecoverError> {
        let Some(recovery) = self.kept_recovery()? else {
            return Ok(None);
        };
        let pending = match self.held_list()? {
            Some((list, _)) => self.unread(&list, &recovery)?.iter().map(Place::names).collect(),
            None => Vec::new(),
        };
        Ok(Some(RecoveryView {
            found: recovery.found,
            done: pending.is_empty() && self.held_list()?.is_some(),
            pending,
        }))
    }

    /// Gives up an organisation whose ledger can't be read, by its id or name: grants recorded there are not found, and
    /// end by themselves.
    pub fn give_up(&self, organisation: &str) -> Result<RecoveryView, RecoverError> {
        let mut recovery = self.kept_recovery()?.ok_or(RecoverError::NoRecovery)?;
        let (list, _) = self.held_list()?.ok_or(RecoverError::NoList)?;
        let unread = self.unread(&list, &recovery)?;
        let party = unread
            .iter()
            .flat_map(|place| &place.parties)
            .find(|party| party.id == organisation || party.name == organisation)
            .ok_or(RecoverError::NotPending)?;
        recovery.given_up.push(party.id.clone());
        for (person, number) in &recovery.highest {
            self.use_up_numbers(*person, number.saturating_add(1 + LEFT_OUT))?;
        }
        for (profile, _) in self.kept_profiles()? {
            if !recovery.highest.contains_key(&profile.number()) {
                self.use_up_numbers(profile.number(), LEFT_OUT)?;
            }
        }
        self.vault.put(Table::Meta, RECOVERY, &recovery)?;
        self.recovery()?.ok_or(RecoverError::NoRecovery)
    }

    /// Refuses while a ledger is still to be read.
    pub(crate) fn nothing_unsearched(&self) -> Result<(), RecoverError> {
        match self.recovery()? {
            None => Ok(()),
            Some(view) if view.done => Ok(()),
            Some(view) if view.pending.is_empty() => Err(RecoverError::NoList),
            Some(view) => Err(RecoverError::ScanPending {
                pending: view.pending.join(", "),
            }),
        }
    }

    pub(crate) fn kept_recovery(&self) -> Result<Option<KeptRecovery>, VaultError> {
        self.vault.get(Table::Meta, RECOVERY)
    }

    /// How far to look, by what was found so far and who is in the vault.
    pub(crate) fn window(&self, recovery: &KeptRecovery) -> Result<Window, VaultError> {
        let known = self.kept_profiles()?;
        let last = recovery
            .highest
            .keys()
            .copied()
            .chain(known.iter().map(|(profile, _)| profile.number()))
            .max()
            .unwrap_or(0);
        let numbers = recovery.highest.values().max().map_or(0, |number| number + 1);
        Ok(Window {
            people: last + 1 + PEOPLE_GAP,
            numbers: numbers + GAP,
        })
    }

    /// The registries of the list that were not read to their end, or not for all that has to be looked for.
    pub(crate) fn unread<'l>(
        &self,
        list: &'l TrustList,
        recovery: &KeptRecovery,
    ) -> Result<Vec<Place<'l>>, VaultError> {
        let needed = self.window(recovery)?;
        let is_read = |registry: &Registry| {
            recovery.read.iter().any(|read| {
                read.chain_id == registry.chain_id
                    && read.registry == registry.address
                    && read.people >= needed.people
                    && read.numbers >= needed.numbers
            })
        };
        let mut places: Vec<Place<'l>> = Vec::new();
        for party in &list.entries {
            for registry in &party.registries {
                let same = |place: &&mut Place<'_>| {
                    place.registry.chain_id == registry.chain_id && place.registry.address == registry.address
                };
                match places.iter_mut().find(same) {
                    Some(place) => place.parties.push(party),
                    None => places.push(Place {
                        parties: vec![party],
                        registry,
                    }),
                }
            }
        }
        places.retain(|place| {
            !is_read(place.registry)
                && !place
                    .parties
                    .iter()
                    .any(|party| recovery.given_up.contains(&party.id))
        });
        Ok(places)
    }

    /// The person's next consent gets a number of at least this.
    pub(crate) fn use_up_numbers(&self, person: u32, below: u64) -> Result<(), VaultError> {
        let Some(profile) = crate::vault::ProfileId::new(person) else {
            return Ok(());
        };
        let wallet = self.acting_as(profile);
        let mut change = wallet.vault.change();
        change.use_up_consent_numbers(below);
        change.commit()
    }
}

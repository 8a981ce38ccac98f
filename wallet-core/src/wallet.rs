//! The open wallet: one value that every door (window, terminal, test) holds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{net::TcpListener, sync::OwnedMutexGuard};

use crate::{
    clock::Clock,
    index::Shelf,
    vault::{ProfileId, Vault},
};

/// An unlocked wallet, with one of the vault's people acting. Dropping the last one of a vault locks it: the keys are wiped.
///
/// Each use case is a method, written in the file of its name.
#[derive(Debug)]
pub struct Wallet {
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    /// What is known of the acting person's records, once it was asked for.
    pub(crate) shelf: Arc<Shelf>,
    shared: Arc<Shared>,
}

/// What everybody in the vault shares while it is open.
#[derive(Debug, Default)]
struct Shared {
    holds: Holds,
    shelves: Mutex<HashMap<ProfileId, Arc<Shelf>>>,
    /// Where a browser comes back to after signing in at an issuer, by offer.
    listeners: Mutex<HashMap<String, TcpListener>>,
}

impl Shared {
    /// One person's index, however many wallets act for them.
    fn shelf(&self, profile: ProfileId) -> Arc<Shelf> {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shelves.entry(profile).or_default())
    }
}

/// What the patient grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Every item that is asked.
    All,
    /// Only the items marked as required.
    Required,
    /// These scopes, each one that is asked.
    Scopes(Vec<String>),
}

/// A card that the patient shows for one of the cards that are asked for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, specta::Type)]
pub struct ChosenCard {
    /// Id of the query, as the question has it.
    pub query: String,
    /// Id of the card; a unique beginning will do.
    pub card: String,
}

impl Wallet {
    pub(crate) fn around(vault: Vault, clock: Clock) -> Self {
        let shared = Arc::<Shared>::default();
        Self {
            shelf: shared.shelf(vault.profile()),
            vault,
            clock,
            shared,
        }
    }

    /// The same wallet with somebody else acting, whether or not the vault has that person.
    pub(crate) fn acting_as(&self, profile: ProfileId) -> Self {
        Self {
            vault: self.vault.as_profile(profile),
            shelf: self.shared.shelf(profile),
            clock: self.clock.clone(),
            shared: Arc::clone(&self.shared),
        }
    }

    /// Waits until nobody else in this process is at this consent, and keeps it until the guard is dropped.
    pub(crate) async fn hold(&self, consent_id: &str) -> Hold {
        Hold(self.shared.holds.of(consent_id).lock_owned().await)
    }

    /// Waits until nobody else in this process chooses a copy to use up, so that two answers never choose the same one. To be
    /// dropped once it is used up on disk, before anything is sent.
    pub(crate) async fn hold_copies(&self) -> Hold {
        self.hold("copies").await
    }

    /// Keeps the place to which the browser comes back.
    pub(crate) fn keep_listener(&self, offer_id: &str, listener: TcpListener) {
        let mut listeners = self
            .shared
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        listeners.insert(offer_id.to_owned(), listener);
    }

    /// That place, for whoever waits there now.
    pub(crate) fn take_listener(&self, offer_id: &str) -> Option<TcpListener> {
        let mut listeners = self
            .shared
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        listeners.remove(offer_id)
    }

    /// The same, if nobody is at it now.
    pub(crate) fn try_hold(&self, consent_id: &str) -> Option<Hold> {
        self.shared.holds.of(consent_id).try_lock_owned().ok().map(Hold)
    }
}

/// One conversation at a time for each consent.
#[derive(Debug, Default)]
struct Holds(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Holds {
    fn of(&self, consent_id: &str) -> Arc<tokio::sync::Mutex<()>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(consent_id.to_owned())
            .or_default()
            .clone()
    }
}

/// Proof that this task alone is at a consent.
#[derive(Debug)]
pub(crate) struct Hold(#[expect(dead_code, reason = "held, never read")] OwnedMutexGuard<()>);

//! Reading ledgers whole, and recognising one's own grants in them.
//!
//! Nothing is asked about one address, so no registry learns which grants belong together. What stands under an address of
//! ours counts only if its `revoke_hash` is the hash of our own secret: a stranger can record the revocation of a grant made
//! up for any address, but not that.

use std::{collections::HashMap, ops::ControlFlow};

use carnet_consent::{GrantId, LedgerRef, LedgerStatus, WalletState};
use carnet_exchange::{
    limits::EVENTS_BYTES,
    promise::Operation,
    registry::{EventsPage, RegistryEvent},
    trust::RegistryKind,
};
use carnet_fetch::Limits;
use carnet_ledger::{Address, Domain, Grant, address_of, grant_id, revoke_hash};
use jiff::Timestamp;
use url::Url;

use crate::{
    Progress, RecoverError, TalkError, Wallet,
    activity::{Entry, Happened},
    errands::EMBEDDED,
    grant::domain,
    kept::{Given, KeptConsent, KeptProfile, KeptRecovery, KeptSearch, RECOVERED, RECOVERY},
    profiles::profile_key,
    recover::{Place, Window},
    talk::{Reply, Talk, below},
    vault::{ProfileId, Table, VaultError},
    views::RecoveryView,
};

/// Told after every page: operations read so far, of all registries together, and at least how many there are. A break
/// stops the search; the next one goes on with the registries that were not read to their end.
pub type ScanProgress<'a> = dyn FnMut(Progress) -> ControlFlow<()> + Send + 'a;

/// A search meets numbers beyond those it looked for, or its end, before so many rounds.
const ROUNDS: usize = 64;

/// Whose key an address is.
#[derive(Debug, Clone, Copy)]
struct Own {
    person: u32,
    number: u64,
    revoke_hash: [u8; 32],
}

/// A grant of ours as one registry tells of it.
struct Found {
    own: Own,
    grant: Grant,
    /// When it was recorded; none if only its revocation was.
    granted: Option<u64>,
    revoked: bool,
}

enum Outcome {
    Read(Vec<Found>),
    Unreachable,
    Stopped,
}

impl Wallet {
    /// Reads every registry that is still to be read and keeps the grants found there as consents. Who can't be reached
    /// stays in `pending`; [`Wallet::sync`] goes on with it.
    pub async fn scan(&self, progress: &mut ScanProgress<'_>) -> Result<RecoveryView, RecoverError> {
        let mut recovery = self.kept_recovery()?.ok_or(RecoverError::NoRecovery)?;
        let Some((list, _)) = self.held_list()? else {
            return Err(RecoverError::NoList);
        };
        let talk = self.talk()?.impatient();
        let mut silent: Vec<(String, String)> = Vec::new();
        let mut read = 0;
        'rounds: for _ in 0..ROUNDS {
            let mut unread = self.unread(&list, &recovery)?;
            unread.retain(|place| !silent.contains(&name_of(place)));
            if unread.is_empty() {
                break;
            }
            let needed = self.window(&recovery)?;
            // What has outgrown the first window will do so again: fewer rounds over the same ledgers.
            let window = if recovery.highest.is_empty() {
                needed
            } else {
                Window {
                    numbers: needed.numbers * 2,
                    ..needed
                }
            };
            let own = self.own_addresses(window);
            for place in unread {
                match self.search(&talk, &place, &own, &mut read, progress).await {
                    Outcome::Read(found) => {
                        self.keep_found(&mut recovery, &place, window, &found)?;
                    }
                    Outcome::Unreachable => silent.push(name_of(&place)),
                    Outcome::Stopped => break 'rounds,
                }
            }
        }
        self.recovery()?.ok_or(RecoverError::NoRecovery)
    }

    /// Every address that could be this wallet's, within the window.
    fn own_addresses(&self, window: Window) -> HashMap<[u8; 20], Own> {
        let mut own = HashMap::new();
        for person in 0..window.people {
            let Some(profile) = ProfileId::new(person) else {
                break;
            };
            let wallet = self.acting_as(profile);
            let keys = wallet.vault.keys();
            for number in 0..window.numbers {
                let address = address_of(&keys.derive_ledger_key(number));
                let revoke_hash = revoke_hash(&keys.derive_revocation_secret(number));
                own.insert(
                    address.0,
                    Own {
                        person,
                        number,
                        revoke_hash,
                    },
                );
            }
        }
        own
    }

    /// Reads one registry from its beginning to its end, at the first endpoint that answers.
    async fn search(
        &self,
        talk: &Talk,
        place: &Place<'_>,
        own: &HashMap<[u8; 20], Own>,
        read: &mut u64,
        progress: &mut ScanProgress<'_>,
    ) -> Outcome {
        let ledger = LedgerRef {
            chain_id: place.registry.chain_id.clone(),
            registry: place.registry.address.clone(),
        };
        for endpoint in &place.registry.endpoints {
            let mut found = Vec::new();
            let mut after = Some(0);
            let before = *read;
            while let Some(from) = after {
                let Ok(page) = page(talk, endpoint, from, &ledger).await else {
                    break;
                };
                *read += page.events.len() as u64;
                for event in &page.events {
                    recognise(event, own, &mut found);
                }
                let told = Progress {
                    done: *read,
                    total: before.saturating_add(page.last).max(*read),
                };
                if progress(told).is_break() {
                    return Outcome::Stopped;
                }
                after = page.next();
            }
            if after.is_none() {
                return Outcome::Read(found);
            }
        }
        Outcome::Unreachable
    }

    /// Keeps what one registry told, and that it was read. Done twice, it is as done once.
    fn keep_found(
        &self,
        recovery: &mut KeptRecovery,
        place: &Place<'_>,
        window: Window,
        found: &[Found],
    ) -> Result<(), RecoverError> {
        let registry = place.registry;
        let ledger = LedgerRef {
            chain_id: registry.chain_id.clone(),
            registry: registry.address.clone(),
        };
        let Some(domain) = domain(&ledger) else {
            return Err(RecoverError::Talk(TalkError::Unlisted));
        };
        for one in found {
            let highest = recovery.highest.entry(one.own.person).or_default();
            *highest = (*highest).max(one.own.number);
        }
        for (person, number) in &recovery.highest {
            self.use_up_numbers(*person, number.saturating_add(1))?;
        }
        for one in found {
            if let Some(granted) = one.granted
                && self.keep_one(place, &domain, one, granted)?
            {
                recovery.found += 1;
            }
        }
        recovery
            .read
            .retain(|read| read.chain_id != registry.chain_id || read.registry != registry.address);
        recovery.read.push(KeptSearch {
            chain_id: registry.chain_id.clone(),
            registry: registry.address.clone(),
            people: window.people,
            numbers: window.numbers,
        });
        Ok(self.vault.put(Table::Meta, RECOVERY, recovery)?)
    }

    /// True if the consent was not known before.
    fn keep_one(
        &self,
        place: &Place<'_>,
        domain: &Domain,
        one: &Found,
        granted: u64,
    ) -> Result<bool, VaultError> {
        let Some(profile) = ProfileId::new(one.own.person) else {
            return Ok(false);
        };
        let wallet = self.acting_as(profile);
        let id = GrantId(grant_id(domain, &one.grant));
        let same = |kept: &KeptConsent| {
            kept.given.as_ref().is_some_and(|given| {
                given.grant_id == id.to_string() && given.chain_id == place.registry.chain_id
            })
        };
        let known = wallet.kept_consents()?.into_iter().find(same);
        let mut change = wallet.vault.change();
        if let Some(mut kept) = known {
            // An older backup may not know yet that it was taken back.
            if !one.revoked || kept.state != WalletState::Granted {
                return Ok(false);
            }
            kept.state = WalletState::Revoked;
            if let Some(given) = &mut kept.given {
                given.status = Some(LedgerStatus::Revoked);
            }
            change.put(Table::Consents, &kept.consent_id, &kept);
            change.commit()?;
            return Ok(false);
        }
        let kept = recovered(place, one, &id, granted);
        if profile != ProfileId::FIRST && self.kept_profiles()?.iter().all(|(known, _)| *known != profile) {
            let person = KeptProfile {
                name: Some(format!("Person {}", one.own.person + 1)),
                added: self.clock.now(),
                removed: false,
            };
            change.put(Table::Profiles, &profile_key(profile), &person);
        }
        change.put(Table::Consents, &kept.consent_id, &kept);
        Entry::new(self.clock.now(), Happened::Recovered)
            .who(&kept.verifier)
            .put(&mut change);
        change.commit()?;
        Ok(true)
    }
}

fn name_of(place: &Place<'_>) -> (String, String) {
    (place.registry.chain_id.clone(), place.registry.address.clone())
}

async fn page(talk: &Talk, endpoint: &Url, after: u64, ledger: &LedgerRef) -> Result<EventsPage, TalkError> {
    let mut url = below(endpoint, &["events"])?;
    url.query_pairs_mut().append_pair("after", &after.to_string());
    let body = talk
        .get(&url, Limits::bytes(EVENTS_BYTES))
        .await
        .and_then(Reply::json)?;
    EventsPage::read(&body, after, ledger).map_err(|_| TalkError::Unreadable)
}

/// Takes an operation that is ours, by address and by secret.
fn recognise(event: &RegistryEvent, own: &HashMap<[u8; 20], Own>, found: &mut Vec<Found>) {
    let Some(own) = own.get(&event.grant.subject) else {
        return;
    };
    if own.revoke_hash != event.grant.revoke_hash {
        return;
    }
    let grant = Grant {
        subject: Address(event.grant.subject),
        commitment: event.grant.commitment,
        not_before: event.grant.not_before,
        expiry: event.grant.expiry,
        revoke_hash: event.grant.revoke_hash,
    };
    let place = found.iter().position(|known| known.grant == grant);
    let place = place.unwrap_or_else(|| {
        found.push(Found {
            own: *own,
            grant,
            granted: None,
            revoked: false,
        });
        found.len() - 1
    });
    match event.operation {
        Operation::Grant => found[place].granted = Some(event.time),
        Operation::Revoke => found[place].revoked = true,
    }
}

/// What is known of a consent by its grant alone: who keeps the ledger, from when, until when, and that it can be taken back.
fn recovered(place: &Place<'_>, one: &Found, id: &GrantId, granted: u64) -> KeptConsent {
    let verifier_id = place.parties.first().map(|party| party.id.clone());
    KeptConsent {
        consent_id: consent_id(id),
        state: if one.revoked {
            WalletState::Revoked
        } else {
            WalletState::Granted
        },
        verifier_id: verifier_id.unwrap_or_default(),
        verifier: place.names(),
        decision: RECOVERED.to_owned(),
        purpose: Vec::new(),
        granted: Vec::new(),
        not_granted: Vec::new(),
        start: moment(one.grant.not_before),
        end: moment(one.grant.expiry),
        retention_days: 0,
        groups: Vec::new(),
        records: 0,
        made: moment(granted),
        given: Some(Given {
            number: one.own.number,
            grant_id: id.to_string(),
            grant: one.grant,
            salt: None,
            consent: String::new(),
            code: String::new(),
            chain_id: place.registry.chain_id.clone(),
            registry: place.registry.address.clone(),
            kind: match place.registry.kind {
                RegistryKind::Network => "network",
                RegistryKind::Embedded => EMBEDDED,
            }
            .to_owned(),
            delivery_uri: String::new(),
            manage_uri: String::new(),
            answered: None,
            promise: None,
            logged: None,
            status: Some(if one.revoked {
                LedgerStatus::Revoked
            } else {
                LedgerStatus::Active
            }),
            delivered: true,
            taken_back: None,
        }),
    }
}

/// The clinic's own id of the consent is lost with the vault; this one comes of the grant, in the same form.
fn consent_id(id: &GrantId) -> String {
    let digits = hex::encode(&id.0[..16]);
    [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ]
    .join("-")
}

fn moment(seconds: u64) -> Timestamp {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use carnet_exchange::answer::GrantTuple;

    use super::*;

    fn event(operation: Operation, revoke_hash: [u8; 32], commitment: u8) -> RegistryEvent {
        RegistryEvent {
            operation,
            sequence: 1,
            time: 7,
            grant: GrantTuple {
                subject: [1; 20],
                commitment: [commitment; 32],
                not_before: 1,
                expiry: 2,
                revoke_hash,
            },
        }
    }

    #[test]
    fn what_a_stranger_or_a_lying_registry_puts_under_our_address_is_not_ours() {
        let own = Own {
            person: 0,
            number: 3,
            revoke_hash: [5; 32],
        };
        let own = HashMap::from([([1; 20], own)]);
        let mut found = Vec::new();
        for operation in [Operation::Grant, Operation::Revoke] {
            recognise(&event(operation, [6; 32], 9), &own, &mut found);
        }
        assert!(found.is_empty());

        recognise(&event(Operation::Revoke, [5; 32], 9), &own, &mut found);
        assert_eq!(
            (found.len(), found[0].granted),
            (1, None),
            "a tombstone is no consent"
        );
        recognise(&event(Operation::Grant, [5; 32], 8), &own, &mut found);
        recognise(&event(Operation::Revoke, [5; 32], 8), &own, &mut found);
        assert_eq!(
            (found.len(), found[1].granted, found[1].revoked),
            (2, Some(7), true)
        );
    }
}

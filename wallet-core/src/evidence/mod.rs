//! Evidence: whether the registries that hold this vault's consents are still what they were, and whether everything that was
//! promised stands in them.
//!
//! Of each registry the newest signed state is kept, for everybody in the vault. A later one must prove that it continues it.
//! What once contradicted itself stays so: both states are kept, signed, to be shown to anybody.

mod compare;
mod contradiction;

pub use compare::STATES_BYTES;
pub(crate) use contradiction::Contradiction;
use contradiction::Found as Contradicts;

use std::collections::BTreeMap;

use carnet_consent::LedgerRef;
use carnet_exchange::{
    Entry as Party, TrustList,
    evidence::{Evidence, entry_of, log_keys, witnesses},
    promise::read_kept,
};
use carnet_fetch::Limits;
use carnet_log::{
    Checkpoint, Hash, Receipt, checkpoint::Log, entry, history::advance, receipt::read_lines,
    tree::check_entry,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use crate::{
    ConsentsError, Described, Facts, TalkError, Wallet,
    activity::{Entry, Happened, to_the_second},
    errands::EMBEDDED,
    kept::KeptConsent,
    talk::{Talk, below},
    vault::{Change, Table, VaultError},
    views::RegistryView,
};

/// A state or a proof, in bytes.
const ANSWER: Limits = Limits::bytes(32 * 1_024);
const TEXT: &str = "text/plain";
/// How often a registry is looked at that holds nothing new.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, Error)]
pub enum EvidenceError {
    #[error("There is no proof for this consent yet.")]
    None,
    #[error("This is not a file of register states that another wallet wrote. Nothing was compared.")]
    NotStates,
    #[error("This register has not contradicted itself, as far as this wallet has seen.")]
    Unbroken,
    #[error(transparent)]
    Consent(#[from] ConsentsError),
    #[error(transparent)]
    Talk(#[from] TalkError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for EvidenceError {
    fn facts(&self) -> Facts {
        match self {
            Self::None => Facts::expected(
                "evidence_none",
                "Be online once, so that the clinic's register can be checked; then try again.",
            ),
            Self::NotStates => {
                Facts::expected("not_register_states", "Choose the file that `log states` wrote.")
            }
            Self::Unbroken => Facts::expected("register_unbroken", "There is nothing to show to anybody."),
            Self::Consent(error) => error.facts(),
            Self::Talk(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

/// What is kept of a registry's log (table `Logs`, id is the log's name).
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptLog {
    /// Stable id of who keeps it.
    pub(crate) party: String,
    pub(crate) ledger: LedgerRef,
    /// Who keeps it, as the list named them.
    pub(crate) keeper: String,
    /// The newest state that continued what was known: a signed note. None where the first one was already wrong.
    pub(crate) note: Option<String>,
    pub(crate) size: u64,
    /// Who else has signed that state.
    pub(crate) witnesses: Vec<String>,
    /// Who had signed an earlier one and has not signed that one, and since when.
    #[serde(default)]
    pub(crate) missing: Vec<String>,
    #[serde(default)]
    pub(crate) missing_since: Option<Timestamp>,
    pub(crate) seen: Timestamp,
    pub(crate) broken: Option<Contradiction>,
}

impl std::fmt::Debug for KeptLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptLog")
    }
}

/// A promise that was not yet found in the log.
struct Unproven {
    consent_id: String,
    revocation: bool,
    promise: String,
}

/// A registry that holds consents of this person.
struct Held {
    party: String,
    ledger: LedgerRef,
    unproven: Vec<Unproven>,
}

impl Wallet {
    /// What is known of the registries, without asking anybody.
    pub fn registries(&self) -> Result<Vec<RegistryView>, EvidenceError> {
        let kept: Vec<(String, KeptLog)> = self.vault.all(Table::Logs)?;
        Ok(kept.into_iter().map(|(origin, kept)| kept.view(origin)).collect())
    }

    /// Asks every registry that holds consents of this person for its newest state, and for the proofs. Who can't be reached is
    /// asked again next time.
    pub async fn check_registries(&self) -> Result<Vec<RegistryView>, EvidenceError> {
        let talk = self.talk()?.impatient();
        self.look_at_registries(&talk).await?;
        self.registries()
    }

    pub(crate) async fn look_at_registries(&self, talk: &Talk) -> Result<(), VaultError> {
        for (origin, held) in self.registries_held()? {
            let Ok(party) = talk.entry(&held.party) else {
                continue;
            };
            // Silence is no contradiction.
            if let Ok(found) = self.look_at_registry(talk, party, &origin, &held).await {
                self.keep_registry(&origin, &held, party, found)?;
            }
        }
        Ok(())
    }

    /// Whether a promise waits for its proof, or a registry was not looked at for an hour.
    pub(crate) fn registries_due(&self) -> Result<bool, VaultError> {
        let now = self.clock.now();
        for (origin, held) in self.registries_held()? {
            let kept: Option<KeptLog> = self.vault.get(Table::Logs, &origin)?;
            let fresh = kept.is_some_and(|kept| now.duration_since(kept.seen) < LOOK_AGAIN);
            if !held.unproven.is_empty() || !fresh {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The proof of a consent's grant, or of its revocation once that is recorded: a file for somebody else.
    pub fn evidence(&self, id: &str) -> Result<Evidence, EvidenceError> {
        let kept = self.find_consent(id)?;
        let given = kept.given.as_ref().ok_or(EvidenceError::None)?;
        let back = given.taken_back.as_ref();
        let revoked = back.and_then(|back| back.ledger.clone().zip(back.logged.clone()));
        let granted = || given.promise.clone().zip(given.logged.clone());
        let (promise, log) = revoked.or_else(granted).ok_or(EvidenceError::None)?;
        Ok(Evidence::new(promise, log))
    }

    fn registries_held(&self) -> Result<BTreeMap<String, Held>, VaultError> {
        let mut held: BTreeMap<String, Held> = BTreeMap::new();
        for kept in self.kept_consents()? {
            let Some(given) = kept.given.as_ref().filter(|given| given.kind == EMBEDDED) else {
                continue;
            };
            let back = given.taken_back.as_ref();
            let promises = [
                (false, given.promise.as_ref(), given.logged.as_ref()),
                (
                    true,
                    back.and_then(|back| back.ledger.as_ref()),
                    back.and_then(|back| back.logged.as_ref()),
                ),
            ];
            if promises.iter().all(|(_, promise, _)| promise.is_none()) {
                continue;
            }
            let ledger = LedgerRef {
                chain_id: given.chain_id.clone(),
                registry: given.registry.clone(),
            };
            let origin = entry::operations(&ledger.chain_id, &ledger.registry);
            let here = held.entry(origin).or_insert_with(|| Held {
                party: kept.verifier_id.clone(),
                ledger,
                unproven: Vec::new(),
            });
            for (revocation, promise, logged) in promises {
                if let (Some(promise), None) = (promise, logged) {
                    here.unproven.push(Unproven {
                        consent_id: kept.consent_id.clone(),
                        revocation,
                        promise: promise.clone(),
                    });
                }
            }
        }
        Ok(held)
    }

    async fn look_at_registry(
        &self,
        talk: &Talk,
        party: &Party,
        origin: &str,
        held: &Held,
    ) -> Result<Found, TalkError> {
        let endpoints = party.registry(&held.ledger).map(|registry| &registry.endpoints);
        let endpoint = endpoints.and_then(|all| all.first()).ok_or(TalkError::Unlisted)?;
        let kept: Option<KeptLog> = self
            .vault
            .get(Table::Logs, origin)
            .map_err(|_| TalkError::Unreadable)?;
        let keys = log_keys(party);
        let log = Log { origin, keys: &keys };
        let note = text(talk, endpoint, &["log", "checkpoint"]).await?;
        let seen = read(&note, log, &talk.list).ok_or(TalkError::Unreadable)?;
        let mut found = Found {
            proofs: Vec::new(),
            broken: None,
            seen,
        };
        if let Some(before) = kept
            .as_ref()
            .and_then(|kept| read(kept.note.as_deref()?, log, &talk.list))
        {
            let (from, to) = (before.size(), found.seen.size());
            let growth = if from < to {
                let (from, to) = (from.to_string(), to.to_string());
                proof(talk, endpoint, &["log", "growth", &from, &to]).await?
            } else {
                Vec::new()
            };
            if let Err(broken) = advance(&before, &found.seen, &growth) {
                let states = (&before, &found.seen);
                found.broken =
                    Some(Contradicts::in_states(talk, Some(endpoint), states, &growth, broken).await);
                return Ok(found);
            }
        }
        let head = found.seen.head();
        for unproven in &held.unproven {
            let Ok(promise) = read_kept(&unproven.promise) else {
                continue;
            };
            let Some(index) = promise.sequence.checked_sub(1) else {
                continue;
            };
            // Promised before this state was signed: it must be in there.
            let way = if index < head.0 {
                let (index, size) = (index.to_string(), head.0.to_string());
                proof(talk, endpoint, &["log", "inclusion", &index, &size]).await?
            } else {
                Vec::new()
            };
            if check_entry(&way, head, index, &entry_of(&promise)).is_err() {
                let promise = &unproven.promise;
                let broken = Contradicts::in_promise(talk, endpoint, promise, &found.seen, index, way).await;
                found.broken = Some(broken);
                return Ok(found);
            }
            let receipt = Receipt {
                index,
                proof: way,
                checkpoint: found.seen.text().to_owned(),
            };
            found.proofs.push((
                unproven.consent_id.clone(),
                unproven.revocation,
                receipt.to_text(),
            ));
        }
        Ok(found)
    }

    fn keep_registry(
        &self,
        origin: &str,
        held: &Held,
        party: &Party,
        found: Found,
    ) -> Result<(), VaultError> {
        let now = self.clock.now();
        let before: Option<KeptLog> = self.vault.get(Table::Logs, origin)?;
        let mut change = self.vault.change();
        let (note, broken) = match found.broken {
            None => (Some(found.seen.text().to_owned()), None),
            Some(broken) => (
                before.as_ref().and_then(|before| before.note.clone()),
                Some(broken.in_state(&found.seen, now)),
            ),
        };
        let was_broken = before.as_ref().is_some_and(|before| before.broken.is_some());
        if let Some(broken) = broken.as_ref().filter(|_| !was_broken) {
            Entry::new(now, Happened::RegistryBroken)
                .who(&party.name)
                .code(&broken.code)
                .put(&mut change);
        }
        let size = match (&broken, &before) {
            (Some(_), Some(before)) => before.size,
            _ => found.seen.size(),
        };
        let witnesses: Vec<String> = found
            .seen
            .witnessed()
            .iter()
            .map(|one| one.name.clone())
            .collect();
        let mut missing: Vec<String> = before
            .iter()
            .flat_map(|before| before.witnesses.iter().chain(&before.missing))
            .filter(|name| !witnesses.contains(name))
            .cloned()
            .collect();
        missing.sort_unstable();
        missing.dedup();
        let since = before.as_ref().and_then(|before| before.missing_since);
        let kept = KeptLog {
            missing_since: (!missing.is_empty()).then(|| since.unwrap_or(now)),
            missing,
            party: held.party.clone(),
            ledger: held.ledger.clone(),
            keeper: party.name.clone(),
            note,
            size,
            witnesses,
            seen: now,
            // The first contradiction is the one that counts, and no later state makes up for it.
            broken: before.and_then(|before| before.broken).or(broken),
        };
        change.put(Table::Logs, origin, &kept);
        for (consent_id, revocation, proof) in found.proofs {
            self.keep_proof(&mut change, &consent_id, revocation, proof)?;
        }
        change.commit()
    }

    fn keep_proof(
        &self,
        change: &mut Change<'_>,
        consent_id: &str,
        revocation: bool,
        proof: String,
    ) -> Result<(), VaultError> {
        // Somebody is at this consent: its proof is fetched again next time.
        let Some(_hold) = self.try_hold(consent_id) else {
            return Ok(());
        };
        let Some(mut kept) = self.kept_consent(consent_id)? else {
            return Ok(());
        };
        let Some(given) = kept.given.as_mut() else {
            return Ok(());
        };
        match (revocation, given.taken_back.as_mut()) {
            (true, Some(back)) => back.logged = Some(proof),
            (true, None) => {}
            (false, _) => given.logged = Some(proof),
        }
        change.put(Table::Consents, consent_id, &kept);
        Ok(())
    }

    /// What the registry's log says of this consent: `none`, `kept`, `witnessed`, `broken`.
    pub(crate) fn evidence_state(&self, kept: &KeptConsent) -> Result<&'static str, VaultError> {
        let Some(given) = kept.given.as_ref() else {
            return Ok("none");
        };
        let origin = entry::operations(&given.chain_id, &given.registry);
        let log: Option<KeptLog> = self.vault.get(Table::Logs, &origin)?;
        Ok(match log {
            Some(log) if log.broken.is_some() => "broken",
            Some(log) if given.logged.is_some() && !log.witnesses.is_empty() => "witnessed",
            Some(_) if given.logged.is_some() => "kept",
            _ => "none",
        })
    }
}

/// What a look at a registry found.
struct Found {
    seen: Checkpoint,
    broken: Option<Contradicts>,
    /// Consent, whether of its revocation, proof.
    proofs: Vec<(String, bool, String)>,
}

impl KeptLog {
    /// Where its keeper answers.
    fn endpoint<'a>(&self, party: &'a Party) -> Option<&'a Url> {
        party.registry(&self.ledger)?.endpoints.first()
    }

    fn view(self, origin: String) -> RegistryView {
        RegistryView {
            log: origin,
            keeper: self.keeper,
            state: match (&self.broken, self.missing.is_empty(), self.witnesses.is_empty()) {
                (Some(_), ..) => "broken",
                (None, false, _) => "unwitnessed",
                (None, true, false) => "witnessed",
                (None, true, true) => "kept",
            }
            .to_owned(),
            entries: u32::try_from(self.size).unwrap_or(u32::MAX),
            seen: to_the_second(self.seen),
            witnesses: self.witnesses,
            missing: self.missing,
            missing_since: self.missing_since.map(to_the_second),
            code: self.broken.as_ref().map(|broken| broken.code.clone()),
            broken_at: self.broken.map(|broken| to_the_second(broken.when)),
        }
    }
}

fn read(note: &str, log: Log<'_>, list: &TrustList) -> Option<Checkpoint> {
    Checkpoint::read(note, log, &witnesses(list)).ok()
}

async fn text(talk: &Talk, endpoint: &Url, path: &[&str]) -> Result<String, TalkError> {
    let body = talk.get(&below(endpoint, path)?, ANSWER).await?.body(TEXT)?;
    String::from_utf8(body).map_err(|_| TalkError::Unreadable)
}

async fn proof(talk: &Talk, endpoint: &Url, path: &[&str]) -> Result<Vec<Hash>, TalkError> {
    read_lines(&text(talk, endpoint, path).await?).ok_or(TalkError::Unreadable)
}

//! Evidence: whether the registries that hold this vault's consents are still what they were, and whether everything that was
//! promised, and every reading that was reported, stands in the logs.
//!
//! Of each log the newest signed state is kept, for everybody in the vault. A later one must prove that it continues it.
//! What once contradicted itself stays so: both states are kept, signed, to be shown to anybody.
//!
//! - [`operations`]: what the registries were promised to hold
//! - [`readings`]: who read what
//! - [`compare`]: what another wallet was shown
//! - [`anchors`]: what the registry says of a log
//! - [`contradiction`]: what is kept of one, and shown to somebody else
//! - [`witnesses`]: who else has signed, and who stays away

mod anchors;
mod compare;
mod contradiction;
mod operations;
mod readings;
mod witnesses;

use self::{anchors::Shown, witnesses::Absent};
pub use compare::STATES_BYTES;
pub(crate) use contradiction::Contradiction;
use contradiction::Found;
pub(crate) use readings::Reported;

use carnet_consent::LedgerRef;
use carnet_exchange::{
    Entry as Party, TrustList,
    evidence::{log_keys, witnesses},
};
use carnet_fetch::Limits;
use carnet_ledger::Address;
use carnet_log::{Checkpoint, Hash, checkpoint::Log, history::advance, receipt::read_lines};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use crate::{
    ConsentsError, Described, Facts, TalkError, Wallet,
    activity::{Entry, Happened, to_the_second},
    talk::{Talk, below},
    vault::{Change, Table, VaultError},
    views::RegistryView,
};

/// A state or a proof, in bytes.
const ANSWER: Limits = Limits::bytes(32 * 1_024);
const TEXT: &str = "text/plain";
/// How often a registry is looked at that holds nothing new.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// How often while a witness is waited for.
const LOOK_SOON: SignedDuration = SignedDuration::from_mins(5);

#[derive(Debug, Error)]
pub enum EvidenceError {
    #[error("There is no proof for this consent yet.")]
    None,
    #[error("This is not a file of register states that another wallet wrote. Nothing was compared.")]
    NotStates,
    #[error("This register has not contradicted itself, as far as this wallet has seen.")]
    Unbroken,
    #[error(
        "What this register contradicts is known to this wallet alone, so no file proves it to somebody else."
    )]
    NotPortable,
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
            Self::NotPortable => Facts::expected(
                "contradiction_not_portable",
                "Ask the clinic about it. Show it what this wallet says of the register, and of who has read your records.",
            ),
            Self::Consent(error) => error.facts(),
            Self::Talk(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

/// What is kept of a log (table `Logs`, id is the log's name).
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptLog {
    /// Stable id of who keeps it.
    pub(crate) party: String,
    #[serde(flatten)]
    pub(crate) book: Book,
    /// Who keeps it, as the list named them.
    pub(crate) keeper: String,
    /// The newest state that continued what was known: a signed note. None where the first one was already wrong.
    pub(crate) note: Option<String>,
    pub(crate) size: u64,
    /// Ids of those who have signed that state too.
    pub(crate) witnesses: Vec<String>,
    /// Who had signed an earlier one and has not signed that one.
    #[serde(default)]
    pub(crate) absent: Absent,
    /// The accounts from which its keeper anchors it.
    #[serde(default)]
    pub(crate) senders: Vec<Address>,
    pub(crate) seen: Timestamp,
    pub(crate) broken: Option<Contradiction>,
}

/// What a log is about.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Book {
    /// The operations of this registry.
    Ledger(LedgerRef),
    /// Who read what; below this address, where consents are managed.
    Reads(Url),
}

impl std::fmt::Debug for KeptLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptLog")
    }
}

impl Wallet {
    /// What is known of the registries, without asking anybody.
    pub fn registries(&self) -> Result<Vec<RegistryView>, EvidenceError> {
        let kept: Vec<(String, KeptLog)> = self.vault.all(Table::Logs)?;
        // Without a list, what is known is told all the same.
        let list = self.held_list().ok().flatten().map(|(list, _)| list);
        let name = |id: &str| {
            let party = list.as_ref().and_then(|list| list.by_id(id));
            party.map_or(id, |party| &party.name).to_owned()
        };
        Ok(kept
            .into_iter()
            .map(|(origin, kept)| kept.view(origin, name))
            .collect())
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
            if let Ok(party) = talk.entry(&held.party) {
                self.look_at_registry(talk, party, &origin, &held).await?;
            }
        }
        for (origin, kept) in self.reads_logs()? {
            if let Ok(party) = talk.entry(&kept.party)
                && let Ok(seen) = self.look_at_log(talk, party, &origin, &kept.book).await
            {
                let mut change = self.vault.change();
                self.keep_log(&mut change, &talk.list, &origin, party, &kept.book, seen)?;
                change.commit()?;
            }
        }
        Ok(())
    }

    /// Whether a promise waits for its proof, or a log was not looked at for an hour; for a few minutes, while a witness is
    /// waited for.
    pub(crate) fn registries_due(&self) -> Result<bool, VaultError> {
        let now = self.clock.now();
        let fresh = |kept: &KeptLog| now.duration_since(kept.seen) < kept.look_again();
        for (origin, held) in self.registries_held()? {
            let kept: Option<KeptLog> = self.vault.get(Table::Logs, &origin)?;
            if !held.unproven.is_empty() || !kept.is_some_and(|kept| fresh(&kept)) {
                return Ok(true);
            }
        }
        Ok(!self.reads_logs()?.iter().all(|(_, kept)| fresh(kept)))
    }

    /// Of readings: those that were looked at once.
    fn reads_logs(&self) -> Result<Vec<(String, KeptLog)>, VaultError> {
        let mut kept: Vec<(String, KeptLog)> = self.vault.all(Table::Logs)?;
        kept.retain(|(_, kept)| matches!(kept.book, Book::Reads(_)));
        Ok(kept)
    }

    /// The newest state of a log, and whether it continues the one that is kept.
    pub(crate) async fn look_at_log(
        &self,
        talk: &Talk,
        party: &Party,
        origin: &str,
        book: &Book,
    ) -> Result<Seen, TalkError> {
        let endpoint = book.endpoint(party).ok_or(TalkError::Unlisted)?;
        let kept: Option<KeptLog> = self
            .vault
            .get(Table::Logs, origin)
            .map_err(|_| TalkError::Unreadable)?;
        let keys = log_keys(party);
        let log = Log { origin, keys: &keys };
        let note = text(talk, endpoint, &["log", "checkpoint"]).await?;
        let state = read(&note, log, &talk.list).ok_or(TalkError::Unreadable)?;
        let mut broken = None;
        if let Some(before) = kept
            .as_ref()
            .and_then(|kept| read(kept.note.as_deref()?, log, &talk.list))
        {
            let (from, to) = (before.size(), state.size());
            let growth = if from < to {
                let (from, to) = (from.to_string(), to.to_string());
                proof(talk, endpoint, &["log", "growth", &from, &to]).await?
            } else {
                Vec::new()
            };
            if let Err(way) = advance(&before, &state, &growth) {
                let states = (&before, &state);
                broken = Some(Found::in_states(talk, Some(endpoint), states, &growth, way).await);
            }
        }
        let mut senders = kept.map(|kept| kept.senders).unwrap_or_default();
        if broken.is_none() {
            let shown = Shown {
                keeper: party,
                log,
                endpoint,
                state: &state,
            };
            broken = shown.deny(talk, &mut senders).await.map(Found::told);
        }
        Ok(Seen {
            state,
            senders,
            broken,
        })
    }

    /// Keeps what a look came to.
    pub(crate) fn keep_log(
        &self,
        change: &mut Change<'_>,
        list: &TrustList,
        origin: &str,
        party: &Party,
        book: &Book,
        seen: Seen,
    ) -> Result<(), VaultError> {
        let now = self.clock.now();
        let before: Option<KeptLog> = self.vault.get(Table::Logs, origin)?;
        let (note, size) = match (&seen.broken, &before) {
            (None, _) => (Some(seen.state.text().to_owned()), seen.state.size()),
            (Some(_), Some(before)) => (before.note.clone(), before.size),
            (Some(_), None) => (None, seen.state.size()),
        };
        let witnesses: Vec<String> = seen
            .state
            .witnessed()
            .iter()
            .map(|one| one.name.clone())
            .collect();
        let absent = Absent::after(before.as_ref(), &witnesses, list, now);
        let mut kept = KeptLog {
            party: party.id.clone(),
            book: book.clone(),
            keeper: party.name.clone(),
            note,
            size,
            witnesses,
            absent,
            senders: seen.senders,
            seen: now,
            broken: before.and_then(|before| before.broken),
        };
        if let Some(found) = seen.broken {
            self.contradict(change, &mut kept, seen.state.text(), found);
        }
        change.put(Table::Logs, origin, &kept);
        Ok(())
    }

    /// The first contradiction is the one that counts, and no later state makes up for it.
    fn contradict(&self, change: &mut Change<'_>, kept: &mut KeptLog, note: &str, found: Found) {
        if kept.broken.is_some() {
            return;
        }
        let now = self.clock.now();
        Entry::new(now, Happened::RegistryBroken)
            .who(&kept.keeper)
            .code(found.code)
            .put(change);
        kept.broken = Some(found.in_state(note, now));
    }
}

/// What a look at a log found.
pub(crate) struct Seen {
    pub(crate) state: Checkpoint,
    /// The accounts from which its keeper anchors it.
    pub(crate) senders: Vec<Address>,
    /// Which way it contradicts what is known.
    broken: Option<Found>,
}

impl Book {
    fn about(&self) -> &'static str {
        match self {
            Self::Ledger(_) => "operations",
            Self::Reads(_) => "reads",
        }
    }

    /// Where its keeper answers.
    pub(crate) fn endpoint<'a>(&'a self, party: &'a Party) -> Option<&'a Url> {
        match self {
            Self::Ledger(ledger) => party.registry(ledger)?.endpoints.first(),
            Self::Reads(manage) => Some(manage),
        }
    }
}

impl KeptLog {
    fn look_again(&self) -> SignedDuration {
        if self.absent.awaited(self.seen).next().is_some() {
            LOOK_SOON
        } else {
            LOOK_AGAIN
        }
    }

    /// `name`: of a witness, by its id.
    fn view(self, origin: String, name: impl Fn(&str) -> String) -> RegistryView {
        let missing: Vec<(&str, Timestamp)> = self.absent.missing(self.seen).collect();
        RegistryView {
            log: origin,
            about: self.book.about().to_owned(),
            keeper: self.keeper,
            state: match (&self.broken, missing.is_empty(), self.witnesses.is_empty()) {
                (Some(_), ..) => "broken",
                (None, false, _) => "unwitnessed",
                (None, true, false) => "witnessed",
                (None, true, true) => "kept",
            }
            .to_owned(),
            entries: u32::try_from(self.size).unwrap_or(u32::MAX),
            seen: to_the_second(self.seen),
            witnesses: self.witnesses.iter().map(|id| name(id)).collect(),
            missing: missing.iter().map(|(id, _)| name(id)).collect(),
            missing_since: missing.iter().map(|(_, since)| *since).min().map(to_the_second),
            awaited: self.absent.awaited(self.seen).map(&name).collect(),
            portable: self.broken.as_ref().is_some_and(Contradiction::is_portable),
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

pub(crate) async fn proof(talk: &Talk, endpoint: &Url, path: &[&str]) -> Result<Vec<Hash>, TalkError> {
    read_lines(&text(talk, endpoint, path).await?).ok_or(TalkError::Unreadable)
}

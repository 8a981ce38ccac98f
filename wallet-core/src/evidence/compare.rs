//! Two wallets compare what they were shown: a register that tells two people two histories is found out here.

use carnet_exchange::evidence::log_keys;
use carnet_log::{Checkpoint, checkpoint::Log, history::compare};
use serde::{Deserialize, Serialize};

use super::{EvidenceError, Found, KeptLog, proof, read};
use crate::{
    Wallet,
    talk::Talk,
    vault::{Table, VaultError},
    views::ComparedView,
};

const VERSION: u32 = 1;
/// Longest file of states that is looked at, in bytes.
pub const STATES_BYTES: usize = 4 << 20;

/// The newest states of all registers that a wallet knows, for another wallet. It says which registers hold consents of this
/// vault, and nothing of any consent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct States {
    carnet_register_states: u32,
    states: Vec<State>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    log: String,
    checkpoint: String,
}

impl Wallet {
    /// A file for another wallet to compare with.
    pub fn register_states(&self) -> Result<String, EvidenceError> {
        let kept: Vec<(String, KeptLog)> = self.vault.all(Table::Logs)?;
        let states = States {
            carnet_register_states: VERSION,
            states: kept
                .into_iter()
                .filter_map(|(log, kept)| {
                    let checkpoint = kept.note?;
                    Some(State { log, checkpoint })
                })
                .collect(),
        };
        serde_json::to_string_pretty(&states).map_err(|_| EvidenceError::NotStates)
    }

    /// Compares another wallet's file with what this one was shown, after a look at what the registers show now. Registers that
    /// only one of the two knows are left out.
    pub async fn compare_registers(&self, file: &[u8]) -> Result<Vec<ComparedView>, EvidenceError> {
        let states = carnet_credentials::json::parse_object(file, STATES_BYTES)
            .ok()
            .and_then(|map| serde_json::from_value::<States>(map.into()).ok())
            .filter(|states| states.carnet_register_states == VERSION)
            .ok_or(EvidenceError::NotStates)?;
        let talk = self.talk()?.impatient();
        self.look_at_registries(&talk).await?;
        let mut compared = Vec::new();
        for state in states.states {
            let Some(kept) = self.vault.get::<KeptLog>(Table::Logs, &state.log)? else {
                continue;
            };
            let result = self.compare_register(&talk, &kept, &state).await?;
            compared.push(ComparedView {
                log: state.log,
                about: kept.book.about().to_owned(),
                keeper: kept.keeper,
                result: result.to_owned(),
            });
        }
        Ok(compared)
    }

    /// `same`, `broken`, `unreachable` (its keeper doesn't give the proof), `not_theirs` (the file's state isn't signed by the
    /// keeper: it says nothing).
    async fn compare_register(
        &self,
        talk: &Talk,
        kept: &KeptLog,
        theirs: &State,
    ) -> Result<&'static str, VaultError> {
        if kept.broken.is_some() {
            return Ok("broken");
        }
        let Ok(party) = talk.entry(&kept.party) else {
            return Ok("unreachable");
        };
        let keys = log_keys(party);
        let log = Log {
            origin: &theirs.log,
            keys: &keys,
        };
        let Some(other) = read(&theirs.checkpoint, log, &talk.list) else {
            return Ok("not_theirs");
        };
        let Some(own) = kept.note.as_deref().and_then(|note| read(note, log, &talk.list)) else {
            return Ok("not_theirs");
        };
        let growth = if own.size() == other.size() {
            Vec::new()
        } else {
            let (from, to) = ordered(&own, &other);
            let Some(endpoint) = kept.book.endpoint(party) else {
                return Ok("unreachable");
            };
            match proof(talk, endpoint, &["log", "growth", &from, &to]).await {
                Ok(growth) => growth,
                Err(_) => return Ok("unreachable"),
            }
        };
        let Err(broken) = compare(&own, &other, &growth) else {
            return Ok("same");
        };
        let endpoint = kept.book.endpoint(party);
        let found = Found::in_states(talk, endpoint, (&own, &other), &growth, broken).await;
        self.contradicted(&theirs.log, &other, found)?;
        Ok("broken")
    }

    /// Keeps the contradiction, unless there was one before.
    fn contradicted(&self, origin: &str, other: &Checkpoint, found: Found) -> Result<(), VaultError> {
        let Some(mut kept) = self.vault.get::<KeptLog>(Table::Logs, origin)? else {
            return Ok(());
        };
        let mut change = self.vault.change();
        self.contradict(&mut change, &mut kept, other.text(), found);
        change.put(Table::Logs, origin, &kept);
        change.commit()
    }
}

/// The sizes, smaller first.
fn ordered(one: &Checkpoint, other: &Checkpoint) -> (String, String) {
    let (low, high) = (one.size().min(other.size()), one.size().max(other.size()));
    (low.to_string(), high.to_string())
}

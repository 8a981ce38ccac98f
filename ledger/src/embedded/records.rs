//! What the engine writes beside the contract's state: which registry this is, and what happened, numbered.
//!
//! Keys under `ledger/`: `h` → [`Head`] · `e` sequence → event · `o` grant id, operation → sequence.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::state::{State, StateError, key};
use crate::{Address, Event, EventKind, Recorded};

const FORMAT: u32 = 1;

/// Which registry, how far it is, and the latest time it has seen.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    format: u32,
    pub(super) chain_id: u64,
    pub(super) registry: Address,
    /// Of the last operation; 0 when there is none.
    pub(super) sequence: u64,
    /// Unix seconds.
    pub(super) time: u64,
}

impl Head {
    pub(super) fn new(chain_id: u64, registry: Address, time: u64) -> Self {
        Self {
            format: FORMAT,
            chain_id,
            registry,
            sequence: 0,
            time,
        }
    }

    pub(super) fn load(state: &State<'_>) -> Result<Option<Self>, StateError> {
        let head: Option<Self> = load(state, &head_key())?;
        match head {
            Some(head) if head.format != FORMAT => Err(StateError::Damaged("another format")),
            head => Ok(head),
        }
    }

    pub(super) fn save(&self, state: &mut State<'_>) -> Result<(), StateError> {
        save(state, head_key(), self)
    }
}

/// Numbers an operation and writes it down.
pub(super) fn add(state: &mut State<'_>, event: &Event) -> Result<(), StateError> {
    let sequence = event.recorded.sequence.to_be_bytes();
    save(state, key(b'e', &[&sequence]), event)?;
    state.put(operation_key(&event.grant_id, event.kind), sequence.to_vec());
    Ok(())
}

/// Where an operation was written down the first time.
pub(super) fn recorded(
    state: &State<'_>,
    grant_id: &[u8; 32],
    kind: EventKind,
) -> Result<Recorded, StateError> {
    let missing = StateError::Damaged("a recorded operation is missing");
    let Some(sequence) = state.get(&operation_key(grant_id, kind))? else {
        return Err(missing);
    };
    let event: Option<Event> = load(state, &key(b'e', &[&sequence]))?;
    event.map(|event| event.recorded).ok_or(missing)
}

/// The operations after one and up to another, in order, at most so many.
pub(super) fn between(
    state: &State<'_>,
    after: u64,
    last: u64,
    limit: usize,
) -> Result<Vec<Event>, StateError> {
    let until = last.min(after.saturating_add(limit as u64));
    (after.saturating_add(1)..=until)
        .map(|sequence| {
            let event: Option<Event> = load(state, &key(b'e', &[&sequence.to_be_bytes()]))?;
            event
                .filter(|event| event.recorded.sequence == sequence)
                .ok_or(StateError::Damaged("an event is missing"))
        })
        .collect()
}

fn head_key() -> Vec<u8> {
    key(b'h', &[])
}

fn operation_key(grant_id: &[u8; 32], kind: EventKind) -> Vec<u8> {
    let kind: &[u8] = match kind {
        EventKind::Granted => b"g",
        EventKind::Revoked => b"r",
    };
    key(b'o', &[grant_id, kind])
}

fn load<T: DeserializeOwned>(state: &State<'_>, key: &[u8]) -> Result<Option<T>, StateError> {
    let Some(bytes) = state.get(key)? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|_| StateError::Damaged("a record is not readable"))
}

fn save<T: Serialize>(state: &mut State<'_>, key: Vec<u8>, value: &T) -> Result<(), StateError> {
    let bytes = serde_json::to_vec(value).map_err(|_| StateError::Damaged("a record can't be written"))?;
    state.put(key, bytes);
    Ok(())
}

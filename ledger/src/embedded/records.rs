//! What the engine writes beside the contract's state: which registry this is, and what happened, numbered.
//!
//! Keys under `ledger/`: `h` → [`Head`] (JSON) · `e` sequence → event. A grant's last operation is found by the contract's
//! slot of that grant, which has its number; before that was so it stood under `o` grant id, kind → sequence.
//!
//! An event, 142 bytes, integers big-endian: form (1), kind (1: 1 given, 2 taken back), grant id (32), subject (20),
//! commitment (32), not before (8), expiry (8), revoke hash (32), time (8). Before form 1 events were JSON.

use revm::primitives::U256;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    contract::{registry_address, slot_of},
    state::{State, StateError, key},
};
use crate::{Address, Event, EventKind, Grant, Recorded};

const FORMAT: u32 = 1;
/// Form of an event.
const EVENT_FORM: u8 = 1;
const GRANTED: u8 = 1;
const REVOKED: u8 = 2;

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

/// Writes an operation down, after what it changed was put into the state under its number.
pub(super) fn add(state: &mut State<'_>, event: &Event) -> Result<(), StateError> {
    let sequence = event.recorded.sequence;
    if last_of(state, &event.grant_id)? != Some(sequence) {
        return Err(StateError::Damaged("the contract keeps its grants elsewhere"));
    }
    state.put(event_key(sequence), encode(event));
    Ok(())
}

/// The number of a grant's last operation. Whatever the contract accepts again without a change is that one: after a
/// revocation it takes no grant any more.
fn last_of(state: &State<'_>, grant_id: &[u8; 32]) -> Result<Option<u64>, StateError> {
    state.changed_by(
        registry_address().0.into(),
        U256::from_be_bytes(slot_of(grant_id)),
    )
}

/// Where an operation was written down the first time.
pub(super) fn recorded(
    state: &State<'_>,
    grant_id: &[u8; 32],
    kind: EventKind,
) -> Result<Recorded, StateError> {
    let missing = StateError::Damaged("a recorded operation is missing");
    let sequence = match last_of(state, grant_id)? {
        Some(sequence) => sequence,
        None => match state
            .get(&operation_key(grant_id, kind))?
            .map(<[u8; 8]>::try_from)
        {
            Some(Ok(sequence)) => u64::from_be_bytes(sequence),
            _ => return Err(missing),
        },
    };
    event(state, sequence)?
        .filter(|event| event.grant_id == *grant_id && event.kind == kind)
        .map(|event| event.recorded)
        .ok_or(missing)
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
        .map(|sequence| event(state, sequence)?.ok_or(StateError::Damaged("an event is missing")))
        .collect()
}

fn event(state: &State<'_>, sequence: u64) -> Result<Option<Event>, StateError> {
    let Some(bytes) = state.get(&event_key(sequence))? else {
        return Ok(None);
    };
    let event = match bytes.first() {
        Some(&EVENT_FORM) => decode(&bytes, sequence),
        Some(b'{') => serde_json::from_slice(&bytes).ok(),
        _ => None,
    };
    event
        .filter(|event| event.recorded.sequence == sequence)
        .map(Some)
        .ok_or(StateError::Damaged("an event is not readable"))
}

fn encode(event: &Event) -> Vec<u8> {
    let kind = match event.kind {
        EventKind::Granted => GRANTED,
        EventKind::Revoked => REVOKED,
    };
    let grant = &event.grant;
    [
        &[EVENT_FORM, kind][..],
        &event.grant_id,
        &grant.subject.0,
        &grant.commitment,
        &grant.not_before.to_be_bytes(),
        &grant.expiry.to_be_bytes(),
        &grant.revoke_hash,
        &event.recorded.time.to_be_bytes(),
    ]
    .concat()
}

fn decode(bytes: &[u8], sequence: u64) -> Option<Event> {
    let (&[_, kind], rest) = bytes.split_first_chunk()?;
    let (grant_id, rest) = rest.split_first_chunk()?;
    let (subject, rest) = rest.split_first_chunk()?;
    let (commitment, rest) = rest.split_first_chunk()?;
    let (not_before, rest) = rest.split_first_chunk()?;
    let (expiry, rest) = rest.split_first_chunk()?;
    let (revoke_hash, rest) = rest.split_first_chunk()?;
    let time: [u8; 8] = rest.try_into().ok()?;
    Some(Event {
        kind: match kind {
            GRANTED => EventKind::Granted,
            REVOKED => EventKind::Revoked,
            _ => return None,
        },
        grant_id: *grant_id,
        grant: Grant {
            subject: Address(*subject),
            commitment: *commitment,
            not_before: u64::from_be_bytes(*not_before),
            expiry: u64::from_be_bytes(*expiry),
            revoke_hash: *revoke_hash,
        },
        recorded: Recorded {
            sequence,
            time: u64::from_be_bytes(time),
        },
    })
}

fn event_key(sequence: u64) -> Vec<u8> {
    key(b'e', &[&sequence.to_be_bytes()])
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::state::State;

    fn an_event() -> Event {
        Event {
            kind: EventKind::Revoked,
            grant_id: [1; 32],
            grant: Grant {
                subject: Address([2; 20]),
                commitment: [3; 32],
                not_before: 4,
                expiry: 5,
                revoke_hash: [6; 32],
            },
            recorded: Recorded { sequence: 7, time: 8 },
        }
    }

    #[test]
    fn an_event_is_read_as_it_was_written_and_also_if_it_was_written_as_json() {
        let folder = tempfile::tempdir().unwrap();
        let store = carnet_store::open(folder.path(), carnet_store::EngineKind::Sled).unwrap();
        let mut state = State::over(&store, None);
        for written in [encode(&an_event()), serde_json::to_vec(&an_event()).unwrap()] {
            state.put(event_key(7), written);
            assert_eq!(event(&state, 7).unwrap(), Some(an_event()));
        }
        let whole = encode(&an_event());
        let longer = [&whole[..], &[0]].concat();
        let other_kind = [&[EVENT_FORM, 3], &whole[2..]].concat();
        for damaged in [&whole[..whole.len() - 1], &longer, &other_kind, &[], &[2]] {
            state.put(event_key(7), damaged.to_vec());
            event(&state, 7).unwrap_err();
        }
    }
}

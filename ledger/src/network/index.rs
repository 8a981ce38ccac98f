//! The final part of the registry's history, numbered and kept, so that nothing told once is ever told otherwise.
//!
//! Keys under `network/`: `h` → [`Head`] · `e` sequence → event · `o` grant id, operation → sequence.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use alloy_primitives::{B256, U64};
use alloy_rpc_types_eth::{Header, Log};
use alloy_sol_types::SolEvent as _;
use carnet_store::{Batch, Store};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    chain::{Chain, View, block_at},
    node::Fault,
    send::store,
};
use crate::{
    Address, Domain, Event, EventKind, Grant, LedgerError, Recorded,
    contract::{kind_of, registry},
    grant_id,
};

const FORMAT: u32 = 1;

/// Blocks asked for at once; fewer where a node finds that too many.
const SPAN: u64 = 2_000;

/// Stretches looked at in one go: a million blocks. A node that claims more than there are does not hold up everything else.
const STRETCHES: u32 = 500;

/// Headers asked for at once.
const HEADERS: usize = 50;

/// Which registry, and how far its history is known.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: u32,
    chain_id: u64,
    registry: Address,
    /// Of the last operation; 0 when there is none.
    sequence: u64,
    /// The next block to look at.
    next: u64,
    /// Hash of the last one looked at; none where they are looked at again.
    hash: Option<B256>,
    /// Up to this block they were looked at before, and something was left out: what is known from them stays as it is, and
    /// what was missing comes after it. 0: nothing was.
    #[serde(default, skip_serializing_if = "is_zero")]
    again_until: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What is final, in a store.
#[derive(Debug)]
pub(super) struct Index {
    store: Arc<dyn Store>,
    domain: Domain,
    first_block: u64,
    head: Mutex<Head>,
    /// One looks further at a time; and how many blocks at once.
    span: tokio::sync::Mutex<u64>,
}

impl Index {
    pub(super) fn open(store: Arc<dyn Store>, domain: Domain, first_block: u64) -> Result<Self, LedgerError> {
        let head = match load::<Head>(&*store, b"network/h")? {
            None => Head {
                format: FORMAT,
                chain_id: domain.chain_id,
                registry: domain.registry,
                sequence: 0,
                next: first_block,
                hash: None,
                again_until: 0,
            },
            Some(head) if head.format != FORMAT => return Err(LedgerError::Damaged("another format")),
            Some(head) if (head.chain_id, head.registry) != (domain.chain_id, domain.registry) => {
                return Err(LedgerError::Damaged("it belongs to another registry"));
            }
            Some(head) => head,
        };
        Ok(Self {
            store,
            domain,
            first_block,
            head: Mutex::new(head),
            span: tokio::sync::Mutex::new(SPAN),
        })
    }

    /// The block up to which, itself included, everything is known.
    pub(super) fn known(&self) -> Option<u64> {
        self.head().next.checked_sub(1)
    }

    /// Sequence of the last operation.
    pub(super) fn last(&self) -> u64 {
        self.head().sequence
    }

    /// Where an operation was written down.
    pub(super) fn recorded(&self, id: &[u8; 32], kind: EventKind) -> Result<Option<Recorded>, LedgerError> {
        let Some(sequence) = get(&*self.store, &operation_key(id, kind))? else {
            return Ok(None);
        };
        let event: Option<Event> = load(&*self.store, &[b"network/e", &sequence[..]].concat())?;
        let event = event.ok_or(LedgerError::Damaged("an event is missing"))?;
        Ok(Some(event.recorded))
    }

    /// The operations after one, in order, at most so many.
    pub(super) fn between(&self, after: u64, last: u64, limit: usize) -> Result<Vec<Event>, LedgerError> {
        let until = last.min(after.saturating_add(limit as u64));
        (after.saturating_add(1)..=until)
            .map(|sequence| {
                let event: Option<Event> = load(&*self.store, &event_key(sequence))?;
                event
                    .filter(|event| event.recorded.sequence == sequence)
                    .ok_or(LedgerError::Damaged("an event is missing"))
            })
            .collect()
    }

    /// Looks at the blocks that have become final at this node.
    pub(super) async fn catch_up(&self, chain: &Chain, view: &View) -> Result<(), Fault> {
        let Some(settled) = view.settled else {
            return Ok(());
        };
        for _ in 0..STRETCHES {
            // Given up between two: others wait for it, too.
            let mut span = self.span.lock().await;
            let from = self.head().next;
            if from > settled {
                break;
            }
            let to = settled.min(from.saturating_add(*span - 1));
            match self.stretch(chain, view, from, to).await {
                Err(Fault::Cannot { .. } | Fault::TooLong | Fault::Slow) if to > from => {
                    *span = ((to - from + 1) / 4).max(1);
                }
                done => {
                    done?;
                    if to - from + 1 == *span {
                        *span = (*span * 2).min(SPAN);
                    }
                }
            }
        }
        Ok(())
    }

    /// Looks again at this block, and at some before it that may have been read in the same breath: something was left out.
    pub(super) fn look_again_at(&self, block: u64) -> Result<(), Fault> {
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        let next = block.saturating_sub(SPAN).max(self.first_block);
        if next >= head.next {
            return Ok(());
        }
        let again = Head {
            next,
            hash: None,
            again_until: head.again_until.max(head.next.saturating_sub(1)),
            ..*head
        };
        self.keep(Batch::new(), again)?;
        *head = again;
        Ok(())
    }

    /// One stretch of blocks. In the same breath the node says how the stretch ends and what came before it, so that one that
    /// is behind, or was taken elsewhere, can't leave anything out; and another node, if there is one, says the same.
    async fn stretch(&self, chain: &Chain, view: &View, from: u64, to: u64) -> Result<(), Fault> {
        let filter = json!({
            "address": self.domain.registry, "fromBlock": U64::from(from), "toBlock": U64::from(to),
            "topics": [[registry::Granted::SIGNATURE_HASH, registry::Revoked::SIGNATURE_HASH]],
        });
        let events = ("eth_getLogs", json!([filter]));
        let before = block_at(json!(U64::from(from.saturating_sub(1))));
        let questions = [before, events.clone(), block_at(json!(U64::from(to)))];
        let [before, logs, end] = view.node.ask(questions).await?;
        let head = self.head();
        if head.hash.is_some() && before.get::<Option<Header>>()?.map(|block| block.hash) != head.hash {
            return Err(Fault::OtherPast);
        }
        let end = end.get::<Option<Header>>()?.ok_or(Fault::OtherPast)?;
        let logs = logs.get::<Vec<Log>>()?;
        let mut place = None;
        let mut seen = BTreeSet::new();
        let mut found = Vec::with_capacity(logs.len());
        for log in &logs {
            let (kind, grant_id, grant) = self.operation(log).ok_or(Fault::Garbled)?;
            let here = log.block_number.zip(log.log_index).ok_or(Fault::Garbled)?;
            if !(from..=to).contains(&here.0) || place >= Some(here) {
                return Err(Fault::Garbled);
            }
            place = Some(here);
            let is_known = self.recorded(&grant_id, kind).map_err(store)?.is_some();
            if is_known && here.0 <= head.again_until {
                continue;
            }
            // The contract says each only once.
            if is_known || !seen.insert(operation_key(&grant_id, kind)) {
                return Err(Fault::OtherPast);
            }
            found.push((here.0, kind, grant_id, grant));
        }
        chain.confirm(view, (to, end.hash), (&events, &logs)).await?;
        let times = times(view, found.iter().map(|found| found.0)).await?;
        let mut batch = Batch::new();
        let mut sequence = head.sequence;
        for (block, kind, grant_id, grant) in found {
            sequence += 1;
            let time = times
                .iter()
                .find(|(number, _)| *number == block)
                .ok_or(Fault::Garbled)?
                .1;
            let recorded = Recorded { sequence, time };
            let event = Event {
                kind,
                grant_id,
                grant,
                recorded,
            };
            put(&mut batch, event_key(sequence), &event)?;
            batch.put(operation_key(&grant_id, kind), sequence.to_be_bytes().to_vec());
        }
        let head = Head {
            sequence,
            next: to.saturating_add(1),
            hash: Some(end.hash),
            again_until: if to < head.again_until {
                head.again_until
            } else {
                0
            },
            ..head
        };
        self.keep(batch, head)?;
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = head;
        Ok(())
    }

    fn keep(&self, mut batch: Batch, head: Head) -> Result<(), Fault> {
        put(&mut batch, b"network/h".to_vec(), &head)?;
        self.store
            .commit(batch)
            .map_err(|error| Fault::Store(Arc::new(error)))
    }

    /// What an event says, if it is one of this registry and names the grant rightly.
    fn operation(&self, log: &Log) -> Option<(EventKind, [u8; 32], Grant)> {
        if log.removed || log.inner.address.0 != self.domain.registry.0 {
            return None;
        }
        let kind = kind_of(&log.inner.topics().first()?.0)?;
        let log = &log.inner.data;
        let granted = match kind {
            EventKind::Granted => registry::Granted::decode_log_data_validate(log).ok()?,
            // Both have the same fields.
            EventKind::Revoked => {
                let registry::Revoked {
                    grantId,
                    subject,
                    revokeHash,
                    commitment,
                    notBefore,
                    expiry,
                } = registry::Revoked::decode_log_data_validate(log).ok()?;
                registry::Granted {
                    grantId,
                    subject,
                    revokeHash,
                    commitment,
                    notBefore,
                    expiry,
                }
            }
        };
        let id = granted.grantId.0;
        let grant = Grant {
            subject: Address(granted.subject.into_array()),
            commitment: granted.commitment.0,
            not_before: granted.notBefore,
            expiry: granted.expiry,
            revoke_hash: granted.revokeHash.0,
        };
        (grant_id(&self.domain, &grant) == id).then_some((kind, id, grant))
    }

    fn head(&self) -> Head {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Number and time of each of these blocks.
async fn times(view: &View, blocks: impl Iterator<Item = u64>) -> Result<Vec<(u64, u64)>, Fault> {
    let mut blocks: Vec<u64> = blocks.collect();
    blocks.dedup();
    let mut times = Vec::with_capacity(blocks.len());
    for some in blocks.chunks(HEADERS) {
        let questions = some
            .iter()
            .map(|number| block_at(json!(U64::from(*number))))
            .collect();
        for (number, answer) in some.iter().zip(view.node.ask_all(questions).await?) {
            let header = answer.get::<Option<Header>>()?.ok_or(Fault::OtherPast)?;
            times.push((*number, header.inner.timestamp));
        }
    }
    Ok(times)
}

fn event_key(sequence: u64) -> Vec<u8> {
    [&b"network/e"[..], &sequence.to_be_bytes()].concat()
}

fn operation_key(id: &[u8; 32], kind: EventKind) -> Vec<u8> {
    let kind: &[u8] = match kind {
        EventKind::Granted => b"g",
        EventKind::Revoked => b"r",
    };
    [&b"network/o"[..], id, kind].concat()
}

fn get(store: &dyn Store, key: &[u8]) -> Result<Option<Vec<u8>>, LedgerError> {
    store
        .get(key)
        .map_err(|error| LedgerError::Store(Arc::new(error)))
}

fn load<T: DeserializeOwned>(store: &dyn Store, key: &[u8]) -> Result<Option<T>, LedgerError> {
    let Some(bytes) = get(store, key)? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|_| LedgerError::Damaged("a record is not readable"))
}

fn put<T: Serialize>(batch: &mut Batch, key: Vec<u8>, value: &T) -> Result<(), Fault> {
    batch.put(key, serde_json::to_vec(value).map_err(|_| Fault::Garbled)?);
    Ok(())
}

//! Several nodes as one chain: who can be relied on now, what is final, and where a grant stands.

mod others;

use std::{
    fmt,
    future::Future,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use alloy_primitives::{B256, Bytes, U64};
use alloy_rpc_types_eth::Header;
use serde_json::{Value, json};
use url::Url;

use super::Patience;
use super::node::{Answer, Fault, Node, Question, call};
use crate::{Address, Clock, Reading, Status, contract};

/// A node that has failed is asked after the others for this long.
const REST: Duration = Duration::from_secs(30);

/// Which blocks can't be taken back any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finality {
    /// Those the chain itself calls `finalized` (proof of stake). A node that doesn't know the word is not relied on.
    Tag,
    /// Those with so many blocks above them. 0 where a block is final as soon as it is there (one sealer, BFT).
    Depth(u64),
}

/// The nodes and what is asked of all of them.
pub(super) struct Chain {
    nodes: Vec<Place>,
    /// EIP-155.
    id: u64,
    /// None while it is being made.
    registry: Option<Address>,
    finality: Finality,
    stalest: Duration,
    clock: Clock,
    /// Number of the highest block known to be final.
    settled: AtomicU64,
}

struct Place {
    node: Node,
    /// It was asked which chain and which contract it has.
    vetted: AtomicBool,
    failed: Mutex<Option<Instant>>,
    /// It did not answer, then.
    silent: Mutex<Option<Instant>>,
}

/// One node that can be relied on, and where the chain stands there.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// Its place among the nodes.
    place: usize,
    pub(super) node: Node,
    pub(super) head: Header,
    /// Number of the newest final block.
    pub(super) settled: Option<u64>,
}

impl Chain {
    pub(super) fn new(
        nodes: &[Url],
        registry: Option<Address>,
        chain_id: u64,
        finality: Finality,
        patience: Patience,
        clock: Clock,
    ) -> Result<Self, Fault> {
        let place = |url: &Url| {
            Ok(Place {
                node: Node::new(url.clone(), patience.node)?,
                vetted: AtomicBool::new(false),
                failed: Mutex::new(None),
                silent: Mutex::new(None),
            })
        };
        Ok(Self {
            nodes: nodes.iter().map(place).collect::<Result<_, Fault>>()?,
            id: chain_id,
            registry,
            finality,
            stalest: patience.stalest,
            clock,
            settled: AtomicU64::new(0),
        })
    }

    /// Asks one node after the other until one can be relied on and can say. What the contract itself refuses is an answer.
    pub(super) async fn with<T, F, Said>(&self, ask: F) -> Result<T, Fault>
    where
        F: Fn(View) -> Said,
        Said: Future<Output = Result<T, Fault>>,
    {
        self.with_until(None, ask).await
    }

    /// As [`with`](Self::with), with all of them until then at most: each may take half of what time is left, the last all.
    pub(super) async fn with_until<T, F, Said>(
        &self,
        end: Option<tokio::time::Instant>,
        ask: F,
    ) -> Result<T, Fault>
    where
        F: Fn(View) -> Said,
        Said: Future<Output = Result<T, Fault>>,
    {
        let (mut places, tired): (Vec<usize>, Vec<usize>) =
            (0..self.nodes.len()).partition(|n| !is_recent(&self.nodes[*n].failed));
        places.extend(tired);
        let mut last = Fault::NothingFinal;
        let mut left = places.len();
        for n in places {
            left -= 1;
            let asking = async { ask(self.view(n).await?).await };
            let said = match end {
                None => asking.await,
                Some(end) => {
                    let time = end.saturating_duration_since(tokio::time::Instant::now());
                    let time = if left == 0 { time } else { time / 2 };
                    let said = tokio::time::timeout(time, asking).await;
                    said.unwrap_or(Err(Fault::Slow))
                }
            };
            match said {
                Ok(_) | Err(Fault::Reverted(_)) => {
                    self.nodes[n].note(None);
                    return said;
                }
                Err(fault) => {
                    self.nodes[n].note(Some(&fault));
                    // That nodes contradict each other says more than that one is silent.
                    if !matches!(last, Fault::Unconfirmed) {
                        last = fault;
                    }
                }
            }
        }
        Err(last)
    }

    pub(super) fn registry(&self) -> Option<Address> {
        self.registry
    }

    /// These blocks are final for good.
    pub(super) fn settle(&self, block: u64) {
        self.settled.fetch_max(block, Ordering::AcqRel);
    }

    async fn view(&self, n: usize) -> Result<View, Fault> {
        let place = &self.nodes[n];
        if !place.vetted.load(Ordering::Acquire) {
            self.vet(&place.node).await?;
            place.vetted.store(true, Ordering::Release);
        }
        let mut questions = vec![block_at(json!("latest"))];
        if self.finality == Finality::Tag {
            questions.push(block_at(json!("finalized")));
        }
        let mut answers = place.node.ask_all(questions).await?.into_iter();
        let mut next = || answers.next().ok_or(Fault::Garbled)?.get::<Option<Header>>();
        let head = next()?.ok_or(Fault::NothingFinal)?;
        let settled = match self.finality {
            Finality::Tag => Some(next()?.ok_or(Fault::NothingFinal)?.inner.number),
            Finality::Depth(depth) => head.inner.number.checked_sub(depth),
        };
        let away = (self.clock)().abs_diff(head.inner.timestamp);
        if away > self.stalest.as_secs() || head.inner.number < self.settled.load(Ordering::Acquire) {
            return Err(Fault::Stale(away));
        }
        if settled.is_some_and(|settled| settled > head.inner.number) {
            return Err(Fault::Garbled);
        }
        Ok(View {
            place: n,
            node: place.node.clone(),
            head,
            settled,
        })
    }

    async fn vet(&self, node: &Node) -> Result<(), Fault> {
        let [chain] = node.ask([("eth_chainId", json!([]))]).await?;
        if chain.get::<U64>()?.to::<u64>() != self.id {
            return Err(Fault::OtherChain);
        }
        let Some(registry) = self.registry else {
            return Ok(());
        };
        let [code] = node.ask([("eth_getCode", json!([registry, "latest"]))]).await?;
        if contract::is_registry(&code.get::<Bytes>()?) {
            Ok(())
        } else {
            Err(Fault::OtherContract)
        }
    }

    /// Where a grant stands: given when that is final, taken back as soon as that is on its way, at the newest block's time.
    pub(super) async fn read(&self, grant_id: &[u8; 32]) -> Result<Reading, Fault> {
        let status = json!({"to": self.registry, "data": contract::status_call(grant_id)});
        let status = &status;
        self.with(|view| async move {
            let head = at_hash(view.head.hash);
            let mut questions = vec![
                call("eth_call", status.clone(), head),
                call("eth_call", status.clone(), json!("pending")),
            ];
            if let Some(settled) = view.settled.filter(|settled| *settled != view.head.inner.number) {
                questions.push(call("eth_call", status.clone(), json!(U64::from(settled))));
            }
            let mut answers = view.node.ask_all(questions).await?.into_iter();
            let mut next = || answers.next().map(Answer::get::<Bytes>).transpose();
            let status = |output: &[u8]| contract::status_of(output).map_err(|_| Fault::Garbled);
            let head = status(&next()?.ok_or(Fault::Garbled)?)?;
            // A node may keep no pending block; then it is as if nothing were on its way.
            let pending = match next() {
                Ok(output) => status(&output.ok_or(Fault::Garbled)?)?,
                Err(Fault::Cannot { .. }) => head,
                Err(fault) => return Err(fault),
            };
            let settled = match (view.settled, next()?) {
                (None, _) => Status::None,
                (Some(_), None) => head,
                // The registry itself is not final yet.
                (Some(_), Some(output)) if output.is_empty() => Status::None,
                (Some(_), Some(output)) => status(&output)?,
            };
            Ok(Reading {
                status: standing(settled, head, pending),
                as_of: view.head.inner.timestamp,
            })
        })
        .await
    }
}

impl Place {
    /// A node that has failed may come back as another.
    fn note(&self, fault: Option<&Fault>) {
        if fault.is_some() {
            self.vetted.store(false, Ordering::Release);
        }
        *lock(&self.failed) = fault.map(|_| Instant::now());
        match fault {
            Some(fault) => self.note_silence(fault),
            None => *lock(&self.silent) = None,
        }
    }

    fn note_silence(&self, fault: &Fault) {
        if fault.is_silence() {
            *lock(&self.silent) = Some(Instant::now());
        }
    }
}

fn is_recent(when: &Mutex<Option<Instant>>) -> bool {
    lock(when).is_some_and(|when| when.elapsed() <= REST)
}

fn lock<T>(what: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain")
            .field("registry", &self.registry)
            .field("nodes", &self.nodes.len())
            .finish_non_exhaustive()
    }
}

/// Both ways the careful side: a grant that could still be taken out of the chain is none, a revocation that could still be
/// is one.
fn standing(settled: Status, head: Status, pending: Status) -> Status {
    if [settled, head, pending].contains(&Status::Revoked) {
        Status::Revoked
    } else if settled == Status::None {
        Status::None
    } else {
        // By the newest block's time, not that of the final one.
        head
    }
}

/// The question for a block's header.
pub(super) fn block_at(block: Value) -> Question {
    ("eth_getBlockByNumber", json!([block, false]))
}

/// Exactly this block (EIP-1898).
pub(super) fn at_hash(hash: B256) -> Value {
    json!({"blockHash": hash})
}

/// A call that is only simulated.
pub(super) fn as_call(from: Address, to: Address, data: &Bytes) -> Value {
    json!({"from": from, "to": to, "data": data})
}

#[cfg(test)]
mod tests {
    use super::{
        Status::{Active, Expired, None, Pending, Revoked},
        standing,
    };

    #[test]
    fn a_grant_counts_when_final_and_a_revocation_when_on_its_way() {
        for (settled, head, pending, expected) in [
            (None, None, None, None),
            (None, None, Active, None),
            (None, Active, Active, None),
            (None, None, Revoked, Revoked),
            (None, Active, Revoked, Revoked),
            (Active, Active, Active, Active),
            (Active, Active, Revoked, Revoked),
            (Active, Revoked, Active, Revoked),
            (Active, None, Active, None),
            (Pending, Active, Active, Active),
            (Active, Expired, Expired, Expired),
            (Active, Active, Expired, Active),
        ] {
            assert_eq!(
                standing(settled, head, pending),
                expected,
                "{settled:?} {head:?} {pending:?}"
            );
        }
    }
}

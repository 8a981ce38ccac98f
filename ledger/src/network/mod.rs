//! The registry on a chain, by way of any of several nodes.
//!
//! A grant counts when its block is final, a revocation as soon as it is on its way: whatever the chain may still take back is
//! taken for the worse. Operations are simulated before they are paid, written down before they are sent, and sent until they
//! are final, over restarts, reorganisations and nodes that fail. Nobody has to be asked twice, and asking twice pays once.
//!
//! Calls block (call from a thread that may block). One `Network` per store and per relayer's key at a time.

mod anchors;
mod chain;
mod deploy;
mod included;
mod index;
mod node;
mod outbox;
mod ready;
mod relayer;
mod send;

use std::{
    fmt,
    future::Future,
    sync::{Arc, mpsc},
    time::Duration,
};

use alloy_primitives::{Bytes, U64};
use carnet_store::Store;
use k256::ecdsa::SigningKey;
use tokio::{
    runtime::Runtime,
    sync::{Notify, oneshot},
    time::Instant,
};
use url::Url;

use self::{
    anchors::Asked,
    chain::{Chain, as_call, at_hash},
    index::Index,
    node::{Fault, call},
    outbox::{Answer, Name, Outbox},
    ready::gas_for,
    relayer::Relayer,
};
pub use self::{
    chain::Finality,
    deploy::{Deployed, deploy},
    relayer::Fees,
};
use crate::{
    Address, Anchor, Clock, Domain, EventKind, Events, Grant, Ledger, LedgerError, Proof, Reading, Recorded,
    contract::Operation, grant_id,
};

/// Which registry, and who is asked about it.
#[derive(Clone)]
pub struct Config {
    /// Chain and contract. A node with another chain, or other code at this address, is not relied on.
    pub domain: Domain,
    /// The block the contract is in; its history is read from here.
    pub first_block: u64,
    /// Addresses of nodes (JSON-RPC over https, or http on this machine), the preferred first. They may hold passwords and are
    /// never written anywhere.
    pub nodes: Vec<Url>,
    /// Which blocks can't be taken back.
    pub finality: Finality,
    /// What the relayer pays.
    pub fees: Fees,
    /// How long what is waited for.
    pub patience: Patience,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("domain", &self.domain)
            .field("first_block", &self.first_block)
            .field("nodes", &self.nodes.len())
            .field("finality", &self.finality)
            .field("fees", &self.fees)
            .field("patience", &self.patience)
            .finish()
    }
}

/// How long what is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one answer of a node; then the next is asked.
    pub node: Duration,
    /// For an operation to be found valid and to become final; then the caller hears that it is not yet, and it goes on.
    pub operation: Duration,
    /// For a transaction to be in a block; then it is sent again for more.
    pub stuck: Duration,
    /// Between two looks at the chain while something is under way, at most.
    pub poll: Duration,
    /// How far a node's newest block may be from now, either way. A node beyond is not relied on. Where blocks come only when
    /// there is something to record, this must be longer than the longest silence.
    pub stalest: Duration,
}

impl Default for Patience {
    /// For a chain with a block every few seconds.
    fn default() -> Self {
        Self {
            node: Duration::from_secs(5),
            operation: Duration::from_secs(30),
            stuck: Duration::from_mins(1),
            poll: Duration::from_secs(1),
            stalest: Duration::from_mins(2),
        }
    }
}

/// A registry on a chain.
pub struct Network {
    inner: Arc<Inner>,
    runtime: Option<Runtime>,
}

struct Inner {
    domain: Domain,
    chain: Chain,
    index: Index,
    outbox: Outbox,
    relayer: Relayer,
    patience: Patience,
    wake: Notify,
}

impl Network {
    /// Opens the registry with what `store` knows of it, under the prefix `network/`, and goes on with what was under way there.
    /// No node is asked yet. `relayer` is the key of the account that pays.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Damaged`] (also if the store knows another registry), or
    /// [`LedgerError::Unreachable`] for an address that can't be one.
    pub fn open(
        config: Config,
        relayer: SigningKey,
        store: Arc<dyn Store>,
        clock: Clock,
    ) -> Result<Self, LedgerError> {
        let Config { domain, patience, .. } = config;
        let inner = Arc::new(Inner {
            domain,
            chain: Chain::new(
                &config.nodes,
                Some(domain.registry),
                domain.chain_id,
                config.finality,
                patience,
                clock,
            )?,
            index: Index::open(Arc::clone(&store), domain, config.first_block)?,
            outbox: Outbox::open(store)?,
            relayer: Relayer::new(relayer, config.fees),
            patience,
            wake: Notify::new(),
        });
        let runtime = runtime()?;
        runtime.spawn(send::keep_sending(Arc::clone(&inner)));
        Ok(Self {
            inner,
            runtime: Some(runtime),
        })
    }

    /// The account that pays.
    pub fn relayer(&self) -> Address {
        self.inner.relayer.address
    }

    fn run<T, F>(&self, make: impl FnOnce(Arc<Inner>) -> F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, LedgerError>> + Send + 'static,
    {
        let runtime = self.runtime.as_ref().ok_or(LedgerError::Interrupted)?;
        wait_for(runtime, make(Arc::clone(&self.inner)))
    }
}

/// Has its own threads, so that it can be called from any other, of a runtime or not.
fn runtime() -> Result<Runtime, LedgerError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("ledger")
        .enable_all()
        .build()
        .map_err(|error| LedgerError::Store(Arc::new(error)))
}

fn wait_for<T: Send + 'static>(
    runtime: &Runtime,
    future: impl Future<Output = Result<T, LedgerError>> + Send + 'static,
) -> Result<T, LedgerError> {
    let (done, is_done) = mpsc::sync_channel(1);
    runtime.spawn(async move {
        let _ = done.send(future.await);
    });
    is_done.recv().unwrap_or(Err(LedgerError::Interrupted))
}

impl Inner {
    async fn submit(&self, operation: Operation) -> Result<Recorded, LedgerError> {
        let kind = operation.kind();
        let id = grant_id(&self.domain, operation.grant());
        let name = Name::of(id, kind);
        let call = operation.call_data();
        let end = self.end();
        let gas = self.simulate(&call, end).await?;
        if let Some(recorded) = self.index.recorded(&id, kind)? {
            return Ok(recorded);
        }
        if kind == EventKind::Granted && self.knows_revoked(&id)? {
            return Err(LedgerError::Revoked);
        }
        let waiting = self.outbox.wait(name, call, gas)?;
        let recorded = self.waited_for(waiting, end).await?;
        recorded.ok_or(LedgerError::Damaged("an operation has no place"))
    }

    /// When whoever asks for an operation now has an answer.
    fn end(&self) -> Instant {
        Instant::now() + self.patience.operation
    }

    /// It was taken: whatever goes wrong now, it goes on.
    async fn waited_for(&self, waiting: oneshot::Receiver<Answer>, end: Instant) -> Answer {
        self.wake.notify_one();
        match tokio::time::timeout_at(end, waiting).await {
            Ok(answer) => answer.unwrap_or(Err(LedgerError::Interrupted)),
            Err(_) => Err(LedgerError::NotFinal),
        }
    }

    /// What the contract would refuse is refused here, for nothing. Gas to allow for.
    async fn simulate(&self, data: &Bytes, end: Instant) -> Result<u64, Fault> {
        let operation = as_call(self.relayer.address, self.domain.registry, data);
        let operation = &operation;
        let gas = self
            .chain
            .with_until(Some(end), |view| async move {
                let head = at_hash(view.head.hash);
                let estimate = ("eth_estimateGas", serde_json::json!([operation]));
                let [done, gas] = view
                    .node
                    .ask([call("eth_call", operation.clone(), head), estimate])
                    .await?;
                done.get::<Bytes>()?;
                gas.get::<U64>()
            })
            .await?;
        Ok(gas_for(gas))
    }

    /// A revocation that was taken here counts, wherever it is.
    fn knows_revoked(&self, grant_id: &[u8; 32]) -> Result<bool, LedgerError> {
        let name = Name::of(*grant_id, EventKind::Revoked);
        Ok(self.outbox.holds(&name) || self.index.recorded(grant_id, EventKind::Revoked)?.is_some())
    }

    async fn read(&self, grant_id: [u8; 32]) -> Result<Reading, LedgerError> {
        let mut reading = self.chain.read(&grant_id).await?;
        if self.knows_revoked(&grant_id)? {
            reading.status = crate::Status::Revoked;
        }
        Ok(reading)
    }

    async fn events(&self, after: u64, limit: usize) -> Result<Events, LedgerError> {
        self.chain
            .with(|view| async move { self.index.catch_up(&self.chain, &view).await })
            .await?;
        let last = self.index.last();
        Ok(Events {
            events: self.index.between(after, last, limit)?,
            last,
        })
    }
}

impl Ledger for Network {
    fn domain(&self) -> Domain {
        self.inner.domain
    }

    fn grant(&self, grant: &Grant, signature: &[u8; 65]) -> Result<Recorded, LedgerError> {
        let operation = Operation::Grant(*grant, *signature);
        self.run(|inner| async move { inner.submit(operation).await })
    }

    fn revoke(&self, grant: &Grant, proof: &Proof) -> Result<Recorded, LedgerError> {
        let operation = Operation::Revoke(*grant, proof.clone());
        self.run(|inner| async move { inner.submit(operation).await })
    }

    fn read(&self, grant_id: &[u8; 32]) -> Result<Reading, LedgerError> {
        let grant_id = *grant_id;
        self.run(|inner| async move { inner.read(grant_id).await })
    }

    fn events(&self, after: u64, limit: usize) -> Result<Events, LedgerError> {
        self.run(|inner| async move { inner.events(after, limit).await })
    }

    fn sender(&self) -> Address {
        self.relayer()
    }

    fn anchor(&self, log: &[u8; 32], size: u64, root: &[u8; 32]) -> Result<(), LedgerError> {
        let (log, root) = (*log, *root);
        self.run(move |inner| async move { inner.anchor(Asked { log, size, root }).await })
    }

    fn anchor_of(&self, log: &[u8; 32], by: Address) -> Result<Option<Anchor>, LedgerError> {
        let log = *log;
        self.run(move |inner| async move { inner.anchor_of(log, by).await })
    }
}

impl Drop for Network {
    /// What is under way goes on when the registry is opened again.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("domain", &self.inner.domain)
            .field("relayer", &self.inner.relayer.address)
            .finish_non_exhaustive()
    }
}

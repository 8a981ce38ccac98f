//! The registry in this process: the contract run by `revm` over a [`Store`], committed before it answers.
//!
//! Every operation runs the contract's own code; state, event and sequence number enter the store in one batch. Calls block
//! until that batch is durable (call from a thread that may block); callers that arrive meanwhile share the next one.
//! One `Embedded` per store at a time.

mod commits;
mod contract;
mod log;
mod prepared;
mod queue;
mod records;
mod state;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use carnet_log::{Hash, Place, Tiles, Tree, TreeError};
use carnet_store::{Batch, Store};

pub use self::log::entry_of;
use self::{
    commits::{Changes, Commits, UnderWay},
    contract::{Block, Machine},
    prepared::Prepared,
    queue::{Queue, Waiting},
    records::Head,
    state::{Contract, State, batch_of},
};
use crate::{
    Address, Anchor, Clock, Domain, Event, Events, Grant, Ledger, LedgerError, Proof, Reading, Recorded,
    contract::Operation,
};

/// A registry of one's own, kept in a store under the prefix `ledger/`.
pub struct Embedded {
    store: Arc<dyn Store>,
    clock: Clock,
    domain: Domain,
    contract: Contract,
    /// The latest time seen; the ledger's time never goes behind it.
    latest: AtomicU64,
    /// A commit failed, or is under way: what is readable may not be durable.
    unsure: AtomicBool,
    /// Sequence of the last operation known to be durable.
    durable: AtomicU64,
    queue: Queue,
    commits: Commits,
}

/// A chain id for a new registry out of 8 random bytes: 53 bits, so that it is exact as a JSON number, the highest bit set,
/// so that it is no public chain's.
pub fn chain_id_from(random: [u8; 8]) -> u64 {
    (u64::from_be_bytes(random) & ((1 << 52) - 1)) | (1 << 52)
}

impl Embedded {
    /// Opens the registry in `store`, or makes one there with this chain id (see [`chain_id_from`]; an existing registry
    /// keeps its own). `clock` gives Unix seconds and may go back: the ledger's time doesn't.
    ///
    /// # Errors
    /// [`LedgerError::Store`] or [`LedgerError::Damaged`].
    pub fn open(store: Arc<dyn Store>, chain_id_if_new: u64, clock: Clock) -> Result<Self, LedgerError> {
        let head = match Head::load(&State::over(&*store, None))? {
            Some(head) => head,
            None => create(&*store, chain_id_if_new, clock())?,
        };
        catch_up(&*store, head.sequence)?;
        let contract = Contract::load(&mut State::over(&*store, None), head.registry.0.into())?;
        Ok(Self {
            store,
            clock,
            domain: Domain {
                chain_id: head.chain_id,
                registry: head.registry,
            },
            contract,
            latest: AtomicU64::new(head.time),
            unsure: AtomicBool::new(false),
            durable: AtomicU64::new(head.sequence),
            queue: Queue::default(),
            commits: Commits::default(),
        })
    }

    /// The ledger's time, Unix seconds: the clock's, or the latest it has ever shown if it went back.
    pub fn time(&self) -> u64 {
        let clock = (self.clock)();
        self.latest.fetch_max(clock, Ordering::AcqRel).max(clock)
    }

    /// Writes the ledger's time down, so that it can't go back over a restart either. Operations do so anyway; an
    /// idle registry does it now and then.
    ///
    /// # Errors
    /// [`LedgerError::Store`] or [`LedgerError::Damaged`].
    pub fn keep_time(&self) -> Result<(), LedgerError> {
        self.queue.alone(|| {
            let _commit = self.commits.turn();
            let mut state = self.state();
            let mut head = self.head(&state)?;
            head.time = self.time();
            head.save(&mut state)?;
            self.commit(state.into_batch(), head.sequence)
        })
    }

    /// The log of its operations, as far as it is durable: what is proven of it holds after a power cut too. Its tiles are
    /// read through this registry.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn log(&self) -> Result<Tree, LedgerError> {
        Tree::of(self.durable.load(Ordering::Acquire)).map_err(|error| log::damaged(error).into())
    }

    fn state(&self) -> State<'_> {
        State::over(&*self.store, Some(&self.contract))
    }

    /// The contract, now.
    fn machine(&self) -> Machine<'_> {
        Machine::over(self.state(), self.block())
    }

    fn block(&self) -> Block {
        Block {
            chain_id: self.domain.chain_id,
            time: self.time(),
        }
    }

    fn head(&self, state: &State<'_>) -> Result<Head, LedgerError> {
        match Head::load(state)? {
            Some(head) if head.chain_id == self.domain.chain_id => Ok(head),
            _ => Err(LedgerError::Damaged("the registry was exchanged")),
        }
    }

    /// Makes durable what was prepared; `sequence` is that of the last operation in it.
    fn commit(&self, batch: Batch, sequence: u64) -> Result<(), LedgerError> {
        // Also if the store panics.
        self.unsure.store(true, Ordering::Release);
        self.store
            .commit(batch)
            .map_err(|error| LedgerError::Store(Arc::new(error)))?;
        self.unsure.store(false, Ordering::Release);
        self.durable.fetch_max(sequence, Ordering::AcqRel);
        Ok(())
    }

    fn submit(&self, operation: Operation) -> Result<Recorded, LedgerError> {
        let prepared = Prepared::new(&self.domain, operation);
        self.queue.submit(prepared, |mut group, turn| {
            let base = self.commits.under_way();
            let mut run = self.run(&mut group, &base);
            let mut commit = self.commits.turn();
            if !commit.has_taken(&base) {
                run = self.run(&mut group, &UnderWay::default());
            }
            let (done, changes) = match run {
                Ok(run) => run,
                Err(error) => {
                    return group
                        .into_iter()
                        .for_each(|waiting| waiting.answer(Err(error.clone())));
                }
            };
            // A repetition changes nothing, but must not confirm what a failed commit may have left behind.
            let outcome = if done.changed || self.unsure.load(Ordering::Acquire) {
                let changes = Arc::new(changes);
                commit.begin(Arc::clone(&changes));
                drop(turn);
                self.commit(batch_of(Changes::clone(&changes)), done.sequence)
                    .inspect(|()| commit.succeeded())
            } else {
                Ok(())
            };
            drop(commit);
            for (waiting, answer) in group.into_iter().zip(done.answers) {
                waiting.answer(outcome.clone().and(answer));
            }
        })
    }

    /// Runs a group on top of what is on its way to the disk.
    fn run(&self, group: &mut [Waiting], base: &UnderWay) -> Result<(Done, Changes), LedgerError> {
        let block = self.block();
        let state = self.state().on_top_of(base.changes.clone());
        let mut machine = Machine::over(state, block);
        let done = self.record(&mut machine, block.time, group)?;
        Ok((done, machine.into_state().into_changes()))
    }

    /// Runs a group in order, at one time; nothing is committed yet. A refusal concerns one operation; a failure may have
    /// left half a change in `state` and so concerns all.
    fn record(
        &self,
        machine: &mut Machine<'_>,
        time: u64,
        group: &mut [Waiting],
    ) -> Result<Done, LedgerError> {
        let mut head = self.head(machine.state())?;
        let before = head.sequence;
        head.time = time;
        let mut answers = Vec::with_capacity(group.len());
        let mut leaves = Vec::with_capacity(group.len());
        for waiting in group {
            match record_one(machine, &mut head, &mut leaves, &mut waiting.operation) {
                Err(failure @ (LedgerError::Store(_) | LedgerError::Damaged(_))) => return Err(failure),
                answer => answers.push(answer),
            }
        }
        let state = machine.state();
        if !leaves.is_empty() {
            log::append(state, before, &leaves)?;
        }
        head.save(state)?;
        Ok(Done {
            answers,
            changed: head.sequence != before,
            sequence: head.sequence,
        })
    }
}

fn record_one(
    machine: &mut Machine<'_>,
    head: &mut Head,
    leaves: &mut Vec<Hash>,
    prepared: &mut Prepared,
) -> Result<Recorded, LedgerError> {
    let changes = machine.run(prepared)?;
    let state = machine.state();
    let (grant_id, kind) = (prepared.grant_id, prepared.operation.kind());
    let Some(changes) = changes else {
        return Ok(records::recorded(state, &grant_id, kind)?);
    };
    let recorded = Recorded {
        sequence: head.sequence + 1,
        time: head.time,
    };
    let event = Event {
        kind,
        grant_id,
        grant: *prepared.operation.grant(),
        recorded,
    };
    state.apply(changes, Some(recorded.sequence))?;
    records::add(state, &event)?;
    leaves.push(log::leaf_of(&event));
    head.sequence = recorded.sequence;
    Ok(recorded)
}

/// A group that was run and is not yet committed.
struct Done {
    answers: Vec<Result<Recorded, LedgerError>>,
    /// Anything new happened.
    changed: bool,
    /// Of the registry's last operation, this group's included.
    sequence: u64,
}

impl Ledger for Embedded {
    fn domain(&self) -> Domain {
        self.domain
    }

    fn grant(&self, grant: &Grant, signature: &[u8; 65]) -> Result<Recorded, LedgerError> {
        self.submit(Operation::Grant(*grant, *signature))
    }

    fn revoke(&self, grant: &Grant, proof: &Proof) -> Result<Recorded, LedgerError> {
        self.submit(Operation::Revoke(*grant, proof.clone()))
    }

    fn read(&self, grant_id: &[u8; 32]) -> Result<Reading, LedgerError> {
        let block = self.block();
        let mut machine = Machine::over(self.state(), block);
        let status = machine.status(grant_id)?;
        machine.into_state();
        Ok(Reading {
            status,
            as_of: block.time,
        })
    }

    fn events(&self, after: u64, limit: usize) -> Result<Events, LedgerError> {
        // What is readable but not yet durable could be gone after a power cut, and its number be another operation's.
        let last = self.durable.load(Ordering::Acquire);
        Ok(Events {
            events: records::between(&self.state(), after, last, limit)?,
            last,
        })
    }

    fn sender(&self) -> Address {
        contract::sender()
    }

    /// Between two groups of operations, in a commit of its own.
    fn anchor(&self, log: &[u8; 32], size: u64, root: &[u8; 32]) -> Result<(), LedgerError> {
        self.queue.alone(|| {
            let _commit = self.commits.turn();
            let block = self.block();
            let mut machine = Machine::over(self.state(), block);
            let mut head = self.head(machine.state())?;
            let changes = machine.anchor(log, size, root)?;
            if changes.is_none() && !self.unsure.load(Ordering::Acquire) {
                return Ok(());
            }
            let mut state = machine.into_state();
            state.apply(changes.unwrap_or_default(), None)?;
            head.time = block.time;
            head.save(&mut state)?;
            self.commit(state.into_batch(), head.sequence)
        })
    }

    fn anchor_of(&self, log: &[u8; 32], by: Address) -> Result<Option<Anchor>, LedgerError> {
        self.machine().anchored(log, by)
    }
}

/// What [`Embedded::log`] is made of.
impl Tiles for Embedded {
    fn read(&self, place: Place) -> Result<Option<Vec<u8>>, TreeError> {
        self.state().read(place)
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded")
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

/// A registry that was kept before there was a log of its operations gets one.
fn catch_up(store: &dyn Store, sequence: u64) -> Result<(), LedgerError> {
    if !log::is_behind(&State::over(store, None), sequence)? {
        return Ok(());
    }
    let mut size = 0;
    while size < sequence {
        let mut state = State::over(store, None);
        size = log::catch_up(&mut state, size, sequence)?;
        store
            .commit(state.into_batch())
            .map_err(|error| LedgerError::Store(Arc::new(error)))?;
    }
    Ok(())
}

/// Deploys the contract and writes the first head, in one batch.
fn create(store: &dyn Store, chain_id: u64, time: u64) -> Result<Head, LedgerError> {
    let mut machine = Machine::over(State::over(store, None), Block { chain_id, time });
    let changes = machine.deploy()?;
    let mut state = machine.into_state();
    state.apply(changes, None)?;
    let head = Head::new(chain_id, contract::registry_address(), time);
    head.save(&mut state)?;
    store
        .commit(state.into_batch())
        .map_err(|error| LedgerError::Store(Arc::new(error)))?;
    Ok(head)
}

//! Gets what is in the outbox into the chain, and sees to it until it is final: one round after the other, by one hand, so that
//! nonces keep their order.

use std::{sync::Arc, time::Duration};

use alloy_primitives::{B256, U64, U128};
use serde_json::json;

use super::{
    Inner,
    chain::View,
    node::{Fault, Question},
    outbox::{Answer, Name, Sending},
    ready::Ready,
};
use crate::LedgerError;

/// The first look after something was sent; each further one half as long again later.
const SOON: Duration = Duration::from_millis(4);

/// Transactions that failed though the contract would have taken them, or vanished, or that no node takes: after so many a grant
/// or an anchor is not paid for again, and a revocation more and more rarely.
pub(super) const FAILURES: u32 = 4;

/// No account has sent as many transactions, and none has as many under way.
const MOST_SENT: u64 = 1 << 48;
const MOST_UNDER_WAY: u64 = 1 << 20;

/// Where the relayer's account stands, and what a transaction costs.
pub(super) struct Account {
    /// How many transactions are in blocks.
    pub(super) used: u64,
    /// And how many more a node holds, without a gap.
    pub(super) held: u64,
    pub(super) tip: Option<u128>,
}

/// Goes on as long as the engine is there.
pub(super) async fn keep_sending(inner: Arc<Inner>) {
    let mut pause = SOON;
    loop {
        if inner.outbox.is_empty() {
            inner.wake.notified().await;
            pause = SOON;
        } else if tokio::time::timeout(pause, inner.wake.notified()).await.is_ok() {
            pause = SOON;
        } else {
            pause = (pause + pause / 2).min(inner.patience.poll);
        }
        // Each in a task of its own. One that fails, or even panics, is followed by the next, which begins with what is written
        // down: nobody may hear that an operation goes on when nothing does.
        let round = Arc::clone(&inner);
        let _ = tokio::spawn(async move { round.round().await }).await;
    }
}

impl Inner {
    async fn round(&self) -> Result<(), Fault> {
        let look = |view: View| async move {
            self.index.catch_up(&self.chain, &view).await?;
            self.settle_anchors(&view).await?;
            let account = self.account(&view).await?;
            self.check_on_included(&view, account.used).await?;
            Ok((view, account))
        };
        let standing = |view: View| async move {
            let account = self.account(&view).await?;
            Ok((view, account))
        };
        let (seen, is_disputed) = match self.chain.with(look).await {
            // Until nodes agree on the past nothing is final. What must be known, as a revocation must, is sent to all of them.
            Err(Fault::Unconfirmed) => (self.chain.with(standing).await?, true),
            seen => (seen?, false),
        };
        let (view, account) = seen;
        self.settle()?;
        let mut ready = self.again(&view, &account)?;
        ready.extend(self.anew(&view, &account).await?);
        for ready in &mut ready {
            ready.everywhere |= is_disputed;
        }
        self.send(&view, ready).await
    }

    async fn account(&self, view: &View) -> Result<Account, Fault> {
        let count = |block: &str| ("eth_getTransactionCount", json!([self.relayer.address, block]));
        let tip = ("eth_maxPriorityFeePerGas", json!([]));
        let [used, held, tip] = view.node.ask([count("latest"), count("pending"), tip]).await?;
        let used = used.get::<U64>()?.to();
        let held = held.get::<U64>().map_or(used, |held| held.to::<u64>().max(used));
        if used > MOST_SENT || held - used > MOST_UNDER_WAY {
            return Err(Fault::Garbled);
        }
        Ok(Account {
            used,
            held,
            tip: tip.get::<U128>().ok().map(|tip| tip.to()),
        })
    }

    /// What is final has its answer.
    pub(super) fn settle(&self) -> Result<(), Fault> {
        if let Some(known) = self.index.known() {
            self.chain.settle(known);
        }
        let mut done = Vec::new();
        for (name, _) in self.outbox.all() {
            let Some((grant_id, kind)) = name.operation() else {
                continue;
            };
            let recorded = self.index.recorded(grant_id, kind).map_err(store)?;
            done.extend(recorded.map(|recorded| (name, Ok(Some(recorded)))));
        }
        self.outbox.finish(done)
    }

    /// Written down first: whatever was sent is known to have been sent.
    async fn send(&self, view: &View, ready: Vec<Ready>) -> Result<(), Fault> {
        if ready.is_empty() {
            return Ok(());
        }
        let kept: Vec<_> = ready
            .iter()
            .map(|ready| (ready.name, ready.sending.clone()))
            .collect();
        self.outbox.keep(&kept)?;
        let questions: Vec<Question> = ready.iter().map(Ready::question).collect();
        let answers = match view.node.ask_all(questions.clone()).await {
            Ok(answers) => answers,
            Err(fault) => {
                // It may have arrived or not: another node is told the same.
                self.chain.tell_all(&questions).await;
                return Err(fault);
            }
        };
        let again = ready.iter().filter(|ready| ready.everywhere);
        let again: Vec<Question> = again.map(Ready::question).collect();
        if !again.is_empty() {
            self.chain.tell_all(&again).await;
        }
        let mut refused = Vec::new();
        for (ready, answer) in ready.into_iter().zip(answers) {
            match answer.get::<B256>() {
                // What it answers instead is a matter of this node, or shows in the account next time.
                Ok(_) | Err(Fault::Garbled) => {}
                Err(fault) => refused.push((ready, fault)),
            }
        }
        self.let_go_of(refused).await
    }

    /// What one node refuses another may take, or hold already. What none does gives its nonce back, so that nothing behind it
    /// waits for ever, and is put off.
    async fn let_go_of(&self, refused: Vec<(Ready, Fault)>) -> Result<(), Fault> {
        let offers: Vec<_> = refused
            .iter()
            .map(|(ready, _)| (ready.question(), &*ready.sending.hashes))
            .collect();
        let nobody_takes = self.chain.nobody_takes(&offers).await;
        let mut done = Vec::new();
        for ((ready, fault), nobody_takes) in refused.into_iter().zip(nobody_takes) {
            let Ready {
                name, mut sending, ..
            } = ready;
            if !nobody_takes {
                continue;
            }
            sending.begin_anew();
            sending.put_off();
            if fault.is_want_of_funds() {
                self.outbox.keep(&[(name, sending.clone())])?;
                self.unpaid(name, sending, &mut done);
            } else {
                sending.failures = sending.failures.saturating_add(1);
                self.outbox.keep(&[(name, sending)])?;
            }
        }
        self.outbox.finish(done)
    }

    /// A grant or an anchor is given up, a revocation waits for better times: it counts for this engine's readings.
    pub(super) fn unpaid(&self, name: Name, mut sending: Sending, done: &mut Vec<(Name, Answer)>) {
        if name.is_revocation() {
            sending.put_off();
            self.outbox.note(&name, sending);
            self.outbox.tell(&name, &Err(LedgerError::Unpaid));
        } else {
            done.push((name, Err(LedgerError::Unpaid)));
        }
    }
}

pub(super) fn store(error: LedgerError) -> Fault {
    Fault::Store(Arc::new(error))
}

//! Gets what is in the outbox into the chain, and sees to it until it is final: one round after the other, by one hand, so that
//! nonces keep their order.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use alloy_primitives::{B256, Bytes, U64, U128};
use serde::Deserialize;
use serde_json::json;

use super::{
    Inner,
    anchors::read_anchor,
    chain::{View, as_call, at_hash},
    node::{Fault, Question, call},
    outbox::{Answer, Name, Sending},
};
use crate::{LedgerError, Status, contract};

/// The first look after something was sent; each further one half as long again later.
const SOON: Duration = Duration::from_millis(4);

/// At most so many new transactions in a round.
const ROUND: usize = 50;

/// Transactions that failed though the contract would have taken them, or vanished: after so many it is not paid for again.
const FAILURES: u32 = 4;

/// Where the relayer's account stands, and what a transaction costs.
struct Account {
    /// How many transactions are in blocks.
    used: u64,
    /// And how many more a node holds, without a gap.
    held: u64,
    tip: Option<u128>,
}

/// What became of a transaction.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    status: Option<U64>,
    block_number: U64,
}

/// A transaction ready to be sent.
struct Ready {
    name: Name,
    sending: Sending,
    raw: Bytes,
    /// To every node, not only the one that is asked now.
    everywhere: bool,
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
        let done = inner.round().await;
        inner.note_round(done.err());
    }
}

impl Inner {
    async fn round(&self) -> Result<(), Fault> {
        let (view, account) = self
            .chain
            .with(|view| async move {
                self.index.catch_up(&view).await?;
                self.settle_anchors(&view).await?;
                let account = self.account(&view).await?;
                self.check_on_included(&view, account.used).await?;
                Ok((view, account))
            })
            .await?;
        self.settle()?;
        let mut ready = self.again(&view, &account)?;
        ready.extend(self.anew(&view, &account).await?);
        self.send(&view, ready).await
    }

    async fn account(&self, view: &View) -> Result<Account, Fault> {
        let count = |block: &str| ("eth_getTransactionCount", json!([self.relayer.address, block]));
        let tip = ("eth_maxPriorityFeePerGas", json!([]));
        let [used, held, tip] = view.node.ask([count("latest"), count("pending"), tip]).await?;
        let used = used.get::<U64>()?.to();
        Ok(Account {
            used,
            held: held.get::<U64>().map_or(used, |held| held.to::<u64>().max(used)),
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
        if done.is_empty() {
            Ok(())
        } else {
            self.outbox.finish(done)
        }
    }

    /// Those whose nonce is used: in a block, failed, or pushed out by another transaction.
    async fn check_on_included(&self, view: &View, used: u64) -> Result<(), Fault> {
        for (name, mut sending) in self.outbox.all() {
            if sending.nonce.is_none_or(|nonce| nonce >= used) {
                continue;
            }
            let ask = |hash: &B256| ("eth_getTransactionReceipt", json!([hash]));
            let answers = view
                .node
                .ask_all(sending.hashes.iter().map(ask).collect())
                .await?;
            let mut receipt: Option<Receipt> = None;
            for answer in answers {
                receipt = answer.get::<Option<Receipt>>()?.or(receipt);
            }
            match receipt {
                Some(receipt) if receipt.status == Some(U64::from(1)) => {
                    let known = match name.operation() {
                        Some((grant_id, kind)) => {
                            self.index.recorded(grant_id, kind).map_err(store)?.is_some()
                        }
                        // Not in the history; final state tells.
                        None => true,
                    };
                    if !known && self.index.known() >= Some(receipt.block_number.to()) {
                        // Final and not in the history: this node, or one before it, left something out.
                        return Err(Fault::OtherPast);
                    }
                    if !sending.included {
                        sending.included = true;
                        self.outbox.note(&name, sending);
                    }
                }
                None if !sending.missing => {
                    // Perhaps the chain is just being reorganised: the account, looked at anew, will tell.
                    sending.missing = true;
                    self.outbox.note(&name, sending);
                }
                _ => {
                    // Failed, or another transaction has its nonce: from the beginning.
                    sending.failures += 1;
                    sending.begin_anew();
                    self.outbox.keep(&[(name, sending)])?;
                }
            }
        }
        Ok(())
    }

    /// Those that were sent and are in no block: again if they were taken out of one, got lost, were sent before a restart, or
    /// wait for too long; then for more, as far as the limit allows.
    fn again(&self, view: &View, account: &Account) -> Result<Vec<Ready>, Fault> {
        let now = self.relayer.fees.now(base_fee(view), account.tip);
        let all = self.outbox.all();
        let gap = free(account, &all).next();
        let mut ready = Vec::new();
        for (name, mut sending) in all {
            let Some(nonce) = sending.nonce.filter(|nonce| *nonce >= account.used) else {
                continue;
            };
            let stuck = sending
                .sent
                .is_some_and(|sent| sent.elapsed() > self.patience.stuck);
            // The node holds what comes before, but not this.
            let lost = nonce >= account.held
                && sending
                    .sent
                    .is_some_and(|sent| sent.elapsed() > 4 * self.patience.poll);
            if !(sending.included || sending.sent.is_none() || stuck || lost) {
                continue;
            }
            sending.missing = false;
            if lost && gap < Some(nonce) {
                // A nonce before it is nobody's: with its own it would wait for ever.
                sending.begin_anew();
                self.outbox.keep(&[(name, sending)])?;
                continue;
            }
            if stuck
                && !sending.included
                && let Some(raised) =
                    now.and_then(|now| self.relayer.fees.raised(sending.fee, sending.tip, now))
            {
                (sending.fee, sending.tip) = raised;
            }
            sending.included = false;
            ready.push(self.make_ready(name, nonce, sending, true)?);
        }
        Ok(ready)
    }

    /// Those that were not sent: asked of the contract once more, as much may have happened, and given a nonce.
    async fn anew(&self, view: &View, account: &Account) -> Result<Vec<Ready>, Fault> {
        let all = self.outbox.all();
        let mut free = free(account, &all);
        let waits = |sending: &Sending| {
            sending.nonce.is_none()
                && sending
                    .sent
                    .is_none_or(|sent| sent.elapsed() > self.patience.stuck)
        };
        let fresh: Vec<_> = all
            .into_iter()
            .filter(|(_, sending)| waits(sending))
            .take(ROUND)
            .collect();
        let mut questions: Vec<Question> = Vec::with_capacity(2 * fresh.len());
        for (name, sending) in &fresh {
            let operation = as_call(self.relayer.address, self.domain.registry, &sending.call);
            questions.push(call("eth_call", operation, at_hash(view.head.hash)));
            questions.push(self.pending(name));
        }
        let mut answers = view.node.ask_all(questions).await?.into_iter();
        let mut next = || answers.next().ok_or(Fault::Garbled)?.get::<Bytes>();
        let mut ready = Vec::new();
        let mut done = Vec::new();
        for (name, mut sending) in fresh {
            let (operation, pending) = (next(), next());
            match operation {
                Err(Fault::Reverted(reason)) => {
                    let refusal = match name.anchor() {
                        Some(_) => contract::anchor_refusal(&reason),
                        None => contract::refusal(&reason),
                    };
                    done.push((name, Err(refusal)));
                    continue;
                }
                other => drop(other?),
            }
            if sending.failures >= FAILURES {
                done.push((
                    name,
                    Err(LedgerError::Damaged("its transactions failed without a reason")),
                ));
                continue;
            }
            if pending.is_ok_and(|output| self.is_on_its_way(&name, &output)) {
                // By another relayer, or by this one before it lost its memory. If that vanishes, it is sent.
                continue;
            }
            let Some((fee, tip)) = self.relayer.fees.now(base_fee(view), account.tip) else {
                self.unpaid(name, sending, &mut done);
                continue;
            };
            let nonce = free.next().ok_or(Fault::Garbled)?;
            (sending.fee, sending.tip, sending.nonce) = (fee, tip, Some(nonce));
            ready.push(self.make_ready(name, nonce, sending, false)?);
        }
        self.outbox.finish(done)?;
        Ok(ready)
    }

    /// The question whether this stands in the block to come.
    fn pending(&self, name: &Name) -> Question {
        match name {
            Name::Grant(grant_id) | Name::Revocation(grant_id) => {
                let status = json!({"to": self.domain.registry, "data": contract::status_call(grant_id)});
                call("eth_call", status, json!("pending"))
            }
            Name::Anchor(asked) => self
                .chain
                .anchor_at(&asked.log, self.relayer.address, &json!("pending")),
        }
    }

    fn is_on_its_way(&self, name: &Name, output: &Bytes) -> bool {
        if let Some(asked) = name.anchor() {
            let said = read_anchor(&asked.log, self.relayer.address, output);
            return said.is_ok_and(|said| asked.answer(said).is_some());
        }
        match contract::status_of(output) {
            Err(_) | Ok(Status::None) => false,
            Ok(Status::Revoked) => true,
            Ok(_) => !name.is_revocation(),
        }
    }

    fn make_ready(
        &self,
        name: Name,
        nonce: u64,
        mut sending: Sending,
        everywhere: bool,
    ) -> Result<Ready, Fault> {
        let (hash, raw) = self
            .relayer
            .transaction(&self.domain, nonce, &sending)
            .map_err(store)?;
        if !sending.hashes.contains(&hash) {
            sending.hashes.push(hash);
        }
        sending.sent = Some(std::time::Instant::now());
        Ok(Ready {
            name,
            sending,
            raw,
            everywhere,
        })
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
        let question = |ready: &Ready| ("eth_sendRawTransaction", json!([ready.raw]));
        let questions: Vec<Question> = ready.iter().map(question).collect();
        let answers = match view.node.ask_all(questions.clone()).await {
            Ok(answers) => answers,
            Err(fault) => {
                // It may have arrived or not: another node is told the same.
                self.chain.tell_all(&questions).await;
                return Err(fault);
            }
        };
        let again: Vec<Question> = ready
            .iter()
            .filter(|ready| ready.everywhere)
            .map(question)
            .collect();
        if !again.is_empty() {
            self.chain.tell_all(&again).await;
        }
        let mut done = Vec::new();
        for (ready, answer) in ready.into_iter().zip(answers) {
            if let Err(Fault::Cannot { words, .. }) = answer.get::<B256>()
                && words.contains("insufficient funds")
            {
                let mut sending = ready.sending;
                (sending.nonce, sending.hashes, sending.kept) = (None, Vec::new(), true);
                self.unpaid(ready.name, sending, &mut done);
            }
            // Anything else a node says here is a matter of this node, or shows in the account next time.
        }
        self.outbox.finish(done)
    }

    /// A grant or an anchor is given up, a revocation waits for better times: it counts for this engine's readings.
    fn unpaid(&self, name: Name, mut sending: Sending, done: &mut Vec<(Name, Answer)>) {
        if name.is_revocation() {
            sending.sent = Some(std::time::Instant::now());
            self.outbox.note(&name, sending);
            self.outbox.tell(&name, &Err(LedgerError::Unpaid));
        } else {
            done.push((name, Err(LedgerError::Unpaid)));
        }
    }
}

/// The nonces that nothing has, in order.
fn free(account: &Account, all: &[(Name, Sending)]) -> impl Iterator<Item = u64> + use<> {
    let taken: BTreeSet<u64> = all.iter().filter_map(|(_, sending)| sending.nonce).collect();
    (account.held..).filter(move |nonce| !taken.contains(nonce))
}

fn base_fee(view: &View) -> u128 {
    view.head.inner.base_fee_per_gas.unwrap_or(0).into()
}

fn store(error: LedgerError) -> Fault {
    Fault::Store(Arc::new(error))
}

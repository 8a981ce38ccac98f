//! Which transactions are to be sent now: those that were and are in no block, and those that were not.

use std::{collections::BTreeSet, iter::Peekable, time::Duration};

use alloy_primitives::{Bytes, U64};
use serde_json::json;

use super::{
    Inner,
    anchors::read_anchor,
    chain::{View, as_call, at_hash},
    node::{Fault, Question, call},
    outbox::{Name, Sending},
    send::{Account, FAILURES, store},
};
use crate::{LedgerError, Status, contract};

/// At most so many new transactions in a round.
const ROUND: usize = 50;

/// Least and most gas that a transaction may use; what is not used is not paid. Every operation needs less than half of the
/// first, by the table in `docs/ledger-contract.md`; the rest is for chains that count otherwise. A node that asks for more than
/// the second is not obeyed: no block might have room for that.
const GAS: [u64; 2] = [150_000, 1_000_000];

/// The gas to allow for what a node estimates so.
pub(super) fn gas_for(estimate: U64) -> u64 {
    let estimate: u64 = estimate.to();
    estimate.saturating_add(estimate / 4).clamp(GAS[0], GAS[1])
}

/// A transaction ready to be sent.
pub(super) struct Ready {
    pub(super) name: Name,
    pub(super) sending: Sending,
    pub(super) raw: Bytes,
    /// To every node, not only the one that is asked now.
    pub(super) everywhere: bool,
}

impl Ready {
    pub(super) fn question(&self) -> Question {
        ("eth_sendRawTransaction", json!([self.raw]))
    }
}

impl Inner {
    /// After this time without a sign, a transaction is not on its way any more.
    pub(super) fn lost_after(&self) -> Duration {
        4 * self.patience.poll
    }

    /// Those that were sent and are in no block: again if they were taken out of one, got lost, were sent before a restart, or
    /// wait for too long; then for more, as far as the limit allows.
    pub(super) fn again(&self, view: &View, account: &Account) -> Result<Vec<Ready>, Fault> {
        let now = self.relayer.fees.now(base_fee(view), account.tip);
        let all = self.outbox.all();
        // The node holds what comes before, but not this.
        let is_lost = |sending: &Sending| {
            let after = |time| sending.sent.is_some_and(|sent| sent.elapsed() > time);
            sending.nonce >= Some(account.held) && after(self.lost_after())
        };
        let mut gaps = free(account, &all).peekable();
        let into_gaps: BTreeSet<Name> = all
            .iter()
            .rev()
            .filter(|(_, sending)| is_lost(sending) && fills(&mut gaps, sending.nonce))
            .map(|(name, _)| *name)
            .collect();
        let mut ready = Vec::new();
        for (name, mut sending) in all {
            let Some(nonce) = sending.nonce.filter(|nonce| *nonce >= account.used) else {
                continue;
            };
            if into_gaps.contains(&name) {
                sending.begin_anew();
                self.outbox.keep(&[(name, sending)])?;
                continue;
            }
            let stuck = sending
                .sent
                .is_some_and(|sent| sent.elapsed() > self.patience.stuck);
            let was_included = sending.included.is_some();
            if !(was_included || sending.sent.is_none() || stuck || is_lost(&sending)) {
                continue;
            }
            if stuck
                && !was_included
                && let Some(raised) =
                    now.and_then(|now| self.relayer.fees.raised(sending.fee, sending.tip, now))
            {
                (sending.fee, sending.tip) = raised;
            }
            (sending.included, sending.missing) = (None, None);
            ready.push(self.make_ready(name, nonce, sending, true)?);
        }
        Ok(ready)
    }

    /// Those that were not sent: asked of the contract once more, as much may have happened, and given a nonce.
    pub(super) async fn anew(&self, view: &View, account: &Account) -> Result<Vec<Ready>, Fault> {
        let all = self.outbox.all();
        let mut free = free(account, &all);
        let fresh: Vec<_> = all
            .into_iter()
            .filter(|(_, sending)| sending.nonce.is_none() && !self.is_put_off(sending))
            .take(ROUND)
            .collect();
        let mut questions: Vec<Question> = Vec::with_capacity(3 * fresh.len());
        for (name, sending) in &fresh {
            let operation = as_call(self.relayer.address, self.domain.registry, &sending.call);
            questions.push(call("eth_call", operation.clone(), at_hash(view.head.hash)));
            questions.push(("eth_estimateGas", json!([operation])));
            questions.push(self.pending(name));
        }
        let mut answers = view.node.ask_all(questions).await?.into_iter();
        let mut next = || answers.next().ok_or(Fault::Garbled);
        let mut ready = Vec::new();
        let mut done = Vec::new();
        for (name, mut sending) in fresh {
            let (operation, estimate, pending) = (next()?, next()?, next()?);
            match operation.get::<Bytes>() {
                Err(Fault::Reverted(_)) if name.is_revocation() && !sending.refused => {
                    sending.refused = true;
                    sending.put_off();
                    self.outbox.note(&name, sending);
                    continue;
                }
                Err(Fault::Reverted(reason))
                    if !name.is_revocation() || self.is_refused_by_all(&sending.call).await =>
                {
                    let refusal = match name.anchor() {
                        Some(_) => contract::anchor_refusal(&reason),
                        None => contract::refusal(&reason),
                    };
                    done.push((name, Err(refusal)));
                    continue;
                }
                Err(Fault::Reverted(_)) => {}
                other => drop(other?),
            }
            sending.refused = false;
            if pending
                .get::<Bytes>()
                .is_ok_and(|output| self.is_on_its_way(&name, &output))
            {
                // By another relayer, or by this one before it lost its memory. If that vanishes, it is sent. It gives way until
                // then, or the same few would be looked at in every round.
                sending.put_off();
                self.outbox.note(&name, sending);
                continue;
            }
            if sending.failures >= FAILURES && !name.is_revocation() {
                done.push((name, Err(LedgerError::GivenUp)));
                continue;
            }
            if let Ok(estimate) = estimate.get::<U64>() {
                sending.gas = gas_for(estimate);
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

    /// Longer, the more often it was sent in vain: a revocation is never given up.
    fn is_put_off(&self, sending: &Sending) -> bool {
        let pause = self.patience.stuck * sending.failures.clamp(1, 60);
        sending.sent.is_some_and(|sent| sent.elapsed() <= pause)
    }

    /// A revocation was found valid when it was taken, and counts: it is let go only at the second look, and if every node that
    /// can be asked refuses it then.
    async fn is_refused_by_all(&self, data: &Bytes) -> bool {
        let operation = as_call(self.relayer.address, self.domain.registry, data);
        let operation = &operation;
        let said = self.chain.each(|view| async move {
            let question = call("eth_call", operation.clone(), at_hash(view.head.hash));
            let [said] = view.node.ask([question]).await?;
            said.get::<Bytes>()
        });
        let said = said.await;
        let refuses = |said: &Result<Bytes, Fault>| matches!(said, Err(Fault::Reverted(_)));
        said.iter().any(refuses) && !said.iter().any(Result::is_ok)
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
}

/// The nonces that nothing has, in order.
fn free(account: &Account, all: &[(Name, Sending)]) -> impl Iterator<Item = u64> + use<> {
    let taken: BTreeSet<u64> = all.iter().filter_map(|(_, sending)| sending.nonce).collect();
    (account.held..u64::MAX).filter(move |nonce| !taken.contains(nonce))
}

/// Whether a nonce before this one is nobody's, so that this would wait for ever; then that one is taken. The last come first:
/// one for each gap is enough, and what stands between goes on as it is.
fn fills(gaps: &mut Peekable<impl Iterator<Item = u64>>, nonce: Option<u64>) -> bool {
    gaps.next_if(|gap| Some(*gap) < nonce).is_some()
}

fn base_fee(view: &View) -> u128 {
    view.head.inner.base_fee_per_gas.unwrap_or(0).into()
}

//! Anchors on the chain: asked of its final state, and sent by the same hand as operations.

use alloy_primitives::{Bytes, U64};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Inner,
    chain::{Chain, View},
    node::{Fault, Question, call},
    outbox::{Answer, Name},
};
use crate::{Address, Anchor, LedgerError, contract};

/// What is waited for: this log at this size, with this root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asked {
    pub(super) log: [u8; 32],
    pub(super) size: u64,
    pub(super) root: [u8; 32],
}

impl Asked {
    /// What becomes of it where this is what its sender said last; `None`: nothing yet.
    pub(super) fn answer(&self, said: Option<Anchor>) -> Option<Answer> {
        let said = said.filter(|said| said.size >= self.size)?;
        Some(if said.size == self.size && said.root != self.root {
            Err(LedgerError::OtherRoot)
        } else {
            Ok(None)
        })
    }
}

impl Chain {
    /// What a sender said of a log last, in final blocks.
    pub(super) async fn anchor_of(
        &self,
        log: &[u8; 32],
        by: Address,
        end: Option<Instant>,
    ) -> Result<Option<Anchor>, Fault> {
        self.with_until(end, |view| async move {
            let Some(settled) = view.settled else {
                return Ok(None);
            };
            let question = self.anchor_at(log, by, &json!(U64::from(settled)));
            let [said] = view.node.ask([question]).await?;
            read_anchor(log, by, &said.get::<Bytes>()?)
        })
        .await
    }

    pub(super) fn anchor_at(&self, log: &[u8; 32], by: Address, block: &Value) -> Question {
        let asked = json!({"to": self.registry(), "data": contract::anchor_of_call(log, by)});
        call("eth_call", asked, block.clone())
    }
}

impl Inner {
    pub(super) async fn anchor(&self, asked: Asked) -> Result<(), LedgerError> {
        let call = contract::anchor_call(&asked.log, asked.size, &asked.root);
        let end = self.end();
        let gas = self.simulate(&call, end).await.map_err(reason)?;
        let said = self
            .chain
            .anchor_of(&asked.log, self.relayer.address, Some(end))
            .await;
        if let Some(answer) = asked.answer(said.map_err(reason)?) {
            return answer.map(drop);
        }
        let waiting = self.outbox.wait(Name::Anchor(asked), call, gas)?;
        self.waited_for(waiting, end).await.map(drop)
    }

    pub(super) async fn anchor_of(&self, log: [u8; 32], by: Address) -> Result<Option<Anchor>, LedgerError> {
        self.chain.anchor_of(&log, by, None).await.map_err(reason)
    }

    /// Anchors that are final have their answer.
    pub(super) async fn settle_anchors(&self, view: &View) -> Result<(), Fault> {
        let waiting: Vec<Asked> = self
            .outbox
            .all()
            .into_iter()
            .filter_map(|(name, _)| name.anchor())
            .collect();
        let Some(settled) = view.settled.filter(|_| !waiting.is_empty()) else {
            return Ok(());
        };
        let by = self.relayer.address;
        let block = json!(U64::from(settled));
        let question = |asked: &Asked| self.chain.anchor_at(&asked.log, by, &block);
        let answers = view.node.ask_all(waiting.iter().map(question).collect()).await?;
        let mut done = Vec::new();
        for (asked, said) in waiting.into_iter().zip(answers) {
            let said = read_anchor(&asked.log, by, &said.get::<Bytes>()?)?;
            done.extend(asked.answer(said).map(|answer| (Name::Anchor(asked), answer)));
        }
        self.outbox.finish(done)
    }
}

/// Where the registry is not final yet, nothing answers.
pub(super) fn read_anchor(log: &[u8; 32], by: Address, output: &Bytes) -> Result<Option<Anchor>, Fault> {
    if output.is_empty() {
        return Ok(None);
    }
    contract::anchor_of(log, by, output).map_err(|_| Fault::Garbled)
}

fn reason(fault: Fault) -> LedgerError {
    match fault {
        Fault::Reverted(data) => contract::anchor_refusal(&data),
        fault => fault.into(),
    }
}

//! What became of transactions whose nonce is used: in a block, failed, or pushed out by another.

use std::time::Instant;

use alloy_primitives::{B256, U64};
use serde::Deserialize;
use serde_json::json;

use super::{
    Inner,
    chain::View,
    node::Fault,
    outbox::{Name, Sending},
    send::{FAILURES, store},
};
use crate::Address;

/// Operations asked about at once.
const AT_ONCE: usize = 50;

/// What a node says of a transaction in a block.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    status: Option<U64>,
    block_number: U64,
    /// Of the contract it made.
    #[serde(default)]
    pub(super) contract_address: Option<Address>,
}

impl Receipt {
    pub(super) fn has_succeeded(&self) -> bool {
        self.status == Some(U64::from(1))
    }

    pub(super) fn block(&self) -> u64 {
        self.block_number.to()
    }
}

impl Inner {
    /// Those that were sent and whose nonce is used. One that was seen in a block is looked at again when that block is final.
    pub(super) async fn check_on_included(&self, view: &View, used: u64) -> Result<(), Fault> {
        let known = self.index.known();
        let is_open = |sending: &Sending| {
            sending.nonce.is_some_and(|nonce| nonce < used)
                && sending.included.is_none_or(|block| known >= Some(block))
        };
        let mut open = self.outbox.all();
        open.retain(|(_, sending)| is_open(sending));
        for some in open.chunks(AT_ONCE) {
            let ask = |hash: &B256| ("eth_getTransactionReceipt", json!([hash]));
            let questions = some
                .iter()
                .flat_map(|(_, sending)| sending.hashes.iter().map(ask));
            let mut answers = view.node.ask_all(questions.collect()).await?.into_iter();
            for (name, sending) in some {
                let mut receipt = None;
                for answer in answers.by_ref().take(sending.hashes.len()) {
                    receipt = answer.get::<Option<Receipt>>()?.or(receipt);
                }
                self.note_receipt(*name, sending.clone(), receipt)?;
            }
        }
        Ok(())
    }

    fn note_receipt(&self, name: Name, mut sending: Sending, receipt: Option<Receipt>) -> Result<(), Fault> {
        match receipt {
            Some(receipt) if receipt.has_succeeded() => {
                let block = receipt.block();
                let known = match name.operation() {
                    Some((grant_id, kind)) => self.index.recorded(grant_id, kind).map_err(store)?.is_some(),
                    // Not in the history; final state tells.
                    None => true,
                };
                if !known && self.index.known() >= Some(block) {
                    // Final and not in the history: this node, or one before it, left something out.
                    self.index.look_again_at(block)?;
                    return Err(Fault::OtherPast);
                }
                (sending.included, sending.missing, sending.failures) = (Some(block), None, 0);
                self.outbox.note(&name, sending);
                Ok(())
            }
            // Perhaps the chain is just being reorganised, or the node is catching up: soon the account, or the receipt, tells.
            None if sending
                .missing
                .is_none_or(|since| since.elapsed() < self.lost_after()) =>
            {
                sending.missing.get_or_insert_with(Instant::now);
                self.outbox.note(&name, sending);
                Ok(())
            }
            _ => {
                // Failed, or another transaction has its nonce: from the beginning.
                sending.begin_anew();
                sending.failures = sending.failures.saturating_add(1);
                if sending.failures >= FAILURES {
                    sending.put_off();
                }
                self.outbox.keep(&[(name, sending)])
            }
        }
    }
}

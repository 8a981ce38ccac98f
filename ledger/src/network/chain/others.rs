//! What several nodes are asked, or told, at once.

use std::future::Future;

use alloy_primitives::{B256, U64};
use alloy_rpc_types_eth::{Header, Log};
use serde_json::{Value, json};

use super::{Chain, View, block_at, is_recent};
use crate::network::node::{Fault, Question};

impl Chain {
    /// Asks each node that can be relied on.
    pub(in crate::network) async fn each<T, F, Said>(&self, ask: F) -> Vec<Result<T, Fault>>
    where
        F: Fn(View) -> Said,
        Said: Future<Output = Result<T, Fault>>,
    {
        let mut all = Vec::with_capacity(self.nodes.len());
        for n in 0..self.nodes.len() {
            if let Ok(view) = self.view(n).await {
                all.push(ask(view).await);
            }
        }
        all
    }

    /// Has another node say the same of how these blocks end and what they hold, where there is another that answers and can be
    /// relied on: what is kept for good is not one node's word.
    pub(in crate::network) async fn confirm(
        &self,
        view: &View,
        (to, hash): (u64, B256),
        (question, logs): (&Question, &[Log]),
    ) -> Result<(), Fault> {
        let mut verdict = Ok(());
        for (n, place) in self.nodes.iter().enumerate() {
            if n == view.place || is_recent(&place.silent) {
                continue;
            }
            let questions = [question.clone(), block_at(json!(U64::from(to)))];
            let asking = async { self.view(n).await?.node.ask(questions).await };
            let (theirs, end) = match asking.await {
                Ok([theirs, end]) => (theirs.get::<Vec<Log>>(), end.get::<Option<Header>>()),
                Err(fault) => {
                    place.note_silence(&fault);
                    continue;
                }
            };
            let has_same_end = end.is_ok_and(|end| end.is_some_and(|end| end.hash == hash));
            let has_same_logs = match theirs {
                Ok(theirs) => theirs.iter().map(content).eq(logs.iter().map(content)),
                // Too many for it, or too old.
                Err(fault) => matches!(fault, Fault::Cannot { .. }),
            };
            if has_same_end && has_same_logs {
                return Ok(());
            }
            verdict = Err(Fault::Unconfirmed);
        }
        verdict
    }

    /// Says the same to every node, whatever they answer.
    pub(in crate::network) async fn tell_all(&self, questions: &[Question]) {
        for place in &self.nodes {
            let _ = place.node.ask_all(questions.to_vec()).await;
        }
    }

    /// Which of these transactions no node takes, nor holds from before, nor has in a block: each as the question that offers it,
    /// and the hashes it ever had. A node that does not answer has no say.
    pub(in crate::network) async fn nobody_takes(&self, offers: &[(Question, &[B256])]) -> Vec<bool> {
        let mut nobody = vec![true; offers.len()];
        let look = |hash: &B256| ("eth_getTransactionByHash", json!([hash]));
        let ask = |(offer, hashes): &(Question, &[B256])| {
            std::iter::once(offer.clone())
                .chain(hashes.iter().map(look))
                .collect::<Vec<_>>()
        };
        let questions: Vec<Question> = offers.iter().flat_map(ask).collect();
        for place in &self.nodes {
            if questions.is_empty() {
                break;
            }
            let Ok(answers) = place.node.ask_all(questions.clone()).await else {
                continue;
            };
            let mut answers = answers.into_iter();
            for (nobody, (_, hashes)) in nobody.iter_mut().zip(offers) {
                let takes = answers.next().is_some_and(|taken| taken.get::<B256>().is_ok());
                let mut holds = false;
                for held in answers.by_ref().take(hashes.len()) {
                    holds |= held.get::<Option<Value>>().is_ok_and(|held| held.is_some());
                }
                *nobody &= !(takes || holds);
            }
        }
        nobody
    }
}

/// What nodes can't tell differently. Some add a time, some don't.
fn content(log: &Log) -> (Option<u64>, Option<u64>, &alloy_primitives::Log) {
    (log.block_number, log.log_index, &log.inner)
}

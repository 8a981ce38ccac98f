//! Anchors: what the registry says of a log that its keeper shows. On a registry that several use, the others are asked what
//! stands there: the keeper alone would answer for itself.

use carnet_credentials::json::parse_object;
use carnet_exchange::{Entry as Party, TrustList, trust::Registry};
use carnet_fetch::Limits;
use carnet_ledger::{Address, Anchor, log_id};
use carnet_log::{Checkpoint, Hash, checkpoint::Log, tree::check_growth, verifier_key};
use serde::Deserialize;
use url::Url;

use super::{proof, read, text};
use crate::{
    TalkError,
    talk::{Talk, below},
};

/// What a registry says, in bytes.
const SAID: usize = 2 * 1_024;
/// Others that are asked about one log, at most: each learns that somebody asks after it.
const OTHERS: usize = 4;
/// Accounts of one keeper that are remembered, the first ones: another would be a new beginning, with nothing to contradict.
const SENDERS: usize = 4;

/// More is anchored than the keeper shows.
const LONGER: &str = "log_anchor_longer";
/// What is anchored is not what the keeper shows.
const OTHERWISE: &str = "log_anchor_broken";

/// As a station answers.
#[derive(Clone, Copy, Deserialize)]
struct Said {
    /// Whose account the asked station anchors from.
    sender: Address,
    anchor: Option<Anchor>,
}

/// A log as its keeper shows it now.
pub(super) struct Shown<'a> {
    pub(super) keeper: &'a Party,
    pub(super) log: Log<'a>,
    /// Where the keeper gives its proofs.
    pub(super) endpoint: &'a Url,
    pub(super) state: &'a Checkpoint,
}

impl Shown<'_> {
    /// Asks what is anchored of it, and whether that fits. `senders` are the keeper's accounts as far as they are known; those
    /// that are new are added. Silence, and a registry without anchors, contradict nothing.
    pub(super) async fn deny(&self, talk: &Talk, senders: &mut Vec<Address>) -> Option<&'static str> {
        for registry in &self.keeper.registries {
            let endpoints: Vec<&Url> = registry
                .endpoints
                .iter()
                .take(1)
                .chain(others(&talk.list, self.keeper, registry).take(OTHERS))
                .collect();
            for key in self.log.keys {
                let log = log_id(&verifier_key(self.log.origin, key));
                let own = match endpoints.first() {
                    Some(own) => ask(talk, own, &log, None).await.ok(),
                    None => None,
                };
                if let Some(said) = &own
                    && senders.len() < SENDERS
                    && !senders.contains(&said.sender)
                {
                    senders.push(said.sender);
                }
                let each = |(n, endpoint)| senders.iter().map(move |sender| (n, endpoint, *sender));
                let asked: Vec<(usize, &Url, Address)> =
                    endpoints.iter().copied().enumerate().flat_map(each).collect();
                for (n, endpoint, sender) in asked {
                    let said = match own {
                        Some(own) if n == 0 && own.sender == sender => Ok(own),
                        _ => ask(talk, endpoint, &log, Some(sender)).await,
                    };
                    // Of another log, or by another: no answer.
                    let anchor = said.ok().and_then(|said| said.anchor);
                    let anchor = anchor.filter(|said| (said.log, said.by) == (log, sender));
                    let Some(anchor) = anchor else { continue };
                    if let Ok(Some(broken)) = self.denied_by(talk, &anchor).await {
                        return Some(broken);
                    }
                }
            }
        }
        None
    }

    async fn denied_by(&self, talk: &Talk, anchor: &Anchor) -> Result<Option<&'static str>, TalkError> {
        let mut head = self.state.head();
        if anchor.size > head.0 {
            // It may have grown since it was shown.
            let note = text(talk, self.endpoint, &["log", "checkpoint"]).await?;
            let state = read(&note, self.log, &talk.list).ok_or(TalkError::Unreadable)?;
            head = state.head();
        }
        if anchor.size > head.0 {
            return Ok(Some(LONGER));
        }
        let growth = if anchor.size < head.0 {
            let (from, to) = (anchor.size.to_string(), head.0.to_string());
            proof(talk, self.endpoint, &["log", "growth", &from, &to]).await?
        } else {
            Vec::new()
        };
        let fits = check_growth(&growth, (anchor.size, Hash(anchor.root)), head).is_ok();
        Ok((!fits).then_some(OTHERWISE))
    }
}

/// Where others of the list answer for this very registry.
fn others<'a>(
    list: &'a TrustList,
    keeper: &'a Party,
    registry: &'a Registry,
) -> impl Iterator<Item = &'a Url> {
    let same =
        move |one: &&Registry| (&one.chain_id, &one.address) == (&registry.chain_id, &registry.address);
    list.entries
        .iter()
        .filter(move |party| party.id != keeper.id)
        .filter_map(move |party| party.registries.iter().find(same)?.endpoints.first())
}

async fn ask(talk: &Talk, endpoint: &Url, log: &[u8; 32], by: Option<Address>) -> Result<Said, TalkError> {
    let log = format!("0x{}", hex::encode(log));
    let by = by.map(|by| by.to_string());
    let path: Vec<&str> = ["anchors", &log].into_iter().chain(by.as_deref()).collect();
    let body = talk
        .get(&below(endpoint, &path)?, Limits::bytes(SAID))
        .await?
        .json()?;
    let said = parse_object(&body, SAID).map_err(|_| TalkError::Unreadable)?;
    serde_json::from_value(said.into()).map_err(|_| TalkError::Unreadable)
}

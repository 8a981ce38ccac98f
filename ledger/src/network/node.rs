//! One node of the chain, asked over JSON-RPC: what it says is bounded in size and time, and taken for nothing more.

use std::{sync::Arc, time::Duration};

use alloy_json_rpc::{ErrorPayload, Id, Request, Response, ResponsePayload};
use alloy_primitives::Bytes;
use reqwest::{Client, redirect::Policy};
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use serde::de::DeserializeOwned;
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};
use url::{Host, Url};

use crate::{LedgerError, contract};

/// The longest answer that is read, bytes.
const LONGEST: usize = 8 << 20;

/// Why a node is not relied on. Says which node by its place in the list: its address may hold a password.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the node's address is not https, nor http on this machine")]
    Address,
    #[error("encryption can't be set up on this machine")]
    Setup,
    #[error("the node does not answer: {0}")]
    Silent(Arc<reqwest::Error>),
    #[error("the node does not answer in time")]
    Slow,
    #[error("the node's answer is longer than any should be")]
    TooLong,
    #[error("the node's answer is not an answer")]
    Garbled,
    #[error("the node can't say ({code})")]
    Cannot { code: i64, words: String },
    #[error("the contract refuses")]
    Reverted(Bytes),
    #[error("the node is on another chain")]
    OtherChain,
    #[error("at the registry's address the node has another contract")]
    OtherContract,
    #[error("the node's newest block is {0} s from now")]
    Stale(u64),
    #[error("the node knows no final block")]
    NothingFinal,
    #[error("the node tells another past than was final")]
    OtherPast,
    #[error("another node does not confirm what this one tells of the past")]
    Unconfirmed,
    #[error("too many operations wait")]
    Crowded,
    #[error("the store failed")]
    Store(Arc<dyn std::error::Error + Send + Sync>),
}

impl From<Fault> for LedgerError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Reverted(data) => contract::refusal(&data),
            Fault::Store(source) => Self::Store(source),
            Fault::Crowded => Self::Crowded,
            fault => Self::Unreachable(Arc::new(fault)),
        }
    }
}

impl From<reqwest::Error> for Fault {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::Slow
        } else {
            Self::Silent(Arc::new(error.without_url()))
        }
    }
}

impl Fault {
    /// The relayer's account can't pay what a node was asked to take; clients agree on the words, not on a number.
    pub(super) fn is_want_of_funds(&self) -> bool {
        matches!(self, Self::Cannot { words, .. } if words.contains("insufficient funds"))
    }

    /// To ask again would only cost time.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Slow | Self::Silent(_))
    }
}

/// One question: method and parameters.
pub(super) type Question = (&'static str, Value);

/// A call of the contract, or of nothing, that is simulated.
pub(super) fn call(method: &'static str, call: Value, block: Value) -> Question {
    (method, json!([call, block]))
}

/// The way to one node.
#[derive(Clone)]
pub(super) struct Node {
    http: Client,
    url: Url,
    patience: Duration,
}

/// One answer: a value, or the node's error.
pub(super) struct Answer(ResponsePayload);

impl Answer {
    /// The value, of this type.
    pub(super) fn get<T: DeserializeOwned>(self) -> Result<T, Fault> {
        match self.0 {
            ResponsePayload::Success(value) => serde_json::from_str(value.get()).map_err(|_| Fault::Garbled),
            ResponsePayload::Failure(error) => Err(fault(&error)),
        }
    }
}

fn fault(error: &ErrorPayload) -> Fault {
    match error.as_revert_data() {
        Some(data) => Fault::Reverted(data),
        None => Fault::Cannot {
            code: error.code,
            words: error.message.to_lowercase(),
        },
    }
}

impl Node {
    /// Plain `http` only to this machine: whoever sits between could tell any state of the chain.
    pub(super) fn new(url: Url, patience: Duration) -> Result<Self, Fault> {
        let here = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && here) {
            return Err(Fault::Address);
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(BuilderVerifierExt::with_platform_verifier)
            .map_err(|_| Fault::Setup)?
            .with_no_client_auth();
        let http = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .tcp_nodelay(true)
            .timeout(patience)
            .build()?;
        Ok(Self { http, url, patience })
    }

    /// Asks several things at once; the answers stand in the same order.
    pub(super) async fn ask<const N: usize>(&self, questions: [Question; N]) -> Result<[Answer; N], Fault> {
        let answers = self.ask_all(questions.into()).await?;
        answers.try_into().map_err(|_| Fault::Garbled)
    }

    /// As [`ask`](Self::ask), for any number.
    pub(super) async fn ask_all(&self, questions: Vec<Question>) -> Result<Vec<Answer>, Fault> {
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let count = questions.len();
        let mut packet: Vec<Box<RawValue>> = Vec::with_capacity(count);
        for (n, (method, params)) in questions.into_iter().enumerate() {
            let request = Request::new(method, Id::Number(n as u64), params)
                .serialize()
                .map_err(|_| Fault::Garbled)?;
            packet.push(request.take_request());
        }
        let body = to_raw_value(&packet).map_err(|_| Fault::Garbled)?;
        let body = tokio::time::timeout(self.patience, self.exchange(body.get().to_owned()));
        let body = body.await.map_err(|_| Fault::Slow)??;
        let responses: Vec<Response> = serde_json::from_slice(&body).map_err(|_| Fault::Garbled)?;
        let mut answers: Vec<Option<Answer>> = (0..count).map(|_| None).collect();
        for response in responses {
            let Id::Number(n) = response.id else {
                return Err(Fault::Garbled);
            };
            let place = usize::try_from(n).ok().and_then(|n| answers.get_mut(n));
            *place.ok_or(Fault::Garbled)? = Some(Answer(response.payload));
        }
        answers.into_iter().collect::<Option<_>>().ok_or(Fault::Garbled)
    }

    async fn exchange(&self, body: String) -> Result<Vec<u8>, Fault> {
        let request = self.http.post(self.url.clone());
        let request = request.header("content-type", "application/json").body(body);
        let mut response = request.send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LONGEST {
                return Err(Fault::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").finish_non_exhaustive()
    }
}

//! Fetching a question: once, from the origins of who the code names and nobody else, all within five seconds.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_did_resolver::{Document, Options, ResolveError, Resolver, json, resolver::Keeping};
use carnet_exchange::{
    Entry as Party, RequestLink, RequestUriMethod,
    limits::REQUEST_BYTES,
    media,
    request::{Fetched, RequestError, did_to_fetch, post_body},
};
use carnet_fetch::{FetchError, Limits, Openness, Web};

use crate::{
    Clock, InspectError, TalkError,
    kept::KeptRequest,
    random::make_bytes,
    talk::{Talk, pins},
};

/// How long fetching a request and the key of who asks may take together (ATTACKS: a slow drip).
const REQUEST_WAIT: Duration = Duration::from_secs(5);

/// A request as it came, and what belongs to it.
pub(crate) struct FetchedRequest {
    pub(crate) compact: String,
    pub(crate) wallet_nonce: Option<String>,
    document: Option<Document>,
}

impl FetchedRequest {
    /// Fetches what a link leads to. `party` is who the link names, by [`carnet_exchange::request::who`].
    pub(crate) async fn get(
        link: &RequestLink,
        party: &Party,
        talk: &Talk,
        clock: &Clock,
    ) -> Result<Self, InspectError> {
        tokio::time::timeout(REQUEST_WAIT, fetch(link, party, talk, clock))
            .await
            .unwrap_or(Err(TalkError::Fetch(FetchError::TimedOut).into()))
    }

    /// For checking it.
    pub(crate) fn with<'a>(&'a self, link: &'a RequestLink) -> Fetched<'a> {
        Fetched {
            link,
            wallet_nonce: self.wallet_nonce.as_deref(),
            document: self.document.as_ref(),
        }
    }

    /// For keeping it.
    pub(crate) fn did_document(&self) -> Option<String> {
        let json = self.document.as_ref()?.json();
        serde_json::to_string(json).ok()
    }
}

impl KeptRequest {
    /// The sealed copy, as it was fetched.
    pub(crate) fn fetched(&self) -> Result<FetchedRequest, RequestError> {
        let read = |text: &String| {
            let json = json::parse_object(text.as_bytes(), text.len()).ok()?;
            Document::read(json).ok()
        };
        let document = match &self.did_document {
            None => None,
            Some(text) => Some(read(text).ok_or(RequestError::DidDocument)?),
        };
        Ok(FetchedRequest {
            compact: self.compact.clone(),
            wallet_nonce: self.wallet_nonce.clone(),
            document,
        })
    }
}

async fn fetch(
    link: &RequestLink,
    party: &Party,
    talk: &Talk,
    clock: &Clock,
) -> Result<FetchedRequest, InspectError> {
    let limits = Limits::bytes(REQUEST_BYTES).within(REQUEST_WAIT);
    let (reply, wallet_nonce) = match link.method {
        RequestUriMethod::Get => (talk.get(&link.request_uri, limits).await?, None),
        RequestUriMethod::Post => {
            let nonce = URL_SAFE_NO_PAD.encode(make_bytes::<32>()?);
            let body = post_body(&nonce).into_bytes();
            let reply = talk.post(&link.request_uri, media::FORM, body, limits).await?;
            (reply, Some(nonce))
        }
    };
    let compact = String::from_utf8(reply.body(media::REQUEST)?).map_err(|_| RequestError::Malformed)?;
    let document = match did_to_fetch(&link.client_id)? {
        None => None,
        Some(did) => Some(document(did, party, clock).await?),
    };
    Ok(FetchedRequest {
        compact,
        wallet_nonce,
        document,
    })
}

/// The document as its host has it now. Nothing is kept from one question to the next: a key that was taken out is out.
async fn document(did: &str, party: &Party, clock: &Clock) -> Result<Document, InspectError> {
    let web = Web::new(pins(party), Openness::Pinned).map_err(TalkError::Fetch)?;
    let clock = clock.clone();
    let resolver = Resolver::new(web, Keeping::default(), std::sync::Arc::new(move || clock.now()));
    let found = resolver.resolve(did, &Options::default()).await;
    let found = found.and_then(|resolved| resolved.in_force().map(|document| (**document).clone()));
    found.map_err(|error| match error {
        ResolveError::Fetch(error) => TalkError::Fetch(error).into(),
        _ => RequestError::DidDocument.into(),
    })
}

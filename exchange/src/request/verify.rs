//! The wallet's check of a request. Everything is decided from the link, the trust list and the request itself.

use std::fmt;

use carnet_credentials::jws;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    AUDIENCE, AskedConsent, OTHER_QUERY_LANGUAGES, RequestError, TYP, client::ClientId,
    consent::asked_consent, digest, encryption, fetched::Fetched,
};
use crate::{
    EncryptionKey, Entry, RequestLink, TrustList,
    dcql::{Query, QueryError},
    eligibility::AskedStatement,
    limits::{CLOCK_LEEWAY, REQUEST_BYTES, REQUEST_LIFE},
    trust::Role,
};

/// Base64url characters for 128 bits.
const NONCE_MIN: usize = 22;
const NONCE_MAX: usize = 256;
/// Fewer different characters than this are not the work of a random source: 22 random ones out of 64 have fewer
/// than 8 once in 10^10 times.
const NONCE_DISTINCT: usize = 8;
const STATE_MAX: usize = 256;

/// A request that holds.
#[derive(Clone, PartialEq)]
pub struct VerifiedRequest {
    /// SHA-256 of the compact serialisation.
    pub digest: [u8; 32],
    /// One value for everything this client ever signs with this nonce: see [`check_unused`].
    pub once: [u8; 32],
    /// Who asks, in the trust list.
    pub entry_id: String,
    /// Who asks, as authenticated.
    pub client_id: String,
    /// Where the answer goes.
    pub response_uri: Url,
    /// To be signed by the holder key.
    pub nonce: String,
    /// To be given back.
    pub state: Option<String>,
    /// From when no answer is accepted.
    pub expires: Timestamp,
    /// The key of the answer's encryption.
    pub encryption_key: EncryptionKey,
    /// Which credentials are asked for, proof of the holder key among them if there is a consent.
    pub query: Query,
    /// The consent that is asked for; none where only cards are.
    pub consent: Option<AskedConsent>,
    /// The statement that is to be shown, if one is; never beside a consent.
    pub statement: Option<AskedStatement>,
}

impl fmt::Debug for VerifiedRequest {
    // Who asks a person for what is already something about the person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedRequest")
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Who a link claims to come from, if the trust list gives them the address it leads to. Before anything is fetched.
pub fn who<'a>(link: &RequestLink, list: &'a TrustList) -> Result<&'a Entry, RequestError> {
    let client = ClientId::parse(&link.client_id)?;
    let entry = list
        .by_client_id(&link.client_id)
        .ok_or(RequestError::NotListed)?;
    if !entry.has_role(Role::Verifier) {
        return Err(RequestError::NotAVerifier);
    }
    client.check_home(entry)?;
    if entry.covers_origin(&link.request_uri) {
        Ok(entry)
    } else {
        Err(RequestError::RequestUriOrigin)
    }
}

/// Checks a request as it was fetched. Refuses at the first thing that is wrong; nothing is looked up.
pub fn verify<'a>(
    compact: &str,
    fetched: impl Into<Fetched<'a>>,
    list: &TrustList,
    now: Timestamp,
) -> Result<VerifiedRequest, RequestError> {
    let fetched = fetched.into();
    let link = fetched.link;
    let entry = who(link, list)?;
    let client = ClientId::parse(&link.client_id)?;
    let payload = authenticated(compact, client, &fetched, entry, now)?;
    let nonce = envelope(&payload, &link.client_id)?;
    fetched.check_wallet_nonce(&payload)?;

    let expires = times(&payload, now)?;
    let state = state(&payload)?;
    let response_uri = response_uri(&payload, entry)?;
    if !client.covers(&response_uri) {
        return Err(RequestError::ResponseUriOrigin);
    }
    let encryption_key = encryption::answer_key(&payload)?;
    let query = query(&payload)?;
    let by = (link.client_id.as_str(), entry);
    let statement = AskedStatement::read(payload.get("transaction_data"), &query, &link.client_id, now)?;
    let consent = match &statement {
        Some(_) => None,
        None => asked_consent(&payload, &query, &response_uri, by, now)?,
    };

    Ok(VerifiedRequest {
        digest: digest(compact),
        once: once(&link.client_id, &nonce),
        entry_id: entry.id.clone(),
        client_id: link.client_id.clone(),
        response_uri,
        nonce,
        state,
        expires,
        encryption_key,
        query,
        consent,
        statement,
    })
}

/// Refuses a request that was answered before. `answered` says whether a [`VerifiedRequest::once`] is among those of
/// requests already answered; it covers the nonce, so a request signed anew with an old nonce is refused as well.
pub fn check_unused(
    request: &VerifiedRequest,
    answered: impl Fn(&[u8; 32]) -> bool,
) -> Result<(), RequestError> {
    if answered(&request.once) {
        Err(RequestError::Used)
    } else {
        Ok(())
    }
}

fn once(client_id: &str, nonce: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(client_id)
        .chain_update([0])
        .chain_update(nonce)
        .finalize()
        .into()
}

/// The payload, once the client's own key has been found and its signature verified.
fn authenticated(
    compact: &str,
    client: ClientId<'_>,
    fetched: &Fetched<'_>,
    entry: &Entry,
    now: Timestamp,
) -> Result<Map<String, Value>, RequestError> {
    let unverified = jws::parse(compact, REQUEST_BYTES)?;
    unverified.check_header(TYP)?;
    let header = unverified.header();
    if ["jwk", "jku", "x5u"]
        .iter()
        .any(|name| header.contains_key(*name))
    {
        return Err(RequestError::EmbeddedKey);
    }
    let client_id = &fetched.link.client_id;
    let key = client.key(header, client_id, entry, fetched.document, now)?;
    Ok(unverified.verify(TYP, &key)?.payload)
}

/// Everything about the envelope but its times; returns the nonce.
fn envelope(payload: &Map<String, Value>, client_id: &str) -> Result<String, RequestError> {
    match text(payload, "client_id")? {
        None => return Err(RequestError::Field("client_id")),
        Some(signed) if signed != client_id => return Err(RequestError::ClientIdMismatch),
        Some(_) => {}
    }
    if payload.contains_key("redirect_uri") {
        return Err(RequestError::RedirectUri);
    }
    // A request inside a request (RFC 9101 section 4) and methods that would make the wallet fetch again.
    for name in [
        "request",
        "request_uri",
        "request_uri_method",
        "client_id_scheme",
        "verifier_info",
    ] {
        if payload.contains_key(name) {
            return Err(RequestError::NotAccepted(name));
        }
    }
    if text(payload, "response_type")? != Some("vp_token") {
        return Err(RequestError::ResponseType);
    }
    if text(payload, "response_mode")? != Some("direct_post.jwt") {
        return Err(RequestError::ResponseMode);
    }
    if text(payload, "aud")? != Some(AUDIENCE) {
        return Err(RequestError::WrongAudience);
    }
    let nonce = text(payload, "nonce")?.ok_or(RequestError::NonceMissing)?;
    if nonce.is_empty() {
        return Err(RequestError::NonceMissing);
    }
    if nonce.len() > NONCE_MAX || !nonce.bytes().all(is_url_safe) {
        return Err(RequestError::NonceMalformed);
    }
    let mut distinct = nonce.as_bytes().to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    if nonce.len() < NONCE_MIN || distinct.len() < NONCE_DISTINCT {
        return Err(RequestError::NonceWeak);
    }
    Ok(nonce.to_owned())
}

fn times(payload: &Map<String, Value>, now: Timestamp) -> Result<Timestamp, RequestError> {
    let issued = time(payload, "iat")?.ok_or(RequestError::Field("iat"))?;
    let expires = time(payload, "exp")?.ok_or(RequestError::Field("exp"))?;
    let not_before = time(payload, "nbf")?;
    // No leeway here: the time shown to the patient is the one that counts.
    if now >= expires {
        return Err(RequestError::Expired);
    }
    if [Some(issued), not_before]
        .into_iter()
        .flatten()
        .any(|t| t.duration_since(now) > CLOCK_LEEWAY)
    {
        return Err(RequestError::FromTheFuture);
    }
    if expires <= issued || expires.duration_since(issued) > REQUEST_LIFE {
        return Err(RequestError::Lifetime);
    }
    Ok(expires)
}

fn state(payload: &Map<String, Value>) -> Result<Option<String>, RequestError> {
    match payload.get("state") {
        None => Ok(None),
        Some(Value::String(state))
            if (1..=STATE_MAX).contains(&state.len()) && state.bytes().all(is_url_safe) =>
        {
            Ok(Some(state.clone()))
        }
        Some(_) => Err(RequestError::StateMalformed),
    }
}

fn response_uri(payload: &Map<String, Value>, entry: &Entry) -> Result<Url, RequestError> {
    let uri = text(payload, "response_uri")?.ok_or(RequestError::Field("response_uri"))?;
    let uri = Url::parse(uri).map_err(|_| RequestError::Field("response_uri"))?;
    if entry.covers_origin(&uri) {
        Ok(uri)
    } else {
        Err(RequestError::ResponseUriOrigin)
    }
}

fn query(payload: &Map<String, Value>) -> Result<Query, RequestError> {
    if OTHER_QUERY_LANGUAGES
        .iter()
        .any(|name| payload.contains_key(*name))
    {
        return Err(RequestError::OtherQueryLanguage);
    }
    Ok(Query::read(
        payload.get("dcql_query").ok_or(QueryError::Nothing)?,
    )?)
}

fn text<'a>(payload: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, RequestError> {
    match payload.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(RequestError::Field(name)),
    }
}

fn time(payload: &Map<String, Value>, name: &'static str) -> Result<Option<Timestamp>, RequestError> {
    jws::numeric_date(payload, name).map_err(|_| RequestError::Field(name))
}

/// Unreserved characters of a URL (RFC 3986 section 2.3).
fn is_url_safe(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~')
}

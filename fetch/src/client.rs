//! The client itself: one door per pinned origin.

use std::{collections::HashMap, error::Error as _, sync::Arc, time::Duration};

use reqwest::{
    Method, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
    redirect::Policy,
};
use rustls::{ClientConfig, crypto::ring};
use url::{Host, Url};

use crate::{FetchError, Pin, address::Vetting, pin::PinnedKey};

const CONNECT: Duration = Duration::from_secs(3);
const TOTAL: Duration = Duration::from_secs(8);
const MAX_CONTENT_TYPE: usize = 200;

/// How much and how long a single exchange may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    body: usize,
    total: Duration,
}

impl Limits {
    /// At most `body` bytes of answer, within 8 seconds.
    pub const fn bytes(body: usize) -> Self {
        Self { body, total: TOTAL }
    }

    /// The same with another total time.
    #[must_use]
    pub const fn within(self, total: Duration) -> Self {
        Self {
            body: self.body,
            total,
        }
    }
}

/// What came back; any status but a redirect.
#[derive(Clone)]
pub struct Response {
    pub status: u16,
    /// As sent, without parameters, in lower case; empty when absent.
    pub content_type: String,
    /// The nonce that the next proof of a key must carry (RFC 9449 section 8), if the other side asks for one.
    pub dpop_nonce: Option<String>,
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Talks to the pinned origins and to nobody else.
#[derive(Debug, Clone)]
pub struct Client {
    doors: Arc<HashMap<String, Door>>,
}

#[derive(Debug)]
struct Door {
    http: reqwest::Client,
    local: bool,
}

impl Client {
    /// A client for these origins. Pins that are not https origins are left out.
    pub fn new(pins: impl IntoIterator<Item = Pin>) -> Result<Self, FetchError> {
        let mut doors = HashMap::new();
        for pin in pins {
            if let Some(origin) = pin.canonical_origin() {
                doors.insert(
                    origin,
                    Door {
                        http: door(&pin)?,
                        local: pin.local,
                    },
                );
            }
        }
        Ok(Self {
            doors: Arc::new(doors),
        })
    }

    pub async fn get(&self, url: &Url, limits: Limits) -> Result<Response, FetchError> {
        self.exchange(Method::GET, url, None, &[], limits).await
    }

    pub async fn post(
        &self,
        url: &Url,
        content_type: &'static str,
        body: Vec<u8>,
        limits: Limits,
    ) -> Result<Response, FetchError> {
        self.exchange(Method::POST, url, Some((content_type, body)), &[], limits)
            .await
    }

    /// As [`Self::post`], with further headers.
    pub async fn post_with(
        &self,
        url: &Url,
        content_type: &'static str,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
        limits: Limits,
    ) -> Result<Response, FetchError> {
        self.exchange(Method::POST, url, Some((content_type, body)), headers, limits)
            .await
    }

    /// Whether an address may be contacted at all, without contacting it.
    pub fn check(&self, url: &Url) -> Result<(), FetchError> {
        self.door_for(url).map(|_| ())
    }

    fn door_for(&self, url: &Url) -> Result<&Door, FetchError> {
        if url.scheme() != "https" {
            return Err(FetchError::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::HasUserinfo);
        }
        let door = self.doors.get(&url.origin().ascii_serialization());
        if !door.is_some_and(|door| door.local) {
            match url.host() {
                None => return Err(FetchError::NotHttps),
                Some(Host::Ipv4(_) | Host::Ipv6(_)) => return Err(FetchError::IpLiteral),
                Some(Host::Domain(_)) if url.port().is_some() => return Err(FetchError::OddPort),
                Some(Host::Domain(_)) => {}
            }
        }
        door.ok_or(FetchError::NotPinned)
    }

    async fn exchange(
        &self,
        method: Method,
        url: &Url,
        body: Option<(&'static str, Vec<u8>)>,
        headers: &[(&'static str, &str)],
        limits: Limits,
    ) -> Result<Response, FetchError> {
        let mut request = self.door_for(url)?.http.request(method, url.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some((content_type, body)) = body {
            request = request.header(CONTENT_TYPE, content_type).body(body);
        }
        exchange(request, limits).await
    }
}

/// Sends a request and reads its answer within the limits.
pub(crate) async fn exchange(
    request: reqwest::RequestBuilder,
    limits: Limits,
) -> Result<Response, FetchError> {
    tokio::time::timeout(limits.total, read(request, limits.body))
        .await
        .unwrap_or(Err(FetchError::TimedOut))
}

fn door(pin: &Pin) -> Result<reqwest::Client, FetchError> {
    let provider = Arc::new(ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|_| FetchError::Setup)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(PinnedKey::new(pin.spki_sha256, provider)))
        .with_no_client_auth();
    // No session outlives its connection: two exchanges can't be linked by a ticket.
    tls.resumption = rustls::client::Resumption::disabled();
    guarded(tls, Vetting { local: pin.local })
}

/// What every connection has in common, whoever vouches for the other side.
pub(crate) fn guarded(tls: ClientConfig, vetting: Vetting) -> Result<reqwest::Client, FetchError> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .http1_only()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT)
        .pool_idle_timeout(Duration::from_secs(15))
        .dns_resolver(vetting)
        .build()
        .map_err(|_| FetchError::Setup)
}

async fn read(request: reqwest::RequestBuilder, cap: usize) -> Result<Response, FetchError> {
    let mut response = request.send().await.map_err(|error| reason(&error))?;
    let status = response.status();
    if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
        return Err(FetchError::Redirected);
    }
    if response
        .headers()
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| encoding != "identity")
    {
        return Err(FetchError::Compressed);
    }
    if response
        .content_length()
        .is_some_and(|length| length > cap as u64)
    {
        return Err(FetchError::TooLarge);
    }
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .filter(|value| value.len() <= MAX_CONTENT_TYPE)
        .map(|value| {
            value
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase()
        })
        .unwrap_or_default();
    let dpop_nonce = response
        .headers()
        .get("dpop-nonce")
        .and_then(|value| value.to_str().ok())
        .filter(|value| value.len() <= MAX_CONTENT_TYPE)
        .map(str::to_owned);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
        if body.len() + chunk.len() > cap {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response {
        status: status.as_u16(),
        content_type,
        dpop_nonce,
        body,
    })
}

/// Finds the true reason in the chain that the libraries wrap around it.
fn reason(error: &reqwest::Error) -> FetchError {
    let mut link = error.source();
    while let Some(cause) = link {
        if let Some(ours) = cause.downcast_ref::<FetchError>() {
            return *ours;
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return match tls {
                rustls::Error::InvalidCertificate(_) => FetchError::WrongKey,
                _ => FetchError::Setup,
            };
        }
        // An io::Error's `source` skips the very error that it wraps.
        let wrapped = cause
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        link = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    if error.is_timeout() {
        FetchError::TimedOut
    } else if error.is_connect() {
        FetchError::Unreachable
    } else {
        FetchError::Broken
    }
}

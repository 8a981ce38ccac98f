//! Who may speak at the staff door: this machine's browser at our own page (host, origin, cookie), or a program
//! with the service token. A page of another origin, or a name rebound to this address, gets nowhere.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::sync::{Semaphore, watch};

use super::at_work;
use crate::{accounts::Caller, app::App, errors::Refusal};

/// Only what the station itself serves is ever loaded, and nothing is ever framed.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// The staff door's own state.
#[derive(Debug)]
pub struct Door {
    pub app: Arc<App>,
    hosts: Vec<String>,
    /// Cookies do not know ports: two stations on one machine need two names.
    pub cookie: String,
    /// Passwords hashed at the same time.
    pub hashing: Semaphore,
    pub closing: watch::Receiver<bool>,
}

impl Door {
    pub fn new(app: Arc<App>, address: SocketAddr, closing: watch::Receiver<bool>) -> Self {
        let port = address.port();
        let mut hosts = vec![address.to_string()];
        hosts.extend(["127.0.0.1", "localhost", "[::1]"].map(|host| format!("{host}:{port}")));
        Self {
            app,
            hosts,
            cookie: format!("carnet_staff_{port}"),
            hashing: Semaphore::new(2),
            closing,
        }
    }

    /// The cookie's value, if there is one.
    pub fn token<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == self.cookie)
            .map(|(_, value)| value)
    }

    /// `Set-Cookie` for a sign-in; an empty token ends it.
    pub fn set_cookie(&self, token: &str) -> String {
        let end = if token.is_empty() { "; Max-Age=0" } else { "" };
        format!("{}={token}; Path=/; HttpOnly; SameSite=Strict{end}", self.cookie)
    }

    fn refuses(&self, request: &Request) -> Option<Refusal> {
        let text = |name| {
            request
                .headers()
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
        };
        let host = text(header::HOST).unwrap_or_default();
        if !self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)) {
            return Some(Refusal::new(
                StatusCode::MISDIRECTED_REQUEST,
                "wrong_host",
                "This station is not reached under this name.",
                "Open the address that the station printed when it started.",
            ));
        }
        let foreign = Some(Refusal::new(
            StatusCode::FORBIDDEN,
            "wrong_origin",
            "This request came from another page.",
            "Use the station's own page, or the service token from a program.",
        ));
        // Browsers say where a request comes from; another port of this machine is another page.
        let site = request
            .headers()
            .get("sec-fetch-site")
            .and_then(|value| value.to_str().ok());
        let to_page = request.method() == Method::GET && !request.uri().path().starts_with("/api/");
        if !to_page && site.is_some_and(|site| site != "same-origin" && site != "none") {
            return foreign;
        }
        if request.method() == Method::GET || request.method() == Method::HEAD {
            return None;
        }
        match text(header::ORIGIN) {
            Some(origin) => {
                let own = |host: &String| {
                    origin
                        .strip_prefix("http://")
                        .is_some_and(|o| o.eq_ignore_ascii_case(host))
                };
                if self.hosts.iter().any(own) { None } else { foreign }
            }
            // A program: it has no cookie, or it is a browser that hides where it comes from.
            None if self.token(request.headers()).is_none() => None,
            None => foreign,
        }
    }
}

/// Host, origin, and the headers of every answer.
pub async fn guard(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let api = request.uri().path().starts_with("/api/");
    let mut response = match door.refuses(&request) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set("x-content-type-options", "nosniff");
    set("x-frame-options", "DENY");
    set("referrer-policy", "no-referrer");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set(
        "permissions-policy",
        "camera=(self), microphone=(), geolocation=()",
    );
    if api {
        set("cache-control", "no-store");
        set(
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        );
    } else {
        set("content-security-policy", PAGE_POLICY);
    }
    response
}

/// Signed in, or a program with the token; anybody else gets 401.
#[derive(Debug)]
pub struct SignedIn(pub Caller);

impl FromRequestParts<Arc<Door>> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, door: &Arc<Door>) -> Result<Self, Refusal> {
        let bearer = parts
            .headers
            .get(header::AUTHORIZATION)
            .map(|value| value.to_str().unwrap_or_default())
            .map(|value| {
                value
                    .strip_prefix("Bearer ")
                    .unwrap_or_default()
                    .trim()
                    .to_owned()
            });
        let cookie = door.token(&parts.headers).map(str::to_owned);
        let app = Arc::clone(&door.app);
        let caller = at_work(move || match (bearer, cookie) {
            (Some(token), _) => app.accounts.service(&token),
            (None, Some(token)) => Ok(app.accounts.person(&token)?.map(Caller::Person)),
            (None, None) => Ok(None),
        })
        .await?;
        caller.map(Self).ok_or_else(|| {
            Refusal::new(
                StatusCode::UNAUTHORIZED,
                "sign_in_needed",
                "Nobody is signed in.",
                "Sign in, or send the service token.",
            )
        })
    }
}

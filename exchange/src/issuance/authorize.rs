//! Signing in at the issuer: a pushed request (RFC 9126), a challenge (RFC 7636), and what the browser brings back
//! (RFC 6749 section 4.1.2, RFC 9207).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::json;
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

use super::{offer::MAX_TEXT, text, token::parameter};
use crate::limits::REPLY_BYTES;

/// A sign-in that is to begin.
#[derive(Clone, PartialEq, Eq)]
pub struct PushedRequest {
    /// Of this wallet.
    pub client_id: String,
    /// Where the browser brings the answer.
    pub redirect_uri: String,
    /// Names of what is wanted, separated by spaces.
    pub scope: String,
    /// Comes back with the answer.
    pub state: String,
    /// See [`challenge`].
    pub code_challenge: String,
    /// From the offer.
    pub issuer_state: Option<String>,
}

impl std::fmt::Debug for PushedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PushedRequest(…)")
    }
}

/// A message of a sign-in can't be read, or isn't of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizeError {
    /// A member is missing, repeated or ill-typed.
    #[error("the message about signing in is not well formed")]
    Malformed,
    /// Another way than a code with a S256 challenge.
    #[error("this way of signing in is not accepted")]
    Unsupported,
    /// `state` is not this sign-in's.
    #[error("the browser came back from another sign-in")]
    OtherSignIn,
    /// `iss` is not this server, or is missing.
    #[error("the browser came back from another server")]
    OtherServer,
    /// The server or the person said no.
    #[error("signing in did not succeed")]
    Denied,
}

impl AuthorizeError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "sign_in_malformed",
            Self::Unsupported => "sign_in_unsupported",
            Self::OtherSignIn => "sign_in_other",
            Self::OtherServer => "sign_in_other_server",
            Self::Denied => "sign_in_denied",
        }
    }
}

/// The challenge of a verifier, method S256.
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

impl PushedRequest {
    /// The body of the request, `application/x-www-form-urlencoded`.
    pub fn form_body(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &self.scope)
            .append_pair("state", &self.state)
            .append_pair("code_challenge", &self.code_challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(state) = &self.issuer_state {
            form.append_pair("issuer_state", state);
        }
        form.finish()
    }

    /// Reads the body of a request.
    pub fn parse(body: &[u8]) -> Result<Self, AuthorizeError> {
        let one = |name| parameter(body, name).ok_or(AuthorizeError::Malformed);
        let need = |name| one(name)?.ok_or(AuthorizeError::Malformed);
        if need("response_type")? != "code" || need("code_challenge_method")? != "S256" {
            return Err(AuthorizeError::Unsupported);
        }
        let request = Self {
            client_id: need("client_id")?,
            redirect_uri: need("redirect_uri")?,
            scope: need("scope")?,
            state: need("state")?,
            code_challenge: need("code_challenge")?,
            issuer_state: one("issuer_state")?,
        };
        let challenge = URL_SAFE_NO_PAD.decode(&request.code_challenge);
        if challenge.is_ok_and(|bytes| bytes.len() == 32) {
            Ok(request)
        } else {
            Err(AuthorizeError::Malformed)
        }
    }
}

/// The name under which a pushed request waits (RFC 9126 section 2.2).
pub fn read_pushed(body: &[u8]) -> Result<String, AuthorizeError> {
    let map = json::parse_object(body, REPLY_BYTES).map_err(|_| AuthorizeError::Malformed)?;
    text(&map, "request_uri", MAX_TEXT)
        .map(str::to_owned)
        .ok_or(AuthorizeError::Malformed)
}

/// The page for the person's browser.
pub fn page(endpoint: &Url, client_id: &str, request_uri: &str) -> Url {
    let mut page = endpoint.clone();
    page.query_pairs_mut()
        .append_pair("client_id", client_id)
        .append_pair("request_uri", request_uri);
    page
}

/// The code that the browser brought back, if it is of this sign-in and from this server.
pub fn read_redirect(
    query: &str,
    state: &str,
    server: &str,
    names_issuer: bool,
) -> Result<String, AuthorizeError> {
    let one = |name| parameter(query.as_bytes(), name).ok_or(AuthorizeError::Malformed);
    if one("state")?.as_deref() != Some(state) {
        return Err(AuthorizeError::OtherSignIn);
    }
    match one("iss")? {
        Some(iss) if iss != server => return Err(AuthorizeError::OtherServer),
        None if names_issuer => return Err(AuthorizeError::OtherServer),
        _ => {}
    }
    if one("error")?.is_some() {
        return Err(AuthorizeError::Denied);
    }
    one("code")?
        .filter(|code| !code.is_empty())
        .ok_or(AuthorizeError::Malformed)
}

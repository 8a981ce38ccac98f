//! The conversation with an issuer: each request bound to the wallet's key of this issuance (DPoP, RFC 9449).

use carnet_exchange::{
    issuance::{
        credential::{CredentialRequest, CredentialResponse, read_nonce},
        dpop::{self, Proven},
        source::Source,
        token::{TokenRequest, TokenResponse, error_code},
    },
    limits::{CREDENTIALS_BYTES, REPLY_BYTES},
    media,
};
use carnet_fetch::{Limits, Response};
use jiff::Timestamp;
use serde_json::json;
use url::Url;

use super::{Tell, error::TakeCardError};
use crate::{
    TalkError, Wallet,
    credentials::CopyKey,
    random::make_bytes,
    talk::{Reply, Talk},
};

const FORM: &str = "application/x-www-form-urlencoded";
/// Refused tokens and requests, as OAuth and OpenID4VCI name them.
const DENIED: [&str; 4] = [
    "credential_request_denied",
    "invalid_token",
    "invalid_transaction_id",
    "invalid_credential_request",
];

/// One issuer, one key, one conversation.
pub(super) struct Issuer<'a> {
    pub(super) talk: &'a Talk,
    pub(super) source: &'a Source,
    pub(super) key: &'a CopyKey,
    pub(super) now: Timestamp,
}

impl Wallet {
    pub(super) fn issuer<'a>(&self, talk: &'a Talk, source: &'a Source, key: &'a CopyKey) -> Issuer<'a> {
        Issuer {
            talk,
            source,
            key,
            now: self.clock.now(),
        }
    }
}

impl Issuer<'_> {
    /// Sends a request with a proof of the key; once more if the server wants a nonce of its own in it (section 8).
    async fn send(
        &self,
        url: &Url,
        token: Option<&str>,
        (content_type, body): (&'static str, Vec<u8>),
        limits: Limits,
    ) -> Result<Response, TakeCardError> {
        let proven = Proven {
            method: "POST",
            url,
            token,
        };
        let authorization = token.map(|token| format!("DPoP {token}"));
        let mut nonce: Option<String> = None;
        loop {
            let key = self.key.signing_key();
            let proof = dpop::make(&proven, nonce.as_deref(), &key, make_bytes()?, self.now);
            let mut headers = vec![("dpop", proof.as_str())];
            if let Some(authorization) = &authorization {
                headers.push(("authorization", authorization));
            }
            let response = self
                .talk
                .ask(url, content_type, &headers, body.clone(), limits)
                .await?;
            let again = nonce.is_none() && matches!(response.status, 400 | 401);
            match (&response.dpop_nonce, again) {
                (Some(asked), true) => nonce = Some(asked.clone()),
                _ => return Ok(response),
            }
        }
    }

    /// A token for what the patient has. The server's `invalid_grant` is all that it says about a wrong PIN.
    pub(super) async fn token(&self, request: &TokenRequest) -> Result<TokenResponse, TakeCardError> {
        let body = (FORM, request.form_body().into_bytes());
        let limits = Limits::bytes(REPLY_BYTES);
        let response = self.send(&self.source.token, None, body, limits).await?;
        if matches!(response.status, 400 | 401) {
            return Err(match error_code(&response.body).as_deref() {
                Some("invalid_grant") => TakeCardError::NotAccepted,
                _ => TakeCardError::Denied,
            });
        }
        Ok(TokenResponse::parse(&Reply::of(response)?.json()?)?)
    }

    /// A fresh nonce, where the issuer has them.
    pub(super) async fn nonce(&self) -> Result<Option<String>, TakeCardError> {
        let Some(url) = &self.source.nonce else {
            return Ok(None);
        };
        let limits = Limits::bytes(REPLY_BYTES);
        let response = self.talk.ask(url, FORM, &[], Vec::new(), limits).await?;
        Ok(Some(read_nonce(&Reply::of(response)?.json()?)?))
    }

    pub(super) async fn credentials(
        &self,
        token: &str,
        request: &CredentialRequest,
    ) -> Result<CredentialResponse, TakeCardError> {
        let body = (media::JSON, request.to_value().to_string().into_bytes());
        let limits = Limits::bytes(CREDENTIALS_BYTES);
        let response = self
            .send(&self.source.credential, Some(token), body, limits)
            .await?;
        self.read(response, request.proofs.len())
    }

    pub(super) async fn later(
        &self,
        url: &Url,
        token: &str,
        transaction_id: &str,
        asked: usize,
    ) -> Result<CredentialResponse, TakeCardError> {
        let body = json!({ "transaction_id": transaction_id })
            .to_string()
            .into_bytes();
        let limits = Limits::bytes(CREDENTIALS_BYTES);
        let response = self.send(url, Some(token), (media::JSON, body), limits).await?;
        self.read(response, asked)
    }

    fn read(&self, response: Response, asked: usize) -> Result<CredentialResponse, TakeCardError> {
        if matches!(response.status, 400 | 401 | 403) {
            return Err(match error_code(&response.body).as_deref() {
                Some(code) if DENIED.contains(&code) => TakeCardError::Denied,
                _ => TalkError::Refused {
                    status: response.status,
                }
                .into(),
            });
        }
        Ok(CredentialResponse::parse(&Reply::of(response)?.json()?, asked)?)
    }

    /// Tells the issuer what became of copies. True when there is no more to say.
    pub(super) async fn tell(&self, token: &str, tell: &Tell) -> Result<bool, TakeCardError> {
        let Some(url) = &self.source.notification else {
            return Ok(true);
        };
        let body = (media::JSON, tell.body().to_string().into_bytes());
        let limits = Limits::bytes(REPLY_BYTES);
        let response = self.send(url, Some(token), body, limits).await?;
        // What the issuer refuses to hear now it won't hear later (section 11.3).
        Ok(!matches!(response.status, 429 | 500..=599))
    }
}

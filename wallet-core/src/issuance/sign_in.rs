//! Taking an offer by signing in at the issuer's page, in the system's browser (RFC 8252): a pushed request (RFC 9126) with a
//! challenge (RFC 7636), and an address on this machine to which the browser comes back.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_exchange::issuance::{
    authorize::{AuthorizeError, PushedRequest, challenge, page, read_redirect},
    token::TokenRequest,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{
    Began, KeptIssuance,
    error::TakeCardError,
    views::{AcceptedView, SignInView},
};
use crate::{
    Wallet,
    credentials::CopyKey,
    random::{make_bytes, make_key},
    vault::Table,
};

/// How this wallet calls itself towards issuers. Every installation the same: it says nothing about the person.
const CLIENT_ID: &str = "carnet-wallet";
/// How long the person may take in the browser.
const PATIENCE: Duration = Duration::from_mins(5);
/// How long a browser may take to send its one line.
const LINE: Duration = Duration::from_secs(5);
/// Longest request that is read from it, in bytes.
const LONGEST: usize = 8 * 1024;
const DONE: &str = "<!doctype html><meta charset=utf-8><title>Carnet</title><p>You can close this page and go back to Carnet.";

impl Wallet {
    /// Begins a sign-in: the issuer's page to be opened in the browser. Call [`Wallet::finish_sign_in`] right after.
    pub async fn begin_sign_in(&self, offer_id: &str) -> Result<SignInView, TakeCardError> {
        let _hold = self.hold(offer_id).await;
        let mut kept = self.open_offer(offer_id)?;
        let place = kept.source.sign_in.clone().filter(|_| kept.sign_in.is_some());
        let (_, place) = place.ok_or(TakeCardError::NoSignIn)?;
        let talk = self.talk()?;
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(|_| TakeCardError::NoLoopback)?;
        let port = listener
            .local_addr()
            .map_err(|_| TakeCardError::NoLoopback)?
            .port();
        let token = || Ok::<_, TakeCardError>(URL_SAFE_NO_PAD.encode(make_bytes::<32>()?));
        let began = Began {
            verifier: token()?,
            state: token()?,
            redirect_uri: format!("http://127.0.0.1:{port}/{}", token()?),
        };
        let dpop = CopyKey::new(make_key()?);
        let request = PushedRequest {
            client_id: CLIENT_ID.to_owned(),
            redirect_uri: began.redirect_uri.clone(),
            scope: kept
                .cards
                .iter()
                .filter_map(|card| card.scope.as_deref())
                .collect::<Vec<_>>()
                .join(" "),
            state: Some(began.state.clone()),
            code_challenge: challenge(&began.verifier),
            issuer_state: kept.sign_in.as_ref().and_then(|state| state.0.clone()),
        };
        let request_uri = self.issuer(&talk, &kept.source, &dpop).push(&request).await?;
        kept.dpop = Some(dpop);
        kept.began = Some(began);
        self.vault.put(Table::Issuances, offer_id, &kept)?;
        self.keep_listener(offer_id, listener);
        Ok(SignInView {
            url: page(&place, CLIENT_ID, &request_uri).to_string(),
        })
    }

    /// Waits until the browser comes back, and takes the cards.
    pub async fn finish_sign_in(&self, offer_id: &str) -> Result<AcceptedView, TakeCardError> {
        let _hold = self.hold(offer_id).await;
        let kept = self.open_offer(offer_id)?;
        let (Some(began), Some(dpop)) = (&kept.began, kept.dpop.clone()) else {
            return Err(TakeCardError::SignInNeeded);
        };
        let listener = self.take_listener(offer_id).ok_or(TakeCardError::SignInNeeded)?;
        let query = timeout(PATIENCE, came_back(&listener, &began.redirect_uri))
            .await
            .map_err(|_| TakeCardError::SignIn(AuthorizeError::Denied))?;
        let KeptIssuance { source, .. } = &kept;
        let code = read_redirect(&query, &began.state, &source.server, source.answers_name_issuer)?;
        let request = TokenRequest::AuthorizationCode {
            code,
            redirect_uri: began.redirect_uri.clone(),
            code_verifier: began.verifier.clone(),
            client_id: CLIENT_ID.to_owned(),
        };
        Box::pin(self.take(offer_id, kept, &request, dpop)).await
    }
}

/// The query of the one address that was given out. Whoever else knocks is sent away and waited out.
async fn came_back(listener: &TcpListener, redirect_uri: &str) -> String {
    let path = redirect_uri.rsplit('/').next().unwrap_or_default();
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            // Out of handles: the next try may find one.
            tokio::task::yield_now().await;
            continue;
        };
        let line = timeout(LINE, first_line(&mut stream)).await.ok().flatten();
        let query = line.as_deref().and_then(|line| query_of(line, path));
        let (status, body) = if query.is_some() {
            ("200 OK", DONE)
        } else {
            ("404 Not Found", "")
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\ncontent-security-policy: default-src 'none'\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        // The page is a courtesy; what was brought counts.
        let _ = timeout(LINE, stream.write_all(answer.as_bytes())).await;
        if let Some(query) = query {
            return query;
        }
    }
}

async fn first_line(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 1024];
    while bytes.len() < LONGEST {
        let read = stream.read(&mut piece).await.ok()?;
        bytes.extend_from_slice(&piece[..read]);
        if read == 0 || bytes.windows(4).any(|end| end == b"\r\n\r\n") {
            break;
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    text.lines().next().map(str::to_owned)
}

/// `GET /path?query HTTP/1.1`
fn query_of(line: &str, path: &str) -> Option<String> {
    let mut words = line.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (found, query) = target.split_once('?')?;
    (method == "GET" && found.strip_prefix('/') == Some(path)).then(|| query.to_owned())
}

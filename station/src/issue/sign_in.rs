//! Signing in with the PIN on a page of the station (RFC 9126, RFC 7636, RFC 8252): for wallets whose person would rather type it
//! there. The page opens in the system's browser; the wallet never sees the PIN.

use carnet_exchange::issuance::{
    authorize::{PushedRequest, challenge},
    dpop::Dpop,
    token::TokenResponse,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use url::Url;

use super::{
    identifier,
    refused::Refused,
    rows::CardOffer,
    token::{by_code, redeemed, tokens, typed},
};
use crate::{app::App, db::Change, keys::make_id, rows::digest_hex};

/// Where a sign-in is begun.
pub const PAR_PATH: &str = "/issue/par";
/// The page.
pub const PAGE_PATH: &str = "/issue/sign-in";
/// How long a sign-in may take, and how long its code is good.
const LIFE: SignedDuration = SignedDuration::from_mins(5);
const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// A sign-in that was begun, or that ended well and waits for its token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignIn {
    pub offer: String,
    client_id: String,
    redirect_uri: Url,
    state: Option<String>,
    code_challenge: String,
    /// The PIN was right.
    done: bool,
    pub expires: Timestamp,
}

impl SignIn {
    pub(super) const TABLE: &str = "card-sign-in/";

    fn key(name: &str) -> String {
        format!("{}{}", Self::TABLE, digest_hex(name.as_bytes()))
    }
}

/// Takes a pushed request; the name under which it waits, and for how many seconds.
pub fn push(app: &App, body: &[u8]) -> Result<(String, i64), Refused> {
    let pushed = PushedRequest::parse(body).map_err(|_| Refused::SignIn)?;
    let offer = by_code(app, pushed.issuer_state.as_deref().ok_or(Refused::SignIn)?)?;
    if pushed.scope != offer.template
        || pushed.client_id.len() > 256
        || pushed.state.as_ref().is_some_and(|state| state.len() > 256)
    {
        return Err(Refused::SignIn);
    }
    let redirect_uri = Url::parse(&pushed.redirect_uri).map_err(|_| Refused::SignIn)?;
    if !is_own_machine(&redirect_uri) {
        return Err(Refused::SignIn);
    }
    let request_uri = format!("{URN}{}", make_id::<32>()?);
    let sign_in = SignIn {
        offer: offer.id,
        client_id: pushed.client_id,
        redirect_uri,
        state: pushed.state,
        code_challenge: pushed.code_challenge,
        done: false,
        expires: app.clock.now() + LIFE,
    };
    app.db.put(&SignIn::key(&request_uri), &sign_in)?;
    Ok((request_uri, LIFE.as_secs()))
}

/// A program on the person's own machine (RFC 8252 section 7.3): nobody else can be sent the code.
fn is_own_machine(url: &Url) -> bool {
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]"));
    url.scheme() == "http" && loopback && url.fragment().is_none() && url.username().is_empty()
}

/// The card of a sign-in that is under way, for the page.
pub fn shown(app: &App, client_id: &str, request_uri: &str) -> Result<CardOffer, Refused> {
    let sign_in = open(app, client_id, request_uri)?;
    app.db
        .get(&CardOffer::key(&sign_in.offer))?
        .ok_or(Refused::SignIn)
}

fn open(app: &App, client_id: &str, request_uri: &str) -> Result<SignIn, Refused> {
    let sign_in: SignIn = app.db.get(&SignIn::key(request_uri))?.ok_or(Refused::SignIn)?;
    if sign_in.done || sign_in.client_id != client_id || app.clock.now() >= sign_in.expires {
        return Err(Refused::SignIn);
    }
    Ok(sign_in)
}

/// The PIN was typed: where the browser goes with the code.
pub fn finish(app: &App, client_id: &str, request_uri: &str, pin: &str) -> Result<Url, Refused> {
    let sign_in = open(app, client_id, request_uri)?;
    let gate = app.gates.of(&sign_in.offer);
    let _turn = gate.enter();
    let mut sign_in = open(app, client_id, request_uri)?;
    typed(app, &sign_in.offer, pin)?;
    let code = make_id::<32>()?;
    sign_in.done = true;
    sign_in.expires = app.clock.now() + LIFE;
    let mut change = Change::default();
    change.delete(&SignIn::key(request_uri));
    change.put(&SignIn::key(&code), &sign_in)?;
    app.db.commit(change)?;
    let mut back = sign_in.redirect_uri.clone();
    back.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("iss", &identifier(app));
    if let Some(state) = &sign_in.state {
        back.query_pairs_mut().append_pair("state", state);
    }
    Ok(back)
}

/// The code of a sign-in for a token, once, and only for whoever began it.
pub(super) fn redeem(
    app: &App,
    (code, verifier): (&str, &str),
    (client_id, redirect_uri): (&str, &str),
    dpop: &Dpop,
) -> Result<TokenResponse, Refused> {
    let key = SignIn::key(code);
    let sign_in: SignIn = app.db.get(&key)?.ok_or(Refused::Code)?;
    let gate = app.gates.of(&sign_in.offer);
    let _turn = gate.enter();
    let sign_in: SignIn = app
        .db
        .get(&key)?
        .filter(|row: &SignIn| row.offer == sign_in.offer)
        .ok_or(Refused::Code)?;
    // Whatever comes of it, a code is tried once.
    let mut change = Change::default();
    change.delete(&key);
    app.db.commit(change)?;
    let own = bool::from(
        challenge(verifier)
            .as_bytes()
            .ct_eq(sign_in.code_challenge.as_bytes()),
    ) && sign_in.client_id == client_id
        && sign_in.redirect_uri.as_str() == redirect_uri
        && sign_in.done
        && app.clock.now() < sign_in.expires;
    if !own {
        return Err(Refused::Code);
    }
    tokens(app, &redeemed(app, &sign_in.offer)?, dpop, true)
}

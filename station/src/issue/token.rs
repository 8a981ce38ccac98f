//! The PIN for a token that is bound to the wallet's key (OpenID4VCI 1.0 section 6; RFC 9449 section 5).

use carnet_exchange::issuance::{
    dpop::{self, Dpop, Proven},
    token::{TokenRequest, TokenRequestError, TokenResponse},
};
use jiff::SignedDuration;
use subtle::ConstantTimeEq as _;

use super::{
    offer::template,
    refused::Refused,
    rows::{CardOffer, State, Token, TokenKind},
    sealed, sign_in,
};
use crate::{
    app::App,
    db::Change,
    keys::make_id,
    rows::{digest_hex, is_id},
};

/// How long an access token is good. What waits for a second person is fetched with it too.
const ACCESS: SignedDuration = SignedDuration::from_mins(15);
const ACCESS_WHILE_WAITING: SignedDuration = SignedDuration::from_hours(72);

/// Where tokens are given.
pub const PATH: &str = "/issue/token";

/// Gives a token for a code and its PIN, once, or for a refresh token.
pub fn give(app: &App, body: &[u8], proof: Option<&str>) -> Result<TokenResponse, Refused> {
    let request = TokenRequest::parse(body).map_err(|error| match error {
        TokenRequestError::Malformed => Refused::Request,
        TokenRequestError::UnsupportedGrant => Refused::Grant,
    })?;
    let proven = Proven {
        method: "POST",
        url: &app.public(PATH),
        token: None,
    };
    let dpop = check_proof(app, proof, &proven)?;
    match request {
        TokenRequest::PreAuthorized { code, tx_code } => redeem(app, &code, tx_code.as_deref(), &dpop),
        TokenRequest::Refresh { refresh_token } => refresh(app, &refresh_token, &dpop),
        TokenRequest::AuthorizationCode {
            code,
            redirect_uri,
            code_verifier,
            client_id,
        } => sign_in::redeem(app, (&code, &code_verifier), (&client_id, &redirect_uri), &dpop),
    }
}

fn check_proof(app: &App, proof: Option<&str>, proven: &Proven<'_>) -> Result<Dpop, Refused> {
    dpop::check(proof.ok_or(Refused::Dpop)?, proven, app.clock.now()).map_err(|_| Refused::Dpop)
}

/// A code begins with its offer's id; the rest is what can't be guessed.
pub(super) fn by_code(app: &App, code: &str) -> Result<CardOffer, Refused> {
    let id = code
        .split('.')
        .next()
        .filter(|id| is_id(id))
        .ok_or(Refused::Code)?;
    let offer: CardOffer = app.db.get(&CardOffer::key(id))?.ok_or(Refused::Code)?;
    let digest = digest_hex(code.as_bytes());
    if bool::from(offer.code_digest.as_bytes().ct_eq(digest.as_bytes())) {
        Ok(offer)
    } else {
        Err(Refused::Code)
    }
}

fn redeem(app: &App, code: &str, pin: Option<&str>, dpop: &Dpop) -> Result<TokenResponse, Refused> {
    let offer = by_code(app, code)?;
    if offer.sign_in {
        return Err(Refused::Code);
    }
    let gate = app.gates.of(&offer.id);
    let _turn = gate.enter();
    // A request without a PIN guesses nothing and costs no try.
    typed(app, &offer.id, pin.ok_or(Refused::Request)?)?;
    tokens(app, &redeemed(app, &offer.id)?, dpop, true)
}

/// Looks at a PIN that was typed; the try is used up before. The caller holds the offer's gate.
pub(super) fn typed(app: &App, id: &str, pin: &str) -> Result<(), Refused> {
    let key = CardOffer::key(id);
    let mut offer: CardOffer = app.db.get(&key)?.ok_or(Refused::Code)?;
    if !matches!(offer.state(app.clock.now()), State::Waiting | State::Opened) {
        return Err(Refused::Code);
    }
    offer.tries_left = offer.tries_left.saturating_sub(1);
    app.db.put(&key, &offer)?;
    let mut secret = sealed::open(app, id, &offer.sealed)?;
    let right = secret
        .pin
        .as_ref()
        .is_some_and(|own| bool::from(own.as_bytes().ct_eq(pin.trim().as_bytes())));
    app.events.card(id);
    if right {
        secret.pin = None;
        secret.code = None;
        offer.sealed = sealed::seal(app, id, &secret)?;
        offer.state = State::Redeemed;
        return Ok(app.db.put(&key, &offer)?);
    }
    if offer.tries_left == 0 {
        offer.state = State::Locked;
        offer.sealed = String::new();
        app.db.put(&key, &offer)?;
        sealed::forget(app, id)?;
    }
    Err(Refused::Code)
}

/// An offer whose PIN was right.
pub(super) fn redeemed(app: &App, id: &str) -> Result<CardOffer, Refused> {
    let offer: CardOffer = app.db.get(&CardOffer::key(id))?.ok_or(Refused::Code)?;
    if offer.state(app.clock.now()) == State::Redeemed {
        Ok(offer)
    } else {
        Err(Refused::Code)
    }
}

fn refresh(app: &App, refresh: &str, dpop: &Dpop) -> Result<TokenResponse, Refused> {
    let token: Token = app.db.get(&Token::key(refresh))?.ok_or(Refused::Code)?;
    if token.kind != TokenKind::Refresh
        || token.thumbprint != dpop.thumbprint
        || app.clock.now() >= token.expires
        || !first_time(app, dpop)
    {
        return Err(Refused::Code);
    }
    let gate = app.gates.of(&token.offer);
    let _turn = gate.enter();
    let offer: CardOffer = app.db.get(&CardOffer::key(&token.offer))?.ok_or(Refused::Code)?;
    if !matches!(
        offer.state(app.clock.now()),
        State::Redeemed | State::Issued | State::Accepted
    ) {
        return Err(Refused::Code);
    }
    tokens(app, &offer, dpop, false)
}

/// An access token and, where the card can be refilled, a refresh token; durable together with the offer.
pub(super) fn tokens(
    app: &App,
    offer: &CardOffer,
    dpop: &Dpop,
    first: bool,
) -> Result<TokenResponse, Refused> {
    let template = template(offer).map_err(|_| Refused::Code)?;
    let life = if template.approval && offer.issued() == 0 {
        ACCESS_WHILE_WAITING
    } else {
        ACCESS
    };
    let access_token = make_id::<32>()?;
    let now = app.clock.now();
    let bound = |kind, expires| Token {
        offer: offer.id.clone(),
        kind,
        thumbprint: dpop.thumbprint.clone(),
        expires,
    };
    let mut change = Change::default();
    change.put(&CardOffer::key(&offer.id), offer)?;
    change.put(&Token::key(&access_token), &bound(TokenKind::Access, now + life))?;
    let refresh_token = if first && template.refill {
        let token = make_id::<32>()?;
        change.put(&Token::key(&token), &bound(TokenKind::Refresh, offer.until))?;
        Some(token)
    } else {
        None
    };
    app.db.commit(change)?;
    app.events.card(&offer.id);
    Ok(TokenResponse {
        access_token,
        refresh_token,
        expires_in: Some(life.as_secs().unsigned_abs()),
        identifiers: Vec::new(),
    })
}

/// Who asks at an endpoint that needs a token: the token's row, once its own key has proven this very request.
pub(super) fn bearer(
    app: &App,
    authorization: Option<&str>,
    proof: Option<&str>,
    path: &str,
) -> Result<Token, Refused> {
    let token = authorization
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("dpop"))
        .map(|(_, token)| token.trim())
        .ok_or(Refused::Token)?;
    let row: Token = app.db.get(&Token::key(token))?.ok_or(Refused::Token)?;
    if row.kind != TokenKind::Access || app.clock.now() >= row.expires {
        return Err(Refused::Token);
    }
    let proven = Proven {
        method: "POST",
        url: &app.public(path),
        token: Some(token),
    };
    let dpop = check_proof(app, proof, &proven)?;
    if row.thumbprint != dpop.thumbprint || !first_time(app, &dpop) {
        return Err(Refused::Dpop);
    }
    Ok(row)
}

/// A proof counts once.
fn first_time(app: &App, dpop: &Dpop) -> bool {
    let what = format!("{} {}", dpop.thumbprint, dpop.jti);
    app.cards.seen.first_time(what, app.clock.now())
}

//! Cards in an answer: shown by the wallet, judged by the station.

use carnet_credentials::{
    certificate,
    jwk::PublicKey,
    sd_jwt::{self, ClaimPath, Expect, Issuer, KbClaims, Received, Rules, SdJwtError, StatusRule},
    status::token::Reference,
};
use jiff::Timestamp;
use p256::ecdsa::SigningKey;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{AnswerError, MakeError, Presentation, Session, statement};
use crate::{
    dcql::{CredentialQuery, ShownError},
    issuers::KnownIssuer,
    limits::{ANSWER_AGE, CLOCK_LEEWAY},
    request::VerifiedRequest,
};

/// A card that was shown and holds, as far as this can be said without a network: its status is the caller's to look up.
#[derive(Clone)]
pub struct CheckedCard {
    /// Id of the query that it answers.
    pub query: String,
    /// Its type.
    pub vct: String,
    /// `iss`, or what stands for it.
    pub issuer: String,
    /// The issuer's stable id in the trust list.
    pub issuer_id: String,
    /// What was shown of it, and nothing about the credential itself.
    pub claims: Map<String, Value>,
    /// When it ends.
    pub until: Option<Timestamp>,
    /// Where its status stands, if it has one.
    pub status: Option<Reference>,
    /// RFC 7638 thumbprint of the key it is bound to; of one that is bound to none, SHA-256 of what was shown.
    pub thumbprint: [u8; 32],
}

impl std::fmt::Debug for CheckedCard {
    // The claims are a person's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckedCard(…)")
    }
}

/// Shows a card: discloses what stands at these paths and nothing else. With its key bound to this request; without a key
/// only where the query asks for no proof of holding.
pub fn show_card(
    request: &VerifiedRequest,
    query: &CredentialQuery,
    (credential, disclose): (&str, &[ClaimPath]),
    key: Option<&SigningKey>,
    now: Timestamp,
) -> Result<Presentation, MakeError> {
    if now >= request.expires {
        return Err(MakeError::RequestExpired);
    }
    let Some(key) = key else {
        return if query.holder_binding {
            Err(MakeError::QueryMisfit)
        } else {
            Ok(sd_jwt::reveal(credential, disclose)?.into())
        };
    };
    let kb = KbClaims {
        aud: &request.client_id,
        nonce: &request.nonce,
        iat: now,
        extra: Map::new(),
    };
    Ok(sd_jwt::present(credential, disclose, &kb, key)?.into())
}

/// What the four digits are made of where nothing but cards was shown: the first card in the order of the query.
pub fn thumbprint_of(presentation: &Presentation) -> Option<[u8; 32]> {
    match presentation {
        Presentation::Text(text) => thumbprint_of_text(text),
        Presentation::Object(shown) => statement::holder_of(shown),
    }
}

fn thumbprint_of_text(presentation: &str) -> Option<[u8; 32]> {
    let received = Received::read(credential_in(presentation)?).ok()?;
    let contents = received.contents().ok()?;
    let key = contents.claims.get("cnf").and_then(|cnf| cnf.get("jwk"));
    match key {
        None => Some(Sha256::digest(presentation).into()),
        Some(jwk) => PublicKey::from_jwk(jwk).ok().map(|key| key.thumbprint()),
    }
}

/// Judges one card.
pub(super) fn check_card(
    query: &CredentialQuery,
    presentation: &Presentation,
    session: &Session<'_>,
    now: Timestamp,
) -> Result<CheckedCard, AnswerError> {
    let malformed = AnswerError::Presentation(SdJwtError::Malformed);
    let presentation = presentation.as_text().ok_or(AnswerError::Malformed)?;
    let received = Received::read(credential_in(presentation).ok_or(malformed)?)?;
    let authority_keys = certificate::authority_keys(received.header());
    let vct = received.vct().map(str::to_owned).unwrap_or_default();
    if !query.wants(std::slice::from_ref(&vct)) {
        return Err(SdJwtError::WrongType.into());
    }
    let issuer = KnownIssuer::of(&received, session.list, now).map_err(|_| AnswerError::IssuerUnknown)?;
    let issuer_id = issuer.entry_id.ok_or(AnswerError::IssuerUnknown)?;
    if !query.trusts(Some(&issuer_id), &authority_keys) {
        return Err(AnswerError::IssuerNotAsked);
    }

    // By the one certificate that was found listed, or by any key that the list gives this issuer.
    let listed = |_: &[Vec<u8>]| true;
    let ways: Vec<Issuer<'_>> = match received.iss() {
        Some(iss) => issuer.keys.iter().map(|key| Issuer::Key { iss, key }).collect(),
        None => vec![Issuer::Certificate { trusted: &listed }],
    };
    let mut outcome = Err(AnswerError::IssuerUnknown);
    for way in ways {
        outcome = judged(query, presentation, (&vct, way), session, now);
        if outcome.is_ok() {
            break;
        }
    }
    let (claims, disclosed, status, thumbprint) = outcome?;
    query
        .check_shown(&Value::Object(claims.clone()), &disclosed)
        .map_err(|error| match error {
            ShownError::TooLittle => AnswerError::TooLittle,
            ShownError::TooMuch => AnswerError::TooMuch,
        })?;
    let until = carnet_credentials::jws::numeric_date(&claims, "exp").map_err(|_| SdJwtError::BadTime)?;
    Ok(CheckedCard {
        query: query.id.clone(),
        vct,
        issuer: issuer.id,
        issuer_id,
        claims: sd_jwt::about_the_person(claims),
        until,
        status,
        thumbprint,
    })
}

type Judged = (Map<String, Value>, Vec<ClaimPath>, Option<Reference>, [u8; 32]);

fn judged(
    query: &CredentialQuery,
    presentation: &str,
    (vct, issuer): (&str, Issuer<'_>),
    session: &Session<'_>,
    now: Timestamp,
) -> Result<Judged, AnswerError> {
    let rules = Rules {
        vct,
        issuer,
        status: StatusRule::Later,
        legacy_typ: false,
        now,
        leeway: CLOCK_LEEWAY,
    };
    if !query.holder_binding && presentation.ends_with('~') {
        let shown = sd_jwt::check_unbound(presentation, &rules)?;
        let thumbprint = thumbprint_of_text(presentation).unwrap_or_default();
        return Ok((shown.claims, shown.disclosable, shown.status, thumbprint));
    }
    let shown = sd_jwt::check(
        presentation,
        &Expect {
            credential: rules,
            aud: session.client_id,
            nonce: session.nonce,
            max_age: ANSWER_AGE,
        },
    )?;
    Ok((
        shown.claims,
        shown.disclosed,
        shown.status,
        shown.holder.thumbprint(),
    ))
}

/// A presentation without its key binding.
fn credential_in(presentation: &str) -> Option<&str> {
    let end = presentation.rfind('~')?;
    Some(&presentation[..=end])
}

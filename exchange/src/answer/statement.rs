//! A statement in an answer: proven by the wallet, judged by the station.

use carnet_credentials::jwk::PublicKey;
use carnet_eligibility::{Copy, Day, Opening, Randomness, Rules, check, credential, prove};
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{AnswerError, MakeError, Presentation, Session};
use crate::{
    dcql::CredentialQuery,
    eligibility::{AskedStatement, issuers, today},
    request::VerifiedRequest,
};

/// A statement that was shown: yes, it holds. Nothing of the value is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedStatement {
    /// Id of the query that it answers.
    pub query: String,
    /// The issuer's stable id in the trust list.
    pub issuer_id: String,
    /// The issuer's name there.
    pub issuer: String,
    /// Last day of the copy.
    pub until: Day,
    /// RFC 7638 thumbprint of the copy's key.
    pub thumbprint: [u8; 32],
}

/// Proves the statement of this request with a copy. The copy must not be used again, whatever comes of it.
pub fn show_statement(
    request: &VerifiedRequest,
    (copy, opening, holder): (&Copy, &Opening, &SigningKey),
    randomness: Randomness,
    now: Timestamp,
) -> Result<Presentation, MakeError> {
    if now >= request.expires {
        return Err(MakeError::RequestExpired);
    }
    let asked = request.statement.as_ref().ok_or(MakeError::QueryMisfit)?;
    let asked = asked.request(&request.client_id, &request.digest);
    let proof = prove(&asked, copy, opening, holder, randomness)?;
    match credential::shown(&proof) {
        Value::Object(shown) => Ok(Presentation::Object(shown)),
        _ => Err(MakeError::QueryMisfit),
    }
}

/// Judges a proof by the station's own question.
pub(super) fn check_statement(
    query: &CredentialQuery,
    asked: &AskedStatement,
    presentation: &Presentation,
    session: &Session<'_>,
    now: Timestamp,
) -> Result<CheckedStatement, AnswerError> {
    let Presentation::Object(shown) = presentation else {
        return Err(AnswerError::Malformed);
    };
    let known = session.list.map(issuers).unwrap_or_default();
    let keys: Vec<_> = known.iter().map(|(key, _)| *key).collect();
    let request = asked.request(session.client_id, &session.request_digest);
    let bytes = credential::read_shown(&Value::Object(shown.clone()), &request, &keys)?;
    let rules = Rules {
        issuers: &keys,
        today: today(now).ok_or(AnswerError::Malformed)?,
    };
    let checked = check(&bytes, &request, &rules)?;
    let entry = known
        .iter()
        .find(|(key, entry)| *key == checked.issuer && query.trusts(Some(&entry.id), &[]))
        .map(|(_, entry)| *entry)
        .ok_or(AnswerError::IssuerNotAsked)?;
    Ok(CheckedStatement {
        query: query.id.clone(),
        issuer_id: entry.id.clone(),
        issuer: entry.name.clone(),
        until: checked.until,
        thumbprint: holder_of(shown).ok_or(AnswerError::Malformed)?,
    })
}

/// Thumbprint of the key that a proof is by: its subject is that key's `did:key`.
pub(super) fn holder_of(shown: &Map<String, Value>) -> Option<[u8; 32]> {
    let did = shown.get("credentialSubject")?.get("id")?.as_str()?;
    let key = PublicKey::from_multikey(did.strip_prefix("did:key:")?).ok()?;
    Some(key.thumbprint())
}

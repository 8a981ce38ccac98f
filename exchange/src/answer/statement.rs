//! A statement in an answer: as the wallet puts it there, and judged by the station.

use carnet_credentials::jwk::PublicKey;
use carnet_eligibility::{Day, Presentation as Proof, Rules, check, credential};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{AnswerError, Presentation, Session};
use crate::{
    dcql::CredentialQuery,
    eligibility::{AskedStatement, issuers, today},
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

impl From<&Proof> for Presentation {
    fn from(proof: &Proof) -> Self {
        match credential::shown(proof) {
            Value::Object(shown) => Self::Object(shown),
            _ => Self::Object(Map::new()),
        }
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

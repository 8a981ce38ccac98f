//! The patient's answer: presentations with key binding and, beside them, the grant, inside one JWE to the request's
//! key (OpenID4VP 1.0 section 8.3.1, `direct_post.jwt`). And the station's reply to it.
//!
//! An answer shows cards, or proves a statement, or gives a consent. Of a consent, the holder's key binding says what was decided (`carnet_consent`); the part beside it (`carnet`) brings the consent record,
//! its salt and the signed grant. The station believes neither before [`check`] found that they say the same, and no
//! more than was asked.

mod cards;
mod check;
mod make;
mod reply;
mod statement;

pub use cards::{CheckedCard, show_card, thumbprint_of};
pub use check::{AnswerError, AskedOf, CheckedAnswer, CheckedConsent, Session, check};
pub use make::{MakeError, build_presentation, seal, seal_denial};
pub use reply::{Reply, ReplyError, form_body};
pub use statement::CheckedStatement;

use std::collections::BTreeMap;

use carnet_consent::{Consent, GrantId, Salt};
use carnet_credentials::json;
use p256::SecretKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    hex_bytes,
    jwe::{self, JweError},
    limits::{ANSWER_BYTES, QUERY_CREDENTIALS},
};

/// What the ledger records of a consent (the same five fields as `carnet_ledger::Grant`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantTuple {
    /// Address of the ledger key made for this one consent.
    #[serde(with = "hex_bytes")]
    pub subject: [u8; 20],
    /// [`Consent::commitment`].
    #[serde(with = "hex_bytes")]
    pub commitment: [u8; 32],
    /// First second at which it holds, Unix time.
    pub not_before: u64,
    /// First second at which it no longer holds, Unix time.
    pub expiry: u64,
    /// Hash of the revocation secret.
    #[serde(with = "hex_bytes")]
    pub revoke_hash: [u8; 32],
}

/// What travels beside the presentation.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarnetPart {
    /// For the ledger.
    pub grant: GrantTuple,
    /// The subject's signature of the grant: r ‖ s ‖ v.
    #[serde(with = "hex_bytes")]
    pub signature: [u8; 65],
    /// The commitment's salt.
    pub salt: Salt,
    /// What the commitment commits to.
    pub consent: Consent,
}

/// Presentations by the id of the query that they answer: the `vp_token`.
pub type Presentations = BTreeMap<String, Vec<Presentation>>;

/// One presentation, in the shape of its format (OpenID4VP 1.0 section 8.1).
#[derive(Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Presentation {
    /// SD-JWT VC: a text.
    Text(String),
    /// W3C credential with a Data Integrity proof: an object.
    Object(Map<String, Value>),
}

impl From<String> for Presentation {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Presentation {
    /// The text of an SD-JWT VC.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object(_) => None,
        }
    }
}

impl std::fmt::Debug for Presentation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Presentation(…)")
    }
}

/// A decrypted answer, not yet checked.
#[derive(Clone)]
pub enum Opened {
    /// The patient granted all or part, or showed cards.
    Answer {
        /// What was presented.
        presentations: Presentations,
        /// As given back.
        state: Option<String>,
        /// The grant, if there is one.
        part: Option<Box<CarnetPart>>,
    },
    /// The patient said no, or has nothing to show: the two look the same.
    Denied {
        /// As given back.
        state: Option<String>,
    },
}

impl std::fmt::Debug for CarnetPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CarnetPart(…)")
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Answer { .. } => "Answer(…)",
            Self::Denied { .. } => "Denied",
        })
    }
}

/// Decrypts and reads an answer. Only the session's one-time key opens it.
pub fn open(compact: &str, key: &SecretKey) -> Result<Opened, AnswerError> {
    let (_, plaintext) = jwe::decrypt(compact, key, ANSWER_BYTES)?;
    let mut answer = json::parse_object(&plaintext, ANSWER_BYTES).map_err(|_| AnswerError::Malformed)?;
    let state = match answer.remove("state") {
        None => None,
        Some(Value::String(state)) => Some(state),
        Some(_) => return Err(AnswerError::Malformed),
    };
    if let Some(error) = answer.remove("error") {
        return if error == "access_denied" && answer.is_empty() {
            Ok(Opened::Denied { state })
        } else {
            Err(AnswerError::Malformed)
        };
    }
    let (Some(Value::Object(token)), part) = (answer.remove("vp_token"), answer.remove("carnet")) else {
        return Err(AnswerError::Malformed);
    };
    if token.is_empty() || token.len() > QUERY_CREDENTIALS || !answer.is_empty() {
        return Err(AnswerError::Malformed);
    }
    let presentations = token
        .into_iter()
        .map(|(query, shown)| Ok::<_, AnswerError>((query, presentations_in(shown)?)))
        .collect::<Result<_, _>>()?;
    let part = part
        .map(serde_json::from_value)
        .transpose()
        .map_err(|_| AnswerError::PartMalformed)?;
    Ok(Opened::Answer {
        presentations,
        state,
        part,
    })
}

/// Some presentations of one query (section 8.1): always an array, never empty.
fn presentations_in(shown: Value) -> Result<Vec<Presentation>, AnswerError> {
    match shown {
        Value::Array(shown) if (1..=QUERY_CREDENTIALS).contains(&shown.len()) => shown
            .into_iter()
            .map(|one| match one {
                Value::String(text) => Ok(Presentation::Text(text)),
                Value::Object(object) => Ok(Presentation::Object(object)),
                _ => Err(AnswerError::Malformed),
            })
            .collect(),
        _ => Err(AnswerError::Malformed),
    }
}

/// The key binding's claims that bind it to the transaction (OpenID4VP 1.0 section B.3.3.1) and to the decision.
fn binding(transaction_data: &str, consent: &Consent, grant_id: &GrantId) -> Map<String, Value> {
    let claims = json!({
        "transaction_data_hashes": [jwe::sha256_text(transaction_data)],
        "transaction_data_hashes_alg": "sha-256",
        "carnet_consent": {
            "decision": consent.decision.as_str(),
            "granted": consent.granted,
            "period": consent.period,
            "request_digest": consent.request_digest,
            "grant_id": grant_id,
            "delivery_digest": consent.delivery_digest,
        },
    });
    match claims {
        Value::Object(claims) => claims,
        _ => Map::new(),
    }
}

impl From<JweError> for AnswerError {
    fn from(error: JweError) -> Self {
        Self::Sealed(error)
    }
}

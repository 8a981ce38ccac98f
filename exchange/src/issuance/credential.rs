//! The copies (OpenID4VCI 1.0 sections 7 to 11): asked for, sent now or later, and what became of them.

use std::fmt;

use carnet_credentials::{json, sd_jwt};
use serde_json::{Map, Value, json};

use super::{offer::MAX_TEXT, text};
use crate::limits::{COPIES, CREDENTIAL_REQUEST_BYTES, CREDENTIALS_BYTES, PROOF_BYTES, REPLY_BYTES};

/// Longest time that a wallet is told to wait, in seconds.
const MAX_INTERVAL: u64 = 31 * 24 * 3_600;

/// What came back, or came in, can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// Not JSON that reads one way only, or a member is missing or ill-typed.
    #[error("the message about the card is not well formed")]
    Malformed,
    /// None, or more than were asked for or are allowed at once.
    #[error("there are too many or too few copies")]
    WrongNumber,
    /// A kind of proof, or an encryption, that is not accepted.
    #[error("this kind of proof is not accepted")]
    Unsupported,
}

impl CredentialError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "copies_malformed",
            Self::WrongNumber => "copies_wrong_number",
            Self::Unsupported => "copies_unsupported",
        }
    }
}

/// Which credential is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// By the configuration's name.
    Configuration(String),
    /// By the name that came with the token.
    Identifier(String),
}

/// A request for copies (section 8.2).
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialRequest {
    /// Of what.
    pub wanted: Wanted,
    /// One proof for each copy.
    pub proofs: Vec<String>,
}

impl fmt::Debug for CredentialRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CredentialRequest({} copies)", self.proofs.len())
    }
}

impl CredentialRequest {
    /// The request as JSON.
    pub fn to_value(&self) -> Value {
        let (name, value) = match &self.wanted {
            Wanted::Configuration(id) => ("credential_configuration_id", id),
            Wanted::Identifier(id) => ("credential_identifier", id),
        };
        json!({ name: value, "proofs": { "jwt": self.proofs } })
    }

    /// Reads a request.
    pub fn parse(body: &[u8]) -> Result<Self, CredentialError> {
        let map =
            json::parse_object(body, CREDENTIAL_REQUEST_BYTES).map_err(|_| CredentialError::Malformed)?;
        let wanted = match (
            map.get("credential_configuration_id"),
            map.get("credential_identifier"),
        ) {
            (Some(_), None) => text(&map, "credential_configuration_id", MAX_TEXT)
                .map(|id| Wanted::Configuration(id.to_owned())),
            (None, Some(_)) => {
                text(&map, "credential_identifier", MAX_TEXT).map(|id| Wanted::Identifier(id.to_owned()))
            }
            _ => None,
        }
        .ok_or(CredentialError::Malformed)?;
        if map.contains_key("credential_response_encryption") {
            return Err(CredentialError::Unsupported);
        }
        let proofs = map
            .get("proofs")
            .and_then(Value::as_object)
            .ok_or(CredentialError::Malformed)?;
        let jwts = match proofs.get("jwt") {
            Some(Value::Array(jwts)) if proofs.len() == 1 => jwts,
            _ => return Err(CredentialError::Unsupported),
        };
        if jwts.is_empty() || jwts.len() > COPIES {
            return Err(CredentialError::WrongNumber);
        }
        let proof = |jwt: &Value| {
            jwt.as_str()
                .filter(|jwt| jwt.len() <= PROOF_BYTES)
                .map(str::to_owned)
        };
        Ok(Self {
            wanted,
            proofs: jwts
                .iter()
                .map(proof)
                .collect::<Option<_>>()
                .ok_or(CredentialError::Malformed)?,
        })
    }
}

/// What the issuer answers (section 8.3).
#[derive(Clone, PartialEq, Eq)]
pub enum CredentialResponse {
    /// Here they are.
    Now {
        /// As issued, one copy each: a text, or an object where the format is one of JSON (appendix A.1.2.4).
        credentials: Vec<Value>,
        /// By which the issuer is told what became of them.
        notification_id: Option<String>,
    },
    /// Come back.
    Later {
        /// By which they are fetched.
        transaction_id: String,
        /// Seconds until then.
        interval: u64,
    },
}

impl fmt::Debug for CredentialResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialResponse(…)")
    }
}

impl CredentialResponse {
    /// Reads the answer to a request for `asked` copies.
    pub fn parse(body: &[u8], asked: usize) -> Result<Self, CredentialError> {
        let map = json::parse_object(body, CREDENTIALS_BYTES).map_err(|_| CredentialError::Malformed)?;
        match (map.get("credentials"), map.get("transaction_id")) {
            (Some(Value::Array(all)), None) => {
                if all.is_empty() || all.len() > asked {
                    return Err(CredentialError::WrongNumber);
                }
                let one = |entry: &Value| {
                    let credential = entry.get("credential")?;
                    let readable = match credential {
                        Value::String(text) => text.len() <= sd_jwt::MAX_LEN,
                        other => other.is_object(),
                    };
                    readable.then(|| credential.clone())
                };
                let credentials: Option<Vec<Value>> = all.iter().map(one).collect();
                Ok(Self::Now {
                    credentials: credentials.ok_or(CredentialError::Malformed)?,
                    notification_id: optional(&map, "notification_id")?,
                })
            }
            (None, Some(_)) => Ok(Self::Later {
                transaction_id: optional(&map, "transaction_id")?.ok_or(CredentialError::Malformed)?,
                interval: map
                    .get("interval")
                    .and_then(Value::as_u64)
                    .filter(|interval| *interval > 0)
                    .ok_or(CredentialError::Malformed)?
                    .min(MAX_INTERVAL),
            }),
            _ => Err(CredentialError::Malformed),
        }
    }

    /// The answer as JSON.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Now {
                credentials,
                notification_id,
            } => {
                let credentials: Vec<Value> = credentials
                    .iter()
                    .map(|copy| json!({ "credential": copy }))
                    .collect();
                let mut value = json!({ "credentials": credentials });
                if let Some(id) = notification_id {
                    value["notification_id"] = id.as_str().into();
                }
                value
            }
            Self::Later {
                transaction_id,
                interval,
            } => json!({ "transaction_id": transaction_id, "interval": interval }),
        }
    }
}

fn optional(map: &Map<String, Value>, name: &str) -> Result<Option<String>, CredentialError> {
    match map.get(name) {
        None => Ok(None),
        Some(_) => text(map, name, MAX_TEXT)
            .map(|text| Some(text.to_owned()))
            .ok_or(CredentialError::Malformed),
    }
}

/// A fresh nonce from the issuer's nonce endpoint (section 7.2).
pub fn read_nonce(body: &[u8]) -> Result<String, CredentialError> {
    let map = json::parse_object(body, REPLY_BYTES).map_err(|_| CredentialError::Malformed)?;
    text(&map, "c_nonce", MAX_TEXT)
        .map(str::to_owned)
        .ok_or(CredentialError::Malformed)
}

/// The transaction that a request for later copies names (section 9.1).
pub fn read_deferred_request(body: &[u8]) -> Result<String, CredentialError> {
    let map = json::parse_object(body, REPLY_BYTES).map_err(|_| CredentialError::Malformed)?;
    optional(&map, "transaction_id")?.ok_or(CredentialError::Malformed)
}

/// What became of copies (section 11.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Kept.
    Accepted,
    /// Refused: something was wrong with them.
    Failure,
    /// The patient removed them.
    Deleted,
}

impl Event {
    const ALL: [Self; 3] = [Self::Accepted, Self::Failure, Self::Deleted];

    /// As it stands in a notification.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "credential_accepted",
            Self::Failure => "credential_failure",
            Self::Deleted => "credential_deleted",
        }
    }
}

/// A notification as JSON.
pub fn notification(id: &str, event: Event) -> Value {
    json!({ "notification_id": id, "event": event.as_str() })
}

/// Reads a notification.
pub fn read_notification(body: &[u8]) -> Result<(String, Event), CredentialError> {
    let map = json::parse_object(body, REPLY_BYTES).map_err(|_| CredentialError::Malformed)?;
    let id = optional(&map, "notification_id")?.ok_or(CredentialError::Malformed)?;
    let event = map.get("event").and_then(Value::as_str);
    let event = Event::ALL.into_iter().find(|one| Some(one.as_str()) == event);
    Ok((id, event.ok_or(CredentialError::Malformed)?))
}

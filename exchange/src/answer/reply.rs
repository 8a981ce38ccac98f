//! The HTTP side of an answer: the form it is posted in and what comes back.

use carnet_credentials::json;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::{
    Entry,
    limits::{PROMISE_BYTES, REPLY_BYTES},
};

/// The station's reply with status 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// To a grant: a promise, not yet verified.
    Promise(String),
    /// To a denial: nothing.
    Nothing,
}

/// Why a reply is refused. The wallet treats it as no promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Not a JSON object that reads one way only.
    #[error("the station's reply can't be read")]
    Malformed,
    /// It would send the patient on to another address: never opened, whatever it is.
    #[error("the station's reply would open another address; it was not opened")]
    Redirect,
}

impl ReplyError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "reply_malformed",
            Self::Redirect => "reply_redirect_refused",
        }
    }
}

impl Reply {
    /// Reads the reply of this party. Where it would send the patient on (`redirect_uri`, OpenID4VP 1.0 section 8.2), that
    /// is never followed: at an address of the party it is passed over, anywhere else the reply is refused.
    pub fn read_from(body: &[u8], party: &Entry) -> Result<Self, ReplyError> {
        let mut reply = json::parse_object(body, REPLY_BYTES).map_err(|_| ReplyError::Malformed)?;
        let Some(onwards) = reply.remove("redirect_uri") else {
            return Self::read(body);
        };
        let theirs = onwards
            .as_str()
            .and_then(|text| Url::parse(text).ok())
            .is_some_and(|url| party.covers_origin(&url));
        if theirs {
            Self::read(Value::Object(reply).to_string().as_bytes())
        } else {
            Err(ReplyError::Redirect)
        }
    }

    /// Reads a reply that must not send anybody anywhere.
    pub fn read(body: &[u8]) -> Result<Self, ReplyError> {
        let mut reply = json::parse_object(body, REPLY_BYTES).map_err(|_| ReplyError::Malformed)?;
        if reply.contains_key("redirect_uri") {
            return Err(ReplyError::Redirect);
        }
        match reply.remove("carnet_promise") {
            None => Ok(Self::Nothing),
            Some(Value::String(promise)) if promise.len() <= PROMISE_BYTES => Ok(Self::Promise(promise)),
            Some(_) => Err(ReplyError::Malformed),
        }
    }

    /// The reply's body.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Promise(promise) => json!({ "carnet_promise": promise }),
            Self::Nothing => json!({}),
        }
    }
}

/// The body in which an answer is posted (OpenID4VP 1.0 section 8.3.1).
pub fn form_body(jwe: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("response", jwe)
        .finish()
}

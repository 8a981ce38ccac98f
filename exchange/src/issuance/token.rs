//! The code for a token (OpenID4VCI 1.0 section 6; RFC 6749 section 5).

use std::fmt;

use carnet_credentials::json;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{PRE_AUTHORIZED, offer::MAX_TEXT, text};
use crate::limits::REPLY_BYTES;

/// Longest token, in bytes.
const MAX_TOKEN: usize = 4_096;
const REFRESH: &str = "refresh_token";
const CODE: &str = "authorization_code";

/// What is given for a token.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenRequest {
    /// A pre-authorized code and the PIN that goes with it.
    PreAuthorized {
        /// From the offer.
        code: String,
        /// As typed.
        tx_code: Option<String>,
    },
    /// The code that a sign-in ended with (RFC 7636 section 4.5).
    AuthorizationCode {
        /// From the redirect.
        code: String,
        /// Where the redirect went.
        redirect_uri: String,
        /// The secret behind the challenge.
        code_verifier: String,
        /// Of this wallet.
        client_id: String,
    },
    /// A token for more tokens.
    Refresh {
        /// From an earlier answer.
        refresh_token: String,
    },
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenRequest(…)")
    }
}

/// Why a request for a token can't be read (RFC 6749 section 5.2, `invalid_request`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRequestError {
    /// A parameter is missing, repeated or too long.
    #[error("the request for a token is not well formed")]
    Malformed,
    /// Another grant type.
    #[error("tokens are not given for this")]
    UnsupportedGrant,
}

impl TokenRequest {
    /// The body of the request, `application/x-www-form-urlencoded`.
    pub fn form_body(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        match self {
            Self::PreAuthorized { code, tx_code } => {
                form.append_pair("grant_type", PRE_AUTHORIZED)
                    .append_pair("pre-authorized_code", code);
                if let Some(tx_code) = tx_code {
                    form.append_pair("tx_code", tx_code);
                }
            }
            Self::AuthorizationCode {
                code,
                redirect_uri,
                code_verifier,
                client_id,
            } => {
                form.append_pair("grant_type", CODE)
                    .append_pair("code", code)
                    .append_pair("redirect_uri", redirect_uri)
                    .append_pair("code_verifier", code_verifier)
                    .append_pair("client_id", client_id);
            }
            Self::Refresh { refresh_token } => {
                form.append_pair("grant_type", REFRESH)
                    .append_pair(REFRESH, refresh_token);
            }
        }
        form.finish()
    }

    /// Reads the body of a request. Parameters that aren't known are passed over (RFC 6749 section 3.2).
    pub fn parse(body: &[u8]) -> Result<Self, TokenRequestError> {
        let one = |name| parameter(body, name).ok_or(TokenRequestError::Malformed);
        let grant_type = one("grant_type")?.ok_or(TokenRequestError::Malformed)?;
        let need = |name| one(name)?.ok_or(TokenRequestError::Malformed);
        match grant_type.as_str() {
            PRE_AUTHORIZED => Ok(Self::PreAuthorized {
                code: need("pre-authorized_code")?,
                tx_code: one("tx_code")?,
            }),
            CODE => Ok(Self::AuthorizationCode {
                code: need("code")?,
                redirect_uri: need("redirect_uri")?,
                code_verifier: need("code_verifier")?,
                client_id: need("client_id")?,
            }),
            REFRESH => Ok(Self::Refresh {
                refresh_token: need(REFRESH)?,
            }),
            _ => Err(TokenRequestError::UnsupportedGrant),
        }
    }
}

/// The one value of a form's parameter, `Some(None)` where it isn't there. Nothing where it is repeated or too long.
pub(super) fn parameter(body: &[u8], name: &str) -> Option<Option<String>> {
    let mut values = form_urlencoded::parse(body).filter(|(other, _)| other == name);
    match (values.next(), values.next()) {
        (None, _) => Some(None),
        (Some((_, value)), None) if value.len() <= MAX_TOKEN => Some(Some(value.into_owned())),
        _ => None,
    }
}

/// What came back can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not JSON that reads one way only, or a member is missing or ill-typed.
    #[error("the issuer's token is not well formed")]
    Malformed,
    /// A token that whoever has it can use: HAIP 1.0 asks for one that is bound to a key.
    #[error("the issuer's token is not bound to this wallet")]
    NotBound,
}

impl TokenError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "token_malformed",
            Self::NotBound => "token_not_bound",
        }
    }
}

/// A token bound to a key.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenResponse {
    /// For the issuer's endpoints.
    pub access_token: String,
    /// For more tokens later.
    pub refresh_token: Option<String>,
    /// Seconds.
    pub expires_in: Option<u64>,
    /// By which name each configuration has to be asked for (section 6.2), where the server says so.
    pub identifiers: Vec<(String, String)>,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenResponse(…)")
    }
}

impl TokenResponse {
    /// Reads the server's answer.
    pub fn parse(body: &[u8]) -> Result<Self, TokenError> {
        let map = json::parse_object(body, REPLY_BYTES).map_err(|_| TokenError::Malformed)?;
        let kind = text(&map, "token_type", MAX_TEXT).ok_or(TokenError::Malformed)?;
        if !kind.eq_ignore_ascii_case("dpop") {
            return Err(TokenError::NotBound);
        }
        let token = text(&map, "access_token", MAX_TOKEN).filter(|token| is_token(token));
        let mut identifiers = Vec::new();
        for detail in map
            .get("authorization_details")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .take(64)
        {
            let id = detail.get("credential_configuration_id").and_then(Value::as_str);
            let name = detail
                .get("credential_identifiers")
                .and_then(|all| all.get(0)?.as_str());
            if let (Some(id), Some(name)) = (id, name) {
                identifiers.push((id.to_owned(), name.to_owned()));
            }
        }
        Ok(Self {
            access_token: token.ok_or(TokenError::Malformed)?.to_owned(),
            refresh_token: text(&map, REFRESH, MAX_TOKEN).map(str::to_owned),
            expires_in: map.get("expires_in").and_then(Value::as_u64),
            identifiers,
        })
    }

    /// The answer as JSON.
    pub fn to_value(&self) -> Value {
        let mut value = json!({ "access_token": self.access_token, "token_type": "DPoP" });
        if let Some(refresh) = &self.refresh_token {
            value[REFRESH] = refresh.as_str().into();
        }
        if let Some(seconds) = self.expires_in {
            value["expires_in"] = seconds.into();
        }
        value
    }
}

/// What may stand in an `Authorization` header (RFC 6750 section 2.1).
fn is_token(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b))
}

/// The `error` of a refusal (RFC 6749 section 5.2; OpenID4VCI 1.0 section 8.3.1), if the body is one.
pub fn error_code(body: &[u8]) -> Option<String> {
    let map = json::parse_object(body, REPLY_BYTES).ok()?;
    let code = text(&map, "error", 64)?;
    code.bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        .then(|| code.to_owned())
}

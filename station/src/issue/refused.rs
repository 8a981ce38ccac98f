//! How a wallet is refused: `{"error": "…"}` as OAuth and OpenID4VCI name it (RFC 6749 section 5.2; OpenID4VCI 1.0 section 8.3.1).

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{sealed::SealError, statuses::StatusesError};
use crate::db::DbError;

/// Why a wallet gets nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the request is not well formed")]
    Request,
    #[error("this kind of grant is not known here")]
    Grant,
    /// Unknown, used, run out, locked, or the PIN is wrong: all the same to whoever tries.
    #[error("the code or the PIN is not accepted")]
    Code,
    #[error("the proof of the token's key is not accepted")]
    Dpop,
    #[error("the token is not accepted")]
    Token,
    #[error("the request for copies is not well formed")]
    CredentialRequest,
    #[error("there is no such card for this token")]
    Configuration,
    #[error("a proof of a key is not accepted")]
    Proof,
    #[error("the nonce is not accepted")]
    Nonce,
    #[error("these copies are not issued")]
    Denied,
    #[error("there is no such transaction")]
    Transaction,
    #[error("there is no such notification")]
    Notification,
    #[error("this sign-in can't go on")]
    SignIn,
    #[error("too many at once")]
    TooMany,
    #[error("the station can't answer at the moment")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Refused {
    fn words(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Request | Self::SignIn => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::Grant => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::Code => (StatusCode::BAD_REQUEST, "invalid_grant"),
            Self::Dpop => (StatusCode::BAD_REQUEST, "invalid_dpop_proof"),
            Self::Token => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Self::CredentialRequest => (StatusCode::BAD_REQUEST, "invalid_credential_request"),
            Self::Configuration => (StatusCode::BAD_REQUEST, "unknown_credential_configuration"),
            Self::Proof => (StatusCode::BAD_REQUEST, "invalid_proof"),
            Self::Nonce => (StatusCode::BAD_REQUEST, "invalid_nonce"),
            Self::Denied => (StatusCode::BAD_REQUEST, "credential_request_denied"),
            Self::Transaction => (StatusCode::BAD_REQUEST, "invalid_transaction_id"),
            Self::Notification => (StatusCode::BAD_REQUEST, "invalid_notification_id"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "slow_down"),
            Self::Unavailable(_) => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        }
    }

    fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        Self::unavailable(error)
    }
}

impl From<SealError> for Refused {
    fn from(error: SealError) -> Self {
        Self::unavailable(error)
    }
}

impl From<StatusesError> for Refused {
    fn from(error: StatusesError) -> Self {
        Self::unavailable(error)
    }
}

impl From<getrandom::Error> for Refused {
    fn from(error: getrandom::Error) -> Self {
        Self::unavailable(error)
    }
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Self::unavailable(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        // Our own failures go to the operator's log: causes, never a value of a person.
        if let Self::Unavailable(error) = &self {
            let mut line = format!("carnet-station: issuing broke off: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                line.push_str(": ");
                line.push_str(&error.to_string());
                cause = error.source();
            }
            eprintln!("{line}");
        }
        let (status, error) = self.words();
        let body = json!({ "error": error, "error_description": self.to_string() });
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("DPoP error=\"invalid_token\", algs=\"ES256\""),
            );
        }
        response
    }
}

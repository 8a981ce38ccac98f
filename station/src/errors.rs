//! How a refusal leaves the station: `{"error":{"code","message","next"}}` with a status.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use crate::db::DbError;

/// What every use case's error can say about itself. Its `Display` says what happened.
pub trait Told: std::error::Error {
    /// Stable, snake_case.
    fn code(&self) -> &'static str;
    /// What to do now, in plain words.
    fn next(&self) -> &'static str;
    /// HTTP status.
    fn status(&self) -> StatusCode;
    /// Further members of the error object, such as `field` or `tries_left`.
    fn further(&self) -> Map<String, Value> {
        Map::new()
    }
}

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    body: Map<String, Value>,
}

impl Refusal {
    pub fn new(status: StatusCode, code: &str, message: &str, next: &str) -> Self {
        let mut body = Map::new();
        body.insert("code".into(), code.into());
        body.insert("message".into(), message.into());
        body.insert("next".into(), next.into());
        Self { status, body }
    }

    /// Unknown, foreign and deleted look like this to everybody.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown",
            "There is nothing here.",
            "Check the address.",
        )
    }
}

impl<E: Told> From<E> for Refusal {
    fn from(error: E) -> Self {
        if error.status().is_server_error() {
            log_chain(&error);
        }
        let mut refusal = Self::new(error.status(), error.code(), &error.to_string(), error.next());
        refusal.body.extend(error.further());
        refusal
    }
}

/// Our own failures go to the operator's log: codes and causes, never a value of a person.
fn log_chain(error: &(impl Told + ?Sized)) {
    let mut line = format!("carnet-station: {}", error.code());
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    eprintln!("{line}");
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let retry = self.status == StatusCode::TOO_MANY_REQUESTS;
        let mut response = (self.status, Json(json!({ "error": self.body }))).into_response();
        if retry {
            response
                .headers_mut()
                .insert("retry-after", axum::http::HeaderValue::from_static("5"));
        }
        response
    }
}

impl Told for DbError {
    fn code(&self) -> &'static str {
        "storage"
    }
    fn next(&self) -> &'static str {
        "Nothing was half-written. Look at the disk and the station's log, then try again."
    }
    fn status(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

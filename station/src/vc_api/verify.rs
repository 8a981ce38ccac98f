//! `POST /credentials/verify` and `POST /presentations/verify`.

use axum::{
    Json,
    body::Bytes,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use carnet_credentials::{
    status::bitstring::NoLists,
    vc::{CheckedPresentation, Conditions, Expected, Offline, VcError, check, check_presentation, jose},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::problem::{Problem, read};

/// Decides about one credential, with proofs or enveloped.
pub(crate) async fn credential(body: Bytes) -> Response {
    let decided = read(&body, "verifiableCredential").and_then(|(credential, _)| {
        let checked = match jose::enveloped_credential(&credential) {
            Some(text) => jose::check(text?, &conditions()),
            None => check(&credential, &conditions()),
        };
        Ok(json!({ "verified": true, "credential": checked?.credential, "problemDetails": [] }))
    });
    answer(decided)
}

/// Decides about a presentation and the credentials in it; `options` give the challenge and, if it matters, the domain.
pub(crate) async fn presentation(body: Bytes) -> Response {
    let decided = read(&body, "verifiablePresentation").and_then(|(presentation, options)| {
        let text = |name| options.get(name).and_then(Value::as_str);
        let challenge = text("challenge").ok_or_else(|| {
            Problem::malformed(
                "challenge_missing",
                "A presentation is verified against a challenge.",
            )
        })?;
        let expected = Expected {
            challenge,
            domain: text("domain"),
            about_holder: false,
        };
        let checked: Result<CheckedPresentation, VcError> = match jose::enveloped_presentation(&presentation)
        {
            Some(text) => jose::check_presentation(text?, &expected, &conditions()),
            None => check_presentation(&presentation, &expected, &conditions()),
        };
        let credentials: Vec<Value> = checked?
            .credentials
            .into_iter()
            .map(|credential| json!({ "verified": true, "credential": credential.credential }))
            .collect();
        Ok(json!({ "verified": true, "credentialResults": credentials, "problemDetails": [] }))
    });
    answer(decided)
}

fn conditions() -> Conditions<'static> {
    Conditions {
        now: Timestamp::now(),
        documents: &Offline,
        statuses: &NoLists,
    }
}

fn answer(decided: Result<Value, Problem>) -> Response {
    match decided {
        Ok(value) => (StatusCode::OK, Json(value)).into_response(),
        Err(problem) => problem.not_verified(),
    }
}

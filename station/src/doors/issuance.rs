//! What wallets talk to when a card is issued: the endpoints of OpenID4VCI 1.0, at the public door.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use carnet_exchange::limits::CREDENTIAL_REQUEST_BYTES;
use serde_json::{Value, json};

use super::at_work;
use crate::{
    app::{App, Role},
    errors::Refusal,
    issue::{
        copies::{self, Asking},
        metadata, offer,
        refused::Refused,
        statuses, token,
    },
    limits::SMALL_BYTES,
};

const STATUS_LIST: &str = "application/statuslist+jwt";
/// Metadata changes with the program, not with the hour.
const FOR_AN_HOUR: &str = "public, max-age=3600";
const FOR_A_MINUTE: &str = "public, max-age=60";

/// Routes of this door; none where the station issues nothing.
pub(super) fn router<S: Clone + Send + Sync + 'static>(app: Arc<App>) -> Router<S> {
    if !app.roles.contains(&Role::Issuer) {
        return Router::new();
    }
    Router::new()
        .route(
            "/.well-known/openid-credential-issuer",
            get(|State(app): State<Arc<App>>| async move { lasting(metadata::issuer(&app)) }),
        )
        .route(
            "/.well-known/oauth-authorization-server",
            get(|State(app): State<Arc<App>>| async move { lasting(metadata::authorization_server(&app)) }),
        )
        .route(
            "/.well-known/jwt-vc-issuer",
            get(|State(app): State<Arc<App>>| async move { lasting(metadata::jwt_vc_issuer(&app)) }),
        )
        .route("/issue/types/{id}", get(card_type))
        .route("/issue/offers/{id}", get(offered))
        .route(token::PATH, post(token))
        .route(metadata::NONCE_PATH, post(nonce))
        .route(
            copies::PATH,
            post(credential).layer(DefaultBodyLimit::max(CREDENTIAL_REQUEST_BYTES)),
        )
        .route(copies::DEFERRED_PATH, post(deferred))
        .route(copies::NOTIFICATION_PATH, post(notification))
        .route("/issue/statuses/{list}", get(status_list))
        .layer(DefaultBodyLimit::max(SMALL_BYTES))
        .with_state(app)
}

/// Runs a use case where it may wait for the disk.
async fn beside<T, F>(work: F) -> Result<T, Refused>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Refused> + Send + 'static,
{
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Refused::Unavailable(Box::new(error))))
}

fn lasting(value: Value) -> Response {
    (
        [(header::CACHE_CONTROL, HeaderValue::from_static(FOR_AN_HOUR))],
        Json(value),
    )
        .into_response()
}

fn asking(headers: &HeaderMap) -> Asking {
    let one = |name: &str| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok().map(str::to_owned),
            // Two proofs or two tokens are none (RFC 9449 section 4.3).
            _ => None,
        }
    };
    Asking {
        authorization: one("authorization"),
        dpop: one("dpop"),
    }
}

async fn card_type(Path(id): Path<String>) -> Result<Response, Refusal> {
    metadata::card_type(&id)
        .map(lasting)
        .ok_or_else(Refusal::not_found)
}

async fn offered(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    Ok(Json(at_work(move || offer::fetch(&app, &id)).await?))
}

async fn token(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Result<Json<Value>, Refused> {
    let given = beside(move || token::give(&app, &body, asking(&headers).dpop.as_deref())).await?;
    Ok(Json(given.to_value()))
}

async fn nonce(State(app): State<Arc<App>>) -> Result<Json<Value>, Refused> {
    let nonce = app.cards.nonce(app.clock.now())?;
    Ok(Json(json!({ "c_nonce": nonce })))
}

async fn credential(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let response = beside(move || copies::issue(&app, &asking(&headers), &body)).await?;
    Ok(answered(&response))
}

async fn deferred(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refused> {
    let response = beside(move || copies::fetch(&app, &asking(&headers), &body)).await?;
    Ok(answered(&response))
}

/// 202 tells a wallet to come back (sections 8.3 and 9.2).
fn answered(response: &carnet_exchange::issuance::credential::CredentialResponse) -> Response {
    use carnet_exchange::issuance::credential::CredentialResponse as R;
    let status = match response {
        R::Now { .. } => StatusCode::OK,
        R::Later { .. } => StatusCode::ACCEPTED,
    };
    (status, Json(response.to_value())).into_response()
}

async fn notification(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refused> {
    beside(move || copies::note(&app, &asking(&headers), &body)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn status_list(State(app): State<Arc<App>>, Path(list): Path<u32>) -> Result<Response, Refused> {
    let text = beside(move || Ok(statuses::published(&app, list)?)).await?;
    let Some(text) = text else {
        return Ok(Refusal::not_found().into_response());
    };
    Ok((
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(STATUS_LIST)),
            (header::CACHE_CONTROL, HeaderValue::from_static(FOR_A_MINUTE)),
        ],
        text,
    )
        .into_response())
}

//! What staff may ask at the counter without a network: a question as a code, and what the patient's code answers.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    at_work,
    guard::{Door, SignedIn},
    staff::{Answer, body},
};
use crate::{
    checks,
    counter::{self, Counter},
    errors::Refusal,
};

/// Routes of the staff door.
pub(super) fn router() -> Router<Arc<Door>> {
    Router::new()
        .route("/api/counter", post(ask))
        .route("/api/counter/{id}", get(one))
        .route("/api/counter/{id}/qr.svg", get(picture))
        .route("/api/counter/{id}/answer", post(answer))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    statement: Value,
}

async fn ask(State(door): State<Arc<Door>>, SignedIn(caller): SignedIn, bytes: Bytes) -> Answer {
    let Asked { statement } = body(&bytes)?;
    let statement = checks::statement(&statement, door.app.clock.now())?;
    let view = at_work(move || {
        let counter = Counter::of(&door.app)?;
        counter
            .ask(&caller.name(), statement)
            .map(|shows| shows.view(counter.now))
    });
    Ok(Json(view.await?))
}

async fn one(State(door): State<Arc<Door>>, _: SignedIn, Path(id): Path<String>) -> Answer {
    let view = at_work(move || {
        let counter = Counter::of(&door.app)?;
        counter.find(&id).map(|shows| shows.view(counter.now))
    });
    Ok(Json(view.await?))
}

async fn picture(
    State(door): State<Arc<Door>>,
    _: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let svg = at_work(move || counter::picture(&Counter::of(&door.app)?.find(&id)?)).await?;
    Ok((
        [(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"))],
        svg,
    )
        .into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    text: String,
}

async fn answer(State(door): State<Arc<Door>>, _: SignedIn, Path(id): Path<String>, bytes: Bytes) -> Answer {
    let Shown { text } = body(&bytes)?;
    let check = at_work(move || {
        let counter = Counter::of(&door.app)?;
        counter.answer(&id, &text).map(|shows| shows.check(counter.now))
    });
    Ok(Json(check.await?))
}

//! The log of the registry's operations, in the form of c2sp.org/tlog-tiles, and its proofs.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::at_work;
use crate::{app::App, errors::Refusal, evidence};

/// What was given once never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";
const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// Routes of this door.
pub(super) fn router<S: Clone + Send + Sync + 'static>(app: Arc<App>) -> Router<S> {
    Router::new()
        .route("/ledger/log/checkpoint", get(checkpoint))
        .route("/ledger/log/growth/{from}/{to}", get(growth))
        .route("/ledger/log/inclusion/{index}/{size}", get(inclusion))
        .route("/ledger/log/tile/{*path}", get(tile))
        .with_state(app)
}

async fn checkpoint(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let note = match evidence::cosigned(&app).await? {
        Some(note) => note,
        None => at_work(move || evidence::signed(&app)).await?.text().to_owned(),
    };
    Ok(given(note.into_bytes(), TEXT, "no-cache"))
}

async fn growth(
    State(app): State<Arc<App>>,
    Path((from, to)): Path<(u64, u64)>,
) -> Result<Response, Refusal> {
    let lines = at_work(move || evidence::growth(&app, from, to)).await?;
    Ok(given(lines.into_bytes(), TEXT, FOREVER))
}

async fn inclusion(
    State(app): State<Arc<App>>,
    Path((index, size)): Path<(u64, u64)>,
) -> Result<Response, Refusal> {
    let lines = at_work(move || evidence::inclusion(&app, index, size)).await?;
    Ok(given(lines.into_bytes(), TEXT, FOREVER))
}

async fn tile(State(app): State<Arc<App>>, Path(path): Path<String>) -> Result<Response, Refusal> {
    let bytes = at_work(move || evidence::part(&app, &format!("tile/{path}"))).await?;
    Ok(given(bytes, BYTES, FOREVER))
}

fn given(body: Vec<u8>, kind: &'static str, keep: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(keep)),
    ];
    (headers, body).into_response()
}

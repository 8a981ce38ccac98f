//! The logs that the station keeps, in the form of c2sp.org/tlog-tiles, and their proofs: each below the address of what it is
//! about.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{at_the_chain, at_work};
use crate::{
    anchors::{self, Said},
    app::App,
    errors::Refusal,
    evidence::Book,
};

/// What was given once never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";
const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// Routes of this door.
pub(super) fn router<S: Clone + Send + Sync + 'static>(app: Arc<App>) -> Router<S> {
    Router::new()
        .nest("/ledger/log", of(Book::Operations, Arc::clone(&app)))
        .nest("/manage/log", of(Book::Reads, Arc::clone(&app)))
        .route("/ledger/anchors/{log}", get(own_anchor))
        .route("/ledger/anchors/{log}/{by}", get(anchor))
        .with_state(app)
}

type Door = (Book, Arc<App>);

fn of<S: Clone + Send + Sync + 'static>(book: Book, app: Arc<App>) -> Router<S> {
    Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/growth/{from}/{to}", get(growth))
        .route("/inclusion/{index}/{size}", get(inclusion))
        .route("/tile/{*path}", get(tile))
        .with_state((book, app))
}

async fn checkpoint(State((book, app)): State<Door>) -> Result<Response, Refusal> {
    let note = match book.cosigned(&app).await? {
        Some(note) => note,
        None => at_work(move || book.signed(&app)).await?.text().to_owned(),
    };
    Ok(given(note.into_bytes(), TEXT, "no-cache"))
}

async fn growth(
    State((book, app)): State<Door>,
    Path((from, to)): Path<(u64, u64)>,
) -> Result<Response, Refusal> {
    let lines = at_work(move || book.growth(&app, from, to)).await?;
    Ok(given(lines.into_bytes(), TEXT, FOREVER))
}

async fn inclusion(
    State((book, app)): State<Door>,
    Path((index, size)): Path<(u64, u64)>,
) -> Result<Response, Refusal> {
    let lines = at_work(move || book.inclusion(&app, index, size)).await?;
    Ok(given(lines.into_bytes(), TEXT, FOREVER))
}

async fn tile(State((book, app)): State<Door>, Path(path): Path<String>) -> Result<Response, Refusal> {
    let bytes = at_work(move || book.part(&app, &format!("tile/{path}"))).await?;
    Ok(given(bytes, BYTES, FOREVER))
}

/// What this station says of a log.
async fn own_anchor(State(app): State<Arc<App>>, Path(log): Path<String>) -> Result<Json<Said>, Refusal> {
    let asked = Arc::clone(&app);
    Ok(Json(
        at_the_chain(&app, move || anchors::of(&asked, &log, None)).await?,
    ))
}

/// What anybody says of a log, on the registry that this station uses.
async fn anchor(
    State(app): State<Arc<App>>,
    Path((log, by)): Path<(String, String)>,
) -> Result<Json<Said>, Refusal> {
    let asked = Arc::clone(&app);
    Ok(Json(
        at_the_chain(&app, move || anchors::of(&asked, &log, Some(&by))).await?,
    ))
}

fn given(body: Vec<u8>, kind: &'static str, keep: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(keep)),
    ];
    (headers, body).into_response()
}

//! The two doors: HTTP in, use case, HTTP out.

mod cards;
mod counter;
mod evidence;
pub mod guard;
mod identifiers;
mod issuance;
pub mod public;
mod sign_in;
pub mod staff;
mod views;

use std::sync::Arc;

use axum::http::StatusCode;

use crate::{
    app::App,
    errors::{Refusal, Told},
};

/// Runs a use case where it may wait for the disk.
pub(crate) async fn at_work<T, E, F>(work: F) -> Result<T, Refusal>
where
    T: Send + 'static,
    E: Told + Send + 'static,
    F: FnOnce() -> Result<T, E> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Refusal::from),
        Err(_) => Err(Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "unexpected",
            "Something went wrong that should not.",
            "Nothing was half-written. Try again.",
        )),
    }
}

/// The same for a stranger's question that the nodes of a chain may have to answer: so many at once, so that a slow node leaves
/// room for everything else. Whoever finds no place is told at once.
pub(crate) async fn at_the_chain<T, E, F>(app: &Arc<App>, work: F) -> Result<T, Refusal>
where
    T: Send + 'static,
    E: Told + Send + 'static,
    F: FnOnce() -> Result<T, E> + Send + 'static,
{
    if app.registry.is_some() {
        return at_work(work).await;
    }
    let Ok(place) = Arc::clone(&app.asking).try_acquire_owned() else {
        return Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Too many questions to the ledger are waiting.",
            "Nothing was done. Ask again in a few seconds.",
        ));
    };
    // Held until the work is done, also where nobody waits for it any more.
    at_work(move || {
        let done = work();
        drop(place);
        done
    })
    .await
}

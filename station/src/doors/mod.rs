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

use axum::http::StatusCode;

use crate::errors::{Refusal, Told};

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

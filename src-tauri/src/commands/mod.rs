//! What the page may ask. Each is one use case of the wallet; whatever takes long runs beside the window's thread.

pub mod backup;
pub mod consents;
pub mod credentials;
pub mod issuance;
pub mod keys;
pub mod log;
pub mod people;
mod place;
pub mod records;
pub mod registers;
pub mod shown;

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carnet_wallet_core::{
    Wallet, traces,
    views::{ErrorView, HomeView},
};
use tauri::{State, async_runtime::spawn_blocking};

use crate::state::{AppState, locked};

/// What every command answers.
type Answer<T> = Result<T, ErrorView>;

/// Longest file that a page may hand over, in base64 characters: 64 MiB and what base64 adds.
const CONTENT_MAX: usize = 64 * 1024 * 1024 / 3 * 4 + 4;

/// Does anything need me?
#[tauri::command]
#[specta::specta]
pub async fn home(state: State<'_, AppState>) -> Answer<HomeView> {
    let documents = state.places().documents.clone();
    glance(&state, move |wallet| {
        let mut home = wallet.home()?;
        let place = documents.join(&home.backup.suggested_path);
        home.backup.suggested_path = place.display().to_string();
        Ok(home)
    })
    .await
}

/// With the open wallet, because the person asked.
async fn with<T, F>(state: &State<'_, AppState>, act: F) -> Answer<T>
where
    T: Send + 'static,
    F: FnOnce(Arc<Wallet>) -> Answer<T> + Send + 'static,
{
    let wallet = state.wallet()?;
    beside(move || act(wallet)).await
}

/// With the open wallet, for a page that keeps itself fresh: does not count as the person's presence.
async fn glance<T, F>(state: &State<'_, AppState>, act: F) -> Answer<T>
where
    T: Send + 'static,
    F: FnOnce(Arc<Wallet>) -> Answer<T> + Send + 'static,
{
    let wallet = state.peek().ok_or_else(locked)?;
    beside(move || act(wallet)).await
}

/// Beside the window's thread.
async fn beside<T, F>(act: F) -> Answer<T>
where
    T: Send + 'static,
    F: FnOnce() -> Answer<T> + Send + 'static,
{
    spawn_blocking(|| traces::wiped(act)).await.unwrap_or_else(|_| {
        Err(ErrorView {
            code: "interrupted".into(),
            message: "This ended before it was done. What was in your wallet before is still there.".into(),
            next: "Try again. If it happens once more, close Carnet and open it again.".into(),
        })
    })
}

/// A file as the page hands it over.
fn content(base64: &str) -> Answer<Vec<u8>> {
    if base64.len() > CONTENT_MAX {
        return Err(ErrorView {
            code: "too_large".into(),
            message: "This file is larger than 64 MB. Nothing was taken from it.".into(),
            next: "Ask for it in smaller parts.".into(),
        });
    }
    STANDARD.decode(base64).map_err(|_| ErrorView {
        code: "unreadable".into(),
        message: "This file did not arrive whole. Nothing was taken from it.".into(),
        next: "Choose it again.".into(),
    })
}

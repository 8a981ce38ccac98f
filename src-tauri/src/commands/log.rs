//! What happened, and whether that list is whole.

use carnet_wallet_core::views::{ActivityLine, LogView};
use serde::Deserialize;
use specta::Type;
use tauri::State;

use super::{Answer, glance, place::Place, with};
use crate::state::AppState;

/// How a log is written down.
#[derive(Debug, Clone, Copy, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Json,
    Pdf,
}

/// The patient's own log, newest first; of the acting person, or of everyone.
#[tauri::command]
#[specta::specta]
pub async fn activity(state: State<'_, AppState>, everyone: bool) -> Answer<Vec<ActivityLine>> {
    glance(&state, move |wallet| {
        Ok(if everyone {
            wallet.activity_of_everyone()?
        } else {
            wallet.activity()?
        })
    })
    .await
}

/// Checks that the log is whole: each entry follows from the one before.
#[tauri::command]
#[specta::specta]
pub async fn verify_log(state: State<'_, AppState>) -> Answer<LogView> {
    with(&state, |wallet| Ok(wallet.verify_log()?)).await
}

/// Writes the log to a file on this device, in the clear.
#[tauri::command]
#[specta::specta]
pub async fn export_log(state: State<'_, AppState>, path: String, format: LogFormat) -> Answer<()> {
    let own = state.inner().clone();
    with(&state, move |wallet| {
        let place = Place::of(&path, &own)?;
        place.write(&match format {
            LogFormat::Json => wallet.export_log()?.into_bytes(),
            LogFormat::Pdf => wallet.print_log()?,
        })
    })
    .await
}

//! The system's own dialogs for choosing a file.

use carnet_wallet_core::views::ErrorView;
use serde::Deserialize;
use specta::Type;
use tauri::State;

use super::Answer;
use crate::state::AppState;

/// What a file is chosen for.
#[derive(Debug, Clone, Copy, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum PathKind {
    SaveBackup,
    OpenBackup,
    SaveSlip,
    SaveLog,
    OpenRecords,
    SaveAttachment,
}

/// Asks for a file's place with the system's own dialog; `null` when nothing was chosen, `no_dialog` where there is none.
#[tauri::command]
#[specta::specta]
pub async fn choose_path(
    state: State<'_, AppState>,
    kind: PathKind,
    suggested: String,
) -> Answer<Option<String>> {
    let _ = (state, kind, suggested);
    Err(ErrorView {
        code: "no_dialog".into(),
        message: "This device shows no dialog for choosing a file.".into(),
        next: "Type the file's whole name.".into(),
    })
}

//! The registers that hold consents, and whether they still are what they were.

use carnet_wallet_core::{
    traces,
    views::{ComparedView, RegistryView},
};
use tauri::State;

use super::{Answer, content, glance, place::Place, with};
use crate::state::AppState;

/// What is known of the registers; with `look`, after asking each for its newest state.
#[tauri::command]
#[specta::specta]
pub async fn registers(state: State<'_, AppState>, look: bool) -> Answer<Vec<RegistryView>> {
    if look {
        return Ok(Box::pin(traces::wiped_always(state.wallet()?.check_registries())).await?);
    }
    glance(&state, |wallet| Ok(wallet.registries()?)).await
}

/// Writes what the registers showed to a file, for somebody else's wallet to compare.
#[tauri::command]
#[specta::specta]
pub async fn save_register_states(state: State<'_, AppState>, path: String) -> Answer<()> {
    let own = state.inner().clone();
    with(&state, move |wallet| {
        Place::of(&path, &own)?.write(wallet.register_states()?.as_bytes())
    })
    .await
}

/// Writes what a register's keeper signed against its own word to a file, for whoever is to look into it.
#[tauri::command]
#[specta::specta]
pub async fn save_contradiction(state: State<'_, AppState>, log: String, path: String) -> Answer<()> {
    let own = state.inner().clone();
    with(&state, move |wallet| {
        Place::of(&path, &own)?.write(&wallet.contradiction(&log)?.to_file())
    })
    .await
}

/// Compares what another wallet was shown, a file that the page hands over, with what this one was.
#[tauri::command]
#[specta::specta]
pub async fn compare_registers(
    state: State<'_, AppState>,
    content_base64: String,
) -> Answer<Vec<ComparedView>> {
    let file = content(&content_base64)?;
    Ok(Box::pin(traces::wiped_always(state.wallet()?.compare_registers(&file))).await?)
}

//! Who is in this wallet, and who acts.

use carnet_wallet_core::{vault::Passphrase, views::ProfileView};
use tauri::State;

use super::{Answer, beside, glance, with};
use crate::state::AppState;

/// Everybody whose records this wallet keeps.
#[tauri::command]
#[specta::specta]
pub async fn profiles(state: State<'_, AppState>) -> Answer<Vec<ProfileView>> {
    glance(&state, |wallet| Ok(wallet.profiles()?)).await
}

/// From now on this person acts.
#[tauri::command]
#[specta::specta]
pub async fn switch_profile(state: State<'_, AppState>, number: u32) -> Answer<()> {
    let state = state.inner().clone();
    beside(move || state.switch(number)).await
}

/// One more person.
#[tauri::command]
#[specta::specta]
pub async fn add_profile(state: State<'_, AppState>, name: String) -> Answer<ProfileView> {
    with(&state, move |wallet| Ok(wallet.add_profile(&name)?)).await
}

/// Another name for a person.
#[tauri::command]
#[specta::specta]
pub async fn rename_profile(state: State<'_, AppState>, number: u32, name: String) -> Answer<()> {
    with(&state, move |wallet| Ok(wallet.rename_profile(number, &name)?)).await
}

/// Removes a person with their records and keys. Refused while something is shared.
#[tauri::command]
#[specta::specta]
pub async fn remove_profile(state: State<'_, AppState>, number: u32, passphrase: String) -> Answer<()> {
    let (state, passphrase) = (state.inner().clone(), Passphrase::new(passphrase));
    beside(move || {
        let wallet = state.proven(&passphrase)?;
        wallet.remove_profile(number)?;
        if wallet.profile().is_err() {
            state.switch(0)?;
        }
        Ok(())
    })
    .await
}

//! The vault itself: made, opened, closed; its passphrase, its words, its key.

use carnet_wallet_core::{
    traces,
    vault::{KdfChoice, Passphrase},
    views::VaultView,
    words::Words,
};
use serde::Serialize;
use specta::Type;
use tauri::State;
use zeroize::Zeroizing;

use super::{Answer, beside, with};
use crate::state::AppState;

/// The words that bring a vault back: when it was just made, or when the patient asks for them with the passphrase.
#[derive(Clone, Serialize, Type)]
pub struct NewVaultView {
    /// The 24 words, in order.
    pub words: Vec<String>,
    /// Local name of this vault, never sent.
    pub fingerprint: String,
}

impl NewVaultView {
    pub(crate) fn new(words: &Words, fingerprint: String) -> Self {
        Self {
            words: words.list().map(str::to_owned).to_vec(),
            fingerprint,
        }
    }
}

impl std::fmt::Debug for NewVaultView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewVaultView(…)")
    }
}

/// Where the vault stands, before anything else is asked.
#[tauri::command]
#[specta::specta]
pub async fn vault_state(state: State<'_, AppState>) -> Answer<VaultView> {
    let state = state.inner().clone();
    beside(move || Ok(state.vault_view())).await
}

/// Makes the vault and leaves it open.
#[tauri::command]
#[specta::specta]
pub async fn create_vault(state: State<'_, AppState>, passphrase: String) -> Answer<NewVaultView> {
    let (state, passphrase) = (state.inner().clone(), Passphrase::new(passphrase));
    beside(move || state.create(&passphrase)).await
}

/// The words once more. The passphrase is proven anew: a wrong one leaves the wallet locked.
#[tauri::command]
#[specta::specta]
pub async fn show_words(state: State<'_, AppState>, passphrase: String) -> Answer<NewVaultView> {
    let (state, passphrase) = (state.inner().clone(), Passphrase::new(passphrase));
    beside(move || state.show_words(&passphrase)).await
}

/// The patient has seen the words to the end.
#[tauri::command]
#[specta::specta]
pub async fn words_kept(state: State<'_, AppState>) -> Answer<()> {
    with(&state, |wallet| Ok(wallet.words_seen()?)).await
}

/// Opens the vault.
#[tauri::command]
#[specta::specta]
pub async fn unlock(state: State<'_, AppState>, passphrase: String) -> Answer<()> {
    let (state, passphrase) = (state.inner().clone(), Passphrase::new(passphrase));
    beside(move || state.unlock(&passphrase)).await
}

/// Closes the vault and wipes its keys.
#[tauri::command]
#[specta::specta]
pub async fn lock(state: State<'_, AppState>) -> Answer<()> {
    traces::wiped(|| state.lock());
    Ok(())
}

/// The person touched the screen: the five idle minutes begin anew. Pages call it at most every few seconds.
#[tauri::command]
#[specta::specta]
pub async fn still_here(state: State<'_, AppState>) -> Answer<()> {
    state.seen();
    Ok(())
}

/// Forgotten passphrase: the 24 words and a new passphrase. Opens the wallet.
#[tauri::command]
#[specta::specta]
pub async fn reset_passphrase(state: State<'_, AppState>, words: String, passphrase: String) -> Answer<()> {
    let (state, words) = (state.inner().clone(), Zeroizing::new(words));
    let passphrase = Passphrase::new(passphrase);
    beside(move || state.reset_passphrase(&Words::parse(&words)?, &passphrase)).await
}

/// Another passphrase from now on.
#[tauri::command]
#[specta::specta]
pub async fn change_passphrase(state: State<'_, AppState>, old: String, fresh: String) -> Answer<()> {
    let (old, fresh) = (Passphrase::new(old), Passphrase::new(fresh));
    with(&state, move |wallet| {
        Ok(wallet.change_passphrase(&old, &fresh, KdfChoice::Calibrated)?)
    })
    .await
}

/// Somebody may have seen the passphrase: everything is sealed anew under a new key. A long task.
#[tauri::command]
#[specta::specta]
pub async fn rotate_key(state: State<'_, AppState>, passphrase: String) -> Answer<()> {
    let (state, passphrase) = (state.inner().clone(), Passphrase::new(passphrase));
    beside(move || state.rotate_key(&passphrase)).await
}

/// Goes on with an older copy of this wallet, after `unlock` refused it.
#[tauri::command]
#[specta::specta]
pub async fn accept_older_copy(state: State<'_, AppState>, passphrase: String) -> Answer<()> {
    let (state, passphrase) = (state.inner().clone(), Passphrase::new(passphrase));
    beside(move || state.accept_older_copy(&passphrase)).await
}

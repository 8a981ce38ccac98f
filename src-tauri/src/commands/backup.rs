//! A copy for the day when this device is lost, and what comes back of it.

use carnet_wallet_core::{
    traces,
    vault::{self, KdfChoice, Passphrase},
    views::{BackupView, RecoveryView, RestoredView},
    words::Words,
};
use serde::Deserialize;
use specta::Type;
use tauri::State;
use zeroize::Zeroizing;

use super::{Answer, beside, place::Place, with};
use crate::{
    state::{AppState, locked},
    task::Task,
};

/// What opens a backup.
#[derive(Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum BackupSecret {
    Passphrase(String),
    Words(String),
}

impl std::fmt::Debug for BackupSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BackupSecret(…)")
    }
}

/// One sealed file with everything in it. A long task. `passphrase` is the backup's own, and may be the wallet's.
#[tauri::command]
#[specta::specta]
pub async fn make_backup(state: State<'_, AppState>, path: String, passphrase: String) -> Answer<BackupView> {
    let (own, passphrase) = (state.inner().clone(), Passphrase::new(passphrase));
    with(&state, move |wallet| {
        let place = Place::of(&path, &own)?;
        let mut task = own.begin(Task::Backup)?;
        Ok(wallet.back_up(
            place.path(),
            &passphrase,
            KdfChoice::Calibrated,
            &mut |progress| task.at(progress),
        )?)
    })
    .await
}

/// Brings a backup back; the old wallet stays until the new one is checked. A long task. `passphrase` opens the restored
/// wallet from now on.
#[tauri::command]
#[specta::specta]
pub async fn restore_backup(
    state: State<'_, AppState>,
    path: String,
    secret: BackupSecret,
    passphrase: String,
) -> Answer<RestoredView> {
    let (state, passphrase) = (state.inner().clone(), Passphrase::new(passphrase));
    beside(move || {
        let place = Place::of(&path, &state)?;
        match secret {
            BackupSecret::Passphrase(own) => {
                let own = Passphrase::new(own);
                state.restore(place.path(), &vault::BackupSecret::Passphrase(&own), &passphrase)
            }
            BackupSecret::Words(words) => {
                let words = Words::parse(&Zeroizing::new(words))?;
                state.restore(place.path(), &vault::BackupSecret::Words(&words), &passphrase)
            }
        }
    })
    .await
}

/// Without a backup: the identities come back, the ledgers are still to be looked through.
#[tauri::command]
#[specta::specta]
pub async fn restore_words(
    state: State<'_, AppState>,
    words: String,
    passphrase: String,
) -> Answer<RestoredView> {
    let (state, words) = (state.inner().clone(), Zeroizing::new(words));
    let passphrase = Passphrase::new(passphrase);
    beside(move || state.restore_words(&Words::parse(&words)?, &passphrase)).await
}

/// How far the looking through the ledgers is.
#[tauri::command]
#[specta::specta]
pub async fn recovery(state: State<'_, AppState>) -> Answer<RecoveryView> {
    with(&state, |wallet| Ok(wallet.recovery()?.unwrap_or(NOTHING_TO_FIND))).await
}

/// Looks through the ledgers that are still to be looked through. A long task.
#[tauri::command]
#[specta::specta]
pub async fn scan(state: State<'_, AppState>) -> Answer<RecoveryView> {
    let wallet = state.peek().ok_or_else(locked)?;
    let mut task = state.begin(Task::Scan)?;
    Ok(traces::wiped_always(wallet.scan(&mut |progress| task.at(progress))).await?)
}

/// Goes on without the ledger of this organisation.
#[tauri::command]
#[specta::specta]
pub async fn skip_registry(state: State<'_, AppState>, organisation: String) -> Answer<RecoveryView> {
    with(&state, move |wallet| Ok(wallet.give_up(&organisation)?)).await
}

/// Ends the long task that runs; its command then fails with `cancelled`.
#[tauri::command]
#[specta::specta]
pub async fn cancel_task(state: State<'_, AppState>) -> Answer<()> {
    state.cancel();
    Ok(())
}

/// There was no restore.
const NOTHING_TO_FIND: RecoveryView = RecoveryView {
    found: 0,
    pending: Vec::new(),
    done: true,
};

//! Codes that the patient shows and a desk scans, and links that other programs hand over.

use carnet_wallet_core::{
    traces,
    views::{ChallengeView, CounterAnswerView, OfferStateView, ShownCode},
};
use tauri::State;

use super::{Answer, glance, with};
use crate::state::{AppState, locked};

/// The link that another program handed over, once.
#[tauri::command]
#[specta::specta]
#[must_use]
pub fn take_link(state: State<'_, AppState>) -> Option<String> {
    state.take_link()
}

/// A code that lets this clinic's desk ask. Good for five minutes.
#[tauri::command]
#[specta::specta]
pub async fn show_offer(state: State<'_, AppState>, party_id: String) -> Answer<ShownCode> {
    with(&state, move |wallet| Ok(wallet.show_offer(&party_id)?)).await
}

/// Whether the desk's question has come; it is fetched and checked then. The page asks every few seconds.
#[tauri::command]
#[specta::specta]
pub async fn offer_state(state: State<'_, AppState>, code_id: String) -> Answer<OfferStateView> {
    let wallet = state.peek().ok_or_else(locked)?;
    Ok(traces::wiped_always(wallet.offer_state(&code_id)).await?)
}

/// A code that opens this consent at the clinic's desk. Good for five minutes.
#[tauri::command]
#[specta::specta]
pub async fn show_pass(state: State<'_, AppState>, consent_id: String) -> Answer<ShownCode> {
    with(&state, move |wallet| Ok(wallet.show_pass(&consent_id)?)).await
}

/// What a counter without a network asks, and what there is to show for it.
#[tauri::command]
#[specta::specta]
pub async fn challenge(state: State<'_, AppState>, challenge_id: String) -> Answer<ChallengeView> {
    glance(&state, move |wallet| Ok(wallet.challenge(&challenge_id)?)).await
}

/// Shows it, once: the answer as a code for the counter's camera. Nothing is sent.
#[tauri::command]
#[specta::specta]
pub async fn answer_challenge(
    state: State<'_, AppState>,
    challenge_id: String,
    card: String,
) -> Answer<CounterAnswerView> {
    Ok(traces::wiped_always(state.wallet()?.answer_challenge(&challenge_id, &card)).await?)
}

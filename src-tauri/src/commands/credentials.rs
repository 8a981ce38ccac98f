//! What the patient can prove: cards that others issued, and receipts of consents.

use carnet_wallet_core::{
    ReceiptForm, traces,
    views::{CardLine, CardView, TakenCardView},
};
use serde::Deserialize;
use specta::Type;
use tauri::State;

use super::{Answer, content, glance, place::Place, with};
use crate::state::AppState;

/// In which form a receipt is saved. `evidence` is the clinic's promise with its place in the register's log.
#[derive(Debug, Clone, Copy, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptFormat {
    Pdf,
    Json,
    SdJwt,
    Vc,
    Evidence,
}

/// Every card, newest first.
#[tauri::command]
#[specta::specta]
pub async fn cards(state: State<'_, AppState>) -> Answer<Vec<CardLine>> {
    glance(&state, |wallet| Ok(wallet.cards()?)).await
}

/// One card whole.
#[tauri::command]
#[specta::specta]
pub async fn card(state: State<'_, AppState>, id: String) -> Answer<CardView> {
    glance(&state, move |wallet| Ok(wallet.card(&id)?)).await
}

/// Takes a card in, as a file that the page hands over.
#[tauri::command]
#[specta::specta]
pub async fn import_card(state: State<'_, AppState>, content_base64: String) -> Answer<TakenCardView> {
    with(&state, move |wallet| {
        Ok(wallet.import_credential(&content(&content_base64)?)?)
    })
    .await
}

/// Takes a card in, as the text of it.
#[tauri::command]
#[specta::specta]
pub async fn import_card_text(state: State<'_, AppState>, text: String) -> Answer<TakenCardView> {
    with(&state, move |wallet| {
        Ok(wallet.import_credential(text.as_bytes())?)
    })
    .await
}

/// Asks the issuer whether a card was taken back.
#[tauri::command]
#[specta::specta]
pub async fn look_up_card(state: State<'_, AppState>, id: String) -> Answer<CardView> {
    Ok(traces::wiped_always(state.wallet()?.look_up_card(&id)).await?)
}

/// Removes a card with all its copies.
#[tauri::command]
#[specta::specta]
pub async fn remove_card(state: State<'_, AppState>, id: String) -> Answer<()> {
    with(&state, move |wallet| Ok(wallet.remove_card(&id)?)).await
}

/// Writes the receipt of a consent to a file on this device, in the clear.
#[tauri::command]
#[specta::specta]
pub async fn save_receipt(
    state: State<'_, AppState>,
    consent_id: String,
    format: ReceiptFormat,
    path: String,
) -> Answer<()> {
    let own = state.inner().clone();
    with(&state, move |wallet| {
        let place = Place::of(&path, &own)?;
        let form = match format {
            ReceiptFormat::Pdf => ReceiptForm::Pdf,
            ReceiptFormat::Json => ReceiptForm::Json,
            ReceiptFormat::SdJwt => ReceiptForm::SdJwt,
            ReceiptFormat::Vc => ReceiptForm::Vc,
            ReceiptFormat::Evidence => return place.write(&wallet.evidence(&consent_id)?.to_file()),
        };
        place.write(&wallet.issue_receipt(&consent_id, form)?.bytes)
    })
    .await
}

//! Cards that an organisation issues into the wallet, and the one door for every code.

use carnet_wallet_core::{
    traces,
    views::{AcceptedView, CardOfferView, CardView, OpenedCode, SignInView},
};
use tauri::State;

use super::{Answer, glance, with};
use crate::state::AppState;

/// Finds out what a code is and reads what stands behind it: a question, or an offer of cards. Answers nothing.
#[tauri::command]
#[specta::specta]
pub async fn open_code(state: State<'_, AppState>, text: String) -> Answer<OpenedCode> {
    Ok(traces::wiped_always(state.wallet()?.open_code(&text)).await?)
}

/// Who offers which cards.
#[tauri::command]
#[specta::specta]
pub async fn card_offer(state: State<'_, AppState>, offer_id: String) -> Answer<CardOfferView> {
    glance(&state, move |wallet| Ok(wallet.card_offer(&offer_id)?)).await
}

/// Takes the cards of an offer.
#[tauri::command]
#[specta::specta]
pub async fn accept_card_offer(
    state: State<'_, AppState>,
    offer_id: String,
    pin: Option<String>,
) -> Answer<AcceptedView> {
    Ok(traces::wiped_always(state.wallet()?.accept_card_offer(&offer_id, pin)).await?)
}

/// Begins a sign-in at the issuer; the page is then opened in the system's browser.
#[tauri::command]
#[specta::specta]
pub async fn begin_sign_in(state: State<'_, AppState>, offer_id: String) -> Answer<SignInView> {
    let page = traces::wiped_always(state.wallet()?.begin_sign_in(&offer_id)).await?;
    // The address is the listed issuer's. Where no browser comes, the screen shows it; a demo is in a browser already.
    if !state.places().demo {
        let _ = open::that_detached(&page.url);
    }
    Ok(page)
}

/// Waits until the browser comes back from the issuer's page, and takes the cards.
#[tauri::command]
#[specta::specta]
pub async fn finish_sign_in(state: State<'_, AppState>, offer_id: String) -> Answer<AcceptedView> {
    Ok(traces::wiped_always(state.wallet()?.finish_sign_in(&offer_id)).await?)
}

/// Says no to an offer.
#[tauri::command]
#[specta::specta]
pub async fn decline_card_offer(state: State<'_, AppState>, offer_id: String) -> Answer<()> {
    with(&state, move |wallet| Ok(wallet.decline_card_offer(&offer_id)?)).await
}

/// Gets fresh copies of a card.
#[tauri::command]
#[specta::specta]
pub async fn refill_card(state: State<'_, AppState>, card_id: String) -> Answer<CardView> {
    Ok(traces::wiped_always(state.wallet()?.refill_card(&card_id)).await?)
}

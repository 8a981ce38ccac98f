//! What is asked, what is given, what is taken back.

use carnet_wallet_core::{
    Choice, ChosenCard, traces,
    vault::Passphrase,
    views::{
        AnswerView, ClinicView, ConsentLine, ConsentView, PartyLine, PartyTrustView, QuestionView, ReadView,
        RevocationView, RevokeAllView, SyncView, TrustView,
    },
};
use tauri::State;

use super::{Answer, beside, content, glance, place::Place, with};
use crate::state::{AppState, locked};

/// Who is known, and who vouches for them.
#[tauri::command]
#[specta::specta]
pub async fn trust(state: State<'_, AppState>) -> Answer<Option<TrustView>> {
    glance(&state, |wallet| Ok(wallet.trust()?)).await
}

/// Everybody who is known.
#[tauri::command]
#[specta::specta]
pub async fn parties(state: State<'_, AppState>) -> Answer<Vec<PartyLine>> {
    glance(&state, |wallet| Ok(wallet.parties()?)).await
}

/// Why an organisation's name is believed.
#[tauri::command]
#[specta::specta]
pub async fn trust_of(state: State<'_, AppState>, entry_id: String) -> Answer<PartyTrustView> {
    glance(&state, move |wallet| Ok(wallet.trust_of(&entry_id)?)).await
}

/// What an organisation's own file would add. Adds nothing.
#[tauri::command]
#[specta::specta]
pub async fn preview_clinic(state: State<'_, AppState>, name: String, content: String) -> Answer<ClinicView> {
    glance(&state, move |wallet| {
        Ok(wallet.preview_clinic(&name, &text(&content)?)?)
    })
    .await
}

/// Adds an organisation by its file and the last group of the fingerprint on its paper.
#[tauri::command]
#[specta::specta]
pub async fn add_clinic(state: State<'_, AppState>, content: String, typed: String) -> Answer<PartyLine> {
    with(&state, move |wallet| {
        Ok(wallet.add_clinic(&text(&content)?, &typed)?)
    })
    .await
}

/// Takes away an organisation that the patient added.
#[tauri::command]
#[specta::specta]
pub async fn remove_clinic(state: State<'_, AppState>, id: String) -> Answer<()> {
    with(&state, move |wallet| Ok(wallet.remove_clinic(&id)?)).await
}

/// A small text file as the page hands it over.
fn text(file: &str) -> Answer<String> {
    Ok(String::from_utf8_lossy(&content(file)?).into_owned())
}

/// Fetches and checks a clinic's question. Nothing is answered.
#[tauri::command]
#[specta::specta]
pub async fn inspect(state: State<'_, AppState>, uri: String) -> Answer<QuestionView> {
    Ok(traces::wiped_always(state.wallet()?.inspect(&uri)).await?)
}

/// A question read before, from the vault.
#[tauri::command]
#[specta::specta]
pub async fn question(state: State<'_, AppState>, request_id: String) -> Answer<QuestionView> {
    glance(&state, move |wallet| Ok(wallet.question(&request_id)?)).await
}

/// Shares what is ticked and shows the chosen cards. `profile`: for whom the question was opened; refused with `other_profile_acting` when somebody
/// else acts now.
#[tauri::command]
#[specta::specta]
pub async fn answer(
    state: State<'_, AppState>,
    request_id: String,
    scopes: Vec<String>,
    cards: Vec<ChosenCard>,
    profile: u32,
) -> Answer<AnswerView> {
    let (wallet, choice) = (state.wallet_of(profile)?, Choice::Scopes(scopes));
    Ok(Box::pin(traces::wiped_always(wallet.answer(&request_id, &choice, &cards))).await?)
}

/// Says no, for `profile` as in `answer`.
#[tauri::command]
#[specta::specta]
pub async fn deny(state: State<'_, AppState>, request_id: String, profile: u32) -> Answer<AnswerView> {
    Ok(traces::wiped_always(state.wallet_of(profile)?.deny(&request_id)).await?)
}

/// Who has access, who had.
#[tauri::command]
#[specta::specta]
pub async fn consents(state: State<'_, AppState>) -> Answer<Vec<ConsentLine>> {
    glance(&state, |wallet| Ok(wallet.consents()?)).await
}

/// One consent whole.
#[tauri::command]
#[specta::specta]
pub async fn consent(state: State<'_, AppState>, id: String) -> Answer<ConsentView> {
    glance(&state, move |wallet| Ok(wallet.consent(&id)?)).await
}

/// Takes a consent back.
#[tauri::command]
#[specta::specta]
pub async fn revoke(state: State<'_, AppState>, id: String) -> Answer<RevocationView> {
    Ok(traces::wiped_always(state.wallet()?.revoke(&id)).await?)
}

/// Fetches who read what under a consent, and keeps it.
#[tauri::command]
#[specta::specta]
pub async fn refresh_reads(state: State<'_, AppState>, id: String) -> Answer<Vec<ReadView>> {
    Ok(traces::wiped_always(state.peek().ok_or_else(locked)?.reads(&id)).await?)
}

/// Sends what waits, now.
#[tauri::command]
#[specta::specta]
pub async fn sync(state: State<'_, AppState>) -> Answer<SyncView> {
    let done = traces::wiped_always(state.peek().ok_or_else(locked)?.sync()).await?;
    if done.sent > 0 {
        state.changed();
    }
    Ok(done)
}

/// Takes back everything that is shared, of the acting person or of everyone.
#[tauri::command]
#[specta::specta]
pub async fn revoke_all(
    state: State<'_, AppState>,
    everyone: bool,
    passphrase: String,
) -> Answer<RevokeAllView> {
    let (own, passphrase) = (state.inner().clone(), Passphrase::new(passphrase));
    let wallet = beside(move || own.proven(&passphrase)).await?;
    Ok(if everyone {
        traces::wiped_always(wallet.revoke_all_of_everyone()).await?
    } else {
        traces::wiped_always(wallet.revoke_all()).await?
    })
}

/// A slip of paper (PDF) that ends this consent from any device.
#[tauri::command]
#[specta::specta]
pub async fn save_slip(state: State<'_, AppState>, consent_id: String, path: String) -> Answer<()> {
    let own = state.inner().clone();
    with(&state, move |wallet| {
        let place = Place::of(&path, &own)?;
        place.write(&wallet.slip(&consent_id)?.pdf)
    })
    .await
}

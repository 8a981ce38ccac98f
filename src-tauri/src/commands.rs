//! What the page may ask. Each is one use case of the wallet; whatever takes long runs beside the window's thread.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carnet_wallet_core::{
    Choice, Source, Wallet, traces, unwatched,
    vault::Passphrase,
    views::{
        ActivityLine, AnswerView, ConsentLine, ConsentView, ErrorView, HomeView, ImportPreview, ImportView,
        QuestionView, ReadView, RecordLine, RecordView, RevocationView, SyncView, TrustView, VaultView,
    },
    words::Words,
};
use serde::Serialize;
use specta::Type;
use tauri::{State, async_runtime::spawn_blocking};

use crate::state::{AppState, locked};

/// What every command answers.
type Answer<T> = Result<T, ErrorView>;

/// Longest file that a page may hand over, in base64 characters: 64 MiB and what base64 adds.
const CONTENT_MAX: usize = 64 * 1024 * 1024 / 3 * 4 + 4;

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

/// Does anything need me?
#[tauri::command]
#[specta::specta]
pub async fn home(state: State<'_, AppState>) -> Answer<HomeView> {
    glance(&state, |wallet| Ok(wallet.home()?)).await
}

/// Who is known, and who vouches for them.
#[tauri::command]
#[specta::specta]
pub async fn trust(state: State<'_, AppState>) -> Answer<Option<TrustView>> {
    glance(&state, |wallet| Ok(wallet.trust()?)).await
}

/// What a file holds, before it is taken in.
#[tauri::command]
#[specta::specta]
pub async fn preview_import(
    state: State<'_, AppState>,
    file_name: String,
    content_base64: String,
) -> Answer<ImportPreview> {
    with(&state, move |wallet| {
        let content = content(&content_base64)?;
        Ok(wallet.preview_import(&mut Source::bytes(&file_name, &content), &mut unwatched)?)
    })
    .await
}

/// Takes a file's records in. `other_person`: although they are somebody else's.
#[tauri::command]
#[specta::specta]
pub async fn import_records(
    state: State<'_, AppState>,
    file_name: String,
    content_base64: String,
    other_person: bool,
) -> Answer<ImportView> {
    with(&state, move |wallet| {
        // The name becomes the title of a PDF or a picture; of other files it is not kept.
        let content = content(&content_base64)?;
        let mut source = Source::bytes(&file_name, &content);
        drop(content_base64);
        Ok(wallet.import(&mut source, other_person, &mut unwatched)?)
    })
    .await
}

/// Every record, newest first.
#[tauri::command]
#[specta::specta]
pub async fn records(state: State<'_, AppState>) -> Answer<Vec<RecordLine>> {
    with(&state, |wallet| Ok(wallet.records(None)?)).await
}

/// One record, readable.
#[tauri::command]
#[specta::specta]
pub async fn record(state: State<'_, AppState>, id: String) -> Answer<RecordView> {
    with(&state, move |wallet| Ok(wallet.record(&id)?)).await
}

/// The link in a picture (PNG or JPEG) of a code.
#[tauri::command]
#[specta::specta]
pub async fn read_code_picture(state: State<'_, AppState>, content_base64: String) -> Answer<String> {
    with(&state, move |_| {
        Ok(Wallet::read_code(&content(&content_base64)?)?)
    })
    .await
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

/// Shares what is ticked.
#[tauri::command]
#[specta::specta]
pub async fn answer(
    state: State<'_, AppState>,
    request_id: String,
    scopes: Vec<String>,
) -> Answer<AnswerView> {
    let (wallet, choice) = (state.wallet()?, Choice::Scopes(scopes));
    Ok(traces::wiped_always(wallet.answer(&request_id, &choice)).await?)
}

/// Says no.
#[tauri::command]
#[specta::specta]
pub async fn deny(state: State<'_, AppState>, request_id: String) -> Answer<AnswerView> {
    Ok(traces::wiped_always(state.wallet()?.deny(&request_id)).await?)
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

/// The patient's own log, newest first.
#[tauri::command]
#[specta::specta]
pub async fn activity(state: State<'_, AppState>) -> Answer<Vec<ActivityLine>> {
    glance(&state, |wallet| Ok(wallet.activity()?)).await
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

/// With the open wallet, because the person asked.
async fn with<T, F>(state: &State<'_, AppState>, act: F) -> Answer<T>
where
    T: Send + 'static,
    F: FnOnce(Arc<Wallet>) -> Answer<T> + Send + 'static,
{
    let wallet = state.wallet()?;
    beside(move || act(wallet)).await
}

/// With the open wallet, for a page that keeps itself fresh: does not count as the person's presence.
async fn glance<T, F>(state: &State<'_, AppState>, act: F) -> Answer<T>
where
    T: Send + 'static,
    F: FnOnce(Arc<Wallet>) -> Answer<T> + Send + 'static,
{
    let wallet = state.peek().ok_or_else(locked)?;
    beside(move || act(wallet)).await
}

/// Beside the window's thread.
async fn beside<T, F>(act: F) -> Answer<T>
where
    T: Send + 'static,
    F: FnOnce() -> Answer<T> + Send + 'static,
{
    spawn_blocking(|| traces::wiped(act)).await.unwrap_or_else(|_| {
        Err(ErrorView {
            code: "interrupted".into(),
            message: "This ended before it was done. What was in your wallet before is still there.".into(),
            next: "Try again. If it happens once more, close Carnet and open it again.".into(),
        })
    })
}

/// A file as the page hands it over.
fn content(base64: &str) -> Answer<Vec<u8>> {
    if base64.len() > CONTENT_MAX {
        return Err(ErrorView {
            code: "too_large".into(),
            message: "This file is larger than 64 MB. Nothing was taken from it.".into(),
            next: "Ask for it in smaller parts.".into(),
        });
    }
    STANDARD.decode(base64).map_err(|_| ErrorView {
        code: "unreadable".into(),
        message: "This file did not arrive whole. Nothing was taken from it.".into(),
        next: "Choose it again.".into(),
    })
}

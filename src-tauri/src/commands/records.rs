//! What the patient holds: taken in, looked at, taken out.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carnet_wallet_core::{
    Source, Wallet, unwatched,
    views::{
        AttachmentView, ErrorView, ImportPreview, ImportView, RecordLine, RecordView, RecordsFilter,
        RecordsPage,
    },
};
use serde::Serialize;
use specta::Type;
use tauri::State;

use super::{
    Answer, content,
    place::{self, Place},
    with,
};
use crate::{state::AppState, task::Task};

/// Longest attachment that a page is shown, in bytes; larger ones are saved to a file.
const SHOWN_MAX: usize = 32 << 20;

/// A file inside a record, whole.
#[derive(Clone, Serialize, Type)]
pub struct AttachmentContent {
    pub content_type: String,
    pub base64: String,
}

impl std::fmt::Debug for AttachmentContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AttachmentContent(…)")
    }
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

/// Some of the records that fit, newest first, and how many there are.
#[tauri::command]
#[specta::specta]
pub async fn records_page(
    state: State<'_, AppState>,
    filter: RecordsFilter,
    offset: u32,
    limit: u32,
) -> Answer<RecordsPage> {
    with(&state, move |wallet| {
        Ok(wallet.records_page(&filter, offset, limit.min(500))?)
    })
    .await
}

/// What a file on this device holds, before it is taken in; for files too large for the page.
#[tauri::command]
#[specta::specta]
pub async fn preview_import_path(state: State<'_, AppState>, path: String) -> Answer<ImportPreview> {
    let own = state.inner().clone();
    with(&state, move |wallet| {
        let mut source = source(&path, &own)?;
        let mut task = own.begin(Task::Import)?;
        Ok(wallet.preview_import(&mut source, &mut |progress| task.at(progress))?)
    })
    .await
}

/// Takes a file on this device in. A long task.
#[tauri::command]
#[specta::specta]
pub async fn import_path(state: State<'_, AppState>, path: String, other_person: bool) -> Answer<ImportView> {
    let own = state.inner().clone();
    with(&state, move |wallet| {
        let mut source = source(&path, &own)?;
        let mut task = own.begin(Task::Import)?;
        Ok(wallet.import(&mut source, other_person, &mut |progress| task.at(progress))?)
    })
    .await
}

/// What is attached to a record.
#[tauri::command]
#[specta::specta]
pub async fn attachments(state: State<'_, AppState>, record_id: String) -> Answer<Vec<AttachmentView>> {
    with(&state, move |wallet| Ok(wallet.attachments(&record_id)?)).await
}

/// One attachment, for showing it.
#[tauri::command]
#[specta::specta]
pub async fn attachment(
    state: State<'_, AppState>,
    record_id: String,
    index: u32,
) -> Answer<AttachmentContent> {
    with(&state, move |wallet| {
        let content = wallet.attachment(&record_id, index)?;
        if content.len() > SHOWN_MAX {
            return Err(ErrorView {
                code: "attachment_too_large".into(),
                message: "This attachment is too large to be shown here. It is safe in your wallet.".into(),
                next: "Save a copy and open that.".into(),
            });
        }
        let kinds = wallet.attachments(&record_id)?;
        let kind = kinds.into_iter().find(|attachment| attachment.index == index);
        Ok(AttachmentContent {
            content_type: kind.map_or_else(|| "application/octet-stream".into(), |kind| kind.content_type),
            base64: STANDARD.encode(content.as_slice()),
        })
    })
    .await
}

/// Writes an attachment to a file on this device, in the clear.
#[tauri::command]
#[specta::specta]
pub async fn save_attachment(
    state: State<'_, AppState>,
    record_id: String,
    index: u32,
    path: String,
) -> Answer<()> {
    let own = state.inner().clone();
    with(&state, move |wallet| {
        let place = Place::of(&path, &own)?;
        place.write(&wallet.attachment(&record_id, index)?)
    })
    .await
}

fn source(path: &str, own: &AppState) -> Answer<Source<'static>> {
    Source::file(Place::of(path, own)?.path()).map_err(|error| place::not_read(&error))
}

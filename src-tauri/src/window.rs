//! The one window.

use tauri::{App, Manager as _, WebviewUrl, WebviewWindowBuilder, webview::NewWindowResponse};

use crate::{automation, state::AppState};

/// Opens it. The webview keeps nothing of a page on disk; it goes nowhere but to its own pages and opens no second window.
///
/// # Errors
/// When the system can't show one.
pub fn open(app: &App) -> tauri::Result<()> {
    // WebKitGTK puts salts of its own into this folder even for a private webview, which keeps everything else in memory.
    let mut folder = app.state::<AppState>().places().vault.clone().into_os_string();
    folder.push("-webview");
    WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
        .title("Carnet")
        .inner_size(1100.0, 800.0)
        .min_inner_size(360.0, 600.0)
        .center()
        .general_autofill_enabled(false)
        // A private webview gets a context that no driver reaches: a driven one is not private, and a test can look at what it left.
        .incognito(!automation::driven())
        .data_directory(folder.into())
        // Files dropped on the window reach the page as content, never as paths.
        .disable_drag_drop_handler()
        .on_navigation(|url| url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost"))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .build()?;
    Ok(())
}

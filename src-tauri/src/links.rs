//! Links that another program hands over, such as a clinic's page open in the browser beside the wallet. Kept until the page
//! takes them; a link asks, it never answers.

use sha2::{Digest as _, Sha256};
use tauri::{App, AppHandle, Manager as _, Runtime, plugin::TauriPlugin};
use tauri_plugin_deep_link::DeepLinkExt as _;

use crate::{settings::Settings, state::AppState};

/// Longer ones are nobody's link.
const LONGEST: usize = 8_192;

/// Makes a second start hand its link to the wallet that is open already, and end. One window for each vault.
pub fn single_instance<R: Runtime>(settings: &Settings) -> TauriPlugin<R> {
    let vault = settings
        .vault
        .as_ref()
        .map(|path| path.as_os_str().as_encoded_bytes());
    let digest: [u8; 32] = Sha256::digest(vault.unwrap_or_default()).into();
    let name = digest
        .iter()
        .take(8)
        .fold(0, |name, byte| name << 8 | u64::from(*byte));
    tauri_plugin_single_instance::Builder::new()
        .dbus_id(format!("org.carnet.wallet.v{name:016x}"))
        .callback(|app, _, _| to_front(app))
        .build()
}

/// Takes the link this program was started with, and those that come while it runs.
pub fn listen<R: Runtime>(app: &App<R>) {
    let links = app.deep_link();
    if let Ok(Some(urls)) = links.get_current() {
        arrived(app.handle(), urls.into_iter().map(String::from));
    }
    let handle = app.handle().clone();
    links.on_open_url(move |event| {
        arrived(&handle, event.urls().into_iter().map(String::from));
        to_front(&handle);
    });
}

/// Makes this program the one that opens clinics' links, for whoever runs it.
///
/// # Errors
/// Where the system has no such setting.
pub fn register<R: Runtime>(app: &App<R>) -> tauri_plugin_deep_link::Result<()> {
    app.deep_link().register_all()
}

fn arrived<R: Runtime>(app: &AppHandle<R>, links: impl Iterator<Item = String>) {
    let state = app.state::<AppState>();
    links
        .filter(|link| link.len() <= LONGEST)
        .for_each(|link| state.link_arrived(link));
}

fn to_front<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = app.get_webview_window("main") {
        // A window manager that refuses leaves the window where it is; nothing else depends on it.
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
}

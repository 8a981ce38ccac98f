//! The app's shell: commands that call `wallet-core`, and the window around them. Nothing is decided here.
//!
//! - [`settings`]: where the vault lies, from the environment or the person's data folder
//! - [`state`]: the open wallet, locked after five idle minutes
//! - [`commands`]: what the page may ask, and nothing else
//! - [`bindings`]: the same list as TypeScript
//! - [`task`]: long work, told and stopped
//! - [`links`]: what another program hands over
//! - [`background`]: what happens without being asked
//! - [`window`]: the one window
//! - [`automation`]: why a shipped app can't be driven from outside

pub mod automation;
pub mod background;
pub mod bindings;
pub mod commands;
pub mod links;
pub mod settings;
pub mod state;
pub mod task;
pub mod window;

use tauri::{App, Builder, Manager as _, Runtime};

use tauri_specta::Event as _;

use crate::{
    settings::Settings,
    state::{AppState, LinkArrived, Told},
};

/// The app on any runtime, without its window: the real one, and the one that a browser reaches through the bridge.
///
/// # Errors
/// When the runtime can't start or the person has no data folder.
pub fn app<R: Runtime>(builder: Builder<R>, settings: Settings) -> tauri::Result<App<R>> {
    let bindings = bindings::builder::<R>();
    let app = builder
        .invoke_handler(bindings.invoke_handler())
        .build(tauri::generate_context!())?;
    bindings.mount_events(&app);
    let handle = app.handle().clone();
    let data = app.path().app_data_dir()?;
    let documents = app.path().document_dir().or_else(|_| app.path().home_dir())?;
    let state = AppState::new(settings.or_app_data(data, documents), move |told| {
        // The page may be gone already; there is nobody to tell then.
        let _ = match told {
            Told::Changed(changed) => changed.emit(&handle),
            Told::Progress(progress) => progress.emit(&handle),
            Told::Link => LinkArrived.emit(&handle),
        };
    });
    background::start(state.clone());
    app.manage(state);
    Ok(app)
}

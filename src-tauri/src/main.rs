//! `carnet-app`: the wallet in a window.

#![cfg_attr(
    all(not(debug_assertions), target_os = "windows"),
    windows_subsystem = "windows"
)]

use std::{alloc::System, process::ExitCode};

use carnet_app::{app, automation, links, settings::Settings, state::AppState, window};
use tauri::{Manager as _, RunEvent};
use zeroizing_alloc::ZeroAlloc;

/// Every byte that is given back is wiped first: texts and buffers of libraries too, which know nothing of secrets.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    carnet_wallet_core::dumps::prevent();
    let shipped = !cfg!(debug_assertions);
    if let Err(refused) = automation::check(shipped, |name| std::env::var(name).ok()) {
        eprintln!("{refused}");
        return ExitCode::FAILURE;
    }
    let settings = Settings::from_env();
    let builder = tauri::Builder::default()
        .plugin(links::single_instance(&settings))
        .plugin(tauri_plugin_deep_link::init());
    let app = match app(builder, settings) {
        Ok(app) => app,
        Err(error) => {
            eprintln!(
                "Carnet could not start: {error}. Nothing was changed. On Linux it needs a graphical session and WebKitGTK 4.1."
            );
            return ExitCode::FAILURE;
        }
    };
    if std::env::args().nth(1).as_deref() == Some("--register-links") {
        return registered(links::register(&app));
    }
    links::listen(&app);
    if let Err(error) = window::open(&app) {
        eprintln!("Carnet could not open its window: {error}. Nothing was changed.");
        return ExitCode::FAILURE;
    }
    app.run(|app, event| {
        if matches!(event, RunEvent::Exit) {
            app.state::<AppState>().lock();
        }
    });
    ExitCode::SUCCESS
}

fn registered(outcome: Result<(), tauri_plugin_deep_link::Error>) -> ExitCode {
    match outcome {
        Ok(()) => {
            eprintln!(
                "Links of clinics (openid4vp:, haip-vp:, openid-credential-offer:, haip-vci:) now open this Carnet."
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!(
                "Clinics' links could not be tied to this Carnet: {error}. Nothing else was changed. On Linux this needs xdg-utils; links can always be pasted."
            );
            ExitCode::FAILURE
        }
    }
}

//! `carnet-app`: the wallet in a window.

#![cfg_attr(
    all(not(debug_assertions), target_os = "windows"),
    windows_subsystem = "windows"
)]

use std::{alloc::System, process::ExitCode};

use carnet_app::{app, automation, settings::Settings, state::AppState, window};
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
    let app = match app(tauri::Builder::default(), Settings::from_env()) {
        Ok(app) => app,
        Err(error) => {
            eprintln!(
                "Carnet could not start: {error}. Nothing was changed. On Linux it needs a graphical session and WebKitGTK 4.1."
            );
            return ExitCode::FAILURE;
        }
    };
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

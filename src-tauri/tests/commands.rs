//! The commands as a page meets them.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use carnet_app::{
    app,
    settings::Settings,
    state::{AppState, IDLE},
};
use serde_json::{Value, json};
use tauri::{
    App, Manager as _, WebviewWindow,
    ipc::{CallbackFn, InvokeBody},
    test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder},
    webview::InvokeRequest,
};

struct Desk {
    app: App<MockRuntime>,
    window: WebviewWindow<MockRuntime>,
}

fn desk(vault: &Path) -> Desk {
    let app = app(
        mock_builder(),
        Settings {
            vault: Some(vault.to_owned()),
            ..Settings::default()
        },
    )
    .unwrap();
    let window = tauri::WebviewWindowBuilder::new(&app, "main", tauri::WebviewUrl::default())
        .build()
        .unwrap();
    Desk { app, window }
}

impl Desk {
    fn call_from(&self, page: &str, command: &str, arguments: Value) -> Result<Value, Value> {
        let request = InvokeRequest {
            cmd: command.to_owned(),
            callback: CallbackFn(0),
            error: CallbackFn(1),
            url: page.parse().unwrap(),
            body: InvokeBody::Json(arguments),
            headers: tauri::http::HeaderMap::new(),
            invoke_key: INVOKE_KEY.to_owned(),
        };
        get_ipc_response(&self.window, request).map(|answer| answer.deserialize().unwrap())
    }

    fn call(&self, command: &str, arguments: Value) -> Result<Value, Value> {
        self.call_from("tauri://localhost", command, arguments)
    }

    fn is_open(&self) -> bool {
        self.call("vault_state", json!({})).unwrap()["unlocked"] == json!(true)
    }
}

const PASSPHRASE: &str = "four quiet rivers sleeping";

#[test]
fn a_vault_is_made_locked_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(&folder.path().join("vault"));
    assert_eq!(desk.call("home", json!({})).unwrap_err()["code"], "locked");

    let made = desk
        .call("create_vault", json!({ "passphrase": PASSPHRASE }))
        .unwrap();
    assert_eq!(made["words"].as_array().unwrap().len(), 24);
    assert_eq!(
        desk.call("home", json!({})).unwrap()["words_pending"],
        json!(true)
    );
    desk.call("words_kept", json!({})).unwrap();
    assert_eq!(
        desk.call("home", json!({})).unwrap()["words_pending"],
        json!(false)
    );

    desk.call("lock", json!({})).unwrap();
    assert_eq!(desk.call("records", json!({})).unwrap_err()["code"], "locked");
    let wrong = desk
        .call("unlock", json!({ "passphrase": "four quiet rivers" }))
        .unwrap_err();
    assert_eq!(wrong["code"], "wrong_passphrase", "{wrong}");
    assert!(!desk.is_open());
    desk.call("unlock", json!({ "passphrase": PASSPHRASE })).unwrap();
    assert!(desk.is_open());

    let shown = desk
        .call("show_words", json!({ "passphrase": PASSPHRASE }))
        .unwrap();
    assert_eq!(shown["words"], made["words"]);
    assert!(
        desk.call("show_words", json!({ "passphrase": "not it at all" }))
            .is_err()
    );
    assert!(!desk.is_open(), "a wrong passphrase must leave it locked");
}

#[test]
fn a_wallet_left_alone_locks() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(&folder.path().join("vault"));
    desk.call("create_vault", json!({ "passphrase": PASSPHRASE }))
        .unwrap();
    let state = desk.app.state::<AppState>();
    // What runs by itself after opening must have let go of the wallet.
    let free = std::time::Instant::now() + std::time::Duration::from_secs(20);
    state.lock_if_idle(std::time::Instant::now() + IDLE / 2);
    assert!(desk.is_open());
    while desk.is_open() && std::time::Instant::now() < free {
        state.lock_if_idle(std::time::Instant::now() + IDLE);
        std::thread::yield_now();
    }
    assert!(!desk.is_open());
}

#[test]
fn a_page_gets_nothing_but_the_declared_commands() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(&folder.path().join("vault"));
    for undeclared in [
        "read_file",
        "plugin:fs|read_file",
        "plugin:shell|open",
        "plugin:window|close",
        "plugin:app|version",
        "plugin:event|emit",
    ] {
        assert!(
            desk.call(undeclared, json!({})).is_err(),
            "{undeclared} was answered"
        );
    }
    assert!(
        desk.call_from("https://evil.example", "vault_state", json!({}))
            .is_err(),
        "a foreign page was answered"
    );
}

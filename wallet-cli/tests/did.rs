//! `carnet did resolve`: no vault, no passphrase.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::process::{Command, Output};

use serde_json::Value;

const KEY: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

fn resolve(arguments: &[&str]) -> Output {
    let nowhere = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_carnet"))
        .arg("--vault")
        .arg(nowhere.path())
        .args(["did", "resolve"])
        .args(arguments)
        .env_remove("CARNET_PASSPHRASE")
        .output()
        .unwrap()
}

fn refusal(arguments: &[&str]) -> String {
    let output = resolve(&[arguments, &["--json"]].concat());
    assert!(!output.status.success() && output.stdout.is_empty());
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert!(
        error["error"]["next"]
            .as_str()
            .is_some_and(|next| !next.is_empty())
    );
    error["error"]["code"].as_str().unwrap().to_owned()
}

#[test]
fn a_did_is_resolved_without_a_vault_and_says_whether_anybody_was_asked() {
    let output = resolve(&[KEY, "--json"]);
    assert!(output.status.success());
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["didDocument"]["id"], KEY);
    assert!(result["didDocumentMetadata"].is_object());
    let plain = String::from_utf8(resolve(&[KEY]).stdout).unwrap();
    assert!(plain.contains("Nobody was asked."));
}

#[test]
fn what_can_not_be_resolved_is_refused_by_name() {
    for (arguments, code) in [
        (&["did:web:clinic.example", "--offline"][..], "offline"),
        (&["did:web:127.0.0.1"], "invalid_did"),
        (&["did:web:localhost"], "private_address"),
        (&["did:example:1"], "method_not_supported"),
        (&[KEY, "--version-number", "1"], "no_versions"),
        (&[KEY, "--version-number", "1", "--version-id", "1"], "usage"),
    ] {
        assert_eq!(refusal(arguments), code, "{arguments:?}");
    }
}

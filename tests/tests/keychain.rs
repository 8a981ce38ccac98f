//! An older copy of the vault put in its place, on a device whose system keychain remembers better. Real program, real
//! Secret Service: `scripts/test keychain` runs this inside a session of its own.
#![expect(clippy::unwrap_used, reason = "a journey that can't go on has failed")]

use std::{fs, path::Path};

use carnet_tests::{Carnet, Failure, processes::Trouble};
use serde_json::Value;

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (inside, beside) = (entry.path(), to.join(entry.file_name()));
        if inside.is_dir() {
            copy(&inside, &beside);
        } else {
            fs::copy(inside, beside).unwrap();
        }
    }
}

fn run(carnet: &Carnet, arguments: &[&str]) -> Result<Value, Failure> {
    let output = carnet
        .command(arguments)
        .unwrap()
        .env("CARNET_KEYCHAIN", "system")
        .output()
        .unwrap();
    carnet_tests::processes::answer_of(arguments, &output)
        .map_err(|Trouble(what)| what)
        .unwrap()
}

#[test]
#[ignore = "needs a Secret Service: scripts/test keychain"]
fn an_older_copy_is_refused_until_it_is_taken_aloud() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, older) = (dir.path().join("vault"), dir.path().join("older"));
    let carnet = Carnet::new(&vault, "a lamp, two boats and the long road", None);
    run(&carnet, &["init"]).unwrap();
    copy(&vault, &older);
    run(&carnet, &["people", "add", "Ana"]).unwrap();
    run(&carnet, &["people", "list"]).unwrap();

    let newest = dir.path().join("newest");
    copy(&vault, &newest);
    copy(&older, &vault);
    for arguments in [
        &["people", "list"][..],
        &["vault", "rotate-key"],
        &["records", "list"],
    ] {
        let refused = run(&carnet, arguments).unwrap_err();
        assert_eq!(refused.code, "vault_older_copy", "{arguments:?}");
        assert!(refused.next.contains("accept-older-copy") || refused.next.contains("backup"));
    }
    // The true one is still welcome.
    copy(&newest, &vault);
    assert_eq!(
        run(&carnet, &["people", "list"]).unwrap()["people"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    copy(&older, &vault);
    run(&carnet, &["vault", "accept-older-copy"]).unwrap();
    assert_eq!(
        run(&carnet, &["people", "list"]).unwrap()["people"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    copy(&newest, &vault);
    assert_eq!(
        run(&carnet, &["people", "list"]).unwrap_err().code,
        "vault_older_copy"
    );
}

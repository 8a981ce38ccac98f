//! Another passphrase, a forgotten one, and a fresh key: what opens before, after, and when the process is killed in between.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    ops::ControlFlow,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use carnet_wallet_core::{
    Clock, Described, Source, Wallet, unwatched,
    vault::{KdfChoice, Passphrase, Table, Vault},
    words::Words,
};

const CHEAP: KdfChoice = KdfChoice::Fixed { mib: 64, passes: 3 };
const OLD: &str = "correct horse battery";
const NEW: &str = "another horse altogether";
const ALLERGY: &str = r#"{"resourceType":"AllergyIntolerance","id":"a1","code":{"text":"Penicillin"},"patient":{"reference":"Patient/maria"}}"#;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

fn made() -> (tempfile::TempDir, Wallet, Words) {
    let dir = tempfile::tempdir().unwrap();
    let made = Wallet::create(dir.path(), &passphrase(OLD), CHEAP, Clock::system()).unwrap();
    made.wallet
        .import(
            &mut Source::bytes("allergy.json", ALLERGY.as_bytes()),
            false,
            &mut unwatched,
        )
        .unwrap();
    (dir, made.wallet, made.words)
}

fn opens(dir: &Path, text: &str) -> Result<(), &'static str> {
    Vault::unlock(dir, &passphrase(text))
        .map(drop)
        .map_err(|error| error.code())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn a_changed_passphrase_opens_and_the_old_one_does_not() {
    let (dir, wallet, words) = made();
    let header = || fs::read_to_string(dir.path().join("vault/header.json")).unwrap();
    let before = header();
    let refused = |old: &str, new: &str| {
        wallet
            .change_passphrase(&passphrase(old), &passphrase(new), CHEAP)
            .unwrap_err()
            .code()
    };
    assert_eq!(refused("wrong", NEW), "wrong_passphrase");
    assert_eq!(refused(OLD, "short"), "passphrase_too_short");
    assert_eq!(header(), before);
    assert_eq!(wallet.activity().unwrap()[0].what, "passphrase_refused");
    wallet
        .change_passphrase(&passphrase(OLD), &passphrase(NEW), CHEAP)
        .unwrap();
    let salt = |header: &str| {
        header
            .lines()
            .find(|line| line.contains("salt"))
            .unwrap()
            .to_owned()
    };
    assert_ne!(salt(&header()), salt(&before));
    assert_eq!(wallet.activity().unwrap()[0].what, "passphrase_changed");
    drop(wallet);
    assert_eq!(opens(dir.path(), OLD), Err("wrong_passphrase"));
    assert_eq!(opens(dir.path(), NEW), Ok(()));
    Vault::unlock_with_words(dir.path(), &words).unwrap();
}

#[test]
fn the_words_replace_a_forgotten_passphrase() {
    let (dir, wallet, words) = made();
    let reset = |words: &Words, new: &str| {
        Wallet::unlock_with_words(dir.path(), words, &passphrase(new), CHEAP, Clock::system())
    };
    assert_eq!(reset(&words, NEW).unwrap_err().code(), "vault_in_use");
    drop(wallet);
    let other = made().2;
    assert_eq!(reset(&other, NEW).unwrap_err().code(), "wrong_words");
    assert_eq!(reset(&words, "short").unwrap_err().code(), "passphrase_too_short");
    assert_eq!(opens(dir.path(), OLD), Ok(()));
    let wallet = reset(&words, NEW).unwrap();
    assert_eq!(wallet.records(None).unwrap().len(), 1);
    assert_eq!(wallet.activity().unwrap()[0].what, "passphrase_reset");
    drop(wallet);
    assert_eq!(opens(dir.path(), OLD), Err("wrong_passphrase"));
    assert_eq!(opens(dir.path(), NEW), Ok(()));
}

#[test]
fn under_a_fresh_key_everything_is_there_and_the_old_header_opens_nothing() {
    let (dir, wallet, words) = made();
    let child = wallet.add_profile("Ana").unwrap().number;
    wallet
        .as_profile(child)
        .unwrap()
        .import(
            &mut Source::bytes("allergy.json", ALLERGY.as_bytes()),
            false,
            &mut unwatched,
        )
        .unwrap();
    let before = wallet.check(&mut unwatched).unwrap();
    drop(wallet);
    let vault = Vault::unlock_with_words(dir.path(), &words).unwrap();
    let large: Vec<u8> = (0..300_000_u32).map(|n| (n / 7) as u8).collect();
    vault.put_bytes(Table::Deliveries, "large", &large).unwrap();
    let number = vault.change().next_consent_number().unwrap();
    let mut change = vault.change();
    change.next_consent_number().unwrap();
    change.put(Table::Deliveries, "small", &1);
    change.commit().unwrap();
    drop(vault);
    let old = tempfile::tempdir().unwrap();
    copy(dir.path(), old.path());

    let mut told = Vec::new();
    let wallet = Wallet::rotate_key(
        dir.path(),
        &passphrase(OLD),
        CHEAP,
        Clock::system(),
        &mut |progress| {
            told.push(progress.done);
            ControlFlow::Continue(())
        },
    )
    .unwrap();
    assert!(told.len() >= 2 && told.is_sorted());
    assert_eq!(wallet.activity().unwrap()[0].what, "key_rotated");
    let after = wallet.check(&mut unwatched).unwrap();
    // Two deliveries, the number given, and the log line.
    assert_eq!(after.records, before.records);
    assert_eq!(after.entries, before.entries + 4);
    assert_eq!(after.bodies, before.bodies + 1);
    assert!(after.epoch.parse::<u64>().unwrap() > before.epoch.parse().unwrap());
    assert_eq!(wallet.as_profile(child).unwrap().records(None).unwrap().len(), 1);
    drop(wallet);
    let folder = dir.path().join("vault");
    assert!(folder.join("store-1").exists() && !folder.join("store").exists());
    let vault = Vault::unlock(dir.path(), &passphrase(OLD)).unwrap();
    assert!(*vault.get_bytes(Table::Deliveries, "large").unwrap().unwrap() == large);
    assert!(vault.change().next_consent_number().unwrap() > number + 1);
    drop(vault);

    // Old and new parts in each other's place.
    for (header, store) in [(&old, &dir), (&dir, &old)] {
        let mixed = tempfile::tempdir().unwrap();
        copy(&header.path().join("vault"), &mixed.path().join("vault"));
        for name in ["store", "store-1"] {
            let _ = fs::remove_dir_all(mixed.path().join("vault").join(name));
        }
        for name in ["store", "store-1"] {
            let from = store.path().join("vault").join(if store.path() == old.path() {
                "store"
            } else {
                "store-1"
            });
            copy(&from, &mixed.path().join("vault").join(name));
        }
        assert_eq!(opens(mixed.path(), OLD), Err("vault_damaged"));
        let error = Vault::unlock_with_words(mixed.path(), &words).unwrap_err();
        assert_eq!(error.code(), "vault_damaged");
    }
    assert_eq!(opens(old.path(), OLD), Ok(()), "the old copy itself is whole");
}

#[test]
fn a_rotation_that_is_stopped_leaves_everything_as_it_was() {
    let (dir, wallet, _) = made();
    let before = wallet.check(&mut unwatched).unwrap();
    drop(wallet);
    let stopped = Wallet::rotate_key(dir.path(), &passphrase(OLD), CHEAP, Clock::system(), &mut |_| {
        ControlFlow::Break(())
    });
    assert_eq!(stopped.unwrap_err().code(), "cancelled");
    assert!(!dir.path().join("vault/store-1").exists());
    let wrong = Wallet::rotate_key(
        dir.path(),
        &passphrase(NEW),
        CHEAP,
        Clock::system(),
        &mut unwatched,
    );
    assert_eq!(wrong.unwrap_err().code(), "wrong_passphrase");
    let wallet = Wallet::unlock(dir.path(), &passphrase(OLD), Clock::system()).unwrap();
    assert_eq!(wallet.check(&mut unwatched).unwrap().root, before.root);
}

#[test]
fn a_check_finds_an_altered_body_that_opening_does_not() {
    let (dir, wallet, words) = made();
    drop(wallet);
    let vault = Vault::unlock_with_words(dir.path(), &words).unwrap();
    vault
        .put_bytes(Table::Deliveries, "large", &vec![7; 300_000])
        .unwrap();
    assert_eq!(vault.check(&mut unwatched).unwrap().bodies, 1);
    let header = dir.path().join("vault/header.json");
    let good = fs::read(&header).unwrap();
    fs::write(&header, &good[1..]).unwrap();
    assert_eq!(vault.check(&mut unwatched).unwrap_err().code(), "not_a_vault");
    fs::write(&header, &good).unwrap();
    vault.check(&mut unwatched).unwrap();
    let file = fs::read_dir(dir.path().join("vault/store/values"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = fs::read(&file).unwrap();
    bytes[150_000] ^= 1;
    fs::write(&file, bytes).unwrap();
    drop(vault);
    let vault = Vault::unlock_with_words(dir.path(), &words).unwrap();
    assert_eq!(vault.check(&mut unwatched).unwrap_err().code(), "vault_damaged");
}

const FOLDER: &str = "CARNET_VAULT_KEYS_TEST_FOLDER";

/// The part of the child: changes passphrase and key without end.
fn change_without_end(dir: &Path) {
    let say = |text: &str| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}").unwrap();
        out.flush().unwrap();
    };
    let mut now = if opens(dir, OLD).is_ok() { OLD } else { NEW };
    loop {
        let next = if now == OLD { NEW } else { OLD };
        let wallet = Wallet::unlock(dir, &passphrase(now), Clock::system()).unwrap();
        say("passphrase");
        wallet
            .change_passphrase(&passphrase(now), &passphrase(next), CHEAP)
            .unwrap();
        drop(wallet);
        now = next;
        say("rotation");
        drop(
            Wallet::rotate_key(dir, &passphrase(now), CHEAP, Clock::system(), &mut |_| {
                say("sealing");
                ControlFlow::Continue(())
            })
            .unwrap(),
        );
    }
}

#[test]
fn killed_at_any_moment_one_passphrase_and_one_whole_store_remain() {
    if let Some(dir) = env::var_os(FOLDER) {
        return change_without_end(Path::new(&dir));
    }
    let (dir, wallet, words) = made();
    let records = wallet.check(&mut unwatched).unwrap().records;
    drop(wallet);
    let waits = [
        ("passphrase", 40),
        ("passphrase", 90),
        ("rotation", 130),
        ("sealing", 0),
        ("sealing", 2),
        ("sealing", 9),
        ("sealing", 25),
    ];
    for (wait_for, pause) in waits {
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "--nocapture",
                "killed_at_any_moment_one_passphrase_and_one_whole_store_remain",
            ])
            .env(FOLDER, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains(wait_for) {
            assert_ne!(
                output.read_line(&mut said).unwrap(),
                0,
                "the child ended by itself: {said}"
            );
        }
        let heard = Instant::now();
        while heard.elapsed() < Duration::from_millis(pause) {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let open = [OLD, NEW].map(|text| opens(dir.path(), text));
        assert!(
            open.contains(&Ok(())) && open.contains(&Err("wrong_passphrase")),
            "{wait_for} {pause}: {open:?}"
        );
        let vault = Vault::unlock_with_words(dir.path(), &words).unwrap();
        vault.check(&mut unwatched).unwrap();
        drop(vault);
        let text = if open[0].is_ok() { OLD } else { NEW };
        let wallet = Wallet::unlock(dir.path(), &passphrase(text), Clock::system()).unwrap();
        assert_eq!(records, wallet.check(&mut unwatched).unwrap().records);
        drop(wallet);
        let stores = fs::read_dir(dir.path().join("vault"))
            .unwrap()
            .filter(|entry| {
                entry
                    .as_ref()
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .starts_with("store")
            })
            .count();
        assert_eq!(stores, 1, "what was left half-made is gone");
    }
}

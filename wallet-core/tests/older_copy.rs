//! An older copy of the vault put in its place: noticed where something outside of the folder remembers, and accepted only aloud.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, path::Path, sync::Arc};

use carnet_wallet_core::{
    Clock, Described, Device, Wallet, unwatched,
    vault::{Absent, KdfChoice, Keychain, MemoryKeychain, Passphrase, Vault},
};

const CHEAP: KdfChoice = KdfChoice::Fixed { mib: 64, passes: 3 };

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse battery".to_owned())
}

fn device(keychain: Arc<dyn Keychain>) -> Device {
    Device {
        clock: Clock::system(),
        keychain,
    }
}

fn put(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            put(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn an_older_copy_is_refused_until_it_is_accepted_and_then_nothing_is_granted_unsearched() {
    let (dir, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (vault, copy) = (dir.path().join("v"), kept.path().join("v"));
    let here = device(Arc::new(MemoryKeychain::default()));
    let made = Wallet::create(&vault, &passphrase(), CHEAP, here.clone()).unwrap();
    assert!(made.wallet.vault_view().rollback_detected);
    drop(made.wallet);
    put(&vault, &copy);

    let wallet = Wallet::unlock(&vault, &passphrase(), here.clone()).unwrap();
    wallet.rename_profile(0, "Maria").unwrap();
    drop(wallet);
    drop(Wallet::unlock(&vault, &passphrase(), here.clone()).unwrap());
    let newest = kept.path().join("newest");
    put(&vault, &newest);

    put(&copy, &vault);
    let refused = Wallet::unlock(&vault, &passphrase(), here.clone()).unwrap_err();
    assert_eq!(refused.code(), "vault_older_copy");
    let reset = Wallet::unlock_with_words(&vault, &made.words, &passphrase(), CHEAP, here.clone());
    assert_eq!(reset.unwrap_err().code(), "vault_older_copy");
    let rotated = Wallet::rotate_key(&vault, &passphrase(), CHEAP, here.clone(), &mut unwatched);
    assert_eq!(rotated.unwrap_err().code(), "vault_older_copy");
    let header = "vault/header.json";
    assert_eq!(
        fs::read(vault.join(header)).unwrap(),
        fs::read(copy.join(header)).unwrap(),
        "refused before anything is changed"
    );

    // The newest one, put back, is as good as it was.
    put(&newest, &vault);
    drop(Wallet::unlock(&vault, &passphrase(), here.clone()).unwrap());

    put(&copy, &vault);
    let wallet = Wallet::accept_older_copy(&vault, &passphrase(), here.clone()).unwrap();
    assert!(wallet.recovery().unwrap().is_some_and(|search| !search.done));
    assert_eq!(wallet.activity().unwrap()[0].what, "older_copy_accepted");
    drop(wallet);
    drop(Wallet::unlock(&vault, &passphrase(), here.clone()).unwrap());
}

#[test]
fn another_state_with_the_same_number_of_changes_is_refused_too() {
    let (dir, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (vault, copy) = (dir.path().join("v"), kept.path().join("v"));
    let here = device(Arc::new(MemoryKeychain::default()));
    drop(Wallet::create(&vault, &passphrase(), CHEAP, here.clone()).unwrap());
    put(&vault, &copy);
    let rename = |dir: &Path, name: &str, device: Device| {
        let wallet = Wallet::unlock(dir, &passphrase(), device).unwrap();
        wallet.rename_profile(0, name).unwrap();
    };
    rename(&vault, "Maria", here.clone());
    rename(&copy, "Marta", device(Arc::new(Absent)));
    put(&copy, &vault);
    let refused = Wallet::unlock(&vault, &passphrase(), here).unwrap_err();
    assert_eq!(refused.code(), "vault_older_copy");
}

#[test]
fn without_a_keychain_the_wallet_opens_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let made = Wallet::create(dir.path(), &passphrase(), CHEAP, Clock::system()).unwrap();
    assert!(!made.wallet.vault_view().rollback_detected);
    drop(made);
    let vault = Vault::unlock(dir.path(), &passphrase()).unwrap();
    let absent: Arc<dyn Keychain> = Arc::new(Absent);
    assert!(!vault.witnessed(&absent).unwrap().is_witnessed());
}

#[test]
fn a_fresh_key_goes_on_counting_so_the_old_folder_is_known_as_older() {
    let (dir, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (vault, copy) = (dir.path().join("v"), kept.path().join("v"));
    let here = device(Arc::new(MemoryKeychain::default()));
    drop(Wallet::create(&vault, &passphrase(), CHEAP, here.clone()).unwrap());
    put(&vault, &copy);
    drop(Wallet::rotate_key(&vault, &passphrase(), CHEAP, here.clone(), &mut unwatched).unwrap());
    drop(Wallet::unlock(&vault, &passphrase(), here.clone()).unwrap());
    put(&copy, &vault);
    let refused = Wallet::unlock(&vault, &passphrase(), here).unwrap_err();
    assert_eq!(refused.code(), "vault_older_copy");
}

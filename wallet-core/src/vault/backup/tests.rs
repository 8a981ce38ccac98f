//! Backups through the vault's own doors, and files that a stranger could change.

use std::{fs, ops::ControlFlow, path::PathBuf, sync::Arc};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::{
    progress::Progress,
    vault::{Absent, KdfChoice, Keychain, Mark, Passphrase, Table, Vault},
    words::Words,
};

const CHEAP: KdfChoice = KdfChoice::Fixed { mib: 64, passes: 3 };
const MARK: Mark<'_> = Mark {
    table: Table::Meta,
    id: "mark",
    value: b"7",
};

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

struct Made {
    dir: TempDir,
    vault: Vault,
    words: Words,
    file: PathBuf,
}

/// A vault with small and large entries, and a backup of it.
fn made() -> Made {
    let dir = tempfile::tempdir().unwrap();
    let (vault, words) = Vault::create(&dir.path().join("old"), &passphrase("correct horse"), CHEAP).unwrap();
    let mut change = vault.change();
    for number in 0..50 {
        change.put(Table::Consents, &format!("c{number}"), &number);
    }
    for id in ["large", "larger", "largest"] {
        change.put_bytes(Table::Packs, id, &vec![7; 3 << 20]);
    }
    change.append(b"{\"what\":\"granted\"}".to_vec());
    assert_eq!(change.next_consent_number().unwrap(), 0);
    change.commit().unwrap();
    let file = dir.path().join("backup.carnet");
    vault
        .back_up(&file, (&passphrase("another horse"), CHEAP), &mut go_on)
        .unwrap();
    Made {
        dir,
        vault,
        words,
        file,
    }
}

fn restore(made: &Made, into: &str, secret: &BackupSecret<'_>) -> Result<Restored, RestoreError> {
    let new = passphrase("a third horse");
    Vault::restore(
        &made.dir.path().join(into),
        &made.file,
        secret,
        (&new, CHEAP),
        &MARK,
        &mut go_on,
    )
}

#[test]
fn everything_comes_back_under_other_keys_and_numbers_go_on_higher() {
    let made = made();
    let opened = passphrase("another horse");
    let restored = restore(&made, "new", &BackupSecret::Passphrase(&opened)).unwrap();
    let vault = restored.vault;
    assert_ne!(vault.id(), made.vault.id());
    assert_eq!(vault.words().list(), made.words.list());
    assert_eq!(vault.all::<u32>(Table::Consents).unwrap().len(), 50);
    assert_eq!(vault.get::<u32>(Table::Consents, "c7").unwrap(), Some(7));
    assert_eq!(vault.get::<u32>(Table::Meta, "mark").unwrap(), Some(7));
    assert!(*vault.get_bytes(Table::Packs, "large").unwrap().unwrap() == vec![7; 3 << 20]);
    assert_eq!(vault.chain_head().unwrap(), made.vault.chain_head().unwrap());
    assert_eq!(vault.chain().unwrap(), made.vault.chain().unwrap());
    assert!(vault.change().next_consent_number().unwrap() > 10);
    drop(vault);
    Vault::unlock(&made.dir.path().join("new"), &passphrase("a third horse")).unwrap();

    let restored = restore(&made, "by words", &BackupSecret::Words(&made.words)).unwrap();
    assert_eq!(restored.entries, 50 + 3 + 1 + 1 + 2);
}

#[test]
fn the_vault_that_was_there_stays_until_the_new_one_was_checked() {
    let made = made();
    let dir = made.dir.path().join("old");
    made.vault.put(Table::Consents, "since the backup", &1).unwrap();
    // In use: refused, and nothing happened to it.
    let error = restore(&made, "old", &BackupSecret::Words(&made.words)).unwrap_err();
    assert_eq!(error.code(), "vault_in_use");
    let Made {
        dir: folder,
        vault,
        words,
        file,
    } = made;
    drop(vault);

    // Stopped at any moment, damaged, or with a wrong secret: the old one is there.
    let mut calls = 0;
    for stop_at in 0.. {
        calls = 0;
        let outcome = Vault::restore(
            &dir,
            &file,
            &BackupSecret::Words(&words),
            (&passphrase("a third horse"), CHEAP),
            &MARK,
            &mut |_| {
                calls += 1;
                if calls > stop_at {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        );
        match outcome {
            Err(error) => assert_eq!(error.code(), "cancelled"),
            Ok(_) => break,
        }
        assert!(!dir.join("vault.new").exists(), "nothing half is left");
        let old = Vault::unlock_with_words(&dir, &words).unwrap();
        assert_eq!(
            old.get::<u8>(Table::Consents, "since the backup").unwrap(),
            Some(1)
        );
    }
    assert!(calls > 1);
    let new = Vault::unlock_with_words(&dir, &words).unwrap();
    assert_eq!(new.get::<u8>(Table::Consents, "since the backup").unwrap(), None);
    let names: Vec<_> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        !names
            .iter()
            .any(|name| name == "vault.old" || name == "vault.new"),
        "{names:?}"
    );
    drop(folder);
}

#[test]
fn a_vault_that_is_open_after_a_rotation_is_not_replaced_under_anybody() {
    let made = made();
    let dir = made.dir.path().join("old");
    let words = made.words.clone();
    let Made {
        dir: folder,
        vault,
        file,
        ..
    } = made;
    drop(vault);
    let (old, new) = (passphrase("correct horse"), passphrase("a third horse"));
    let keychain: Arc<dyn Keychain> = Arc::new(Absent);
    let open = Vault::rotate_key(&dir, &old, CHEAP, &keychain, &mut go_on).unwrap();
    let restore = || {
        let secret = BackupSecret::Words(&words);
        Vault::restore(&dir, &file, &secret, (&new, CHEAP), &MARK, &mut go_on).map(drop)
    };
    assert_eq!(restore().unwrap_err().code(), "vault_in_use");
    assert!(!dir.join("vault.new").exists());
    drop(open);
    restore().unwrap();
    drop(folder);
}

#[test]
fn an_exchange_cut_short_leaves_one_whole_vault() {
    let made = made();
    let dir = made.dir.path().join("old");
    let words = made.words.clone();
    drop(made.vault);
    // Between the two renames.
    fs::rename(dir.join("vault"), dir.join("vault.old")).unwrap();
    assert!(Vault::exists(&dir));
    let vault = Vault::unlock_with_words(&dir, &words).unwrap();
    assert_eq!(vault.all::<u32>(Table::Consents).unwrap().len(), 50);
    // After them, before the old one was removed.
    drop(vault);
    fs::create_dir(dir.join("vault.old")).unwrap();
    Vault::unlock(&dir, &passphrase("correct horse")).unwrap();
    assert!(!dir.join("vault.old").exists());
}

#[test]
fn nothing_is_overwritten_and_nothing_half_is_left() {
    let made = made();
    let again = |path: &PathBuf, watch: &mut crate::progress::Watch<'_>| {
        made.vault
            .back_up(path, (&passphrase("another horse"), CHEAP), watch)
            .unwrap_err()
            .code()
    };
    let before = fs::read(&made.file).unwrap();
    assert_eq!(again(&made.file, &mut go_on), "backup_exists");
    assert_eq!(fs::read(&made.file).unwrap(), before);
    let other = made.dir.path().join("other.carnet");
    // While it is written, and while it is read again.
    for stop_at in [1, 3, 4] {
        let mut calls = 0;
        let code = again(&other, &mut |_| {
            calls += 1;
            if calls == stop_at {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!(code, "cancelled");
    }
    assert_eq!(
        again(&made.dir.path().join("no/such/folder/x"), &mut go_on),
        "backup_not_written"
    );
    let left: Vec<_> = fs::read_dir(made.dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_hostile_file_is_refused_before_it_costs_anything() {
    let made = made();
    let good = fs::read(&made.file).unwrap();
    let header_end = 18 + u32::from_be_bytes(good[14..18].try_into().unwrap()) as usize;
    let with_header = |from: &str, to: &str| {
        let header = String::from_utf8(good[18..header_end].to_vec()).unwrap();
        assert!(header.contains(from), "{header}");
        let header = header.replacen(from, to, 1);
        let length = u32::try_from(header.len()).unwrap().to_be_bytes();
        [&good[..14], &length, header.as_bytes(), &good[header_end..]].concat()
    };
    let key = passphrase("another horse");
    let code = |bytes: &[u8]| {
        fs::write(&made.file, bytes).unwrap();
        let error = restore(&made, "new", &BackupSecret::Passphrase(&key)).unwrap_err();
        assert!(!made.dir.path().join("new/vault").exists());
        error.code()
    };
    assert_eq!(code(&with_header("65536", "4294967295")), "backup_kdf_refused");
    assert_eq!(code(&with_header("65536", "8")), "backup_kdf_refused");
    assert_eq!(
        code(&with_header("\"passes\":3", "\"passes\":1")),
        "backup_kdf_refused"
    );
    assert_eq!(
        code(&with_header("\"carnet_backup\":1", "\"carnet_backup\":2")),
        "backup_newer_version"
    );
    assert_eq!(
        code(&with_header("\"kdf\"", "\"more\":1,\"kdf\"")),
        "backup_damaged"
    );
    assert_eq!(code(b""), "not_a_backup");
    assert_eq!(code(b"PK\x03\x04 something else altogether"), "not_a_backup");
    let mut long = good.clone();
    long[14..18].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(code(&long), "not_a_backup");

    // Parts in another order, cut at the end of a piece, or longer.
    let piece = (1 << 20) + 16;
    let (one, two) = (header_end, header_end + piece);
    let mut swapped = good.clone();
    swapped[one..two].copy_from_slice(&good[two..two + piece]);
    swapped[two..two + piece].copy_from_slice(&good[one..two]);
    assert_eq!(code(&swapped), "backup_damaged");
    assert_eq!(code(&good[..two]), "backup_damaged");
    assert_eq!(code(&good[..header_end]), "backup_damaged");
    assert_eq!(code(&[good.as_slice(), &[0]].concat()), "backup_damaged");
    fs::write(&made.file, &good).unwrap();
    restore(&made, "new", &BackupSecret::Passphrase(&key)).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn random_bytes_are_refused_without_a_key_being_made(bytes in proptest::collection::vec(any::<u8>(), 0..600), with_magic: bool) {
        let words = Words::parse(&["abandon"; 23].into_iter().chain(["art"]).collect::<Vec<_>>().join(" ")).unwrap();
        let mut file = if with_magic { MAGIC.to_vec() } else { Vec::new() };
        file.extend(bytes);
        prop_assert!(header::Header::read(&mut file.as_slice(), &BackupSecret::Words(&words)).is_err());
    }

    #[test]
    fn random_items_never_take_more_than_they_bring(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = item::Item::read(&mut bytes.as_slice());
    }
}

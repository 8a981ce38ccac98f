//! The vault through its public doors, and through the files that a stranger could change.

use std::{
    cell::Cell,
    fs,
    ops::ControlFlow,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use carnet_store::{Batch, Store, open_existing};
use tempfile::TempDir;

use super::*;

const CHEAP: KdfChoice = KdfChoice::Fixed { mib: 64, passes: 3 };
const LARGE: usize = 200_000;

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse battery".to_owned())
}

fn created() -> (TempDir, Vault, Words) {
    let dir = tempfile::tempdir().unwrap();
    let (vault, words) = Vault::create(dir.path(), &passphrase(), CHEAP).unwrap();
    (dir, vault, words)
}

/// Opens without the passphrase's cost.
fn reopen(dir: &TempDir, words: &Words) -> Vault {
    Vault::unlock_with_words(dir.path(), words).unwrap()
}

fn header_path(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join("vault/header.json")
}

#[test]
fn what_was_put_is_there_after_unlocking_again() {
    let (dir, vault, words) = created();
    let raw: Vec<u8> = (0..LARGE).map(|byte| byte as u8).collect();
    vault.put(Table::Consents, "c1", &"granted").unwrap();
    vault.put(Table::Consents, "c2", &"denied").unwrap();
    vault.put(Table::Requests, "c1", &7).unwrap();
    vault.put_bytes(Table::Packs, "small", b"{ }").unwrap();
    vault.put_bytes(Table::Packs, "large", &raw).unwrap();
    vault.put_bytes(Table::Packs, "empty", b"").unwrap();
    vault.put_bytes(Table::Deliveries, "d", &raw).unwrap();
    vault.put_bytes(Table::Deliveries, "d", &raw[1..]).unwrap();
    vault.put(Table::Consents, "c2", &"revoked").unwrap();
    vault.delete(Table::Requests, "c1").unwrap();
    vault.delete(Table::Requests, "never there").unwrap();
    let (id, fingerprint) = (vault.id(), vault.keys().fingerprint());
    drop(vault);

    let vault = Vault::unlock(dir.path(), &passphrase()).unwrap();
    assert_eq!((vault.id(), vault.keys().fingerprint()), (id, fingerprint));
    assert_eq!(vault.words().list(), words.list());
    let consents: Vec<(String, String)> = vault.all(Table::Consents).unwrap();
    assert_eq!(
        consents,
        [("c1".into(), "granted".into()), ("c2".into(), "revoked".into())]
    );
    assert_eq!(vault.get::<u8>(Table::Requests, "c1").unwrap(), None);
    assert_eq!(
        vault
            .get_bytes(Table::Packs, "small")
            .unwrap()
            .unwrap()
            .as_slice(),
        b"{ }"
    );
    assert_eq!(
        vault
            .get_bytes(Table::Packs, "empty")
            .unwrap()
            .unwrap()
            .as_slice(),
        b""
    );
    assert!(*vault.get_bytes(Table::Packs, "large").unwrap().unwrap() == raw);
    assert!(*vault.get_bytes(Table::Deliveries, "d").unwrap().unwrap() == raw[1..]);
    vault.delete(Table::Deliveries, "d").unwrap();
    vault.delete(Table::Packs, "large").unwrap();
    drop(vault);
    assert!(
        reopen(&dir, &words)
            .get_bytes(Table::Packs, "large")
            .unwrap()
            .is_none()
    );
    assert_eq!(
        fs::read_dir(dir.path().join("vault/store/values"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn only_the_passphrase_or_the_words_open() {
    let (dir, vault, words) = created();
    let other = created().2;
    drop(vault);
    for wrong in [
        "correct horse batter",
        "Correct horse battery",
        "correct horse battery ",
        "",
    ] {
        let error = Vault::unlock(dir.path(), &Passphrase::new(wrong.to_owned())).unwrap_err();
        assert_eq!(error.code(), "wrong_passphrase");
    }
    let error = Vault::unlock_with_words(dir.path(), &other).unwrap_err();
    assert_eq!(error.code(), "wrong_words");
    let typed = Words::parse(&words.list().join(" ")).unwrap();
    Vault::unlock_with_words(dir.path(), &typed).unwrap();
}

#[test]
fn accents_open_however_the_keyboard_writes_them() {
    let dir = tempfile::tempdir().unwrap();
    let composed = Passphrase::new("caf\u{e9} cr\u{e8}me".to_owned());
    let decomposed = Passphrase::new("cafe\u{301} cre\u{300}me".to_owned());
    drop(Vault::create(dir.path(), &composed, CHEAP).unwrap());
    Vault::unlock(dir.path(), &decomposed).unwrap();
}

#[test]
fn one_vault_has_one_opener_and_is_made_once() {
    let (dir, vault, words) = created();
    assert_eq!(
        Vault::unlock(dir.path(), &passphrase()).unwrap_err().code(),
        "vault_in_use"
    );
    assert_eq!(
        Vault::unlock_with_words(dir.path(), &words).unwrap_err().code(),
        "vault_in_use"
    );
    assert_eq!(
        Vault::create(dir.path(), &passphrase(), CHEAP)
            .unwrap_err()
            .code(),
        "vault_exists"
    );
    drop(vault);
    assert_eq!(
        Vault::create(dir.path(), &passphrase(), CHEAP)
            .unwrap_err()
            .code(),
        "vault_exists"
    );
    reopen(&dir, &words);
}

#[test]
fn a_try_that_was_cut_short_stands_in_nobodys_way() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!Vault::exists(dir.path()));
    assert_eq!(
        Vault::unlock(dir.path(), &passphrase()).unwrap_err().code(),
        "no_vault"
    );
    let left = dir.path().join("vault.new/store/db");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("db"), "half").unwrap();
    assert!(!Vault::exists(dir.path()));
    drop(Vault::create(dir.path(), &passphrase(), CHEAP).unwrap());
    assert!(!dir.path().join("vault.new").exists());
    assert!(Vault::exists(dir.path()));
}

#[test]
fn weak_choices_make_no_vault() {
    let dir = tempfile::tempdir().unwrap();
    let create = |text: &str, kdf| {
        Vault::create(dir.path(), &Passphrase::new(text.to_owned()), kdf)
            .unwrap_err()
            .code()
    };
    assert_eq!(create("seven77", CHEAP), "passphrase_too_short");
    for (mib, passes) in [(63, 3), (64, 2), (1025, 3), (u32::MAX, 3)] {
        assert_eq!(
            create("long enough", KdfChoice::Fixed { mib, passes }),
            "kdf_cost_refused"
        );
    }
    assert!(!Vault::exists(dir.path()));
}

#[test]
fn a_hostile_cost_is_refused_before_any_work() {
    let (dir, vault, _) = created();
    drop(vault);
    let text = fs::read_to_string(header_path(&dir)).unwrap();
    for (memory_kib, passes) in [
        (u32::MAX, 3),
        (1024 * 1024, 5),
        (64 * 1024, u32::MAX),
        (64 * 1024, 1),
        (8, 3),
    ] {
        let mut header = header::Header::parse(text.as_bytes()).unwrap();
        header.kdf.memory_kib = memory_kib;
        header.kdf.passes = passes;
        header.refresh_check();
        fs::write(header_path(&dir), serde_json::to_vec(&header).unwrap()).unwrap();
        let started = Instant::now();
        assert_eq!(
            Vault::unlock(dir.path(), &passphrase()).unwrap_err().code(),
            "kdf_cost_refused"
        );
        assert!(started.elapsed() < Duration::from_millis(100));
    }
}

#[test]
fn an_altered_header_is_told_from_a_wrong_passphrase() {
    let (dir, vault, words) = created();
    drop(vault);
    let good = fs::read_to_string(header_path(&dir)).unwrap();
    let code = |text: &str| {
        fs::write(header_path(&dir), text).unwrap();
        Vault::unlock_with_words(dir.path(), &words)
            .err()
            .map_or("opened", |error| error.code())
    };
    let digits: Vec<usize> = good
        .char_indices()
        .filter(|(at, char)| char.is_ascii_digit() && good[..*at].contains("\"id\""))
        .map(|(at, _)| at)
        .collect();
    for at in digits.iter().step_by(9) {
        let other = if &good[*at..=*at] == "7" { "6" } else { "7" };
        let altered = [&good[..*at], other, &good[at + 1..]].concat();
        assert_eq!(code(&altered), "vault_header_damaged", "{altered}");
    }
    assert_eq!(
        code(&good.replace("\"carnet_vault\": 1", "\"carnet_vault\": 2, \"more\": 1")),
        "vault_newer_version"
    );
    assert_eq!(
        code(&good.replace("\"id\"", "\"extra\": 1, \"id\"")),
        "vault_header_damaged"
    );
    assert_eq!(code(&good[..good.len() / 2]), "not_a_vault");
    assert_eq!(code("{}"), "not_a_vault");
    assert_eq!(code(&" ".repeat(1 << 20)), "not_a_vault");

    // Somebody who knows the format sets the cost to the floor and puts a fitting checksum.
    let mut header = header::Header::parse(good.as_bytes()).unwrap();
    header.kdf.passes = 4;
    header.refresh_check();
    assert_eq!(
        code(&serde_json::to_string(&header).unwrap()),
        "vault_header_damaged"
    );
    assert_eq!(
        Vault::unlock(dir.path(), &passphrase()).unwrap_err().code(),
        "wrong_passphrase"
    );
    assert_eq!(code(&good), "opened");
}

#[test]
fn a_part_of_a_vault_is_refused_and_stays_as_it_is() {
    let (dir, vault, words) = created();
    vault.put(Table::Profile, "person", &"x").unwrap();
    drop(vault);
    let code = || {
        Vault::unlock_with_words(dir.path(), &words)
            .err()
            .map_or("opened", |error| error.code())
    };
    let vault_dir = dir.path().join("vault");
    // What the store copies when it was not closed in order gets another number.
    let engine = || {
        fs::read_dir(vault_dir.join("store"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .find(|name| name.starts_with("sled-"))
            .map(|name| format!("store/{name}"))
            .unwrap()
    };
    let parts: [&dyn Fn() -> String; 4] = [&|| "store".to_owned(), &engine, &|| engine() + "/db", &|| {
        "header.json".to_owned()
    }];
    for part in parts {
        let part = &part();
        fs::rename(vault_dir.join(part), dir.path().join("elsewhere")).unwrap();
        assert!(
            ["not_a_vault", "vault_damaged"].contains(&code()),
            "{part}: {}",
            code()
        );
        let create = Vault::create(dir.path(), &passphrase(), CHEAP)
            .unwrap_err()
            .code();
        assert_eq!(create, "vault_exists", "{part}");
        fs::rename(dir.path().join("elsewhere"), vault_dir.join(part)).unwrap();
        assert_eq!(code(), "opened", "{part}");
    }
}

#[test]
fn entries_missing_added_exchanged_or_old_are_found_out() {
    let (dir, vault, words) = created();
    for number in 0..20 {
        vault
            .put(Table::Consents, &format!("c{number}"), &number)
            .unwrap();
    }
    vault.put_bytes(Table::Packs, "large", &vec![1; LARGE]).unwrap();
    drop(vault);
    let path = dir.path().join("vault/store");
    let store = open_existing(&path).unwrap();
    let mut good = Vec::new();
    let collect = &mut |key: &[u8], value: &[u8]| {
        good.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    };
    store.scan(b"", collect).unwrap();
    let entries: Vec<_> = good
        .iter()
        .filter(|(key, _)| key[0] == seal::ENTRY)
        .cloned()
        .collect();
    let body = good.iter().find(|(key, _)| key[0] == seal::BODY).unwrap().clone();
    drop(store);

    let vault = reopen(&dir, &words);
    for number in 0..20 {
        vault
            .put(Table::Consents, &format!("c{number}"), &"newer")
            .unwrap();
    }
    drop(vault);
    let store = open_existing(&path).unwrap();
    let changed = entries
        .iter()
        .find(|(key, value)| store.get(key).unwrap().unwrap() != *value)
        .unwrap()
        .clone();
    drop(store);

    let with = |alter: &dyn Fn(&mut Batch)| {
        let store = open_existing(&path).unwrap();
        let mut before = Vec::new();
        store
            .scan(b"", &mut |key, value| {
                before.push((key.to_vec(), value.to_vec()));
                ControlFlow::Continue(())
            })
            .unwrap();
        let mut batch = Batch::new();
        alter(&mut batch);
        store.commit(batch).unwrap();
        drop(store);
        let outcome = Vault::unlock_with_words(dir.path(), &words)
            .err()
            .map_or("opened", |error| error.code());
        let store = open_existing(&path).unwrap();
        let mut batch = Batch::new();
        store
            .scan_keys(b"", &mut |key, _| {
                batch.delete(key);
                ControlFlow::Continue(())
            })
            .unwrap();
        for (key, value) in before {
            batch.put(key, value);
        }
        store.commit(batch).unwrap();
        outcome
    };
    let damaged = "vault_damaged";
    assert_eq!(
        with(&|batch| batch.delete(entries[3].0.clone())),
        damaged,
        "missing"
    );
    assert_eq!(
        with(&|batch| batch.put(changed.0.clone(), changed.1.clone())),
        damaged,
        "older"
    );
    assert_eq!(
        with(&|batch| batch.put(entries[3].0.clone(), entries[4].1.clone())),
        damaged,
        "exchanged"
    );
    assert_eq!(
        with(&|batch| {
            batch.put(entries[3].0.clone(), entries[4].1.clone());
            batch.put(entries[4].0.clone(), entries[3].1.clone());
        }),
        damaged,
        "swapped"
    );
    assert_eq!(
        with(&|batch| batch.put([&entries[3].0[..], b"x"].concat(), entries[3].1.clone())),
        damaged,
        "added"
    );
    assert_eq!(with(&|batch| batch.delete(body.0.clone())), damaged, "no body");
    assert_eq!(with(&|batch| batch.delete(root::KEY)), damaged, "no root");
    assert_eq!(
        with(&|batch| batch.put(entries[3].0.clone(), "")),
        damaged,
        "emptied"
    );
    assert_eq!(
        with(&|batch| batch.put("\u{9}unknown", "x")),
        "opened",
        "what stands elsewhere is nobody's"
    );

    // An altered body keeps its name and length: found out when it is read, not served.
    let altered = |at: usize| {
        let mut value = body.1.clone();
        value[at] ^= 1;
        let store = open_existing(&path).unwrap();
        let mut batch = Batch::new();
        batch.put(body.0.clone(), value);
        store.commit(batch).unwrap();
        drop(store);
        reopen(&dir, &words)
            .get_bytes(Table::Packs, "large")
            .unwrap_err()
            .code()
    };
    assert_eq!(altered(LARGE / 2), damaged);
    assert_eq!(altered(8), damaged);
}

#[test]
fn nothing_readable_stands_in_any_file() {
    let (dir, vault, words) = created();
    let marker = "Xylophonitis";
    vault.put(Table::Pages, &format!("id-{marker}"), &marker).unwrap();
    vault
        .put_bytes(Table::Packs, "large", marker.repeat(LARGE / 12).as_bytes())
        .unwrap();
    let root = *vault.keys().root().bytes();
    let key = vault.keys().derive_ledger_key(0).to_bytes();
    drop(vault);
    fs::write(dir.path().join("planted"), format!("…{marker}…")).unwrap();
    let mut found = Vec::new();
    for bytes in [
        marker.as_bytes(),
        b"correct horse",
        words.list()[0..2].join(" ").as_bytes(),
        &root,
        &key,
    ] {
        find(dir.path(), bytes, &mut found);
    }
    assert_eq!(found, [dir.path().join("planted")]);
}

fn find(dir: &Path, bytes: &[u8], found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, bytes, found);
        } else if fs::read(&path)
            .unwrap()
            .windows(bytes.len())
            .any(|window| window == bytes)
        {
            found.push(path);
        }
    }
}

#[test]
fn a_change_happens_whole_or_not_at_all() {
    struct Unwritable(Cell<bool>);
    impl Serialize for Unwritable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            self.0.set(true);
            Err(serde::ser::Error::custom("no"))
        }
    }
    let (dir, vault, words) = created();
    let mut change = vault.change();
    change.put(Table::Consents, "a", &1);
    change.delete(Table::Consents, "b");
    change.put_bytes(Table::Deliveries, "a", &vec![1; LARGE]);
    drop(change);
    assert_eq!(vault.get::<u8>(Table::Consents, "a").unwrap(), None);

    let mut change = vault.change();
    change.put(Table::Consents, "a", &1);
    change.put(Table::Consents, "b", &Unwritable(Cell::default()));
    assert_eq!(change.commit().unwrap_err().code(), "vault_not_writable");
    assert_eq!(vault.get::<u8>(Table::Consents, "a").unwrap(), None);

    let mut change = vault.change();
    change.put(Table::Consents, "a", &1);
    change.put(Table::Consents, "a", &2);
    change.put(Table::Outbox, "a", &3);
    change.put(Table::Activity, "gone", &4);
    change.delete(Table::Activity, "gone");
    change.commit().unwrap();
    vault.change().commit().unwrap();
    drop(vault);
    let vault = reopen(&dir, &words);
    assert_eq!(vault.get::<u8>(Table::Consents, "a").unwrap(), Some(2));
    assert_eq!(vault.get::<u8>(Table::Outbox, "a").unwrap(), Some(3));
    assert_eq!(vault.get::<u8>(Table::Activity, "gone").unwrap(), None);
    assert_eq!(
        vault.get::<String>(Table::Outbox, "a").unwrap_err().code(),
        "vault_unknown_form"
    );
}

#[test]
fn a_consent_number_is_given_once() {
    let (dir, vault, words) = created();
    assert_eq!(vault.change().next_consent_number().unwrap(), 0);
    let mut given: Vec<u64> = thread::scope(|scope| {
        let give = || {
            (0..10)
                .map(|_| {
                    let mut change = vault.change();
                    let number = change.next_consent_number().unwrap();
                    change.put(Table::Consents, &number.to_string(), &number);
                    change.commit().unwrap();
                    number
                })
                .collect::<Vec<_>>()
        };
        let threads = [scope.spawn(give), scope.spawn(give), scope.spawn(give)];
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    given.sort_unstable();
    assert_eq!(given, (1..=30).collect::<Vec<_>>());
    // The higher one is committed first.
    let (mut lower, mut higher) = (vault.change(), vault.change());
    assert_eq!(
        (
            lower.next_consent_number().unwrap(),
            higher.next_consent_number().unwrap()
        ),
        (31, 32)
    );
    higher.commit().unwrap();
    lower.commit().unwrap();
    drop(vault);
    assert_eq!(reopen(&dir, &words).change().next_consent_number().unwrap(), 33);
}

#[test]
fn debug_shows_no_secret() {
    let (_dir, vault, words) = created();
    vault.put(Table::Profile, "person", &"Maria").unwrap();
    let mut change = vault.change();
    change.put(Table::Profile, "person", &"Maria");
    let shown = format!(
        "{vault:?} {:?} {words:?} {:?} {change:?}",
        vault.keys(),
        passphrase()
    );
    assert_eq!(
        shown,
        "Vault(0) Keys { root: RootKey(…) } Words(…) Passphrase(…) Change(1 entries)"
    );
}

//! The sled engine: the common suite, and what only its files can suffer.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod suite;

use std::{
    fs,
    path::{Path, PathBuf},
};

use carnet_store::{Store, StoreError, open_sled};
use suite::{LARGE, pairs, put};

suite!(|dir| Ok(Box::new(open_sled(dir)?)));

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// A closed store with 200 entries.
fn filled() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = open_sled(dir.path()).unwrap();
    for number in 0..200 {
        put(&store, &format!("{number:03}"), vec![number; 3_000]);
    }
    dir
}

#[test]
fn a_damaged_database_is_refused_or_whole_and_always_put_aside() {
    for place in [0.1, 0.4, 0.7, 0.95] {
        let dir = filled();
        let path = dir.path().join("db/db");
        let mut bytes = fs::read(&path).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        let start = (used as f64 * place) as usize;
        for byte in &mut bytes[start..start + 2_000] {
            *byte ^= 0x5a;
        }
        fs::write(&path, &bytes).unwrap();
        match open_sled(dir.path()) {
            Ok(store) => assert_eq!(pairs(&store, b"").len(), 200, "missing without a word"),
            Err(StoreError::Damaged { copy: Some(copy), .. }) => {
                assert!(
                    fs::read(copy.join("db")).unwrap() == bytes,
                    "the copy is what was found"
                );
                assert!(fs::read(&path).unwrap() == bytes, "nothing was overwritten");
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_database_that_lost_its_end_is_refused() {
    let dir = filled();
    let path = dir.path().join("db/db");
    let bytes = fs::read(&path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    fs::write(&path, &bytes[..used / 2]).unwrap();
    for _ in 0..5 {
        assert!(matches!(
            open_sled(dir.path()),
            Err(StoreError::Damaged { copy: Some(_), .. })
        ));
    }
    let copies = files(dir.path())
        .iter()
        .filter(|path| path.to_string_lossy().contains("damaged"))
        .count();
    assert_eq!(copies, 3, "copies are kept, but not without end");
}

#[test]
fn old_copies_never_take_the_place_of_newer_data() {
    let dir = filled();
    for number in 1..=3 {
        let copy = dir.path().join(format!("damaged-{number}"));
        fs::create_dir(&copy).unwrap();
        fs::write(copy.join("db"), "from long ago").unwrap();
    }
    let path = dir.path().join("db/db");
    let good = fs::read(&path).unwrap();
    let damaged = &good[..good.len() / 3];
    fs::write(&path, damaged).unwrap();
    for _ in 0..2 {
        assert!(matches!(
            open_sled(dir.path()),
            Err(StoreError::Damaged { copy: Some(_), .. })
        ));
        assert!(fs::read(&path).unwrap() == damaged, "as it was found");
    }
    fs::write(&path, &good).unwrap();
    assert_eq!(pairs(&open_sled(dir.path()).unwrap(), b"").len(), 200);
}

#[test]
fn a_missing_database_or_value_file_is_refused() {
    let dir = filled();
    put(&open_sled(dir.path()).unwrap(), "large", vec![1; LARGE]);
    let value = files(&dir.path().join("values")).remove(0);
    fs::rename(&value, dir.path().join("elsewhere")).unwrap();
    assert!(matches!(open_sled(dir.path()), Err(StoreError::Damaged { .. })));
    fs::rename(dir.path().join("elsewhere"), &value).unwrap();
    assert_eq!(
        open_sled(dir.path())
            .unwrap()
            .get(b"large")
            .unwrap()
            .unwrap()
            .len(),
        LARGE
    );

    fs::rename(dir.path().join("db"), dir.path().join("elsewhere")).unwrap();
    assert!(matches!(open_sled(dir.path()), Err(StoreError::Damaged { .. })));
}

#[test]
fn an_altered_large_value_is_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_sled(dir.path()).unwrap();
    put(&store, "large", vec![1; LARGE]);
    let value = files(&dir.path().join("values")).remove(0);
    fs::write(&value, vec![2; LARGE]).unwrap();
    assert!(matches!(store.get(b"large"), Err(StoreError::Damaged { .. })));
}

#[test]
fn what_an_interrupted_run_left_is_cleared_away() {
    let dir = filled();
    let half_snapshot = dir.path().join("db/snap.00000000000F4240.generating");
    let orphan = dir.path().join("values").join("ab".repeat(32));
    let unfinished = dir.path().join("values").join("cd".repeat(32) + ".unfinished");
    for path in [&half_snapshot, &orphan, &unfinished] {
        fs::write(path, "half").unwrap();
    }
    // A compaction that was cut between its two renames.
    fs::rename(dir.path().join("db"), dir.path().join("db.replaced")).unwrap();
    fs::create_dir(dir.path().join("db.rebuilt")).unwrap();
    fs::write(dir.path().join("db.rebuilt/db"), "half").unwrap();

    let store = open_sled(dir.path()).unwrap();
    assert_eq!(pairs(&store, b"").len(), 200);
    for path in [
        &half_snapshot,
        &orphan,
        &unfinished,
        &dir.path().join("db.rebuilt"),
        &dir.path().join("db.replaced"),
        &dir.path().join("db.before"),
    ] {
        assert!(!path.exists(), "{}", path.display());
    }
}

#[test]
fn a_folder_of_a_newer_version_is_left_alone() {
    let dir = filled();
    fs::write(dir.path().join("format"), "carnet-store 2\n").unwrap();
    let before = files(dir.path());
    assert!(matches!(
        open_sled(dir.path()),
        Err(StoreError::NewerVersion { found: 2 })
    ));
    assert_eq!(files(dir.path()), before);
}

#[test]
fn debug_shows_no_content() {
    let dir = filled();
    assert_eq!(
        format!("{:?}", open_sled(dir.path()).unwrap()),
        "SledStore { .. }"
    );
}

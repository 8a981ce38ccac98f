//! What holds of a folder whichever engine is in it.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::{fs, ops::ControlFlow, path::Path};

use carnet_store::{
    Batch, Checked, EngineKind, FolderStore, Store, StoreError, check, convert, open, open_existing,
};

const LARGE: usize = 100_000;

fn put(store: &FolderStore, key: &str, value: Vec<u8>) {
    let mut batch = Batch::new();
    batch.put(key, value);
    store.commit(batch).unwrap();
}

/// A closed store with 600 small entries and a large one.
fn filled(kind: EngineKind) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), kind).unwrap();
    let mut batch = Batch::new();
    for number in 0..600_u32 {
        batch.put(number.to_be_bytes(), vec![7; 100]);
    }
    store.commit(batch).unwrap();
    put(&store, "large", vec![1; LARGE]);
    dir
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

const WHOLE: Checked = Checked {
    entries: 601,
    large: 1,
    bytes: 600 * 100 + LARGE as u64,
    problem: None,
};

fn go_on(_: u64, _: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn opening_what_is_not_there_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("nowhere");
    assert!(matches!(open_existing(&nowhere), Err(StoreError::Missing)));
    assert!(!nowhere.exists());
    assert!(matches!(open_existing(dir.path()), Err(StoreError::Missing)));
}

#[test]
fn a_store_keeps_its_engine_whatever_is_asked_for() {
    for kind in EngineKind::ALL {
        let dir = filled(kind);
        for other in EngineKind::ALL {
            assert_eq!(open(dir.path(), other).unwrap().kind().unwrap(), kind);
        }
        assert_eq!(open_existing(dir.path()).unwrap().kind().unwrap(), kind);
    }
}

#[test]
fn a_converted_store_has_every_pair_and_nothing_left_over() {
    let dir = filled(EngineKind::Sled);
    for to in [EngineKind::Redb, EngineKind::Sled, EngineKind::Sled] {
        let mut last = (0, 0);
        convert(dir.path(), to, &mut |done, total| {
            last = (done, total);
            ControlFlow::Continue(())
        })
        .unwrap();
        assert!(last.0 == last.1);
        assert_eq!(open_existing(dir.path()).unwrap().kind().unwrap(), to);
        assert_eq!(check(dir.path()).unwrap(), WHOLE);
        let folders = names(dir.path())
            .into_iter()
            .filter(|name| name.contains('-'))
            .collect::<Vec<_>>();
        assert_eq!(folders.len(), 1, "{folders:?}");
    }
}

#[test]
fn a_stopped_conversion_leaves_the_store_as_it_was() {
    let dir = filled(EngineKind::Sled);
    let stopped = convert(dir.path(), EngineKind::Redb, &mut |_, _| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(StoreError::Stopped)));
    assert_eq!(
        open_existing(dir.path()).unwrap().kind().unwrap(),
        EngineKind::Sled
    );
    assert_eq!(check(dir.path()).unwrap(), WHOLE);
}

#[test]
fn a_check_sees_an_altered_value_and_reading_it_is_refused() {
    for kind in EngineKind::ALL {
        let dir = filled(kind);
        let values = dir.path().join("values");
        let name = names(&values).remove(0);
        fs::write(values.join(name), vec![2; LARGE]).unwrap();
        let store = open_existing(dir.path()).unwrap();
        assert!(matches!(store.get(b"large"), Err(StoreError::Damaged { .. })));
        assert!(store.check().unwrap().problem.is_some());
    }
}

#[test]
fn a_store_that_was_closed_in_order_is_opened_without_a_copy() {
    for kind in EngineKind::ALL {
        let dir = filled(kind);
        let place = format!("{}-1", kind.name());
        drop(open_existing(dir.path()).unwrap());
        assert!(names(dir.path()).contains(&place));
        // As after a kill.
        fs::remove_file(dir.path().join("clean")).unwrap();
        assert_eq!(check(dir.path()).unwrap(), WHOLE);
        assert!(!names(dir.path()).contains(&place));
    }
}

#[test]
fn a_store_that_takes_far_more_than_it_holds_is_compacted_at_opening() {
    let dir = filled(EngineKind::Sled);
    let store = open_existing(dir.path()).unwrap();
    for number in 0..8_u8 {
        let mut batch = Batch::new();
        for key in 0..100_u8 {
            batch.put([number, key], vec![number; 60_000]);
        }
        store.commit(batch).unwrap();
    }
    let mut batch = Batch::new();
    for number in 0..8_u8 {
        for key in 0..100_u8 {
            batch.delete([number, key]);
        }
    }
    store.commit(batch).unwrap();
    let (before, live) = store.space().unwrap();
    assert!(before > 16 * 1024 * 1024 + 4 * live, "{before} for {live}");
    drop(store);
    let store = open_existing(dir.path()).unwrap();
    assert!(store.space().unwrap().0 < before / 2);
    assert_eq!(store.check().unwrap(), WHOLE);
}

#[test]
fn what_an_interrupted_run_left_is_cleared_away() {
    for kind in EngineKind::ALL {
        let dir = filled(kind);
        let orphan = dir.path().join("values").join("ab".repeat(32));
        let unfinished = dir.path().join("values").join("cd".repeat(32) + ".unfinished");
        let rebuilt = dir.path().join("redb-7");
        fs::write(&orphan, "half").unwrap();
        fs::write(&unfinished, "half").unwrap();
        fs::create_dir(&rebuilt).unwrap();
        fs::write(rebuilt.join("redb"), "half").unwrap();
        assert_eq!(check(dir.path()).unwrap(), WHOLE);
        for path in [&orphan, &unfinished, &rebuilt] {
            assert!(!path.exists(), "{}", path.display());
        }
    }
}

#[test]
fn a_folder_of_a_newer_version_is_left_alone() {
    let dir = filled(EngineKind::Sled);
    fs::write(dir.path().join("format"), "carnet-store 3 a word\n").unwrap();
    let before = names(dir.path());
    assert!(matches!(
        open_existing(dir.path()),
        Err(StoreError::NewerVersion { found: 3 })
    ));
    assert!(matches!(
        convert(dir.path(), EngineKind::Redb, &mut go_on),
        Err(StoreError::NewerVersion { found: 3 })
    ));
    assert_eq!(names(dir.path()), before);
}

#[test]
fn debug_shows_no_content() {
    let dir = filled(EngineKind::Redb);
    assert_eq!(
        format!("{:?}", open_existing(dir.path()).unwrap()),
        "FolderStore { .. }"
    );
}

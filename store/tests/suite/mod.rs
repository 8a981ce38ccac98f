//! What every engine must do. `suite!(open)` makes one test of each rule for an engine.

use std::{collections::BTreeMap, ops::ControlFlow, path::Path, sync::Barrier, thread};

use carnet_store::{Batch, Store, StoreError};
use proptest::prelude::*;

pub(crate) type Open = fn(&Path) -> Result<Box<dyn Store>, StoreError>;

/// Over the size from which values live in files of their own.
pub(crate) const LARGE: usize = 100_000;

#[macro_export]
macro_rules! suite {
    ($open:expr) => {
        $crate::suite!($open;
            a_batch_is_there_after_opening_again,
            the_last_word_on_a_key_counts,
            a_scan_sees_its_prefix_in_key_order_and_stops_when_told,
            large_values_come_back_and_leave_no_file_behind,
            a_second_opener_is_refused_until_the_first_closes,
            nobody_sees_half_a_batch,
            concurrent_commits_all_arrive,
            a_reader_may_write_while_it_scans,
            a_long_scan_shows_one_moment,
            compacting_and_exporting_keep_every_pair,
            too_long_a_key_changes_nothing,
            any_history_ends_as_in_a_plain_map,
        );
    };
    ($open:expr; $($rule:ident,)*) => {
        $(#[test]
        fn $rule() {
            $crate::suite::$rule($open);
        })*
    };
}

pub(crate) fn pairs(store: &dyn Store, prefix: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut pairs = Vec::new();
    store
        .scan(prefix, &mut |key, value| {
            pairs.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        })
        .unwrap();
    pairs
}

pub(crate) fn put(store: &dyn Store, key: &str, value: impl Into<Vec<u8>>) {
    let mut batch = Batch::new();
    batch.put(key, value);
    store.commit(batch).unwrap();
}

fn delete(store: &dyn Store, key: &str) {
    let mut batch = Batch::new();
    batch.delete(key);
    store.commit(batch).unwrap();
}

pub(crate) fn a_batch_is_there_after_opening_again(open: Open) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    put(&*store, "gone", "x");
    let mut batch = Batch::new();
    batch.put("a", "1");
    batch.put("empty", "");
    batch.delete("gone");
    batch.delete("never there");
    store.commit(batch).unwrap();
    store.commit(Batch::new()).unwrap();
    drop(store);

    let store = open(dir.path()).unwrap();
    assert_eq!(store.get(b"a").unwrap().unwrap(), b"1");
    assert_eq!(store.get(b"empty").unwrap().unwrap(), b"");
    assert_eq!(store.get(b"gone").unwrap(), None);
    assert_eq!(pairs(&*store, b"").len(), 2);
}

pub(crate) fn the_last_word_on_a_key_counts(open: Open) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let mut batch = Batch::new();
    batch.put("a", "1");
    batch.delete("a");
    batch.delete("b");
    batch.put("b", "2");
    store.commit(batch).unwrap();
    assert_eq!(pairs(&*store, b""), [(b"b".to_vec(), b"2".to_vec())]);
}

pub(crate) fn a_scan_sees_its_prefix_in_key_order_and_stops_when_told(open: Open) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let mut batch = Batch::new();
    for key in ["b", "a/2", "a/10", "a", "a0"] {
        batch.put(key, key);
    }
    batch.put([0xff, 0xff], "high");
    store.commit(batch).unwrap();
    let keys = |prefix: &[u8]| {
        pairs(&*store, prefix)
            .into_iter()
            .map(|(key, _)| key)
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(b"a/"), [b"a/10".to_vec(), b"a/2".to_vec()]);
    assert_eq!(keys(&[0xff]), [[0xff, 0xff]]);
    let mut seen = 0;
    store
        .scan(b"a", &mut |_, _| {
            seen += 1;
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(seen, 1);
}

pub(crate) fn large_values_come_back_and_leave_no_file_behind(open: Open) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let value = vec![7; LARGE];
    put(&*store, "one", value.clone());
    put(&*store, "same", value.clone());
    put(&*store, "other", vec![8; LARGE]);
    put(&*store, "other", "small again");
    delete(&*store, "one");
    drop(store);
    assert!(is_somewhere_in(dir.path(), &[7; 1000]));
    assert!(!is_somewhere_in(dir.path(), &[8; 1000]));

    let store = open(dir.path()).unwrap();
    assert_eq!(store.get(b"same").unwrap().unwrap(), value);
    let mut lengths = Vec::new();
    store
        .scan_keys(b"", &mut |_, length| {
            lengths.push(length);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(lengths, [11, LARGE as u64]);
    delete(&*store, "same");
    assert!(!is_somewhere_in(dir.path(), &[7; 1000]));
}

pub(crate) fn a_second_opener_is_refused_until_the_first_closes(open: Open) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    put(&*store, "a", "1");
    assert!(matches!(open(dir.path()), Err(StoreError::InUse)));
    assert_eq!(store.get(b"a").unwrap().unwrap(), b"1");
    drop(store);
    assert_eq!(open(dir.path()).unwrap().get(b"a").unwrap().unwrap(), b"1");
}

pub(crate) fn nobody_sees_half_a_batch(open: Open) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let batch = |number: u8| {
        let mut batch = Batch::new();
        for key in 0..50_u8 {
            batch.put([key], [number]);
        }
        batch
    };
    store.commit(batch(0)).unwrap();
    thread::scope(|scope| {
        let writer = scope.spawn(|| (1..40).for_each(|number| store.commit(batch(number)).unwrap()));
        while !writer.is_finished() {
            let seen = pairs(&*store, b"");
            assert_eq!(seen.len(), 50);
            assert!(seen.iter().all(|(_, value)| *value == seen[0].1));
        }
    });
}

pub(crate) fn concurrent_commits_all_arrive(open: Open) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for writer in 0..4 {
            let (store, start) = (&*store, &start);
            scope.spawn(move || {
                start.wait();
                for number in 0..25 {
                    put(store, &format!("{writer}/{number}"), "x");
                    // One large value that all of them write and delete.
                    put(store, "shared", vec![1; LARGE]);
                    delete(store, "shared");
                }
            });
        }
    });
    put(&*store, "shared", vec![1; LARGE]);
    drop(store);
    let store = open(dir.path()).unwrap();
    assert_eq!(pairs(&*store, b"").len(), 101);
    assert_eq!(store.get(b"shared").unwrap().unwrap().len(), LARGE);
}

pub(crate) fn a_reader_may_write_while_it_scans(open: Open) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    for key in ["a", "b", "c"] {
        put(&*store, key, vec![key.as_bytes()[0]; LARGE]);
    }
    let mut seen = 0;
    store
        .scan(b"", &mut |key, value| {
            assert!(value.iter().all(|byte| *byte == key[0]));
            for key in ["a", "b", "c"] {
                delete(&*store, key);
            }
            seen += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, 3, "a scan shows one moment");
    assert!(pairs(&*store, b"").is_empty());
}

pub(crate) fn a_long_scan_shows_one_moment(open: Open) {
    const ENTRIES: u16 = 2_000;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let mut batch = Batch::new();
    for number in 0..ENTRIES {
        batch.put(number.to_be_bytes(), "old");
    }
    store.commit(batch).unwrap();
    let before = pairs(&*store, b"");
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    store
        .scan(b"", &mut |key, value| {
            if seen.len() % 100 == 0 {
                // Before, here and ahead of what is shown: deleted, replaced, added; and some twice.
                let number = seen.len() as u16 / 100;
                let mut batch = Batch::new();
                for at in (number..ENTRIES).step_by(37) {
                    batch.delete(at.to_be_bytes());
                }
                for at in (number..ENTRIES).step_by(41) {
                    batch.put(at.to_be_bytes(), format!("new {number}"));
                    batch.put([at.to_be_bytes().as_slice(), b"added"].concat(), "new");
                }
                store.commit(batch).unwrap();
                sizes.push(pairs(&*store, b"").len());
            }
            if seen.len() == 1_000 {
                store.compact().unwrap();
            }
            seen.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(seen == before);
    let now = pairs(&*store, b"");
    assert_eq!(
        Some(&now.len()),
        sizes.last(),
        "a scan that begins later shows what is there then"
    );
    assert!(now != before);
}

pub(crate) fn compacting_and_exporting_keep_every_pair(open: Open) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let mut expected = BTreeMap::new();
    let mut batch = Batch::new();
    for number in 0..2_500_u32 {
        let value = number.to_be_bytes().repeat(1 + number as usize % 40);
        batch.put(number.to_be_bytes(), value.clone());
        expected.insert(number.to_be_bytes().to_vec(), value);
    }
    store.commit(batch).unwrap();
    put(&*store, "large", vec![3; LARGE]);
    expected.insert(b"large".to_vec(), vec![3; LARGE]);
    put(&*store, "gone", vec![9; 10_000]);
    delete(&*store, "gone");
    store.compact().unwrap();
    assert!(
        !is_somewhere_in(dir.path(), &[9; 1000]),
        "compacting gives deleted values up"
    );
    put(&*store, "after", "1");
    expected.insert(b"after".to_vec(), b"1".to_vec());
    drop(store);

    let store = open(dir.path()).unwrap();
    let mut exported = BTreeMap::new();
    store
        .export(&mut |key, value| {
            exported.insert(key.to_vec(), value.to_vec());
            Ok(())
        })
        .unwrap();
    assert!(exported == expected);
    let stopped = store.export(&mut |_, _| Err(StoreError::Broken));
    assert!(matches!(stopped, Err(StoreError::Broken)));
}

pub(crate) fn too_long_a_key_changes_nothing(open: Open) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let mut batch = Batch::new();
    batch.put("a", "1");
    batch.put(vec![b'x'; 1025], "2");
    assert!(matches!(store.commit(batch), Err(StoreError::KeyTooLong)));
    assert!(pairs(&*store, b"").is_empty());
    put(&*store, "a", "1");
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<(u8, Option<usize>)>),
    Compact,
    OpenAgain,
}

pub(crate) fn any_history_ends_as_in_a_plain_map(open: Open) {
    let length = prop_oneof![3 => 0..200_usize, 2 => 5_000..60_000_usize, 1 => 65_530..65_545_usize];
    let change = (0..30_u8, prop::option::weighted(0.7, length));
    let step = prop_oneof![
        8 => prop::collection::vec(change, 1..12).prop_map(Step::Commit),
        1 => Just(Step::Compact),
        2 => Just(Step::OpenAgain),
    ];
    let mut config = ProptestConfig::with_cases(12);
    config.failure_persistence = None;
    proptest!(config, |(steps in prop::collection::vec(step, 1..25))| {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path()).unwrap();
        let mut model = BTreeMap::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Commit(changes) => {
                    let mut batch = Batch::new();
                    for (key, length) in changes {
                        if let Some(length) = length {
                            let value = vec![number as u8; length];
                            batch.put([key], value.clone());
                            model.insert(vec![key], value);
                        } else {
                            batch.delete([key]);
                            model.remove([key].as_slice());
                        }
                    }
                    store.commit(batch).unwrap();
                }
                Step::Compact => store.compact().unwrap(),
                Step::OpenAgain => {
                    drop(store);
                    store = open(dir.path()).unwrap();
                }
            }
            prop_assert!(pairs(&*store, b"").into_iter().eq(model.clone()));
        }
    });
}

fn is_somewhere_in(dir: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            is_somewhere_in(&path, bytes)
        } else {
            std::fs::read(path)
                .unwrap()
                .windows(bytes.len())
                .any(|window| window == bytes)
        }
    })
}

//! Opening: one opener, a format that is known, an engine that is whole, no orphans.

use std::{
    collections::{BTreeMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, AtomicU64},
    },
};

use super::{
    SledStore, Synced, Writer,
    compact::{self, CURRENT, REBUILT, REPLACED},
    engine::{Engine, Found, PROGRESS},
};
use crate::{
    StoreError, durable,
    head::Head,
    lock::FolderLock,
    tally::{Progress, Tally},
    values::{Digest, ValueFiles},
};

const FORMAT: u32 = 1;
/// The engine's folder as it was before opening; sled overwrites what it can't read.
const BEFORE: &str = "db.before";
/// A larger database, in bytes, isn't copied before opening: it would double the time that takes.
const LARGEST_COPIED_BEFORE: u64 = 256 * 1024 * 1024;
/// How many copies of damaged files are kept at most.
const MOST_COPIES: u32 = 3;

/// Opens the store in `dir`, or makes one there. The lock in the folder is exclusive: a second opener, in this
/// process or another, gets [`StoreError::InUse`].
///
/// If the engine's files are damaged, a copy of them is put aside and they are opened without the engine's own
/// snapshot; if they still aren't whole, opening is refused, and they are left as they were found.
pub fn open_sled(dir: &Path) -> Result<SledStore, StoreError> {
    durable::create_dir(dir).map_err(StoreError::io("making a folder"))?;
    let lock = FolderLock::take(dir)?;
    let known = read_format(dir)?;
    compact::finish(dir)?;
    if known && !dir.join(CURRENT).join("db").exists() {
        return Err(StoreError::Damaged {
            what: "the database file is missing",
            copy: None,
        });
    }
    let values = ValueFiles::open(dir.join("values"))?;
    let (mut head, at_least) = Head::open(dir).map_err(StoreError::io("reading the head"))?;
    let Opened {
        engine,
        progress,
        referred,
    } = open_whole(dir, known.then_some(at_least))?;
    values.sweep(referred)?;
    head.write(progress.batches);
    if !known {
        durable::write_file(dir, "format", format!("carnet-store {FORMAT}\n").as_bytes())
            .map_err(StoreError::io("making the store"))?;
    }
    compact::remove_replaced(dir)?;
    Ok(SledStore {
        dir: dir.to_owned(),
        values,
        engine: RwLock::new(Some(Arc::new(engine))),
        writer: Mutex::new(Writer {
            progress,
            unreferenced: BTreeMap::new(),
        }),
        synced: Mutex::new(Synced {
            number: progress.batches,
            head,
        }),
        applied: AtomicU64::new(progress.batches),
        broken: AtomicBool::new(false),
        reading: RwLock::new(()),
        _lock: lock,
    })
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // The lock of the folder is given back after this, when the engine's threads are gone.
        if let Ok(mut engine) = self.engine.write()
            && let Some(engine) = engine.take().and_then(Arc::into_inner)
        {
            engine.close(&self.dir.join(compact::CURRENT));
        }
    }
}

/// Whether a store was finished here before.
fn read_format(dir: &Path) -> Result<bool, StoreError> {
    let text = match fs::read_to_string(dir.join("format")) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
        Err(error) => return Err(StoreError::io("reading the format")(error)),
    };
    match text
        .strip_prefix("carnet-store ")
        .and_then(|number| number.trim_end().parse().ok())
    {
        Some(FORMAT) => Ok(true),
        Some(found) if found > FORMAT => Err(StoreError::NewerVersion { found }),
        _ => Err(StoreError::Damaged {
            what: "the format file is malformed",
            copy: None,
        }),
    }
}

/// An engine that is whole.
struct Opened {
    engine: Engine,
    progress: Progress,
    referred: HashSet<(Digest, u64)>,
}

/// Opens the engine and checks that it is whole. `at_least`: so many batches were acknowledged; none for a new store.
fn open_whole(dir: &Path, at_least: Option<u64>) -> Result<Opened, StoreError> {
    let database = dir.join(CURRENT);
    keep_before(dir, &database)?;
    let what = match open_checked(&database, at_least) {
        Err(StoreError::Damaged { what, .. }) => what,
        Err(error) => return Err(error),
        Ok(opened) => {
            compact::remove_dir(&dir.join(BEFORE))?;
            return Ok(opened);
        }
    };
    let replaced = dir.join(REPLACED);
    if replaced.exists() {
        // What a compaction copied from is still there: for a person to look at, not for us to overwrite.
        return Err(StoreError::Damaged {
            what,
            copy: Some(replaced),
        });
    }
    let copy = put_copy_aside(dir)?;
    // The snapshot only shortens opening: the log has everything.
    put_back(dir, &copy)?;
    remove_snapshots(&database).map_err(StoreError::io("opening without a snapshot"))?;
    match open_checked(&database, at_least) {
        Err(StoreError::Damaged { .. }) => {
            put_back(dir, &copy)?;
            Err(StoreError::Damaged {
                what,
                copy: Some(copy),
            })
        }
        Err(error) => Err(error),
        Ok(opened) => {
            compact::remove_dir(&dir.join(BEFORE))?;
            Ok(opened)
        }
    }
}

fn open_checked(database: &Path, at_least: Option<u64>) -> Result<Opened, StoreError> {
    let engine = Engine::open(database)?;
    let Found {
        progress,
        tally,
        referred,
    } = engine.look_through()?;
    let what = match (progress, at_least) {
        (Some(progress), at_least) if progress.tally == tally => {
            if progress.batches >= at_least.unwrap_or(0) {
                return Ok(Opened {
                    engine,
                    progress,
                    referred,
                });
            }
            "the newest entries are missing"
        }
        (None, None) if tally == Tally::default() => {
            let progress = Progress::default();
            engine.apply(vec![(PROGRESS.to_vec(), Some(progress.to_bytes()))])?;
            engine.make_durable()?;
            return Ok(Opened {
                engine,
                progress,
                referred,
            });
        }
        _ => "entries are missing or altered",
    };
    engine.close(database);
    Err(StoreError::Damaged { what, copy: None })
}

/// Copies the engine's folder before sled touches it. One that an interrupted opening left is the better one.
fn keep_before(dir: &Path, database: &Path) -> Result<(), StoreError> {
    let before = dir.join(BEFORE);
    match fs::metadata(database.join("db")) {
        Ok(file) if file.len() <= LARGEST_COPIED_BEFORE && !before.exists() => {}
        _ => return Ok(()),
    }
    let unfinished = dir.join("db.before.unfinished");
    compact::remove_dir(&unfinished)?;
    let copied = copy_dir(database, &unfinished).and_then(|()| fs::rename(&unfinished, &before));
    match copied.map_err(StoreError::io("copying before opening")) {
        // A full disk must not keep anybody from opening.
        Err(StoreError::NoSpace) => compact::remove_dir(&unfinished),
        outcome => outcome,
    }
}

/// Keeps the files, as they were before opening if they were copied then, in `damaged-N`; after three of those, where the
/// copy was made, until an opening succeeds.
fn put_copy_aside(dir: &Path) -> Result<PathBuf, StoreError> {
    const DOING: &str = "putting damaged files aside";
    let before = dir.join(BEFORE);
    if !before.exists() {
        copy_dir(&dir.join(CURRENT), &before).map_err(StoreError::io(DOING))?;
    }
    sync_files(&before)
        .and_then(|()| durable::sync_dir(dir))
        .map_err(StoreError::io(DOING))?;
    let free = (1..=MOST_COPIES)
        .map(|number| dir.join(format!("damaged-{number}")))
        .find(|copy| !copy.exists());
    let Some(copy) = free else { return Ok(before) };
    fs::rename(&before, &copy)
        .and_then(|()| durable::sync_dir(dir))
        .map_err(StoreError::io(DOING))?;
    Ok(copy)
}

/// Makes the engine's folder what `copy` is.
fn put_back(dir: &Path, copy: &Path) -> Result<(), StoreError> {
    let rebuilt = dir.join(REBUILT);
    compact::remove_dir(&rebuilt)?;
    copy_dir(copy, &rebuilt)
        .and_then(|()| sync_files(&rebuilt))
        .map_err(StoreError::io("putting files back"))?;
    compact::exchange(dir)?;
    compact::remove_replaced(dir)
}

fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

fn sync_files(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_files(&entry.path())?;
        } else {
            fs::File::open(entry.path())?.sync_all()?;
        }
    }
    durable::sync_dir(dir)
}

fn remove_snapshots(database: &Path) -> io::Result<()> {
    for entry in fs::read_dir(database)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            fs::remove_file(entry.path())?;
        }
    }
    durable::sync_dir(database)
}

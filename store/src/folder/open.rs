//! Opening: one opener, a format that is known, an engine that is whole, no orphans.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, AtomicU64},
    },
};

use super::{
    Current, ENTRY, FolderStore, PROGRESS, Synced, Writer, clean,
    format::Place,
    head::Head,
    lock::FolderLock,
    moments::Moments,
    tally::{Progress, Tally},
    values::{References, Stored, ValueFiles},
};
use crate::{
    EngineKind, StoreError,
    disk::Disk,
    engine::{Engine, guarded},
};

/// Stands while a new store is being made.
const MAKING: &str = "making";
/// An engine folder larger than this, in bytes, isn't copied before opening: that would take too long.
const LARGEST_COPIED: u64 = 1024 * 1024 * 1024;

/// Opens the store in `dir`, or makes one there with the engine `kind`; one that is there keeps its engine.
///
/// The lock in the folder is exclusive: a second opener, in this process or another, gets [`StoreError::InUse`].
/// Damaged files are refused and left as they were found.
pub fn open(dir: &Path, kind: EngineKind) -> Result<FolderStore, StoreError> {
    open_on(&Disk::default(), dir, Some(kind))
}

/// As [`open`], but never makes a store: [`StoreError::Missing`] where there is none.
pub fn open_existing(dir: &Path) -> Result<FolderStore, StoreError> {
    open_on(&Disk::default(), dir, None)
}

/// As [`open`] or, without a kind, [`open_existing`], on this disk.
pub fn open_on(disk: &Disk, dir: &Path, kind: Option<EngineKind>) -> Result<FolderStore, StoreError> {
    if kind.is_none() && !dir.is_dir() {
        return Err(StoreError::Missing);
    }
    disk.create_dir(dir).map_err(StoreError::io("making a folder"))?;
    let lock = FolderLock::take(disk, dir)?;
    let opened = match (find(disk, dir)?, kind) {
        (Some(place), _) => open_whole(disk, dir, place)?,
        (None, Some(kind)) => make(disk, dir, kind)?,
        (None, None) => return Err(StoreError::Missing),
    };
    let Whole {
        current,
        progress,
        references,
    } = opened;
    let values = ValueFiles::open(disk, dir.join("values"))?;
    values.sweep(&references)?;
    let (head, _) = Head::open(disk, dir).map_err(StoreError::io("reading the head"))?;
    head.write(progress.batches);
    remove_others(disk, dir, current.place);
    let store = FolderStore {
        disk: disk.clone(),
        dir: dir.to_owned(),
        values,
        current: RwLock::new(Some(Arc::new(current))),
        writer: Mutex::new(Writer {
            progress,
            references,
            unreferenced: BTreeMap::new(),
        }),
        synced: Mutex::new(Synced {
            number: progress.batches,
            head,
        }),
        applied: AtomicU64::new(progress.batches),
        broken: AtomicBool::new(false),
        reading: RwLock::new(()),
        moments: Mutex::new(Moments::default()),
        _lock: lock,
    };
    store.compact_if_wasteful()?;
    Ok(store)
}

/// An engine that is whole.
struct Whole {
    current: Current,
    progress: Progress,
    references: References,
}

/// The engine folder that counts; none where a store is still to be made.
fn find(disk: &Disk, dir: &Path) -> Result<Option<Place>, StoreError> {
    let damaged = |what| Err(StoreError::Damaged { what });
    if let Some(place) = Place::announced(disk, dir)? {
        return if place.folder(dir).is_dir() {
            Ok(Some(place))
        } else {
            damaged("the database is missing")
        };
    }
    if dir.join(MAKING).exists() {
        return Ok(None);
    }
    match Place::all(disk, dir)?.as_slice() {
        [] if Head::exists(dir) => damaged("the database is missing"),
        [] => Ok(None),
        // Only the small file is gone.
        [place] => Ok(Some(*place)),
        _ => damaged("the format file is missing"),
    }
}

fn make(disk: &Disk, dir: &Path, kind: EngineKind) -> Result<Whole, StoreError> {
    const DOING: &str = "making the store";
    disk.write_file(dir, MAKING, b"").map_err(StoreError::io(DOING))?;
    for unfinished in Place::all(disk, dir)? {
        disk.remove_dir(&unfinished.folder(dir))
            .map_err(StoreError::io(DOING))?;
    }
    let place = Place { kind, number: 1 };
    let engine = kind.open(disk, &place.folder(dir))?;
    let progress = Progress::default();
    guarded(|| {
        engine.apply(vec![(PROGRESS.to_vec(), Some(progress.to_bytes()))])?;
        engine.make_durable()
    })?;
    place.announce(disk, dir)?;
    Ok(Whole {
        current: Current { engine, place },
        progress,
        references: References::default(),
    })
}

/// Opens the engine if it is whole. Where it wasn't closed in order, a copy is opened, and takes its place if whole.
fn open_whole(disk: &Disk, dir: &Path, place: Place) -> Result<Whole, StoreError> {
    const DOING: &str = "reading the head";
    let at_least = if Head::exists(dir) {
        Head::open(disk, dir).map_err(StoreError::io(DOING))?.1
    } else {
        0
    };
    let in_place = || {
        let whole = open_checked(disk, dir, place, at_least)?;
        if Place::announced(disk, dir)?.is_none() {
            place.announce(disk, dir)?;
        }
        Ok(whole)
    };
    let size = disk
        .size_of(&place.folder(dir))
        .map_err(StoreError::io("looking at the database"))?;
    if clean::was_marked(disk, dir, place) || size > LARGEST_COPIED {
        return in_place();
    }
    let copy = Place::free(disk, dir, place.kind)?;
    match open_copy(disk, dir, (place, copy), at_least, false) {
        // A full disk must not keep anybody from opening.
        Err(StoreError::NoSpace) => in_place(),
        Err(error @ StoreError::Damaged { .. }) if place.kind.has_shortcuts() => {
            match open_copy(disk, dir, (place, copy), at_least, true) {
                Err(StoreError::Damaged { .. }) => Err(error),
                outcome => outcome,
            }
        }
        outcome => outcome,
    }
}

/// Copies the engine folder, without what only shortens opening if so wished, opens the copy, and lets it count.
fn open_copy(
    disk: &Disk,
    dir: &Path,
    (place, copy): (Place, Place),
    at_least: u64,
    without_shortcuts: bool,
) -> Result<Whole, StoreError> {
    let folder = copy.folder(dir);
    let leave_out = |name: &str| without_shortcuts && place.kind.is_shortcut(name);
    let opened = disk
        .copy_dir(&place.folder(dir), &folder, &leave_out)
        .map_err(StoreError::io("copying the database before opening it"))
        .and_then(|()| open_checked(disk, dir, copy, at_least));
    let whole = match opened {
        Ok(whole) => whole,
        Err(error) => {
            let _ = disk.remove_dir(&folder);
            return Err(error);
        }
    };
    // If this fails, both are whole, and the one that is then named is opened next time.
    copy.announce(disk, dir)?;
    Ok(whole)
}

fn open_checked(disk: &Disk, dir: &Path, place: Place, at_least: u64) -> Result<Whole, StoreError> {
    let engine = place.kind.open(disk, &place.folder(dir))?;
    let what = match guarded(|| look_through(engine.as_ref()))? {
        Found {
            progress: Some(progress),
            tally,
            references,
        } if progress.tally == tally => {
            if progress.batches >= at_least {
                return Ok(Whole {
                    current: Current { engine, place },
                    progress,
                    references,
                });
            }
            "the newest entries are missing"
        }
        _ => "entries are missing or altered",
    };
    // It is refused either way.
    let _ = guarded(|| engine.close());
    Err(StoreError::Damaged { what })
}

/// What is in an engine.
pub(super) struct Found {
    /// As the last batch wrote it.
    pub(super) progress: Option<Progress>,
    /// As counted now.
    pub(super) tally: Tally,
    references: References,
}

/// Goes over everything once.
pub(super) fn look_through(engine: &dyn Engine) -> Result<Found, StoreError> {
    let progress = engine.get(PROGRESS)?;
    let mut found = Found {
        progress: progress.and_then(|bytes| Progress::from_bytes(&bytes)),
        tally: Tally::default(),
        references: References::default(),
    };
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = engine.page(&[ENTRY], after.as_deref())?;
        for (key, stored) in &page.pairs {
            found.tally.add(key, stored);
            if let Stored::File(digest, length) = Stored::parse(stored)? {
                found.references.add(digest, length);
            }
        }
        match page.pairs.into_iter().next_back() {
            Some((key, _)) if page.more => after = Some(key),
            _ => return Ok(found),
        }
    }
}

/// Removes what making, compacting, converting or copying left. Best effort: the next opening does it.
fn remove_others(disk: &Disk, dir: &Path, current: Place) {
    let _ = disk.remove_file(&dir.join(MAKING));
    for other in Place::all(disk, dir).unwrap_or_default() {
        if other != current {
            let _ = disk.remove_dir(&other.folder(dir));
        }
    }
}

//! Copying everything into a new engine folder that takes the old one's place: to give space back (sled never does), or
//! to change the engine.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use super::{
    Current, FolderStore,
    format::Place,
    open::{look_through, open_on},
    tally::Progress,
};
use crate::{
    EngineKind, Store, StoreError,
    disk::Disk,
    engine::{Engine, guarded},
};

/// Told how many entries are done, and of how many; breaks to stop.
pub type Progressing<'a> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'a;

/// Moves the store in `dir` to the engine `to`. A kill at any moment leaves it whole with the old or the new engine.
///
/// Needs space for both at once; [`StoreError::NoSpace`] and [`StoreError::Stopped`] leave the old one as it was.
pub fn convert(dir: &Path, to: EngineKind, progress: &mut Progressing<'_>) -> Result<(), StoreError> {
    convert_on(&Disk::default(), dir, to, progress)
}

/// As [`convert`], on this disk.
pub fn convert_on(
    disk: &Disk,
    dir: &Path,
    to: EngineKind,
    progress: &mut Progressing<'_>,
) -> Result<(), StoreError> {
    let store = open_on(disk, dir, None)?;
    if store.kind()? == to {
        return Ok(());
    }
    store.rebuild(to, progress)
}

/// An engine that takes more than so many times the bytes of its pairs, and then some, is compacted at opening.
const WASTEFUL: u64 = 4;
const SOME: u64 = 16 * 1024 * 1024;

impl FolderStore {
    /// Rare: what was put and never replaced takes less. Without space for a copy, all stays as it is.
    pub(super) fn compact_if_wasteful(&self) -> Result<(), StoreError> {
        let (taken, live) = self.space()?;
        if taken <= live.saturating_mul(WASTEFUL).saturating_add(SOME) {
            return Ok(());
        }
        match self.compact() {
            Err(_) if !self.is_broken() => Ok(()),
            outcome => outcome,
        }
    }

    pub(super) fn rebuild(&self, to: EngineKind, progress: &mut Progressing<'_>) -> Result<(), StoreError> {
        let writer = self.writer()?;
        if self.is_broken() {
            return Err(StoreError::Broken);
        }
        let place = Place::free(&self.disk, &self.dir, to)?;
        let folder = place.folder(&self.dir);
        let built = self.with_engine(|engine| {
            let target = to.open(&self.disk, &folder)?;
            copy_into(engine, target.as_ref(), writer.progress, progress)?;
            Ok(target)
        });
        let announced = built.and_then(|target| {
            place.announce(&self.disk, &self.dir)?;
            Ok(target)
        });
        let target = match announced {
            Ok(target) => target,
            Err(error) => {
                // Did the new name reach the disk before something failed?
                match Place::announced(&self.disk, &self.dir) {
                    Ok(Some(named)) if named != place => {
                        let _ = self.disk.remove_dir(&folder);
                    }
                    // Both folders are whole now, and must stay equal: nothing more is written before the next opening.
                    _ => self.break_off(),
                }
                return Err(error);
            }
        };

        let mut synced = self.synced.lock().map_err(|_| StoreError::Broken)?;
        let mut current = self.current.write().map_err(|_| StoreError::Broken)?;
        let old = current.replace(Arc::new(Current {
            engine: target,
            place,
        }));
        drop(current);
        // The copy has everything that was applied, and is on the disk.
        synced.number = self.applied.load(Ordering::Acquire);
        synced.head.write(synced.number);
        if let Some(Current { engine, place }) = old.and_then(Arc::into_inner) {
            let _ = guarded(|| engine.close());
            let _ = self.disk.remove_dir(&place.folder(&self.dir));
        }
        Ok(())
    }
}

/// Copies every pair, bookkeeping included, into an empty engine, and checks what arrived.
fn copy_into(
    source: &dyn Engine,
    target: &dyn Engine,
    expected: Progress,
    progress: &mut Progressing<'_>,
) -> Result<(), StoreError> {
    let total = expected.tally.entries();
    let mut done = 0;
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = source.page(&[], after.as_deref())?;
        let (more, last) = (page.more, page.pairs.last().map(|(key, _)| key.clone()));
        done += page.pairs.len() as u64;
        target.apply(
            page.pairs
                .into_iter()
                .map(|(key, value)| (key, Some(value)))
                .collect(),
        )?;
        if progress(done.min(total), total).is_break() {
            return Err(StoreError::Stopped);
        }
        if !more {
            break;
        }
        after = last;
    }
    target.make_durable()?;
    let found = look_through(target)?;
    if found.progress == Some(expected) && found.tally == expected.tally {
        Ok(())
    } else {
        Err(StoreError::Damaged {
            what: "a copy of the database differs",
        })
    }
}

//! Giving space back: sled never does, so everything is copied into a new folder that takes the old one's place.

use std::{
    fs,
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use super::{Engine, SledStore};
use crate::{StoreError, durable};

pub(super) const CURRENT: &str = "db";
pub(super) const REBUILT: &str = "db.rebuilt";
pub(super) const REPLACED: &str = "db.replaced";

const DOING: &str = "compacting";

impl SledStore {
    pub(super) fn rebuild(&self) -> Result<(), StoreError> {
        let writer = self.writer.lock().map_err(|_| StoreError::Broken)?;
        if self.broken.load(Ordering::Acquire) {
            return Err(StoreError::Broken);
        }
        let rebuilt = self.dir.join(REBUILT);
        remove_dir(&rebuilt)?;
        let copied = self.with_engine(|engine| {
            let target = Engine::open(&rebuilt)?;
            engine.copy_into(&target)?;
            let found = target.look_through()?;
            let whole = found.progress == Some(writer.progress) && found.tally == writer.progress.tally;
            target.close(&rebuilt);
            if whole {
                Ok(())
            } else {
                Err(StoreError::Damaged {
                    what: "a compacted copy differs",
                    copy: None,
                })
            }
        });
        if let Err(error) = copied {
            remove_dir(&rebuilt)?;
            return Err(error);
        }

        let current = self.dir.join(CURRENT);
        // Whoever makes a batch durable has its own hold on the engine, and has this lock.
        let _nobody_syncs = self.synced.lock().map_err(|_| StoreError::Broken)?;
        let mut engine = self.engine.write().map_err(|_| StoreError::Broken)?;
        if let Some(old) = engine.take().and_then(Arc::into_inner) {
            old.close(&current);
        }
        let exchanged = exchange(&self.dir);
        // Whether exchanged or not, `finish` leaves one whole folder in place.
        let reopened = finish(&self.dir).and_then(|()| Engine::open(&current));
        match reopened {
            Ok(opened) => *engine = Some(Arc::new(opened)),
            Err(error) => {
                self.broken.store(true, Ordering::Release);
                return Err(error);
            }
        }
        exchanged?;
        remove_replaced(&self.dir)
    }
}

pub(super) fn exchange(dir: &Path) -> Result<(), StoreError> {
    fs::rename(dir.join(CURRENT), dir.join(REPLACED))
        .and_then(|()| fs::rename(dir.join(REBUILT), dir.join(CURRENT)))
        .and_then(|()| durable::sync_dir(dir))
        .map_err(StoreError::io(DOING))
}

/// Ends an exchange that was cut short: the current folder, or else the replaced one, is whole.
pub(super) fn finish(dir: &Path) -> Result<(), StoreError> {
    if !dir.join(CURRENT).exists() && dir.join(REPLACED).exists() {
        fs::rename(dir.join(REPLACED), dir.join(CURRENT))
            .and_then(|()| durable::sync_dir(dir))
            .map_err(StoreError::io(DOING))?;
    }
    remove_dir(&dir.join(REBUILT))
}

/// Removes what a compaction replaced. Only once the current folder was opened and found whole.
pub(super) fn remove_replaced(dir: &Path) -> Result<(), StoreError> {
    remove_dir(&dir.join(REPLACED))
}

pub(super) fn remove_dir(dir: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io(DOING)(error)),
        _ => Ok(()),
    }
}

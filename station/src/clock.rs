//! The station's time, and whether it may be believed.
//!
//! A clock set back would make ended consents readable again, so the latest time ever seen is kept
//! durably; while the clock is more than five minutes behind it, nothing is read.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::Timestamp;

use crate::db::{Db, DbError};

const ROW: &str = "clock/latest";
/// Seconds the clock may be behind the latest time seen (as long as a ledger status stays fresh).
const TOLERANCE: i64 = 300;
/// Seconds after which the latest time is written again.
const STEP: i64 = 60;

/// Where time comes from.
pub type Source = Arc<dyn Fn() -> Timestamp + Send + Sync>;

#[derive(Clone)]
pub struct Clock {
    source: Source,
    db: Db,
    latest: Arc<AtomicI64>,
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock")
            .field("latest", &self.latest)
            .finish_non_exhaustive()
    }
}

impl Clock {
    pub fn open(source: Source, db: Db) -> Result<Self, DbError> {
        let latest = db.get::<i64>(ROW)?.unwrap_or(i64::MIN);
        let clock = Self {
            source,
            db,
            latest: Arc::new(AtomicI64::new(latest)),
        };
        clock.witness()?;
        Ok(clock)
    }

    pub fn now(&self) -> Timestamp {
        (self.source)()
    }

    /// Keeps the present as the latest time seen, when it is a step further.
    pub fn witness(&self) -> Result<(), DbError> {
        let now = self.now().as_second();
        if now >= self.latest.load(Ordering::Acquire).saturating_add(STEP) {
            self.db.put(ROW, &now)?;
            self.latest.fetch_max(now, Ordering::AcqRel);
        }
        Ok(())
    }

    /// The clock was set back.
    pub fn is_behind(&self) -> bool {
        self.now().as_second().saturating_add(TOLERANCE) < self.latest.load(Ordering::Acquire)
    }
}

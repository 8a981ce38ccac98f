//! Checking: every value is read, every digest computed.

use std::{ops::ControlFlow, path::Path};

use super::{FolderStore, entry_key, open::open_existing, tally::Tally, values::Stored};
use crate::{Checked, Store, StoreError};

/// Opens the store in `dir` and checks all of it. What keeps it from opening is the error; what is found then is in the
/// result.
pub fn check(dir: &Path) -> Result<Checked, StoreError> {
    open_existing(dir)?.check()
}

impl FolderStore {
    pub(super) fn look_over(&self) -> Result<Checked, StoreError> {
        let _reading = self.reading.read();
        let (moment, expected) = {
            let writer = self.writer()?;
            (self.moment()?, writer.progress.tally)
        };
        let mut checked = Checked::default();
        let mut tally = Tally::default();
        let read = moment.visit(&[], &mut |key, stored| {
            tally.add(&entry_key(key), stored);
            checked.entries += 1;
            match Stored::parse(stored)? {
                Stored::Inline(value) => checked.bytes += value.len() as u64,
                Stored::File(digest, _) => {
                    checked.large += 1;
                    checked.bytes += self.values.read(&digest)?.len() as u64;
                }
            }
            Ok(ControlFlow::Continue(()))
        });
        match read {
            Err(StoreError::Damaged { what }) => checked.problem = Some(what),
            Err(error) => return Err(error),
            Ok(()) if tally != expected => checked.problem = Some("entries are missing or altered"),
            Ok(()) => {}
        }
        Ok(checked)
    }
}

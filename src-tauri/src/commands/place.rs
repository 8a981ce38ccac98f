//! Files on this device that a page names.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use carnet_wallet_core::views::ErrorView;

use super::Answer;
use crate::state::AppState;

/// A file's place.
pub(super) struct Place(PathBuf);

impl Place {
    /// What was typed: a whole path, or a name alone, which lies among the person's documents.
    pub(super) fn of(typed: &str, state: &AppState) -> Answer<Self> {
        let typed = PathBuf::from(typed.trim());
        let alone = typed.components().count() == 1;
        if (typed.is_absolute() || alone) && typed.file_name().is_some() {
            return Ok(Self(state.places().documents.join(typed)));
        }
        Err(ErrorView {
            code: "not_a_place".into(),
            message: "That is neither a file's name nor its whole path. Nothing was written or read.".into(),
            next: "Give the folder too, beginning with a slash.".into(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a new file there, whole or not at all; nothing is overwritten.
    pub(super) fn write(&self, bytes: &[u8]) -> Answer<()> {
        let written = File::create_new(&self.0).and_then(|mut file| {
            file.write_all(bytes)
                .and_then(|()| file.sync_all())
                .inspect_err(|_| {
                    let _ = fs::remove_file(&self.0);
                })
        });
        written.map_err(|error| ErrorView {
            code: if error.kind() == io::ErrorKind::AlreadyExists {
                "file_exists".into()
            } else {
                "file_not_written".into()
            },
            message: format!("The file could not be written: {error}. Nothing of it was left."),
            next: "Choose another name or folder.".into(),
        })
    }
}

pub(super) fn not_read(error: &io::Error) -> ErrorView {
    ErrorView {
        code: "unreadable_file".into(),
        message: format!("The file can't be read: {error}. Nothing was changed."),
        next: "Check the name, and that the stick or disk is plugged in.".into(),
    }
}

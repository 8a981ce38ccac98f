//! What can go wrong, what is safe then, and what to do.

use std::io;

/// Why the store refused.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another program, or another part of this one, has the folder open.
    #[error("These data are in use by another program. Nothing was changed.")]
    InUse,
    /// There is no store in the folder.
    #[error("There are no stored data in this folder. Nothing was changed.")]
    Missing,
    /// What is on disk is not what was written.
    #[error("The stored data are damaged: {what}. Nothing was deleted.")]
    Damaged {
        /// Which check failed.
        what: &'static str,
    },
    /// Written by a newer version of this program.
    #[error("These data were written by a newer version (format {found}). Nothing was changed.")]
    NewerVersion {
        /// The format number found.
        found: u32,
    },
    /// The disk is full.
    #[error("The disk is full. Nothing that was confirmed is lost.")]
    NoSpace,
    /// The folder or its disk can only be read.
    #[error("The folder of the data can't be written. Nothing was changed.")]
    ReadOnly,
    /// The operating system refused.
    #[error("The disk refused while {doing}. Nothing that was confirmed is lost.")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// An earlier write failed half-way, so no further one is accepted until the folder is opened again.
    #[error("An earlier write failed. Nothing that was confirmed is lost.")]
    Broken,
    /// The caller had enough.
    #[error("Stopped as asked. Nothing was changed.")]
    Stopped,
    /// A key of more than 1 KiB.
    #[error("The name of an entry is too long. Nothing was changed.")]
    KeyTooLong,
}

impl StoreError {
    /// Stable name of the case, for screens and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InUse => "store_in_use",
            Self::Missing => "store_missing",
            Self::Damaged { .. } => "store_damaged",
            Self::NewerVersion { .. } => "store_newer_version",
            Self::NoSpace => "store_no_space",
            Self::ReadOnly => "store_read_only",
            Self::Io { .. } => "store_io",
            Self::Broken => "store_broken",
            Self::Stopped => "store_stopped",
            Self::KeyTooLong => "store_key_too_long",
        }
    }

    /// What to do next, one plain sentence.
    pub fn next(&self) -> &'static str {
        match self {
            Self::InUse => "Close the other program, then try again.",
            Self::Missing => "Choose another folder, or restore a backup into this one.",
            Self::Damaged { .. } => "Keep the folder as it is and restore a backup into another one.",
            Self::NewerVersion { .. } => "Update this program.",
            Self::NoSpace => "Free some space, then open again.",
            Self::ReadOnly => "Allow this program to write there, then open again.",
            Self::Io { .. } => "Check the disk, then open again.",
            Self::Broken => "Close and open again.",
            Self::Stopped => "Begin again whenever you like.",
            Self::KeyTooLong => "Report this: it is a defect of the program.",
        }
    }

    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::NoSpace
            }
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly,
            io::ErrorKind::UnexpectedEof => Self::Damaged {
                what: "a file is too short",
            },
            _ => Self::Io { doing, source },
        }
    }
}

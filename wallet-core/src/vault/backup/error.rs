//! Why a backup was not made, or not restored.

use std::io;

use crate::vault::{CreateError, UnlockError, VaultError, kdf::KdfError};

/// Why no backup was made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Shorter than the shortest that is taken.
    #[error("A backup's passphrase has at least 8 characters. No backup was made.")]
    PassphraseTooShort,
    /// A cost outside the limits.
    #[error("The cost of the passphrase is outside the limits. No backup was made.")]
    KdfCostRefused,
    /// Not enough memory for the passphrase's protection.
    #[error("There is not enough free memory to protect the backup well. No backup was made.")]
    OutOfMemory,
    /// No randomness.
    #[error("This device gave no randomness. No backup was made.")]
    NoRandomness,
    /// Something has that name already.
    #[error("There is a file of that name already. It was not touched, and no backup was made.")]
    Exists,
    /// The disk is full.
    #[error(
        "There is not enough space for the backup. Nothing of it was left, and your wallet is as it was."
    )]
    NoSpace,
    /// The place could not be written.
    #[error("The backup could not be written. Nothing of it was left, and your wallet is as it was.")]
    Write(#[source] io::Error),
    /// The backup was read again and is not what was written.
    #[error("The backup was written, but reading it again failed. It was removed; your wallet is as it was.")]
    NotReadable,
    /// Stopped by the person.
    #[error("Stopped. Nothing of the backup was left, and your wallet is as it was.")]
    Cancelled,
    /// A value that can't be written down.
    #[error("Something in the wallet can't be written into a backup. No backup was made.")]
    NotWritable,
    /// The vault could not be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl BackupError {
    /// Stable name of the case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PassphraseTooShort => "passphrase_too_short",
            Self::KdfCostRefused => "kdf_cost_refused",
            Self::OutOfMemory => "out_of_memory",
            Self::NoRandomness => "no_randomness",
            Self::Exists => "backup_exists",
            Self::NoSpace => "no_space",
            Self::Write(_) => "backup_not_written",
            Self::NotReadable => "backup_not_readable",
            Self::Cancelled => "cancelled",
            Self::NotWritable => "backup_not_writable",
            Self::Vault(error) => error.code(),
        }
    }

    /// What to do next, one plain sentence.
    pub fn next(&self) -> &'static str {
        match self {
            Self::PassphraseTooShort => "Choose a longer one; several words are easy to remember.",
            Self::KdfCostRefused => "Choose 64 to 1,024 MiB and at least 3 passes.",
            Self::OutOfMemory => "Close other programs, then try again.",
            Self::NoRandomness => "Restart the device, then try again.",
            Self::Exists => "Choose another name; an older backup is worth keeping.",
            Self::NoSpace => "Choose a place with more space, for example a memory stick.",
            Self::Write(_) => "Check that the folder is there and can be written, or choose another one.",
            Self::NotReadable => "Choose another disk: this one may be failing.",
            Self::Cancelled => "Begin again when it suits you.",
            Self::NotWritable => "Report this: it is a defect of the program.",
            Self::Vault(error) => error.next(),
        }
    }

    pub(super) fn write(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace,
            io::ErrorKind::AlreadyExists => Self::Exists,
            _ => Self::Write(error),
        }
    }
}

/// Why nothing was restored. Whatever it is, the vault that was there before is there still.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// No such file.
    #[error("There is no file of that name. Nothing was changed.")]
    NotFound,
    /// Something else.
    #[error("This file is not a Carnet backup. Nothing was changed.")]
    NotABackup,
    /// Written by a newer version of this program.
    #[error("This backup was made by a newer version of Carnet (format {found}). Nothing was changed.")]
    NewerVersion {
        /// The format number found.
        found: u32,
    },
    /// Cut off, altered, or put together of several.
    #[error("This backup is damaged: it is not as it was when it was made. Nothing was changed.")]
    Damaged,
    /// Not its passphrase.
    #[error("That is not this backup's passphrase. Nothing was changed.")]
    WrongPassphrase,
    /// Not the words of the wallet it was made of.
    #[error("These are not the 24 words of the wallet that this backup was made of. Nothing was changed.")]
    WrongWords,
    /// A cost outside the limits; nothing was allocated.
    #[error("This backup asks for more memory or time than any that Carnet makes. Nothing was changed.")]
    KdfCostRefused,
    /// Not enough memory.
    #[error("There is not enough free memory to open this backup. Nothing was changed.")]
    OutOfMemory,
    /// The file could not be read.
    #[error("The backup could not be read. Nothing was changed.")]
    Read(#[source] io::Error),
    /// Stopped by the person.
    #[error("Stopped. Nothing was changed.")]
    Cancelled,
    /// The new vault could not be made.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// The new vault could not be opened.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    /// The new vault could not be written.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl RestoreError {
    /// Stable name of the case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "backup_not_found",
            Self::NotABackup => "not_a_backup",
            Self::NewerVersion { .. } => "backup_newer_version",
            Self::Damaged => "backup_damaged",
            Self::WrongPassphrase => "wrong_passphrase",
            Self::WrongWords => "wrong_words",
            Self::KdfCostRefused => "backup_kdf_refused",
            Self::OutOfMemory => "out_of_memory",
            Self::Read(_) => "backup_not_read",
            Self::Cancelled => "cancelled",
            Self::Create(error) => error.code(),
            Self::Unlock(error) => error.code(),
            Self::Vault(error) => error.code(),
        }
    }

    /// What to do next, one plain sentence.
    pub fn next(&self) -> &'static str {
        match self {
            Self::NotFound => "Check the name, and that the stick or disk is plugged in.",
            Self::NotABackup => "Choose the file that Carnet wrote when the backup was made.",
            Self::NewerVersion { .. } => "Update this program.",
            Self::Damaged => "Use another copy of this backup, or an older one.",
            Self::WrongPassphrase => "Try again, or use the 24 words.",
            Self::WrongWords => "Look for a wrong word, or use the backup's passphrase.",
            Self::KdfCostRefused => "Don't use this file: ask where it came from.",
            Self::OutOfMemory => "Close other programs, then try again.",
            Self::Read(_) => "Check the disk it is on, or use another copy.",
            Self::Cancelled => "Begin again when it suits you.",
            Self::Create(error) => error.next(),
            Self::Unlock(error) => error.next(),
            Self::Vault(error) => error.next(),
        }
    }

    pub(super) fn read(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => Self::Damaged,
            _ => Self::Read(error),
        }
    }

    /// What ends before its first bytes is something else.
    pub(super) fn not_one(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::NotABackup,
            _ => Self::read(error),
        }
    }
}

impl From<KdfError> for RestoreError {
    fn from(error: KdfError) -> Self {
        match error {
            KdfError::CostRefused => Self::KdfCostRefused,
            KdfError::OutOfMemory => Self::OutOfMemory,
        }
    }
}

impl From<KdfError> for BackupError {
    fn from(error: KdfError) -> Self {
        match error {
            KdfError::CostRefused => Self::KdfCostRefused,
            KdfError::OutOfMemory => Self::OutOfMemory,
        }
    }
}

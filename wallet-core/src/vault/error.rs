//! What can go wrong with a vault, what is safe then, and what to do next.

use carnet_store::StoreError;

/// Why an open vault did not read or write.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// An entry, or the whole, is not what was sealed.
    #[error("The vault is damaged or was altered. Nothing was deleted and nothing was sent.")]
    Damaged,
    /// A newer version of this program has written into the vault.
    #[error("The vault was written by a newer version of this program. Nothing was changed.")]
    NewerVersion,
    /// An entry opened, but is not of the expected form.
    #[error("An entry of the vault has a form that this version does not know. Nothing was changed.")]
    UnknownForm,
    /// A value could not be written down.
    #[error("Something could not be put into the vault. Nothing was changed.")]
    NotWritable,
    /// A value or an id is longer than the format allows.
    #[error("Something is too large for the vault. Nothing was changed.")]
    TooLarge,
    /// The operating system gave no randomness.
    #[error("This device gave no randomness. Nothing was changed.")]
    NoRandomness,
    /// The disk or the files below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl VaultError {
    /// Stable name of the case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Damaged => "vault_damaged",
            Self::NewerVersion => "vault_newer_version",
            Self::UnknownForm => "vault_unknown_form",
            Self::NotWritable => "vault_not_writable",
            Self::TooLarge => "vault_too_large",
            Self::NoRandomness => "no_randomness",
            Self::Store(error) => store_code(error),
        }
    }

    /// What to do next, one plain sentence.
    pub fn next(&self) -> &'static str {
        match self {
            Self::Damaged => KEEP_AND_RESTORE,
            Self::NewerVersion | Self::UnknownForm => UPDATE,
            Self::NotWritable | Self::TooLarge => "Report this: it is a defect of the program.",
            Self::NoRandomness => "Restart the device, then try again.",
            Self::Store(error) => error.next(),
        }
    }
}

/// Why a vault did not open.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// Nothing was ever made in this folder.
    #[error("There is no vault in this folder. Nothing was changed.")]
    NoVault,
    /// The folder has something else in the vault's place.
    #[error("What is in this folder is not a vault, or only a part of one. Nothing was changed.")]
    NotAVault,
    /// The passphrase does not fit.
    #[error("The passphrase is wrong. Nothing was changed.")]
    WrongPassphrase,
    /// The words are those of another vault.
    #[error("These words belong to another vault. Nothing was changed.")]
    WrongWords,
    /// Another program has the vault open.
    #[error("The vault is open in another window or program. Nothing was changed.")]
    InUse,
    /// The header demands more memory or time than any vault may, or less than is safe. Nothing was allocated.
    #[error(
        "This vault asks for an unsafe amount of work to open it. It was not opened and nothing was changed."
    )]
    KdfCostRefused,
    /// There is not enough memory for the passphrase check.
    #[error("There is not enough free memory to check the passphrase. Nothing was changed.")]
    OutOfMemory,
    /// The header is not what was written.
    #[error("The vault's header is damaged or was altered. Nothing was deleted.")]
    HeaderDamaged,
    /// A newer version of this program has made the vault.
    #[error("The vault was made by a newer version of this program (format {found}). Nothing was changed.")]
    NewerVersion {
        /// The format number found.
        found: u32,
    },
    /// The device remembers a later state of this vault.
    #[error(
        "This is an older copy of your wallet: this device knows a newer one. It was not opened, and nothing was changed."
    )]
    OlderCopy,
    /// The header could not be read.
    #[error("The disk refused to give the vault's header. Nothing was changed.")]
    Io(#[source] std::io::Error),
    /// The content.
    #[error(transparent)]
    Content(VaultError),
}

impl UnlockError {
    /// Stable name of the case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoVault => "no_vault",
            Self::NotAVault => "not_a_vault",
            Self::WrongPassphrase => "wrong_passphrase",
            Self::WrongWords => "wrong_words",
            Self::InUse => IN_USE,
            Self::KdfCostRefused => "kdf_cost_refused",
            Self::OutOfMemory => "out_of_memory",
            Self::HeaderDamaged => "vault_header_damaged",
            Self::NewerVersion { .. } => "vault_newer_version",
            Self::OlderCopy => "vault_older_copy",
            Self::Io(_) => "vault_io",
            Self::Content(error) => error.code(),
        }
    }

    /// What to do next, one plain sentence.
    pub fn next(&self) -> &'static str {
        match self {
            Self::NoVault => "Make a wallet first, or choose another folder.",
            Self::NotAVault | Self::HeaderDamaged | Self::KdfCostRefused => KEEP_AND_RESTORE,
            Self::WrongPassphrase => "Type it again, or open the wallet with your 24 words.",
            Self::WrongWords => "Use the words that belong to this wallet.",
            Self::InUse => CLOSE_OTHER,
            Self::OutOfMemory => "Close other programs, then try again.",
            Self::NewerVersion { .. } => UPDATE,
            Self::OlderCopy => OLDER,
            Self::Io(_) => "Check the disk, then try again.",
            Self::Content(error) => error.next(),
        }
    }
}

impl From<VaultError> for UnlockError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(StoreError::InUse) => Self::InUse,
            other => Self::Content(other),
        }
    }
}

impl From<StoreError> for UnlockError {
    fn from(error: StoreError) -> Self {
        VaultError::from(error).into()
    }
}

/// Why no vault was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// There is one already.
    #[error("There is a vault in this folder already. It was not touched.")]
    Exists,
    /// Another program is making one here.
    #[error("Another program is making a vault in this folder. Nothing was changed.")]
    InUse,
    /// Fewer than [`SHORTEST_PASSPHRASE`](super::SHORTEST_PASSPHRASE) characters.
    #[error("The passphrase is too short: it needs at least 8 characters. Nothing was made.")]
    PassphraseTooShort,
    /// The chosen cost is outside the limits.
    #[error("The chosen cost for checking the passphrase is outside the safe limits. Nothing was made.")]
    KdfCostRefused,
    /// There is not enough memory for the passphrase check.
    #[error("There is not enough free memory to protect a passphrase well. Nothing was made.")]
    OutOfMemory,
    /// The operating system gave no randomness.
    #[error("This device gave no randomness. Nothing was made.")]
    NoRandomness,
    /// The folder could not be written.
    #[error(
        "The disk refused while the vault was being made. Nothing was made, and nothing stands in the way of another try."
    )]
    Io(#[source] std::io::Error),
    /// The content could not be written, or not be opened again.
    #[error(transparent)]
    Content(#[from] VaultError),
}

impl CreateError {
    /// Stable name of the case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Exists => "vault_exists",
            Self::InUse => IN_USE,
            Self::PassphraseTooShort => "passphrase_too_short",
            Self::KdfCostRefused => "kdf_cost_refused",
            Self::OutOfMemory => "out_of_memory",
            Self::NoRandomness => "no_randomness",
            Self::Io(_) => "vault_io",
            Self::Content(error) => error.code(),
        }
    }

    /// What to do next, one plain sentence.
    pub fn next(&self) -> &'static str {
        match self {
            Self::Exists => "Open it with its passphrase, or choose another folder.",
            Self::InUse => CLOSE_OTHER,
            Self::PassphraseTooShort => LONGER,
            Self::KdfCostRefused => COSTS,
            Self::OutOfMemory => "Close other programs, then try again.",
            Self::NoRandomness => "Restart the device, then try again.",
            Self::Io(_) => "Check that the folder can be written and the disk is not full, then try again.",
            Self::Content(error) => error.next(),
        }
    }
}

/// Why a passphrase was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// The passphrase that should open the vault now doesn't.
    #[error("The old passphrase is wrong. It was not changed.")]
    WrongOldPassphrase,
    /// Fewer than [`SHORTEST_PASSPHRASE`](super::SHORTEST_PASSPHRASE) characters.
    #[error(
        "The new passphrase is too short: it needs at least 8 characters. The old one still opens your wallet."
    )]
    TooShort,
    /// Another program is changing it.
    #[error("Another program is changing the passphrase. This one changed nothing.")]
    InUse,
    /// The chosen cost is outside the limits.
    #[error(
        "The chosen cost for checking the passphrase is outside the safe limits. The old one still opens your wallet."
    )]
    KdfCostRefused,
    /// There is not enough memory for the passphrase check.
    #[error(
        "There is not enough free memory to protect the new passphrase well. The old one still opens your wallet."
    )]
    OutOfMemory,
    /// The operating system gave no randomness.
    #[error("This device gave no randomness. The old passphrase still opens your wallet.")]
    NoRandomness,
    /// The header could not be written, or not made durable.
    #[error(
        "The disk refused while the passphrase was being changed. Nothing in your wallet is lost; the old passphrase opens it, or else the new one."
    )]
    Io(#[source] std::io::Error),
    /// The vault did not open.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
}

impl PassphraseError {
    /// Stable name of the case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongOldPassphrase => "wrong_passphrase",
            Self::TooShort => "passphrase_too_short",
            Self::InUse => IN_USE,
            Self::KdfCostRefused => "kdf_cost_refused",
            Self::OutOfMemory => "out_of_memory",
            Self::NoRandomness => "no_randomness",
            Self::Io(_) => "vault_io",
            Self::Unlock(error) => error.code(),
        }
    }

    /// What to do next, one plain sentence.
    pub fn next(&self) -> &'static str {
        match self {
            Self::WrongOldPassphrase => {
                "Type it again; if it is forgotten, set a new one with your 24 words."
            }
            Self::TooShort => LONGER,
            Self::InUse => CLOSE_OTHER,
            Self::KdfCostRefused => COSTS,
            Self::OutOfMemory => "Close other programs, then try again.",
            Self::NoRandomness => "Restart the device, then try again.",
            Self::Io(_) => "Check that the folder can be written and the disk is not full, then try again.",
            Self::Unlock(error) => error.next(),
        }
    }
}

/// Why the vault's key was not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// As it was asked.
    #[error("Stopped. Your wallet is as it was, under the key it had.")]
    Cancelled,
    /// What was written anew is not what was there.
    #[error(
        "The copy under the new key is not the same as your wallet, so it was thrown away. Your wallet is as it was."
    )]
    NotTheSame,
    /// The operating system gave no randomness.
    #[error("This device gave no randomness. Your wallet is as it was.")]
    NoRandomness,
    /// A folder or the header could not be written.
    #[error(
        "The disk refused while your wallet was being sealed anew. Nothing in it is lost, and your passphrase opens it."
    )]
    Io(#[source] std::io::Error),
    /// The vault did not open, or could not be read.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
}

impl RotateError {
    /// Stable name of the case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::NotTheSame => "rotation_not_the_same",
            Self::NoRandomness => "no_randomness",
            Self::Io(_) => "vault_io",
            Self::Unlock(error) => error.code(),
        }
    }

    /// What to do next, one plain sentence.
    pub fn next(&self) -> &'static str {
        match self {
            Self::Cancelled => "Start again whenever you like.",
            Self::NotTheSame => "Check the disk, and the wallet with `carnet vault check`, then try again.",
            Self::NoRandomness => "Restart the device, then try again.",
            Self::Io(_) => "Check that the disk has room for the wallet once more, then try again.",
            Self::Unlock(error) => error.next(),
        }
    }
}

/// Why a check did not find everything whole.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// As it was asked.
    #[error("Stopped before everything was looked at. Nothing was changed.")]
    Cancelled,
    /// Something is not as it was sealed, or can't be read.
    #[error(transparent)]
    Vault(#[from] UnlockError),
}

impl CheckError {
    /// Stable name of the case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Vault(error) => error.code(),
        }
    }

    /// What to do next, one plain sentence.
    pub fn next(&self) -> &'static str {
        match self {
            Self::Cancelled => "Start again whenever you like.",
            Self::Vault(error) => error.next(),
        }
    }
}

const LONGER: &str = "Choose a longer one; several words are easy to remember.";
const COSTS: &str = "Choose 64 to 1,024 MiB and at least 3 passes.";
/// Why another engine doesn't keep the vault.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// It could not be read or written.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    /// Stopped by the person.
    #[error("Stopped. The vault is as it was.")]
    Cancelled,
}

const OLDER: &str = "Put the newer folder back or restore your newest backup; if there is none, accept this copy, and what came after it will be searched for on the ledgers.";
const IN_USE: &str = "vault_in_use";
const KEEP_AND_RESTORE: &str = "Keep the folder as it is and restore from a backup or with the 24 words.";
const UPDATE: &str = "Update this program.";
const CLOSE_OTHER: &str = "Close the other window or program, then try again.";

fn store_code(error: &StoreError) -> &'static str {
    match error {
        StoreError::InUse => IN_USE,
        StoreError::Damaged { .. } => "vault_damaged",
        StoreError::NewerVersion { .. } => "vault_newer_version",
        other => other.code(),
    }
}

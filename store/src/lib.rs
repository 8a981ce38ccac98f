//! A durable key-value store behind one small trait. No cryptography: callers seal what they put in.
//!
//! - [`Store`]: commit a batch (all or nothing, fsynced), get, scan a prefix, compact, export, check.
//! - [`open`], [`open_existing`]: a [`FolderStore`], whose pairs one of two engines keeps ([`EngineKind`]).
//! - [`convert`]: from one engine to the other.
//! - Values over 64 KiB live as files beside the engine's, named by their digest.

mod batch;
mod disk;
pub mod durable;
mod engine;
mod error;
mod folder;
mod store;

pub use batch::Batch;
pub use engine::EngineKind;
pub use error::StoreError;
pub use folder::{FolderStore, Progressing, check, convert, open, open_existing};
pub use store::{Checked, Export, Store, Visit};

/// Disks that fail as planned, to try what happens then.
#[cfg(feature = "faults")]
#[doc(hidden)]
pub mod faults {
    pub use crate::{
        disk::{Disk, Fault, Faults, Op},
        folder::{convert_on, open_on},
    };
}

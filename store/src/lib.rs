//! A durable key-value store behind one small trait. No cryptography: callers seal what they put in.
//!
//! - [`Store`]: commit a batch (all or nothing, fsynced), get, scan a prefix, compact, export.
//! - [`open_sled`]: the default engine, sled 0.34.7 with the rules that make it durable.
//! - Values over 64 KiB live as files beside the engine's, named by their digest.

mod batch;
pub mod durable;
mod error;
mod head;
mod lock;
mod sled_engine;
mod store;
mod tally;
mod values;

pub use batch::Batch;
pub use error::StoreError;
pub use sled_engine::{SledStore, open_sled};
pub use store::{Export, Store, Visit};

//! The one guarded HTTP client: nobody else in the project opens a connection to a stranger.
//!
//! It speaks https only, to origins whose TLS key is pinned beforehand, and to nothing else: no public
//! certificate authority is asked, whatever the host. It follows no redirect, takes no proxy from the environment, keeps no
//! cookie, decompresses nothing, and stops reading at a cap. Addresses of origins that are not marked
//! `local` are vetted after name resolution, and the connection goes to the vetted address.

mod address;
mod client;
mod error;
mod pin;

pub use address::is_public;
pub use client::{Client, Limits, Response};
pub use error::FetchError;
pub use pin::Pin;

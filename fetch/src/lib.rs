//! The one guarded HTTP client: nobody else in the project opens a connection to a stranger.
//!
//! [`Client`] speaks https only, to origins whose TLS key is pinned beforehand, and to nothing else: no public
//! certificate authority is asked, whatever the host. [`Web`] also reads public files of hosts that no list names, for
//! identifiers such as did:web; there the system's certificate authorities vouch. Both follow no redirect, take no
//! proxy from the environment, keep no cookie, decompress nothing, and stop reading at a cap. Addresses of origins that
//! are not marked `local` are vetted after name resolution, and the connection goes to the vetted address.

mod address;
mod client;
mod error;
mod pin;
mod web;

pub use address::is_public;
pub use client::{Client, Limits, Response};
pub use error::FetchError;
pub use pin::Pin;
pub use web::{Openness, Web};

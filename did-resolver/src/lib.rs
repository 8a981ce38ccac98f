//! A DID in, a DID document out.
//!
//! Only methods whose document follows from the identifier itself live here so far (`did:key`, `did:jwk`): pure
//! functions, no network. Public keys and the strict JSON reader stand here too, because every crate above
//! needs them and this one is at the bottom.
//!
//! - [`key`]: P-256 and Ed25519 public keys, as JWK (RFC 7517) and multikey
//! - [`json`]: JSON from strangers: bounded in size and depth, no duplicate members
//! - [`document`]: the DID document (W3C DID Core 1.0)
//! - [`resolve`]: the methods

pub mod document;
pub mod json;
pub mod key;
pub mod resolve;

pub use document::Document;
pub use key::PublicKey;
pub use resolve::{ResolveError, resolve};

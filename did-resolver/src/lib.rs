//! A DID in, a DID document out.
//!
//! Most methods' documents follow from the identifier itself: pure functions, no network. did:web and did:webvh are
//! read from their hosts through the one guarded client, and kept for a while. Public keys and the strict JSON reader
//! stand here too, because every crate above needs them and this one is at the bottom.
//!
//! - [`key`]: public keys of five curves, as JWK (RFC 7517) and multikey
//! - [`json`]: JSON from strangers: bounded in size and depth, no duplicate members
//! - [`document`]: the DID document (W3C DID Core 1.0)
//! - [`resolve`]: did:key, did:jwk, did:pkh, did:peer: what needs nobody
//! - [`resolver`]: every method, with the network and the cache
//! - [`resolution`]: options, results and metadata (W3C DID Resolution 1.0)
//! - [`webvh`]: did:webvh 1.0: logs, read and written
//! - [`proof`]: `eddsa-jcs-2022`, which those logs are signed with

pub mod address;
pub mod document;
mod error;
pub mod json;
pub mod key;
mod methods;
pub mod proof;
pub mod resolution;
pub mod resolve;
pub mod resolver;
pub mod webvh;

pub use document::Document;
pub use error::ResolveError;
pub use key::PublicKey;
pub use resolution::{Options, Resolved};
pub use resolve::resolve;
pub use resolver::Resolver;

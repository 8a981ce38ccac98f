//! Signed statements: making them and checking them.
//!
//! - [`jwk`]: the keys
//! - [`signature`]: who signs, and whether a signature holds
//! - [`jws`]: signed texts (RFC 7515), compact form
//! - [`sd_jwt`]: credentials with selective disclosure and holder binding (RFC 9901, SD-JWT VC)
//! - [`data_integrity`]: proofs inside a document (W3C VC Data Integrity 1.0), over [`contexts`] that are bundled
//! - [`vc`]: W3C Verifiable Credentials: whether one may be believed
//! - [`status`]: whether a credential still counts
//!
//! Everything is pure: time and randomness are passed in. Nothing here repeats a claim's value in an error.

pub mod contexts;
pub mod data_integrity;
mod date_time;
pub mod jws;
pub mod sd_jwt;
pub mod signature;
pub mod status;
pub mod vc;

/// Keys as JWK (RFC 7517) with their thumbprint (RFC 7638) and DIDs.
pub mod jwk {
    pub use carnet_did_resolver::key::{KeyError, PublicKey};
}

pub use carnet_did_resolver::json;

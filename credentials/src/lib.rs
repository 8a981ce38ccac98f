//! Signed statements: making them and checking them.
//!
//! - [`jwk`]: the keys
//! - [`jws`]: signed texts (RFC 7515), compact form, ES256 and EdDSA
//! - [`sd_jwt`]: credentials with selective disclosure and holder binding (RFC 9901, SD-JWT VC)
//!
//! Everything is pure: time and randomness are passed in. Nothing here repeats a claim's value in an error.

pub mod jws;
pub mod sd_jwt;

/// Keys as JWK (RFC 7517) with their thumbprint (RFC 7638) and DIDs.
pub mod jwk {
    pub use carnet_did_resolver::key::{KeyError, PublicKey};
}

pub use carnet_did_resolver::json;

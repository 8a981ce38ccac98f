//! Whether a credential still stands: lists that an issuer publishes for many credentials at once. A whole list is
//! fetched and kept, never one entry, so that nobody learns which credential is looked at.

pub mod bitstring;
pub mod token;

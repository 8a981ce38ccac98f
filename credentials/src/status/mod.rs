//! Whether a credential still counts: lists in which each one has a place.

pub mod bitstring;

//! Eligibility shown without the value: "over 65", "cover active today", "HbA1c in range".
//!
//! A range proof alone proves something about a number that the prover chose. So the **issuer** commits to its own value
//! (`C = v·B + r·B̃` on ristretto255), and signs the commitment with what it stands for, the holder's key and its validity. The
//! **holder** proves a registered [`Statement`] about it and signs the whole; the **verifier** learns that it holds, who
//! issued the value, and until when. `docs/eligibility.md` specifies every byte.
//!
//! - [`day`]: days as numbers
//! - [`statement`]: what may be asked, and the bounds that follow from it
//! - [`kind`]: what a value is: its encoding, unit and place
//! - [`copy`]: what the issuer signs; each copy is shown once
//! - [`credential`]: a copy, and what is shown of it, as a W3C Verifiable Credential
//! - [`prove`], [`check`], [`batch`]: a presentation made, checked, and many checked at once
//! - [`members`]: being one of a few codes that are no interval
//! - [`list`], [`laboratory`], [`decimal`]: published lists of codes, tests with their units, numbers written by hand
//! - [`words`]: statements and values in words
//!
//! Pure: no clock, no network, no storage; randomness is passed in ([`randomness`]).

pub mod batch;
mod bounds;
pub mod check;
pub mod copy;
pub mod credential;
pub mod day;
pub mod decimal;
mod fields;
mod generators;
mod holds;
pub mod kind;
pub mod laboratory;
pub mod list;
pub mod members;
pub mod presentation;
pub mod prove;
pub mod randomness;
pub mod statement;
mod transcript;
pub mod words;

pub use batch::check_all;
pub use check::{CheckError, Checked, Rules, check};
pub use copy::{Copy, CopyError, Issuance, Opening, issue};
pub use day::Day;
pub use kind::Kind;
pub use presentation::Presentation;
pub use prove::{ProveError, prove};
pub use randomness::Randomness;
pub use statement::{Request, Statement, StatementError};

/// Name of the cryptosuite; stands in every transcript and signature.
pub const SUITE: &str = "carnet-eligibility-2026";

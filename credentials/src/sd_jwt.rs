//! SD-JWT with key binding (RFC 9901) and the rules of SD-JWT VC (draft 15, `typ: dc+sd-jwt`).
//!
//! Written here rather than taken from `sd-jwt-payload` 0.5: that crate draws its own randomness, repeats disclosed
//! values in its errors, keeps undecoded what becomes empty, and accepts repeated members.
//!
//! - [`issue`] makes a credential; [`check_issued`] is what a holder does on receiving one
//! - [`present`] shows it; [`check`] decides about a presentation
//! - [`reveal`] shows one that needs no proof of holding; [`check_unbound`] decides about that
//! - [`ClaimPath`] says which claim is meant, in objects and arrays, flat or nested
//! - [`type_metadata`]: what a credential type says of itself
//!
//! A credential is bound to a holder's key: one without `cnf` is refused by all but [`check_unbound`].

mod check;
mod disclose;
mod error;
mod issue;
mod path;
mod present;
mod received;
pub mod type_metadata;

pub use check::{Checked, Expect, Issued, Rules, StatusRule, check, check_issued, check_unbound};
pub use error::SdJwtError;
pub use issue::{Decoy, Issuance, IssueError, issue};
pub use path::{ClaimPath, Step};
pub use present::{KbClaims, PresentError, present, reveal};
pub use received::{Contents, Received};

use serde_json::{Map, Value};

pub use crate::issuer::Issuer;

/// `typ` of a credential.
pub const TYP: &str = "dc+sd-jwt";
/// `typ` of a credential before draft 6 of SD-JWT VC (November 2024).
pub const LEGACY_TYP: &str = "vc+sd-jwt";
/// `typ` of a key binding JWT (RFC 9901 section 4.3).
pub const KB_TYP: &str = "kb+jwt";
/// Longest presentation that is looked at, in bytes.
pub const MAX_LEN: usize = 65_536;
/// Most disclosures that are looked at.
pub const MAX_DISCLOSURES: usize = 256;

/// Claims without what a credential says about itself: its type, its times, its issuer, its key, its status (SD-JWT VC, section
/// 3.2.2).
pub fn about_the_person(mut claims: Map<String, Value>) -> Map<String, Value> {
    for name in [
        "iss",
        "vct",
        "vct#integrity",
        "iat",
        "nbf",
        "exp",
        "cnf",
        "status",
    ] {
        claims.remove(name);
    }
    claims
}

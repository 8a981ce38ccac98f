//! The station's signed request (OpenID4VP 1.0 section 5, HAIP 1.0 section 5): made by [`sign`], checked by [`verify`].
//!
//! [`who`] comes first, before anything is fetched: an unlisted client or an address that isn't the client's ends the
//! matter there.

mod client;
mod consent;
mod encryption;
mod error;
mod fetched;
mod sign;
mod verify;

pub use client::{ClientId, did_to_fetch};
pub use consent::AskedConsent;
pub use error::RequestError;
pub use fetched::{Fetched, post_body};
pub use sign::{AskingAs, RequestParts, SignedRequest, holder_query, sign, sign_for_wallet};
pub use verify::{VerifiedRequest, check_unused, verify, who};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// `typ` of a request object (RFC 9101 section 10.8).
const TYP: &str = "oauth-authz-req+jwt";
/// Audience of a request whose signer doesn't know the wallet (OpenID4VP 1.0 section 5.8).
const AUDIENCE: &str = "https://self-issued.me/v2";
/// Ways to ask for credentials beside DCQL, in this protocol's drafts and in others.
const OTHER_QUERY_LANGUAGES: [&str; 5] = [
    "presentation_definition",
    "presentation_definition_uri",
    "scope",
    "dcql_query_uri",
    "claims",
];
/// The credential that every consent needs: self-issued, proves control of the holder key.
pub const HOLDER_VCT: &str = "urn:carnet:holder:1";
/// Format of SD-JWT VC.
const FORMAT: &str = "dc+sd-jwt";

/// What is said of proofs of eligibility in `vp_formats_supported` (OpenID4VP 1.0 section B.1.3.2.3).
fn eligibility_format() -> Value {
    json!({ "proof_type_values": ["DataIntegrityProof"], "cryptosuite_values": [carnet_eligibility::SUITE] })
}

/// SHA-256 of the request's compact serialisation: what a consent and its KB-JWT name as the request digest.
pub fn digest(compact: &str) -> [u8; 32] {
    Sha256::digest(compact.as_bytes()).into()
}

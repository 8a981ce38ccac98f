//! Issuing credentials into a wallet (OpenID for Verifiable Credential Issuance 1.0; HAIP 1.0 where it applies: ES256,
//! DPoP, SD-JWT VC). Both roles, pure: nothing is fetched here, and time and randomness are passed in.
//!
//! In the order of an issuance:
//!
//! - [`offer`]: what the code says: who issues what, and what the patient needs for taking it
//! - [`metadata`]: what the issuer says of itself, and its authorization server
//! - [`source`]: all addresses of one issuance, once each is known to belong to the same listed issuer
//! - [`authorize`]: signing in at the issuer (PAR, PKCE), where there is no pre-authorized code
//! - [`token`]: the code for a token
//! - [`dpop`]: the token bound to a key (RFC 9449)
//! - [`proof`]: the keys that the copies shall be bound to
//! - [`credential`]: the copies, now or later, and what became of them

pub mod authorize;
pub mod credential;
pub mod dpop;
pub mod metadata;
pub mod offer;
pub mod proof;
pub mod source;
pub mod token;

/// `format` of cards that say something (SD-JWT VC).
pub const FORMAT: &str = "dc+sd-jwt";
/// The only algorithm for them, for the proofs of their keys (HAIP 1.0 section 7), and for DPoP.
pub const ALG: &str = "ES256";
/// `format` of cards that prove something of a value (OpenID4VCI 1.0 appendix A.1.2).
pub const LDP_FORMAT: &str = "ldp_vc";
/// The algorithm for the proofs of their keys.
pub const LDP_PROOF_ALG: &str = "EdDSA";
/// Member of a configuration: what kind of value the credentials prove something of.
pub const SCHEMA: &str = "eligibility_schema";
/// Grant type of a pre-authorized code (OpenID4VCI 1.0 section 4.1.1).
pub const PRE_AUTHORIZED: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::link::is_plain_https;

/// In which form a credential is issued.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// SD-JWT VC.
    #[default]
    SdJwt,
    /// Cryptosuite `carnet-eligibility-2026`: a JSON object.
    Eligibility,
}

impl Form {
    /// The algorithm of the keys that copies are bound to.
    pub fn proof_algorithm(self) -> &'static str {
        match self {
            Self::SdJwt => ALG,
            Self::Eligibility => LDP_PROOF_ALG,
        }
    }
}

/// A text member of at most `most` bytes, not empty.
fn text<'a>(map: &'a Map<String, Value>, name: &str, most: usize) -> Option<&'a str> {
    map.get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty() && text.len() <= most)
}

/// An identifier that is an address: `https`, without query, fragment and user name.
fn identifier(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (is_plain_https(&url) && url.query().is_none()).then_some(url)
}

/// An address of an endpoint: `https`, without fragment and user name.
fn endpoint(map: &Map<String, Value>, name: &str) -> Result<Option<Url>, ()> {
    let Some(value) = map.get(name) else {
        return Ok(None);
    };
    let url = value.as_str().and_then(|text| Url::parse(text).ok());
    url.filter(is_plain_https).map(Some).ok_or(())
}

/// `url` with a well-known path between host and path (RFC 8414 section 3; OpenID4VCI 1.0 section 12.2.2).
fn well_known(url: &Url, name: &str) -> Url {
    let mut place = url.clone();
    let path = format!("/.well-known/{name}{}", url.path().trim_end_matches('/'));
    place.set_path(&path);
    place
}

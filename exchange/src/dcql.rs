//! Which credentials a request asks for: the Digital Credentials Query Language (OpenID4VP 1.0 section 6). Read strictly,
//! bounded, and answered the same way on both sides:
//!
//! - [`Query::read`] refuses what can't be understood one way only
//! - [`CredentialQuery::disclosing`] says whether a credential fits, and exactly what of it would be disclosed
//! - [`CredentialQuery::check_shown`] says whether what was shown is what was asked for, no less and no more
//! - [`Query::accepts`] says whether the queries that are answered are an answer to the whole
//!
//! Nothing here chooses: between alternatives the patient decides.

mod claims;
mod error;
mod fit;
mod read;
mod write;

pub use claims::{ClaimQuery, ShownError};
pub use error::QueryError;
pub use fit::{Candidate, ChoiceError};

use carnet_credentials::sd_jwt::ClaimPath;

/// A whole query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What is asked for; each has an id of its own.
    pub credentials: Vec<CredentialQuery>,
    /// Which of them together are an answer (section 6.2). Empty: all of them.
    pub sets: Vec<CredentialSet>,
}

/// One credential that is asked for (section 6.1).
#[derive(Debug, Clone, PartialEq)]
pub struct CredentialQuery {
    /// Names this query within the request.
    pub id: String,
    /// Form and type of the credential.
    pub format: Format,
    /// Several may be shown.
    pub multiple: bool,
    /// Whose credentials are wanted; empty: anybody's.
    pub authorities: Vec<Authority>,
    /// The holder must prove possession of a key.
    pub holder_binding: bool,
    /// What is to be disclosed of it; empty: nothing that can be withheld.
    pub claims: Vec<ClaimQuery>,
    /// Alternatives, best first, as places in `claims`; empty: all claims.
    pub claim_sets: Vec<Vec<usize>>,
}

/// A form of credential, and the types that are wanted in it (`format` and `meta`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// SD-JWT VC (`dc+sd-jwt`, section B.3): any of these `vct`.
    SdJwt(Vec<String>),
    /// W3C credential with Data Integrity proofs (`ldp_vc`, section B.1.3.2): all types of any of these lists, expanded.
    LdpVc(Vec<Vec<String>>),
    /// W3C credential as JWT (`jwt_vc_json`, section B.1.3.1).
    JwtVcJson(Vec<Vec<String>>),
}

/// Who may have issued a credential (section 6.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// A certificate of the credential's chain names one of these authority keys (`aki`).
    KeyId(Vec<Vec<u8>>),
    /// The issuer stands in the trust list under one of these stable ids ([`LISTED`]).
    Listed(Vec<String>),
    /// A kind that can't be judged here (`etsi_tl`, `openid_federation`, unknown ones): matches nobody.
    Other {
        /// `type`.
        kind: String,
        /// As they stand.
        values: Vec<String>,
    },
}

/// Type of [`Authority::Listed`] in a request.
pub const LISTED: &str = "urn:carnet:listed-issuer:1";

/// Alternatives of which one is needed, or of which one may be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialSet {
    /// Each a list of ids of credential queries.
    pub options: Vec<Vec<String>>,
    /// One of them must be answered.
    pub required: bool,
}

impl Query {
    /// The credential query of this id.
    pub fn credential(&self, id: &str) -> Option<&CredentialQuery> {
        self.credentials.iter().find(|query| query.id == id)
    }
}

impl CredentialQuery {
    /// An SD-JWT VC of this type, bound to a key, with these claims.
    pub fn sd_jwt(id: &str, vct: &str, claims: Vec<ClaimPath>) -> Self {
        let claims = claims.into_iter().map(|path| ClaimQuery {
            id: None,
            path,
            values: Vec::new(),
        });
        Self {
            id: id.to_owned(),
            format: Format::SdJwt(vec![vct.to_owned()]),
            multiple: false,
            authorities: Vec::new(),
            holder_binding: true,
            claims: claims.collect(),
            claim_sets: Vec::new(),
        }
    }
}

impl Format {
    /// The identifier in a request.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::SdJwt(_) => "dc+sd-jwt",
            Self::LdpVc(_) => "ldp_vc",
            Self::JwtVcJson(_) => "jwt_vc_json",
        }
    }

    /// Names of the types that are wanted: each `vct`, or the last type of each list.
    pub fn kinds(&self) -> Vec<&str> {
        match self {
            Self::SdJwt(vcts) => vcts.iter().map(String::as_str).collect(),
            Self::LdpVc(types) | Self::JwtVcJson(types) => types
                .iter()
                .filter_map(|types| types.last())
                .map(String::as_str)
                .collect(),
        }
    }
}

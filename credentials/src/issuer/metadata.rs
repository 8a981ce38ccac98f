//! What an issuer says of its own keys (SD-JWT VC draft 15, "JWT VC Issuer Metadata"). Fetching is the caller's.

use serde_json::Value;
use url::Url;

use crate::{
    json::{self, JsonError},
    jwk::PublicKey,
    jws,
};

/// Longest metadata or key set that is looked at, in bytes.
pub const MAX_METADATA: usize = 65_536;
/// Most keys in a set that are looked at.
const MAX_KEYS: usize = 64;

/// Why an issuer's metadata is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// `iss` is not an https URL without query and fragment, so there is no place to look.
    #[error("the issuer's name is not a place where its keys could be found")]
    NoPlace,
    /// Not JSON that reads one way only.
    #[error("the issuer's metadata is not acceptable JSON: {0}")]
    Json(JsonError),
    /// `jwks` or `jwks_uri` is missing, both are there, or a set is not well formed.
    #[error("the issuer's metadata is not well formed")]
    Malformed,
    /// `issuer` is not the `iss` it was fetched for.
    #[error("the metadata is another issuer's")]
    OtherIssuer,
    /// Two keys go by the same name.
    #[error("the issuer's metadata names two keys alike")]
    SameName,
}

impl MetadataError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPlace => "issuer_metadata_no_place",
            Self::Json(_) => "issuer_metadata_not_json",
            Self::Malformed => "issuer_metadata_malformed",
            Self::OtherIssuer => "issuer_metadata_other_issuer",
            Self::SameName => "issuer_metadata_same_name",
        }
    }
}

/// An issuer and the keys it signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerMetadata {
    issuer: String,
    jwks_uri: Option<String>,
    keys: Vec<(Option<String>, PublicKey)>,
}

impl IssuerMetadata {
    /// Where the metadata of `iss` is: `/.well-known/jwt-vc-issuer` between host and path.
    pub fn place(iss: &str) -> Result<Url, MetadataError> {
        let mut url = Url::parse(iss).map_err(|_| MetadataError::NoPlace)?;
        let plain = url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        if url.scheme() != "https" || !plain || !anonymous {
            return Err(MetadataError::NoPlace);
        }
        let path = format!("/.well-known/jwt-vc-issuer{}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(url)
    }

    /// Reads the metadata found at the place of `iss`.
    pub fn parse(text: &[u8], iss: &str) -> Result<Self, MetadataError> {
        let metadata = json::parse_object(text, MAX_METADATA).map_err(MetadataError::Json)?;
        if metadata.get("issuer").and_then(Value::as_str) != Some(iss) {
            return Err(MetadataError::OtherIssuer);
        }
        let mut read = Self {
            issuer: iss.to_owned(),
            jwks_uri: None,
            keys: Vec::new(),
        };
        match (metadata.get("jwks"), metadata.get("jwks_uri")) {
            (Some(set), None) => read.keys = keys(set)?,
            (None, Some(Value::String(uri))) if uri.starts_with("https://") => {
                read.jwks_uri = Some(uri.clone());
            }
            _ => return Err(MetadataError::Malformed),
        }
        Ok(read)
    }

    /// Where the keys are still to be fetched from, if they aren't here: an https URL that the issuer chose.
    pub fn jwks_uri(&self) -> Option<&str> {
        self.jwks_uri.as_deref()
    }

    /// Takes the key set found at [`Self::jwks_uri`].
    pub fn with_keys(mut self, text: &[u8]) -> Result<Self, MetadataError> {
        let set = json::parse(text, MAX_METADATA).map_err(MetadataError::Json)?;
        self.keys = keys(&set)?;
        self.jwks_uri = None;
        Ok(self)
    }

    /// The issuer, as credentials name it in `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The key of this name; without a name the only key.
    pub(super) fn key(&self, kid: Option<&str>) -> Option<PublicKey> {
        match (kid, self.keys.as_slice()) {
            (None, [(_, only)]) => Some(*only),
            (None, _) => None,
            (Some(_), keys) => keys
                .iter()
                .find(|(name, _)| name.as_deref() == kid)
                .map(|(_, key)| *key),
        }
    }
}

/// The keys of a set (RFC 7517 section 5) that are good for signatures. Keys of kinds that aren't supported are passed
/// over: the issuer may need them for others.
fn keys(set: &Value) -> Result<Vec<(Option<String>, PublicKey)>, MetadataError> {
    let set = set.get("keys").and_then(Value::as_array);
    let set = set.ok_or(MetadataError::Malformed)?;
    if set.len() > MAX_KEYS {
        return Err(MetadataError::Malformed);
    }
    let mut keys: Vec<(Option<String>, PublicKey)> = Vec::new();
    for jwk in set {
        let name = match jwk.get("kid") {
            None => None,
            Some(Value::String(name)) => Some(name.clone()),
            Some(_) => return Err(MetadataError::Malformed),
        };
        let Ok(key) = jws::verification_key(jwk) else {
            continue;
        };
        if name.is_some() && keys.iter().any(|(other, _)| *other == name) {
            return Err(MetadataError::SameName);
        }
        keys.push((name, key));
    }
    Ok(keys)
}

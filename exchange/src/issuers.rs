//! Who may have signed a credential, and with which keys: asked of the trust list, or of an identifier that says its own
//! key. Nothing is fetched.

use base64::{Engine, engine::general_purpose::STANDARD};
use carnet_credentials::{jwk::PublicKey, sd_jwt::Received, signature};
use carnet_did_resolver::{document::Relationship, resolve};
use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use crate::{Entry, TrustList, client_id_of, key_in_header, trust::Role};

/// An issuer whose keys are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownIssuer {
    /// `iss`, or the client id of its certificate where there is no `iss`.
    pub id: String,
    /// Its stable id, where it stands in the trust list.
    pub entry_id: Option<String>,
    /// The signature must be by one of these.
    pub keys: Vec<PublicKey>,
}

/// Why it isn't known who issued a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// Neither in the trust list as an issuer nor an identifier that says its own key.
    #[error("who issued this can't be found out")]
    Unknown,
    /// The header's certificate is the listed issuer's and not in order, or is no certificate.
    #[error("the issuer's certificate is not in order")]
    Certificate,
    /// The header's certificate can't be read.
    #[error("the issuer's certificate can't be read")]
    Malformed,
}

impl KnownIssuer {
    /// By the certificate in the header or the address in `iss`, if the trust list has an issuer of it; by a DID that says
    /// its own key. The way is chosen by what the header has, the trust is not: a certificate counts only when it is listed.
    pub fn of(
        received: &Received<'_>,
        list: Option<&TrustList>,
        now: Timestamp,
    ) -> Result<Self, IssuerError> {
        let iss = received.iss();
        let header = received.header();
        if let Some(chain) = header.get("x5c") {
            let leaf = chain.as_array().and_then(|chain| chain.first()?.as_str());
            let der = leaf.and_then(|leaf| STANDARD.decode(leaf).ok());
            let client_id = client_id_of(&der.ok_or(IssuerError::Malformed)?);
            let entry = list
                .and_then(|list| list.by_client_id(&client_id))
                .filter(|entry| entry.has_role(Role::Issuer))
                .ok_or(IssuerError::Unknown)?;
            if iss.is_some_and(|iss| !speaks_for(iss, entry)) {
                return Err(IssuerError::Unknown);
            }
            let key = key_in_header(header, &client_id, now).map_err(|_| IssuerError::Certificate)?;
            return Ok(Self {
                id: iss.unwrap_or(&client_id).to_owned(),
                entry_id: Some(entry.id.clone()),
                keys: vec![key],
            });
        }
        let iss = iss.ok_or(IssuerError::Unknown)?;
        if iss.starts_with("did:") {
            return Ok(Self {
                id: iss.to_owned(),
                entry_id: None,
                keys: vec![key_of_did(iss, header).ok_or(IssuerError::Unknown)?],
            });
        }
        let entry = list
            .into_iter()
            .flat_map(|list| &list.entries)
            .find(|entry| entry.has_role(Role::Issuer) && speaks_for(iss, entry))
            .filter(|entry| !entry.issuer_keys.is_empty())
            .ok_or(IssuerError::Unknown)?;
        Ok(Self {
            id: iss.to_owned(),
            entry_id: Some(entry.id.clone()),
            keys: keys_for(header, &entry.issuer_keys),
        })
    }
}

/// An issuer may have keys of several curves, each for cards of another form: only those count that can have made this
/// signature.
fn keys_for(header: &Map<String, Value>, keys: &[PublicKey]) -> Vec<PublicKey> {
    let alg = header.get("alg").and_then(Value::as_str);
    let fits = |key: &&PublicKey| alg.is_some() && signature::algorithm(key) == alg;
    let fitting: Vec<PublicKey> = keys.iter().filter(fits).copied().collect();
    if fitting.is_empty() {
        keys.to_vec()
    } else {
        fitting
    }
}

/// Whether `iss` is an address of this party.
fn speaks_for(iss: &str, entry: &Entry) -> bool {
    Url::parse(iss).is_ok_and(|url| entry.covers_origin(&url))
}

/// The key of a DID that a header names, or its first.
fn key_of_did(did: &str, header: &Map<String, Value>) -> Option<PublicKey> {
    let document = resolve(did).ok()?;
    let method = match header.get("kid") {
        None => document.assertion_method.first()?.clone(),
        Some(kid) => match kid.as_str()? {
            fragment if fragment.starts_with('#') => format!("{did}{fragment}"),
            kid => kid.to_owned(),
        },
    };
    document.key_for(&method, Relationship::AssertionMethod)
}

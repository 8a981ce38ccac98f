//! DID methods whose document follows from the identifier: `did:key` and `did:jwk`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{
    document::{Document, VerificationMethod},
    json,
    key::{KeyError, PublicKey},
};

/// Longest DID that is looked at, in bytes.
pub const MAX_DID_LEN: usize = 2_048;

const DID_CONTEXT: &str = "https://www.w3.org/ns/did/v1";
const JWK_CONTEXT: &str = "https://w3id.org/security/jwk/v1";
const MULTIKEY_CONTEXT: &str = "https://w3id.org/security/multikey/v1";

/// Why a DID has no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Not a DID of its method's form (W3C DID Resolution: `invalidDid`).
    #[error("this is not a well-formed DID")]
    InvalidDid,
    /// A method that isn't supported (`methodNotSupported`).
    #[error("DIDs of this method are not supported")]
    MethodNotSupported,
    /// A well-formed DID of a key that is refused.
    #[error("the DID's key was refused: {0}")]
    Key(#[from] KeyError),
}

impl ResolveError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidDid => "invalid_did",
            Self::MethodNotSupported => "method_not_supported",
            Self::Key(e) => e.code(),
        }
    }
}

/// The document of a `did:key` or `did:jwk`. Pure.
pub fn resolve(did: &str) -> Result<Document, ResolveError> {
    if did.len() > MAX_DID_LEN {
        return Err(ResolveError::InvalidDid);
    }
    let (method, id) = did
        .strip_prefix("did:")
        .and_then(|rest| rest.split_once(':'))
        .ok_or(ResolveError::InvalidDid)?;
    match method {
        "jwk" => did_jwk(did, id),
        "key" => did_key(did, id),
        _ => Err(ResolveError::MethodNotSupported),
    }
}

/// The single key behind a `did:key` or `did:jwk`.
pub fn key_of(did: &str) -> Result<PublicKey, ResolveError> {
    let document = resolve(did)?;
    document
        .verification_method
        .first()
        .and_then(VerificationMethod::public_key)
        .ok_or(ResolveError::Key(KeyError::Malformed))
}

/// <https://github.com/quartzjer/did-jwk/blob/main/spec.md>
fn did_jwk(did: &str, encoded: &str) -> Result<Document, ResolveError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| ResolveError::InvalidDid)?;
    let jwk = json::parse(&bytes, MAX_DID_LEN).map_err(|_| ResolveError::InvalidDid)?;
    let key = PublicKey::from_jwk(&jwk)?;
    let usage = jwk.get("use").and_then(Value::as_str);
    // An Ed25519 key can't agree on keys and an X25519 key can't sign, whatever `use` says.
    let signs = usage != Some("enc") && key.signs();
    let agrees = usage != Some("sig") && key.agrees();
    let method = VerificationMethod {
        id: format!("{did}#0"),
        kind: "JsonWebKey".into(),
        controller: did.into(),
        public_key_jwk: Some(jwk),
        public_key_multibase: None,
    };
    Ok(document(did, JWK_CONTEXT, method, signs, agrees))
}

/// W3C CCG did:key method, section 3.1. No X25519 key is derived from an Ed25519 key: nothing here uses it.
fn did_key(did: &str, multikey: &str) -> Result<Document, ResolveError> {
    if !multikey.starts_with('z') {
        return Err(ResolveError::InvalidDid);
    }
    let key = PublicKey::from_multikey(multikey)?;
    let method = VerificationMethod {
        id: format!("{did}#{multikey}"),
        kind: "Multikey".into(),
        controller: did.into(),
        public_key_jwk: None,
        public_key_multibase: Some(multikey.into()),
    };
    Ok(document(did, MULTIKEY_CONTEXT, method, key.signs(), key.agrees()))
}

fn document(did: &str, context: &str, method: VerificationMethod, signs: bool, agrees: bool) -> Document {
    let ids = |listed: bool| {
        if listed {
            vec![method.id.clone()]
        } else {
            Vec::new()
        }
    };
    Document {
        context: vec![DID_CONTEXT.into(), context.into()],
        id: did.into(),
        authentication: ids(signs),
        assertion_method: ids(signs),
        key_agreement: ids(agrees),
        capability_invocation: ids(signs),
        capability_delegation: ids(signs),
        verification_method: vec![method],
    }
}

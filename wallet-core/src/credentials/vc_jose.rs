//! W3C credentials (VC Data Model 2.0) secured as JWT (VC-JOSE-COSE 1.0, section 3.1: `vc+jwt`).

use carnet_credentials::{
    json,
    jwk::PublicKey,
    jws::{self, JwsError},
    signature::Signer,
};
use carnet_did_resolver::{document::Relationship, resolve};
use jiff::Timestamp;
use p256::ecdsa::SigningKey;
use serde_json::{Map, Value};

/// First in the `@context` of every credential of version 2.0.
pub(super) const CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";
/// In the `type` of every credential.
pub(super) const TYPE: &str = "VerifiableCredential";
const TYP: &str = "vc+jwt";
/// Longest credential that is looked at, in bytes.
const MAX_LEN: usize = 65_536;

/// Why a credential is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Jws(JwsError),
    /// Not the data model's form.
    Form,
    /// By a DID that can't be resolved without a network, or a key that isn't its for this.
    Issuer,
}

/// Signs a credential with the key of its issuer, a `did:jwk`.
pub(super) fn sign(credential: &Value, key: &SigningKey) -> String {
    let mut header = Map::new();
    header.insert("cty".to_owned(), "vc".into());
    header.insert("kid".to_owned(), format!("{}#0", key.public().did_jwk()).into());
    jws::sign(TYP, header, credential.to_string().as_bytes(), key)
}

/// A credential whose signature holds.
pub(super) struct Verified {
    pub(super) issuer: String,
    pub(super) kind: String,
    pub(super) credential: Map<String, Value>,
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

/// Checks signature and form. Times and status are the caller's.
pub(super) fn verify(text: &str) -> Result<Verified, Refused> {
    let jwt = jws::parse(text, MAX_LEN).map_err(Refused::Jws)?;
    jwt.check_header(TYP).map_err(Refused::Jws)?;
    let claimed = json::parse_object(jwt.unverified_payload(), MAX_LEN)
        .map_err(|error| Refused::Jws(JwsError::Payload(error)))?;
    let issuer = issuer_of(&claimed).ok_or(Refused::Form)?.to_owned();
    let key = key_of(&issuer, jwt.header()).ok_or(Refused::Issuer)?;
    let credential = jwt.verify(TYP, &key).map_err(Refused::Jws)?.payload;
    let kind = kind(&credential).ok_or(Refused::Form)?;
    let well_formed = credential
        .get("@context")
        .and_then(Value::as_array)
        .and_then(|contexts| contexts.first())
        .is_some_and(|first| first == CONTEXT)
        // VC-JOSE-COSE 3.1: the credential is the payload itself.
        && !credential.contains_key("vc")
        && credential.get("iss").is_none_or(|iss| iss == issuer.as_str())
        && matches!(
            credential.get("credentialSubject"),
            Some(Value::Object(_) | Value::Array(_))
        );
    if !well_formed {
        return Err(Refused::Form);
    }
    Ok(Verified {
        issuer,
        kind,
        from: moment(&credential, "validFrom")?,
        until: moment(&credential, "validUntil")?,
        credential,
    })
}

fn issuer_of(credential: &Map<String, Value>) -> Option<&str> {
    match credential.get("issuer")? {
        Value::String(issuer) => Some(issuer),
        Value::Object(issuer) => issuer.get("id")?.as_str(),
        _ => None,
    }
}

/// The key of the issuer's DID that the header names, or its first.
pub(super) fn key_of(did: &str, header: &Map<String, Value>) -> Option<PublicKey> {
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

/// The type that says what it is.
fn kind(credential: &Map<String, Value>) -> Option<String> {
    let types: Vec<&str> = match credential.get("type")? {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().map(Value::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    types.contains(&TYPE).then(|| {
        let own = types.iter().find(|one| **one != TYPE).unwrap_or(&TYPE);
        (*own).to_owned()
    })
}

fn moment(credential: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, Refused> {
    let Some(value) = credential.get(name) else {
        return Ok(None);
    };
    let text = value.as_str().ok_or(Refused::Form)?;
    text.parse().map(Some).map_err(|_| Refused::Form)
}

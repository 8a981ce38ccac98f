//! Credentials of the W3C's data model: signing a receipt, and believing what comes in.

use carnet_credentials::{
    contexts::ContextError,
    data_integrity::DataIntegrityError,
    json,
    jws::JwsError,
    signature::Signer,
    status::bitstring::Later,
    vc::{self, Checked, Conditions, Offline, VcError, jose},
};
use jiff::Timestamp;
use p256::ecdsa::SigningKey;
use serde_json::{Map, Value};

use super::import::ImportCredentialError;

/// In the `type` of every credential.
pub(super) const TYPE: &str = "VerifiableCredential";

/// Signs a credential with the key of its issuer, a `did:jwk`.
pub(super) fn sign(credential: &Map<String, Value>, key: &SigningKey) -> Result<String, VcError> {
    let kid = format!("{}#0", key.public().did_jwk());
    jose::issue(credential, &kid, key)
}

/// Decides about a credential as JWT. Its status is the caller's.
pub(super) fn check_jwt(text: &str, now: Timestamp) -> Result<Checked, ImportCredentialError> {
    jose::check(text, &conditions(now)).map_err(refused)
}

/// Decides about a credential with proofs inside. Its status is the caller's.
pub(super) fn check_document(text: &str, now: Timestamp) -> Result<Checked, ImportCredentialError> {
    let document =
        json::parse_object(text.as_bytes(), text.len()).map_err(|_| ImportCredentialError::NotACredential)?;
    vc::check(&document, &conditions(now)).map_err(refused)
}

/// Only identifiers that say their own keys: nothing is fetched because a file was opened.
fn conditions(now: Timestamp) -> Conditions<'static> {
    Conditions {
        now,
        documents: &Offline,
        statuses: &Later,
    }
}

/// The type that says what it is.
pub(super) fn kind(checked: &Checked) -> String {
    let own = checked.types.iter().find(|one| *one != TYPE);
    own.cloned().unwrap_or_else(|| TYPE.to_owned())
}

fn refused(error: VcError) -> ImportCredentialError {
    match error {
        VcError::Expired | VcError::ProofExpired => ImportCredentialError::Expired,
        VcError::NotYetValid | VcError::ProofPremature => ImportCredentialError::NotYet,
        VcError::Unresolved => ImportCredentialError::UnknownIssuer,
        VcError::Jws(JwsError::BadSignature)
        | VcError::Proof(DataIntegrityError::BadSignature)
        | VcError::MethodUnknown
        | VcError::ForeignKey
        | VcError::NotListed
        | VcError::WrongPurpose
        | VcError::WrongIssuer => ImportCredentialError::BadSignature,
        VcError::Context(ContextError::Unknown | ContextError::Inline) => ImportCredentialError::OtherForm,
        VcError::Jws(_) | VcError::ContextOrder | VcError::WrongType | VcError::Context(_) => {
            ImportCredentialError::NotACredential
        }
        _ => ImportCredentialError::Malformed,
    }
}

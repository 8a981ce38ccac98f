//! The inclusion promise: the station's log key signs that an operation is recorded. Without one no record leaves the
//! wallet.

use carnet_consent::{GrantId, LedgerRef};
use carnet_credentials::{
    jwk::PublicKey,
    jws::{self, JwsError},
    signature::Signer,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::limits::{CLOCK_LEEWAY, PROMISE_BYTES};

const TYP: &str = "carnet-promise+jwt";

/// What is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// The grant.
    Grant,
    /// Its revocation.
    Revoke,
}

/// A promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// Of which grant.
    pub grant_id: GrantId,
    /// What.
    pub operation: Operation,
    /// Its place in the registry.
    pub sequence: u64,
    /// When it was recorded, Unix seconds.
    pub time: u64,
    /// Decimal.
    pub chain_id: String,
    /// The contract, `0x` and 40 lower-case hex digits.
    pub registry: String,
}

/// What a promise must be about.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Of which grant.
    pub grant_id: &'a GrantId,
    /// What.
    pub operation: Operation,
    /// Where.
    pub ledger: &'a LedgerRef,
    /// Now: nothing can be recorded later than this.
    pub now: Timestamp,
}

/// Why a promise is refused: it counts as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PromiseError {
    /// Not a promise by any of the keys.
    #[error("the promise is not signed by who must keep it: {0}")]
    Signature(JwsError),
    /// A member is missing or ill-typed.
    #[error("the promise is not well formed")]
    Malformed,
    /// About another grant.
    #[error("the promise is about another grant")]
    WrongGrant,
    /// About another operation.
    #[error("the promise is about another operation")]
    WrongOperation,
    /// About another registry.
    #[error("the promise is about another register")]
    WrongRegistry,
    /// Dated in the future.
    #[error("the promise is dated in the future")]
    FromTheFuture,
}

impl PromiseError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Signature(_) => "promise_bad_signature",
            Self::Malformed => "promise_malformed",
            Self::WrongGrant => "promise_wrong_grant",
            Self::WrongOperation => "promise_wrong_operation",
            Self::WrongRegistry => "promise_wrong_registry",
            Self::FromTheFuture => "promise_from_the_future",
        }
    }
}

/// Signs a promise with the station's log key.
pub fn sign(promise: &Promise, log_key: &dyn Signer) -> Result<String, PromiseError> {
    let payload = serde_json::to_vec(promise).map_err(|_| PromiseError::Malformed)?;
    Ok(jws::sign(TYP, Map::new(), &payload, log_key))
}

/// Verifies a promise by one of the log keys of the trust entry.
pub fn verify(compact: &str, keys: &[PublicKey], expected: &Expected<'_>) -> Result<Promise, PromiseError> {
    let payload = signed_by_one_of(compact, TYP, keys).map_err(PromiseError::Signature)?;
    let promise: Promise =
        serde_json::from_value(Value::Object(payload)).map_err(|_| PromiseError::Malformed)?;
    if promise.grant_id != *expected.grant_id {
        return Err(PromiseError::WrongGrant);
    }
    if promise.operation != expected.operation {
        return Err(PromiseError::WrongOperation);
    }
    if promise.chain_id != expected.ledger.chain_id || promise.registry != expected.ledger.registry {
        return Err(PromiseError::WrongRegistry);
    }
    let latest = expected.now.as_second().saturating_add(CLOCK_LEEWAY.as_secs());
    if i64::try_from(promise.time).map_or(true, |time| time > latest) {
        return Err(PromiseError::FromTheFuture);
    }
    Ok(promise)
}

/// Reads a promise that this side verified when it took it, or signed itself.
pub fn read_kept(compact: &str) -> Result<Promise, PromiseError> {
    let kept = jws::parse(compact, PROMISE_BYTES).map_err(PromiseError::Signature)?;
    serde_json::from_slice(kept.unverified_payload()).map_err(|_| PromiseError::Malformed)
}

/// The payload of a JWS by any of a few keys.
pub(crate) fn signed_by_one_of(
    compact: &str,
    typ: &str,
    keys: &[PublicKey],
) -> Result<Map<String, Value>, JwsError> {
    let mut refusal = JwsError::BadSignature;
    for key in keys {
        match jws::verify(compact, typ, PROMISE_BYTES, key) {
            Ok(verified) => return Ok(verified.payload),
            // A key of the other kind says nothing about the text.
            Err(JwsError::WrongAlgorithm) => {}
            Err(other) => refusal = other,
        }
    }
    Err(refusal)
}

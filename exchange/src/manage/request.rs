//! The signed request.

use carnet_consent::GrantId;
use carnet_credentials::{
    jwk::PublicKey,
    jws::{self, JwsError},
};
use jiff::Timestamp;
use p256::ecdsa::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    answer::GrantTuple,
    limits::{CLOCK_LEEWAY, MANAGE_BLOCK, MANAGE_BYTES, MANAGE_OPERATIONS},
    registry::RevocationProof,
};

const TYP: &str = "carnet-manage+jwt";

/// Operations on consents of one holder key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManageRequest {
    /// The `manage` address of the consents, in full.
    pub aud: String,
    /// When it was made, Unix seconds.
    pub iat: i64,
    /// Random, 128 bits, base64url: the station refuses one it has seen within the last two minutes.
    pub jti: String,
    /// At most [`MANAGE_OPERATIONS`].
    pub ops: Vec<Op>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Op {
    /// Who read what.
    Reads {
        /// Under which consent.
        grant_id: GrantId,
    },
    /// Take it back.
    Revoke {
        /// Which consent.
        grant_id: GrantId,
        /// The whole tuple, for the ledger.
        grant: GrantTuple,
        /// What entitles to it, for the ledger.
        proof: RevocationProof,
    },
    /// The deletion receipt.
    Receipt {
        /// Of which consent.
        grant_id: GrantId,
    },
}

impl Op {
    /// Which consent it is about.
    pub fn grant_id(&self) -> &GrantId {
        match self {
            Self::Reads { grant_id } | Self::Revoke { grant_id, .. } | Self::Receipt { grant_id } => grant_id,
        }
    }
}

/// Why a manage request is refused whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ManageError {
    /// Not a request signed by the key in its header.
    #[error("the request is not signed as it must be: {0}")]
    Signature(#[from] JwsError),
    /// The header has no acceptable key.
    #[error("the request doesn't say by which key it is signed")]
    NoKey,
    /// A member is missing or ill-typed.
    #[error("the request is not well formed")]
    Malformed,
    /// None or too many operations.
    #[error("the request has no operation or too many")]
    Count,
    /// Meant for another station.
    #[error("the request is meant for another station")]
    WrongAudience,
    /// Older or newer than a minute: replayed, or a clock is wrong.
    #[error("the request is not fresh; check the clock")]
    Stale,
}

impl ManageError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Signature(_) => "manage_bad_signature",
            Self::NoKey => "manage_no_key",
            Self::Malformed => "manage_malformed",
            Self::Count => "manage_count",
            Self::WrongAudience => "manage_wrong_audience",
            Self::Stale => "manage_stale",
        }
    }
}

/// Signs a request with the holder key, filled up to a multiple of [`MANAGE_BLOCK`] bytes.
pub fn sign(request: &ManageRequest, holder: &SigningKey) -> Result<String, ManageError> {
    if request.ops.is_empty() || request.ops.len() > MANAGE_OPERATIONS {
        return Err(ManageError::Count);
    }
    let Ok(Value::Object(mut payload)) = serde_json::to_value(request) else {
        return Err(ManageError::Malformed);
    };
    fill(&mut payload);
    let header = Map::from_iter([("jwk".to_owned(), PublicKey::from(holder).to_jwk())]);
    Ok(jws::sign(
        TYP,
        header,
        Value::Object(payload).to_string().as_bytes(),
        holder,
    ))
}

/// Verifies a request. The key returned made the signature: the caller looks whether a consent is this key's, and
/// answers alike for one that is someone else's and one that doesn't exist. `jti` is the caller's to remember.
pub fn verify(compact: &str, aud: &str, now: Timestamp) -> Result<(PublicKey, ManageRequest), ManageError> {
    let unverified = jws::parse(compact, MANAGE_BYTES)?;
    unverified.check_header(TYP)?;
    let key = unverified.header().get("jwk").ok_or(ManageError::NoKey)?;
    let key = PublicKey::from_jwk(key).map_err(|_| ManageError::NoKey)?;
    if key.as_p256().is_none() {
        return Err(ManageError::NoKey);
    }
    let mut payload = unverified.verify(TYP, &key)?.payload;
    payload.remove("pad");
    let request: ManageRequest =
        serde_json::from_value(Value::Object(payload)).map_err(|_| ManageError::Malformed)?;
    if request.aud != aud {
        return Err(ManageError::WrongAudience);
    }
    if now.as_second().abs_diff(request.iat) > CLOCK_LEEWAY.as_secs().unsigned_abs() {
        return Err(ManageError::Stale);
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !(22..=64).contains(&request.jti.len()) || !request.jti.bytes().all(plain) {
        return Err(ManageError::Malformed);
    }
    if request.ops.is_empty() || request.ops.len() > MANAGE_OPERATIONS {
        return Err(ManageError::Count);
    }
    Ok((key, request))
}

/// Adds a member `pad` so that the text is a multiple of [`MANAGE_BLOCK`] bytes long.
pub(super) fn fill(object: &mut Map<String, Value>) {
    object.insert("pad".into(), "".into());
    let length = serde_json::to_string(object).map_or(0, |text| text.len());
    let missing = length.next_multiple_of(MANAGE_BLOCK) - length;
    object.insert("pad".into(), "0".repeat(missing).into());
}

//! What a registry's endpoint says: `GET …/grants/{grant_id}`, `GET …/events?after=N`, and `POST …/revocations` by anybody who has the
//! subject's signature or the secret.

mod events;

pub use events::{EventsPage, RegistryEvent};

use carnet_consent::{GrantId, LedgerRef, LedgerStatus};
use carnet_credentials::json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    answer::GrantTuple,
    hex_bytes,
    limits::{CLOCK_LEEWAY, PROMISE_BYTES, REPLY_BYTES},
};

/// Where a grant stands, and at what time that was so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantStatus {
    /// Of which grant.
    pub grant_id: GrantId,
    /// Where it stands.
    pub status: LedgerStatus,
    /// When that was so, Unix seconds.
    pub as_of: u64,
    /// Decimal.
    pub chain_id: String,
    /// The contract, `0x` and 40 lower-case hex digits.
    pub registry: String,
}

/// A revocation, for any relayer to submit.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RevocationBody", into = "RevocationBody")]
pub struct RevocationRequest {
    /// The whole tuple: a revocation also stands before its grant.
    pub grant: GrantTuple,
    /// What entitles to it.
    pub proof: RevocationProof,
}

/// The body on the wire: `grant` and exactly one of the other two.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevocationBody {
    grant: GrantTuple,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<Hex<65>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<Hex<32>>,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Hex<const N: usize>(#[serde(with = "hex_bytes")] [u8; N]);

impl From<RevocationRequest> for RevocationBody {
    fn from(request: RevocationRequest) -> Self {
        let (signature, secret) = match request.proof {
            RevocationProof::Signature(bytes) => (Some(Hex(bytes)), None),
            RevocationProof::Secret(bytes) => (None, Some(Hex(bytes))),
        };
        Self {
            grant: request.grant,
            signature,
            secret,
        }
    }
}

impl TryFrom<RevocationBody> for RevocationRequest {
    type Error = RegistryError;

    fn try_from(body: RevocationBody) -> Result<Self, RegistryError> {
        let proof = match (body.signature, body.secret) {
            (Some(Hex(bytes)), None) => RevocationProof::Signature(bytes),
            (None, Some(Hex(bytes))) => RevocationProof::Secret(bytes),
            _ => return Err(RegistryError::Malformed),
        };
        Ok(Self {
            grant: body.grant,
            proof,
        })
    }
}

/// What entitles to revoke a grant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationProof {
    /// The subject's signature.
    Signature(#[serde(with = "hex_bytes")] [u8; 65]),
    /// The secret behind `revokeHash`.
    Secret(#[serde(with = "hex_bytes")] [u8; 32]),
}

impl std::fmt::Debug for RevocationRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RevocationRequest(…)")
    }
}

impl std::fmt::Debug for RevocationProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RevocationProof(…)")
    }
}

/// The reply to a revocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationReply {
    /// A promise, not yet verified.
    pub promise: String,
}

/// Why a registry's answer is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// Not of the form required.
    #[error("the register's answer can't be read")]
    Malformed,
    /// About another grant.
    #[error("the register answered about another grant")]
    WrongGrant,
    /// From another registry.
    #[error("another register answered")]
    WrongRegistry,
    /// Older than allowed.
    #[error("the register's answer is too old")]
    Stale,
    /// Dated in the future.
    #[error("the register's answer is dated in the future")]
    FromTheFuture,
}

impl RegistryError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "registry_malformed",
            Self::WrongGrant => "registry_wrong_grant",
            Self::WrongRegistry => "registry_wrong_registry",
            Self::Stale => "registry_stale",
            Self::FromTheFuture => "registry_from_the_future",
        }
    }
}

/// From which age a status is stale, in seconds.
pub const STALE_SECONDS: i64 = 300;

impl GrantStatus {
    /// Reads a status about this grant in this registry that isn't stale.
    pub fn read(
        body: &[u8],
        grant_id: &GrantId,
        ledger: &LedgerRef,
        now: Timestamp,
    ) -> Result<Self, RegistryError> {
        let status: Self = read(body)?;
        if status.grant_id != *grant_id {
            return Err(RegistryError::WrongGrant);
        }
        if status.chain_id != ledger.chain_id || status.registry != ledger.registry {
            return Err(RegistryError::WrongRegistry);
        }
        let as_of = i64::try_from(status.as_of).map_err(|_| RegistryError::Malformed)?;
        let age = now.as_second().saturating_sub(as_of);
        if age > STALE_SECONDS {
            return Err(RegistryError::Stale);
        }
        if age < -CLOCK_LEEWAY.as_secs() {
            Err(RegistryError::FromTheFuture)
        } else {
            Ok(status)
        }
    }
}

impl RevocationRequest {
    /// Reads a revocation sent by a stranger.
    pub fn read(body: &[u8]) -> Result<Self, RegistryError> {
        read(body)
    }
}

impl RevocationReply {
    /// Reads the reply to a revocation.
    pub fn read(body: &[u8]) -> Result<Self, RegistryError> {
        let reply: Self = read(body)?;
        if reply.promise.len() > PROMISE_BYTES {
            Err(RegistryError::Malformed)
        } else {
            Ok(reply)
        }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, RegistryError> {
    read_within(body, REPLY_BYTES)
}

fn read_within<T: DeserializeOwned>(body: &[u8], bytes: usize) -> Result<T, RegistryError> {
    let value = json::parse(body, bytes).map_err(|_| RegistryError::Malformed)?;
    serde_json::from_value(value).map_err(|_| RegistryError::Malformed)
}

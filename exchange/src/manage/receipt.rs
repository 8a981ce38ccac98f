//! The deletion receipt: the station signs that the key of what it stored is destroyed. A copy in the chart is out of
//! its reach, and the receipt says whether there is one.

use carnet_consent::GrantId;
use carnet_credentials::{
    jwk::PublicKey,
    jws::{self, JwsError},
    signature::Signer,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{limits::PROMISE_BYTES, promise::signed_by_one_of};

const TYP: &str = "carnet-deletion+jwt";

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeletionReceipt {
    /// Of which consent.
    pub grant_id: GrantId,
    /// When it was destroyed, Unix seconds.
    pub time: u64,
    /// Whether a copy was exported to the chart before.
    pub exported: bool,
}

/// Why a receipt is refused: it counts as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not by any of the keys.
    #[error("the deletion receipt is not signed by who must give it: {0}")]
    Signature(JwsError),
    /// A member is missing or ill-typed.
    #[error("the deletion receipt is not well formed")]
    Malformed,
    /// About another consent.
    #[error("the deletion receipt is about another consent")]
    WrongGrant,
}

impl ReceiptError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Signature(_) => "receipt_bad_signature",
            Self::Malformed => "receipt_malformed",
            Self::WrongGrant => "receipt_wrong_grant",
        }
    }
}

/// Signs a receipt with the station's log key.
pub fn sign_receipt(receipt: &DeletionReceipt, log_key: &dyn Signer) -> Result<String, ReceiptError> {
    let payload = serde_json::to_vec(receipt).map_err(|_| ReceiptError::Malformed)?;
    Ok(jws::sign(TYP, Map::new(), &payload, log_key))
}

/// Verifies a receipt by one of the log keys of the trust entry.
pub fn verify_receipt(
    compact: &str,
    keys: &[PublicKey],
    grant_id: &GrantId,
) -> Result<DeletionReceipt, ReceiptError> {
    let payload = signed_by_one_of(compact, TYP, keys).map_err(ReceiptError::Signature)?;
    let receipt: DeletionReceipt =
        serde_json::from_value(Value::Object(payload)).map_err(|_| ReceiptError::Malformed)?;
    if receipt.grant_id == *grant_id {
        Ok(receipt)
    } else {
        Err(ReceiptError::WrongGrant)
    }
}

/// Reads a receipt that this side verified when it took it, or signed itself.
pub fn read_kept_receipt(compact: &str) -> Result<DeletionReceipt, ReceiptError> {
    let kept = jws::parse(compact, PROMISE_BYTES).map_err(ReceiptError::Signature)?;
    serde_json::from_slice(kept.unverified_payload()).map_err(|_| ReceiptError::Malformed)
}

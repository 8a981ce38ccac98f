//! The reply.

use carnet_consent::{GrantId, ReadingKind, Salt};
use carnet_credentials::json;
use carnet_log::entry;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ManageError, request::fill};
use crate::limits::{MANAGE_OPERATIONS, MANAGE_REPLY_BYTES};

/// One result for each operation, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManageReply {
    /// The results.
    pub results: Vec<OpResult>,
}

/// What became of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum OpResult {
    /// Who read what, oldest first.
    Reads {
        /// Under which consent.
        grant_id: GrantId,
        /// The readings.
        reads: Vec<Read>,
    },
    /// Taken back: from now on nothing is read.
    Revoked {
        /// Which consent.
        grant_id: GrantId,
        /// The promise that it is recorded, not yet verified; none where the ledger couldn't be reached yet.
        promise: Option<String>,
        /// The deletion receipt, not yet verified; none until everything is destroyed.
        receipt: Option<String>,
    },
    /// The deletion receipt.
    Receipt {
        /// Of which consent.
        grant_id: GrantId,
        /// Not yet verified; none until everything is destroyed.
        receipt: Option<String>,
    },
    /// Nothing was done.
    Refused {
        /// Which consent.
        grant_id: GrantId,
        /// `unknown` for a consent that isn't this key's, whether or not it exists.
        code: String,
    },
}

/// One reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// When.
    pub when: Timestamp,
    /// The named person, as the station knows them.
    pub who: String,
    /// Kinds that were read; never a value.
    pub what: Vec<String>,
    /// How.
    pub kind: ReadingKind,
    /// Why, where a reason had to be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it stands in the station's log of reads; none where the station keeps no such log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<Logged>,
}

/// What a reading's place in the log is found and checked by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// From 0.
    pub place: u64,
    /// Told to the holder of the consent alone: without it the entry says nothing.
    pub salt: Salt,
}

/// A reading as it goes into the log: under which consent, and all that the holder is told of it.
#[derive(Serialize)]
struct Written<'a> {
    grant_id: &'a GrantId,
    when: Timestamp,
    who: &'a str,
    what: &'a [String],
    kind: ReadingKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl Read {
    /// This reading's entry in the log, with this salt: over the canonical form (RFC 8785) of the reading and its consent.
    pub fn entry(&self, grant_id: &GrantId, salt: &Salt) -> [u8; 32] {
        let written = Written {
            grant_id,
            when: self.when,
            who: &self.who,
            what: &self.what,
            kind: self.kind,
            reason: self.reason.as_deref(),
        };
        let written = serde_json_canonicalizer::to_vec(&written).unwrap_or_default();
        entry::read(&salt.0, &written)
    }
}

impl OpResult {
    /// Which consent it is about.
    pub fn grant_id(&self) -> &GrantId {
        match self {
            Self::Reads { grant_id, .. }
            | Self::Revoked { grant_id, .. }
            | Self::Receipt { grant_id, .. }
            | Self::Refused { grant_id, .. } => grant_id,
        }
    }
}

impl ManageReply {
    /// The body, filled up to a multiple of [`crate::limits::MANAGE_BLOCK`] bytes.
    pub fn to_json(&self) -> Result<String, ManageError> {
        match serde_json::to_value(self) {
            Ok(Value::Object(mut body)) => {
                fill(&mut body);
                Ok(Value::Object(body).to_string())
            }
            _ => Err(ManageError::Malformed),
        }
    }

    /// Reads a body. The texts in it are the station's.
    pub fn read(body: &[u8]) -> Result<Self, ManageError> {
        let value = json::parse(body, MANAGE_REPLY_BYTES).map_err(|_| ManageError::Malformed)?;
        let reply: Self = serde_json::from_value(value).map_err(|_| ManageError::Malformed)?;
        if reply.results.len() > MANAGE_OPERATIONS {
            Err(ManageError::Count)
        } else {
            Ok(reply)
        }
    }
}

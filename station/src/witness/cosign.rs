//! A state of a log is looked at, remembered, and only then signed.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::http::StatusCode;
use carnet_log::{
    Hash, Refusal, Witness,
    checkpoint::Log,
    witness::{Known, origin_of},
};
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use super::followed::Logs;
use crate::{
    clock::Source,
    db::{Db, DbError},
    errors::Told,
};

/// Why a state is not signed.
#[derive(Debug, thiserror::Error)]
pub enum CosignError {
    #[error("This is no request to a witness.")]
    Malformed,
    #[error("The request is longer than any can be.")]
    TooLarge,
    #[error("Too many requests came from there.")]
    TooMany,
    #[error("This witness does not sign that log.")]
    UnknownLog,
    #[error("{refusal}.")]
    Refused {
        refusal: Refusal,
        /// Size of the log that this witness signed last.
        known: u64,
    },
    #[error("What was signed before is damaged.")]
    Damaged,
    #[error(transparent)]
    Storage(#[from] DbError),
}

impl Told for CosignError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "witness_malformed",
            Self::TooLarge => "witness_too_large",
            Self::TooMany => "too_many_requests",
            Self::UnknownLog => "witness_log_unknown",
            Self::Refused { refusal, .. } => refusal.code(),
            Self::Damaged => "witness_kept",
            Self::Storage(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Malformed | Self::TooLarge => "Ask as c2sp.org/tlog-witness says.",
            Self::TooMany => "Wait a few seconds, then try again.",
            Self::UnknownLog => "Ask whoever runs this witness to follow the log.",
            Self::Refused { .. } => "Prove that the log continues what this witness signed last.",
            Self::Damaged | Self::Storage(_) => "Nothing was signed. Look at the witness's log.",
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::UnknownLog => StatusCode::NOT_FOUND,
            Self::Refused { refusal, .. } => {
                StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST)
            }
            Self::Damaged | Self::Storage(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// What was signed last of a log (row `head/` and its name).
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    size: u64,
    /// Hex.
    root: String,
    /// As its keeper signed it: with another one of the same size it proves two histories to anybody.
    note: String,
    /// The first state that contradicted it.
    #[serde(default)]
    contradicted_by: Option<String>,
}

impl Head {
    fn key(origin: &str) -> String {
        format!("head/{origin}")
    }

    fn known(&self) -> Result<Known, CosignError> {
        let root = hex::decode(&self.root).ok().and_then(|root| root.try_into().ok());
        Ok((self.size, Hash(root.ok_or(CosignError::Damaged)?)))
    }
}

/// A witness, open.
pub struct Cosigner {
    name: String,
    key: SigningKey,
    logs: RwLock<Arc<Logs>>,
    db: Db,
    now: Source,
    /// One at a time: what is known changes only after it is written.
    turn: Mutex<()>,
}

impl std::fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cosigner")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Cosigner {
    /// A witness of these logs. What it signed of each must be readable: a witness that forgot would sign a second history.
    pub fn open(name: String, key: SigningKey, logs: Logs, db: Db, now: Source) -> Result<Self, CosignError> {
        for head in db.all::<Head>("head/")? {
            head.known()?;
        }
        Ok(Self {
            name,
            key,
            logs: RwLock::new(Arc::new(logs)),
            db,
            now,
            turn: Mutex::default(),
        })
    }

    /// As it signs, and as a trust list names it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Names of the logs that it signs.
    pub fn logs(&self) -> Vec<String> {
        self.followed().keys().cloned().collect()
    }

    /// From now on these logs. What was signed of any other stays known.
    pub fn follow(&self, logs: Logs) {
        *self.logs.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(logs);
    }

    fn followed(&self) -> Arc<Logs> {
        Arc::clone(&self.logs.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The line that signs the state, if the log has only grown. It is written down before it is given.
    pub fn cosign(&self, request: &[u8]) -> Result<String, CosignError> {
        let request = str::from_utf8(request).map_err(|_| CosignError::Malformed)?;
        let origin = origin_of(request).ok_or(CosignError::Malformed)?;
        let logs = self.followed();
        let (origin, keys) = logs.get_key_value(origin).ok_or(CosignError::UnknownLog)?;
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let before: Option<Head> = self.db.get(&Head::key(origin))?;
        let known = match &before {
            Some(head) => head.known()?,
            None => (0, Hash([0; 32])),
        };
        let witness = Witness {
            name: &self.name,
            key: &self.key,
        };
        let time = u64::try_from((self.now)().as_second()).unwrap_or_default();
        let note = || request.split_once("\n\n").map_or("", |(_, note)| note).to_owned();
        match witness.cosign(request, Log { origin, keys }, known, time) {
            Ok((line, now_known)) => {
                if now_known != known || before.is_none() {
                    let head = Head {
                        size: now_known.0,
                        root: hex::encode(now_known.1.0),
                        note: note(),
                        contradicted_by: before.and_then(|before| before.contradicted_by),
                    };
                    self.db.put(&Head::key(origin), &head)?;
                }
                Ok(line)
            }
            Err(refusal) => {
                if let (Refusal::TwoHistories, Some(head)) = (refusal, before) {
                    self.keep_contradiction(origin, head, note())?;
                }
                Err(CosignError::Refused {
                    refusal,
                    known: known.0,
                })
            }
        }
    }

    /// Both states are signed by the log's keeper: kept together, they show it to anybody.
    fn keep_contradiction(&self, origin: &str, mut head: Head, note: String) -> Result<(), CosignError> {
        if head.contradicted_by.is_none() {
            eprintln!("carnet-station: the keeper of {origin} has signed two histories; both are kept");
            head.contradicted_by = Some(note);
            self.db.put(&Head::key(origin), &head)?;
        }
        Ok(())
    }
}

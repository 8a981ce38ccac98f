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
    db::{Change, Db, DbError},
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
    #[error("The keeper has signed two histories of this log.")]
    Forked,
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
            Self::Forked => Refusal::TwoHistories.code(),
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
            Self::Forked => {
                "Nothing more is signed of it, whatever it looks like. Both states are kept here."
            }
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
            // As one that has not grown from what was signed: this status leads nobody to prove it from elsewhere.
            Self::Forked => StatusCode::UNPROCESSABLE_ENTITY,
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
    /// As its keeper signed it.
    note: String,
    /// Where older versions kept the state that contradicted it.
    #[serde(default, skip_serializing)]
    contradicted_by: Option<String>,
}

/// Two states of one size as the log's keeper signed them (row `contradiction/` and the log's name): together they prove two
/// histories to anybody. The first two stay, and nothing more is signed of that log.
#[derive(Debug, Serialize, Deserialize)]
struct Contradiction {
    signed: String,
    seen: String,
}

impl Contradiction {
    fn key(origin: &str) -> String {
        format!("contradiction/{origin}")
    }
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
        for (origin, mut head) in db.named::<Head>("head/")? {
            head.known()?;
            let Some(seen) = head.contradicted_by.take() else {
                continue;
            };
            let signed = head.note.clone();
            let mut change = Change::default();
            change.put(&Contradiction::key(&origin), &Contradiction { signed, seen })?;
            change.put(&Head::key(&origin), &head)?;
            db.commit(change)?;
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
        let forked = self
            .db
            .get::<Contradiction>(&Contradiction::key(origin))?
            .is_some();
        match witness.cosign(request, Log { origin, keys }, known, time) {
            Ok(_) if forked => Err(CosignError::Forked),
            Ok((line, now_known)) => {
                if now_known != known || before.is_none() {
                    let head = Head {
                        size: now_known.0,
                        root: hex::encode(now_known.1.0),
                        note: note(),
                        contradicted_by: None,
                    };
                    self.db.put(&Head::key(origin), &head)?;
                }
                Ok(line)
            }
            Err(refusal) => {
                if let (Refusal::TwoHistories, Some(head), false) = (refusal, before, forked) {
                    eprintln!(
                        "carnet-station: the keeper of {origin} has signed two histories; both are kept, and no more is signed"
                    );
                    let (signed, seen) = (head.note, note());
                    self.db
                        .put(&Contradiction::key(origin), &Contradiction { signed, seen })?;
                }
                Err(CosignError::Refused {
                    refusal,
                    known: known.0,
                })
            }
        }
    }
}

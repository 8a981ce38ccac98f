//! What the station keeps of a question and of the consent that came of it.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use carnet_consent::{DataPeriod, Decision, Digest32, GrantId, Period, Purpose, Scope};
use carnet_exchange::eligibility::AskedStatement;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{accounts::Caller, app::App, checks::Outcome, db::DbError, templates::Question};

/// How long a grant may take to become final; then the keys for its records go, and nothing can come of it any more.
const RECORDING: SignedDuration = SignedDuration::from_hours(24);

/// Where a question stands. Whether it has run out is a matter of time, see [`Asked::state`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Shown as a code, fetched by nobody.
    Waiting,
    /// Fetched.
    Opened,
    /// Granted; the ledger has not confirmed it yet.
    Recording,
    /// Granted, not yet confirmed by the four digits.
    Answered,
    /// The four digits were right.
    Confirmed,
    /// The patient said no.
    Denied,
    /// Run out unanswered.
    Expired,
    /// Three wrong codes.
    Locked,
}

/// A question asked at the desk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    pub id: String,
    pub created: Timestamp,
    pub expires: Timestamp,
    pub by: Caller,
    pub question: Question,
    state: State,
    /// Codes that may still be typed. Counted before they are looked at.
    pub tries_left: u8,
    pub nonce: String,
    /// As sent, base64url; none where only cards are asked for.
    pub transaction_data: Option<String>,
    /// Of the signed request's compact form.
    pub request_digest: Digest32,
    /// SHA-256 of the answer that was taken, hex: the same answer gets the same promise again.
    pub answer: Option<String>,
    /// When it came, where the ledger has not confirmed its grant at once.
    #[serde(default)]
    pub came: Option<Timestamp>,
    pub promise: Option<String>,
    pub grant_id: Option<GrantId>,
    pub decision: Option<Decision>,
    pub granted: Vec<Scope>,
    /// The question that took this one's place on the screen after it ran out.
    pub renewed: Option<String>,
    /// How often that happened before.
    pub renewals: u8,
    /// What cards said, while the desk needs it.
    #[serde(default)]
    pub cards: Option<SealedCards>,
    /// Where only cards were shown: what the four digits are made of.
    #[serde(default)]
    pub shown_by: Option<Digest32>,
    /// The statement that is asked for, as it stands in the request.
    #[serde(default)]
    pub statement: Option<AskedStatement>,
    /// What came of it.
    #[serde(default)]
    pub check: Option<Outcome>,
}

/// What cards said: a JWE to a key of its own, gone with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealedCards {
    pub sealed: String,
    /// When they were shown, or when the ledger had taken the consent beside them.
    pub at: Timestamp,
}

impl Asked {
    #[expect(clippy::too_many_arguments, reason = "the parts of one row")]
    pub fn new(
        id: String,
        created: Timestamp,
        expires: Timestamp,
        by: Caller,
        question: Question,
        nonce: String,
        transaction_data: Option<String>,
        compact: &str,
        tries_left: u8,
    ) -> Self {
        Self {
            id,
            created,
            expires,
            by,
            question,
            state: State::Waiting,
            tries_left,
            nonce,
            transaction_data,
            request_digest: Digest32(Sha256::digest(compact).into()),
            answer: None,
            came: None,
            promise: None,
            grant_id: None,
            decision: None,
            granted: Vec::new(),
            renewed: None,
            renewals: 0,
            cards: None,
            shown_by: None,
            statement: None,
            check: None,
        }
    }

    pub fn key(id: &str) -> String {
        format!("request/{id}")
    }

    /// Key of the signed request, kept only while it can be answered.
    pub fn signed_key(id: &str) -> String {
        format!("signed/{id}")
    }

    /// Where the question stands now. A station killed while it looked at the last code has used up that try.
    pub fn state(&self, now: Timestamp) -> State {
        match self.state {
            State::Waiting | State::Opened if now >= self.expires => State::Expired,
            State::Recording if self.came.is_none_or(|came| now.duration_since(came) >= RECORDING) => {
                State::Expired
            }
            State::Answered if self.tries_left == 0 => State::Locked,
            state => state,
        }
    }

    pub fn become_state(&mut self, state: State) {
        self.state = state;
    }
}

/// A grant that this station has sent to a chain, which may not know it for a while (row `sent/` and its id).
#[derive(Debug, Serialize, Deserialize)]
pub struct Sent {
    /// From then on the chain alone is asked.
    pub until: Timestamp,
}

impl Sent {
    pub const TABLE: &str = "sent/";

    /// Written before it is sent.
    pub fn keep(app: &App, id: &GrantId) -> Result<(), DbError> {
        let until = app.clock.now() + RECORDING;
        app.db.put(&Self::key(id), &Self { until })
    }

    pub fn is_known(app: &App, id: &GrantId) -> Result<bool, DbError> {
        Ok(app.db.get::<Self>(&Self::key(id))?.is_some())
    }

    fn key(id: &GrantId) -> String {
        format!("{}{id}", Self::TABLE)
    }
}

/// What became of a consent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ended {
    pub at: Timestamp,
    /// Signed: the key of what was stored is destroyed.
    pub receipt: String,
}

/// A consent as the station keeps it. What only the records' key may open stands in `sealed`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Given {
    pub grant_id: GrantId,
    pub request_id: String,
    pub created: Timestamp,
    pub decision: Decision,
    pub granted: Vec<Scope>,
    pub purpose: Vec<Purpose>,
    pub period: Period,
    pub data_period: Option<DataPeriod>,
    pub retention_days: u16,
    /// RFC 7638 thumbprint of the holder key: who may manage this consent.
    pub holder: Digest32,
    /// The one delivery that is taken.
    pub delivery_digest: Digest32,
    /// Salt, consent, grant tuple and signature: a JWE to this delivery's own key, gone with it.
    pub sealed: String,
    pub confirmed: Option<Confirmed>,
    pub delivered: Option<Timestamp>,
    /// Records in the delivery, known from the first reading on.
    pub records: Option<u32>,
    pub exported: bool,
    pub revoked: Option<Timestamp>,
    pub ended: Option<Ended>,
}

/// Who confirmed that it is this person's consent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Confirmed {
    pub by: String,
    pub at: Timestamp,
}

impl Given {
    pub fn key(grant_id: &GrantId) -> String {
        format!("consent/{grant_id}")
    }

    /// When reading ends at the latest: end of the period, or delivery + retention.
    pub fn until(&self) -> Timestamp {
        let kept = SignedDuration::from_hours(24 * i64::from(self.retention_days));
        self.delivered
            .map_or(self.period.end, |delivered| self.period.end.min(delivered + kept))
    }
}

/// SHA-256, hex.
pub fn digest_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Looks like an id this station makes (so that it can be a file's name too).
pub fn is_id(id: &str) -> bool {
    id.len() == 22
        && BASE64_URL_SAFE_NO_PAD
            .decode(id)
            .is_ok_and(|bytes| bytes.len() == 16)
}

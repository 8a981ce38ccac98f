//! The counter without a network: a question as a code, an answer as a code, judged here by the list of organisations that
//! lies here. Nothing is fetched and nothing is sent.

use std::{
    io,
    path::{Path, PathBuf},
};

use axum::http::StatusCode;
use carnet_consent::code;
use carnet_credentials::jwk::PublicKey;
use carnet_eligibility::Statement;
use carnet_exchange::{
    TrustList,
    code::LIFE,
    counter::{
        Challenge, ChallengeError, SealingSecret,
        challenge::{digest_of, id_of},
        check,
    },
    limits::CLOCK_LEEWAY,
};
use ed25519_dalek::SigningKey;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    app::{App, Role},
    checks::{self, Line, Outcome, Shown},
    db::{Change, Db, DbError},
    errors::Told,
    folder::{Folder, destroy, write_private},
    gates::Gates,
    keys::make_bytes,
    rows::is_id,
    trust::{self, AuthorityError},
};

/// How long what came of it can be looked at.
const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// Challenges kept at the same time.
const MOST: u64 = 1_000;
/// Answers that may be wrong until a challenge is closed.
const TRIES: u8 = 10;
/// In the place of a grant, where nothing is granted.
const NO_GRANT: [u8; 32] = [0; 32];

/// Why nothing was asked, or why an answer was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    #[error("This station does not check at a counter.")]
    NotAPharmacy,
    #[error("There is no such question at this counter.")]
    Unknown,
    #[error(
        "Wallets would not answer: the list of organisations does not have this station's key for the counter."
    )]
    NotListed,
    #[error("The list of organisations can't be read: {0}.")]
    List(#[from] AuthorityError),
    #[error("This can't be asked: {0}.")]
    Challenge(#[from] ChallengeError),
    #[error("This question has run out.")]
    Expired,
    #[error("This question was answered already.")]
    Answered,
    #[error("Too many answers to this question were wrong.")]
    Closed,
    #[error("Too many questions are waiting at this counter.")]
    Full,
    #[error("The code could not be drawn.")]
    Picture,
    #[error("The question's key could not be kept or read.")]
    Key(#[source] io::Error),
    #[error("The system gave no randomness.")]
    Randomness(#[from] getrandom::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Told for CounterError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAPharmacy => "not_a_pharmacy",
            Self::Unknown => "unknown",
            Self::NotListed => "counter_not_listed",
            Self::List(_) => "counter_no_list",
            Self::Challenge(error) => error.code(),
            Self::Expired => "counter_expired",
            Self::Answered => "counter_answered",
            Self::Closed => "counter_closed",
            Self::Full => "counter_full",
            Self::Picture => "form",
            Self::Key(_) => "storage",
            Self::Randomness(_) => "unavailable",
            Self::Db(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::NotAPharmacy => "Start the station with --role pharmacy.",
            Self::Unknown | Self::Expired | Self::Closed => "Ask again: it makes a new code.",
            Self::NotListed => {
                "Have whoever keeps the list take this station's entry.json again, and put the new list here."
            }
            Self::List(_) => "Put a signed list of organisations where the station looks for it.",
            Self::Challenge(_) => "Correct the limits and ask again. Nothing was asked.",
            Self::Answered => "Look at what came of it, or ask again.",
            Self::Full => "Wait a few minutes.",
            Self::Picture | Self::Key(_) | Self::Randomness(_) => {
                "Nothing was asked. Look at the machine, then try again."
            }
            Self::Db(error) => error.next(),
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::NotAPharmacy => StatusCode::FORBIDDEN,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Challenge(_) => StatusCode::BAD_REQUEST,
            Self::Expired | Self::Answered | Self::Closed => StatusCode::GONE,
            Self::NotListed | Self::List(_) | Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::Picture | Self::Key(_) | Self::Randomness(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Db(error) => error.status(),
        }
    }
}

/// What a counter needs of its station, running or not.
#[derive(Debug, Clone, Copy)]
pub struct Counter<'a> {
    pub folder: &'a Folder,
    pub db: &'a Db,
    pub gates: &'a Gates,
    /// Signs what is asked without a network.
    pub key: &'a SigningKey,
    /// The signed list of organisations, a file.
    pub trust_list: &'a Path,
    pub now: Timestamp,
}

/// A question asked at the counter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shows {
    pub id: String,
    /// What the code says.
    pub text: String,
    pub says: String,
    pub made: Timestamp,
    pub by: String,
    /// When the list was signed that has this counter's key.
    pub list_issued: Timestamp,
    pub list_expires: Timestamp,
    pub tries_left: u8,
    /// Of the last answer.
    pub outcome: Option<Outcome>,
}

impl Shows {
    fn key(id: &str) -> String {
        format!("counter/{id}")
    }

    /// Until when wallets answer.
    pub fn expires(&self) -> Timestamp {
        self.made + LIFE
    }

    fn is_shown(&self) -> bool {
        self.outcome
            .as_ref()
            .is_some_and(|outcome| outcome.result == Shown::Yes)
    }

    /// Until when an answer is taken: what was made in the last second has to be scanned.
    fn refuses(&self, now: Timestamp) -> Option<CounterError> {
        if self.is_shown() {
            Some(CounterError::Answered)
        } else if now > self.expires() + CLOCK_LEEWAY {
            Some(CounterError::Expired)
        } else if self.tries_left == 0 {
            Some(CounterError::Closed)
        } else {
            None
        }
    }

    /// What came of it; nothing that was shown in time is "not shown".
    pub fn outcome(&self, now: Timestamp) -> Option<Outcome> {
        let over = now > self.expires() + CLOCK_LEEWAY;
        let kept = self.outcome.clone();
        kept.or_else(|| over.then(|| Outcome::not_shown(self.expires())))
    }

    /// The check, as the page sees it.
    pub fn check(&self, now: Timestamp) -> Value {
        checks::view(&self.says, self.outcome(now).as_ref(), Some(self.list_issued))
    }

    /// All of it.
    pub fn view(&self, now: Timestamp) -> Value {
        json!({
            "id": self.id,
            "text": self.text,
            "says": self.says,
            "expires": self.expires(),
            "list_issued": self.list_issued,
            "list_expired": now >= self.list_expires,
            "check": self.check(now),
        })
    }
}

impl<'a> Counter<'a> {
    /// The counter of a running station.
    pub fn of(app: &'a App) -> Result<Self, CounterError> {
        if !app.roles.contains(&Role::Pharmacy) {
            return Err(CounterError::NotAPharmacy);
        }
        Ok(Self {
            folder: &app.folder,
            db: &app.db,
            gates: &app.gates,
            key: &app.keys.offline,
            trust_list: &app.trust_list,
            now: app.clock.now(),
        })
    }

    /// Makes a question for one patient, with a key of its own.
    pub fn ask(&self, by: &str, statement: Statement) -> Result<Shows, CounterError> {
        let (list, _) = self.list()?;
        if self.db.count("counter/")? >= MOST {
            return Err(CounterError::Full);
        }
        let seed = Zeroizing::new(make_bytes::<32>()?);
        let secret = SealingSecret::from_bytes(&seed).map_err(|_| CounterError::Picture)?;
        let made = Timestamp::from_second(self.now.as_second()).unwrap_or(self.now);
        let challenge = Challenge {
            statement,
            made,
            nonce: make_bytes()?,
            seal_to: secret.public(),
        };
        let text = challenge.sign(self.key)?;
        let as_of = challenge.as_of().map_err(ChallengeError::from)?;
        let shows = Shows {
            id: id_of(&digest_of(&text)),
            says: challenge.statement.says(as_of),
            text,
            made,
            by: by.to_owned(),
            list_issued: list.issued,
            list_expires: list.expires,
            tries_left: TRIES,
            outcome: None,
        };
        // The key first: a crash before the row leaves a file that nothing names; the next start destroys it.
        write_private(&self.secret_file(&shows.id), seed.as_slice()).map_err(CounterError::Key)?;
        self.db.put(&Shows::key(&shows.id), &shows)?;
        Ok(shows)
    }

    /// One question of this counter.
    pub fn find(&self, id: &str) -> Result<Shows, CounterError> {
        if !is_id(id) {
            return Err(CounterError::Unknown);
        }
        self.db.get(&Shows::key(id))?.ok_or(CounterError::Unknown)
    }

    /// The questions that an answer may still be for.
    pub fn open(&self) -> Result<Vec<Shows>, CounterError> {
        let mut all: Vec<Shows> = self.db.all("counter/")?;
        all.retain(|shows| shows.refuses(self.now).is_none());
        Ok(all)
    }

    /// Takes what a patient shows for a question. A wrong answer leaves the question open; the right one closes it.
    pub fn answer(&self, id: &str, text: &str) -> Result<Shows, CounterError> {
        let gate = self.gates.of(id);
        let _turn = gate.enter();
        let mut shows = self.find(id)?;
        if let Some(refused) = shows.refuses(self.now) {
            return Err(refused);
        }
        let (list, entry_id) = self.list()?;
        let secret = self.secret(id)?;
        let digest = digest_of(&shows.text);
        let own = self.key.verifying_key();
        let outcome = match check(text, &shows.text, &own, &entry_id, &secret, &list) {
            Ok(checked) => {
                let digits = code(&digest, &checked.thumbprint, &NO_GRANT).to_string();
                Outcome::yes(&checked, digits, Some(list.issued), self.now)
            }
            Err(error) => {
                shows.tries_left -= 1;
                Outcome::cannot_check(error.code(), Some(list.issued), self.now)
            }
        };
        let line = Line {
            at: outcome.at,
            by: shows.by.clone(),
            says: shows.says.clone(),
            result: outcome.result,
            reason: outcome.reason.clone(),
        };
        shows.outcome = Some(outcome);
        let mut change = Change::default();
        change.put(&Shows::key(id), &shows)?;
        change.put(&Line::key(id), &line)?;
        self.db.commit(change)?;
        if shows.refuses(self.now).is_some()
            && let Err(error) = destroy(&self.secret_file(id))
        {
            eprintln!("carnet-station: a key that is not needed stays until the next start: {error}");
        }
        Ok(shows)
    }

    /// The list that lies here, however old, and this station's id in it.
    fn list(&self) -> Result<(TrustList, String), CounterError> {
        let list = trust::held(self.trust_list)?;
        let own = PublicKey::Ed25519(self.key.verifying_key());
        let entry = list
            .entries
            .iter()
            .find(|entry| entry.offline_keys.contains(&own))
            .ok_or(CounterError::NotListed)?;
        let id = entry.id.clone();
        Ok((list, id))
    }

    fn secret(&self, id: &str) -> Result<SealingSecret, CounterError> {
        let seed = Zeroizing::new(std::fs::read(self.secret_file(id)).map_err(CounterError::Key)?);
        let seed = seed.as_slice().try_into().ok();
        seed.and_then(|seed| SealingSecret::from_bytes(seed).ok())
            .ok_or_else(|| CounterError::Key(io::ErrorKind::InvalidData.into()))
    }

    fn secret_file(&self, id: &str) -> PathBuf {
        self.folder.delivery_keys().join(format!("{id}.counter"))
    }
}

/// The code as a picture.
pub fn picture(shows: &Shows) -> Result<String, CounterError> {
    carnet_qr::svg(&shows.text).map_err(|_| CounterError::Picture)
}

/// The key files that are still needed.
pub fn key_files(app: &App) -> Result<Vec<PathBuf>, DbError> {
    let open = app.db.all::<Shows>("counter/")?.into_iter();
    let open = open.filter(|shows| shows.refuses(app.clock.now()).is_none());
    let file = |shows: Shows| app.folder.delivery_keys().join(format!("{}.counter", shows.id));
    Ok(open.map(file).collect())
}

/// Destroys the keys of questions that are over, and forgets those that nobody looks at any more.
pub fn sweep(app: &App) -> Result<(), CounterError> {
    let now = app.clock.now();
    let mut change = Change::default();
    for shows in app.db.all::<Shows>("counter/")? {
        let file = app.folder.delivery_keys().join(format!("{}.counter", shows.id));
        if shows.refuses(now).is_some() {
            destroy(&file).map_err(CounterError::Key)?;
        }
        if now.duration_since(shows.made) > KEPT {
            change.delete(&Shows::key(&shows.id));
        }
    }
    Ok(app.db.commit(change)?)
}

//! Who works here: the first administrator, colleagues, sign-in, and the service account of programs.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{
    clock::Clock,
    db::{Change, Db, DbError},
    errors::Told,
    folder::{Folder, write_private},
    keys::{make_bytes, make_id},
    limits::Buckets,
};

/// A sign-in ends after this, used or not…
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// …and after this without a request.
const IDLE: Duration = Duration::from_mins(30);
/// Argon2id for passwords: 64 MiB, 3 passes, one lane (RFC 9106, section 4, second choice, one lane).
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const SECRET_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub username: String,
    pub admin: bool,
}

/// Who asks the staff door for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caller {
    /// Signed in at the page.
    Person(Person),
    /// A program with the service token.
    Service { name: String },
}

impl Caller {
    /// The name that goes into every AuditEvent.
    pub fn name(&self) -> String {
        match self {
            Self::Person(person) => person.name.clone(),
            Self::Service { name } => format!("service account {name}"),
        }
    }

    pub fn is_person(&self) -> bool {
        matches!(self, Self::Person(_))
    }
}

#[derive(Serialize, Deserialize)]
struct Account {
    #[serde(flatten)]
    person: Person,
    /// PHC string.
    password: String,
    created: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct SignIn {
    username: String,
    since: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Service {
    name: String,
    /// SHA-256 of the token, hex.
    token: String,
}

/// Why someone was not let in or not added.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("The name or the password is not right.")]
    WrongSignIn,
    #[error("Too many tries.")]
    TooManyTries,
    #[error("The set-up secret is not right.")]
    WrongSecret,
    #[error("This station has its first administrator already.")]
    AlreadySetUp,
    #[error("Somebody has this user name already.")]
    Taken,
    #[error("The field {field} is wrong: {why}.")]
    Field { field: &'static str, why: &'static str },
    #[error("Only an administrator may do this.")]
    NotAdministrator,
    #[error("The password could not be hashed.")]
    Hash(#[source] argon2::password_hash::Error),
    #[error("The system gave no randomness.")]
    Randomness(#[from] getrandom::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Told for AccountError {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongSignIn => "wrong_sign_in",
            Self::TooManyTries => "too_many_tries",
            Self::WrongSecret => "wrong_secret",
            Self::AlreadySetUp => "already_set_up",
            Self::Taken => "username_taken",
            Self::Field { .. } => "invalid_field",
            Self::NotAdministrator => "not_administrator",
            Self::Hash(_) | Self::Randomness(_) => "unavailable",
            Self::Db(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::WrongSignIn => "Check both and try again.",
            Self::TooManyTries => "Wait half a minute, then try again.",
            Self::WrongSecret => "It stands in the terminal where the station was started.",
            Self::AlreadySetUp => "Sign in.",
            Self::Taken => "Choose another one.",
            Self::Field { .. } => "Correct the field and send it again.",
            Self::NotAdministrator => "Ask an administrator of this station.",
            Self::Hash(_) | Self::Randomness(_) => "Try again; if it stays, look at the machine.",
            Self::Db(error) => error.next(),
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::WrongSignIn => StatusCode::UNAUTHORIZED,
            Self::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
            Self::WrongSecret | Self::NotAdministrator => StatusCode::FORBIDDEN,
            Self::AlreadySetUp | Self::Taken => StatusCode::CONFLICT,
            Self::Field { .. } => StatusCode::BAD_REQUEST,
            Self::Hash(_) | Self::Randomness(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Db(error) => error.status(),
        }
    }
    fn further(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut further = serde_json::Map::new();
        if let Self::Field { field, .. } = self {
            further.insert("field".into(), (*field).into());
        }
        further
    }
}

/// A password or set-up secret as typed in; wiped when dropped.
#[derive(Deserialize)]
#[serde(from = "String")]
pub struct Typed(Zeroizing<String>);

impl From<String> for Typed {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl std::ops::Deref for Typed {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(…)")
    }
}

/// A new person as typed in.
#[derive(Deserialize)]
pub struct Newcomer {
    pub name: String,
    pub username: String,
    pub password: Typed,
}

impl std::fmt::Debug for Newcomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Newcomer")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// All accounts of the station.
pub struct Accounts {
    db: Db,
    clock: Clock,
    secret: Mutex<Option<Zeroizing<String>>>,
    /// Held while an account is added, so that there is one first administrator and each name once.
    adding: Mutex<()>,
    seen: Mutex<HashMap<String, Instant>>,
    tries: Buckets<String>,
    /// What an unknown user name is checked against, so that it takes as long as a known one.
    nobody: String,
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Accounts")
    }
}

impl Accounts {
    pub fn open(db: Db, clock: Clock) -> Result<Self, AccountError> {
        let secret = if db.count("account/")? == 0 {
            Some(Zeroizing::new(make_secret()?))
        } else {
            None
        };
        Ok(Self {
            db,
            clock,
            secret: Mutex::new(secret),
            adding: Mutex::new(()),
            seen: Mutex::default(),
            tries: Buckets::new(6.0, 1.0 / 30.0),
            nobody: hash(&make_id::<16>()?)?,
        })
    }

    /// The one-time secret for the first administrator, as long as there is none.
    pub fn set_up_secret(&self) -> Option<String> {
        self.secret
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map(|secret| secret.to_string())
    }

    pub fn set_up_needed(&self) -> bool {
        self.set_up_secret().is_some()
    }

    /// Makes the first administrator and signs them in: the cookie's value.
    pub fn set_up(&self, secret: &str, newcomer: &Newcomer) -> Result<(Person, String), AccountError> {
        let mut kept = self.secret.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(expected) = kept.as_ref() else {
            return Err(AccountError::AlreadySetUp);
        };
        if !self.tries.take("set-up".into(), Instant::now()) {
            return Err(AccountError::TooManyTries);
        }
        let plain = |text: &str| -> Zeroizing<String> {
            Zeroizing::new(
                text.chars()
                    .filter(char::is_ascii_alphanumeric)
                    .collect::<String>()
                    .to_ascii_uppercase(),
            )
        };
        if !bool::from(plain(secret).as_bytes().ct_eq(plain(expected).as_bytes())) {
            return Err(AccountError::WrongSecret);
        }
        let person = self.add(newcomer, true)?;
        *kept = None;
        let token = self.start(&person)?;
        Ok((person, token))
    }

    /// Adds a colleague.
    pub fn add_colleague(&self, by: &Caller, newcomer: &Newcomer) -> Result<Person, AccountError> {
        match by {
            Caller::Person(person) if person.admin => self.add(newcomer, false),
            _ => Err(AccountError::NotAdministrator),
        }
    }

    pub fn people(&self, by: &Caller) -> Result<Vec<Person>, AccountError> {
        match by {
            Caller::Person(person) if person.admin => Ok(self
                .db
                .all::<Account>("account/")?
                .into_iter()
                .map(|account| account.person)
                .collect()),
            _ => Err(AccountError::NotAdministrator),
        }
    }

    /// Checks a password and starts a sign-in: the cookie's value.
    pub fn sign_in(&self, username: &str, password: &str) -> Result<(Person, String), AccountError> {
        let username = username.trim().to_lowercase();
        if username.len() > 64 || password.len() > 1024 || !self.tries.take(username.clone(), Instant::now())
        {
            return Err(AccountError::TooManyTries);
        }
        let account = self.db.get::<Account>(&format!("account/{username}"))?;
        let expected = account
            .as_ref()
            .map_or(self.nobody.as_str(), |account| account.password.as_str());
        let expected = PasswordHash::new(expected).map_err(|error| AccountError::Hash(error.into()))?;
        let right = hasher()
            .map_err(AccountError::Hash)?
            .verify_password(password.as_bytes(), &expected)
            .is_ok();
        match account {
            Some(account) if right => {
                self.tries.forgive(&username);
                let token = self.start(&account.person)?;
                Ok((account.person, token))
            }
            _ => Err(AccountError::WrongSignIn),
        }
    }

    pub fn sign_out(&self, token: &str) -> Result<(), AccountError> {
        let id = fingerprint(token);
        let mut change = Change::default();
        change.delete(&format!("sign-in/{id}"));
        self.db.commit(change)?;
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
        Ok(())
    }

    /// Whose sign-in this cookie is, if it still runs.
    pub fn person(&self, token: &str) -> Result<Option<Person>, AccountError> {
        let id = fingerprint(token);
        let Some(sign_in) = self.db.get::<SignIn>(&format!("sign-in/{id}"))? else {
            return Ok(None);
        };
        let now = Instant::now();
        let idle = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let last = seen.insert(id, now);
            last.is_some_and(|last| now.duration_since(last) > IDLE)
        };
        let age = self.clock.now().duration_since(sign_in.since);
        if idle || age > LONGEST || age < -SignedDuration::from_hours(1) {
            self.sign_out(token)?;
            return Ok(None);
        }
        Ok(self
            .db
            .get::<Account>(&format!("account/{}", sign_in.username))?
            .map(|account| account.person))
    }

    /// The program that holds this token.
    pub fn service(&self, token: &str) -> Result<Option<Caller>, AccountError> {
        let Some(service) = self.db.get::<Service>("service/integration")? else {
            return Ok(None);
        };
        let same = bool::from(fingerprint(token).as_bytes().ct_eq(service.token.as_bytes()));
        Ok(same.then_some(Caller::Service { name: service.name }))
    }

    /// Makes sure that the token file and the kept fingerprint belong together; a missing file makes a new
    /// token and ends the old one.
    pub fn service_token(&self, folder: &Folder) -> Result<std::path::PathBuf, TokenFileError> {
        let path = folder.file("service-token");
        let known = match std::fs::read_to_string(&path) {
            Ok(token) => self.service(token.trim())?.is_some(),
            Err(_) => false,
        };
        if !known {
            let token = Zeroizing::new(make_id::<32>().map_err(AccountError::from)?);
            let service = Service {
                name: "integration".into(),
                token: fingerprint(&token),
            };
            // First the file: a crash between the two leaves a token that is not valid, and the next start makes
            // a new one.
            write_private(&path, token.as_bytes())?;
            self.db
                .put("service/integration", &service)
                .map_err(AccountError::from)?;
        }
        Ok(path)
    }

    /// Forgets sign-ins that have run out.
    pub fn sweep(&self) -> Result<(), AccountError> {
        let mut ended = Change::default();
        for (id, sign_in) in self.db.named::<SignIn>("sign-in/")? {
            if self.clock.now().duration_since(sign_in.since) > LONGEST {
                ended.delete(&format!("sign-in/{id}"));
                self.seen
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&id);
            }
        }
        Ok(self.db.commit(ended)?)
    }

    fn add(&self, newcomer: &Newcomer, admin: bool) -> Result<Person, AccountError> {
        let username = newcomer.username.trim().to_lowercase();
        let name = newcomer.name.trim();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(c);
        if !(2..=64).contains(&username.len()) || !username.chars().all(fits) {
            return Err(AccountError::Field {
                field: "username",
                why: "2 to 64 small letters, digits or . - _ @ are needed",
            });
        }
        if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
            return Err(AccountError::Field {
                field: "name",
                why: "the person's own name is needed",
            });
        }
        if newcomer.password.chars().count() < 8 || newcomer.password.len() > 1024 {
            return Err(AccountError::Field {
                field: "password",
                why: "at least 8 characters are needed",
            });
        }
        let password = hash(&newcomer.password)?;
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let key = format!("account/{username}");
        if self.db.get::<Account>(&key)?.is_some() {
            return Err(AccountError::Taken);
        }
        let person = Person {
            name: name.to_owned(),
            username,
            admin,
        };
        let account = Account {
            person: person.clone(),
            password,
            created: self.clock.now(),
        };
        self.db.put(&key, &account)?;
        Ok(person)
    }

    fn start(&self, person: &Person) -> Result<String, AccountError> {
        let token = make_id::<32>()?;
        let sign_in = SignIn {
            username: person.username.clone(),
            since: self.clock.now(),
        };
        self.db
            .put(&format!("sign-in/{}", fingerprint(&token)), &sign_in)?;
        Ok(token)
    }
}

/// Why the token file could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    #[error("the service token's file could not be written")]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Account(#[from] AccountError),
}

fn fingerprint(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

fn hasher() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, AccountError> {
    let hash: PasswordHash = hasher()
        .and_then(|hasher| hasher.hash_password(password.as_bytes()))
        .map_err(AccountError::Hash)?;
    Ok(hash.to_string())
}

/// 20 letters and digits (100 bits) in groups of four.
fn make_secret() -> Result<String, getrandom::Error> {
    let mut secret = String::with_capacity(24);
    for (place, byte) in make_bytes::<20>()?.into_iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            secret.push('-');
        }
        secret.push(char::from(SECRET_ALPHABET[usize::from(byte % 32)]));
    }
    Ok(secret)
}

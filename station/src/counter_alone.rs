//! The counter from a terminal, on the folder of a station that is not running. It talks to nothing and nobody.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    authority,
    checks::{self, CheckError, Outcome, Shown},
    counter::{Counter, CounterError, Shows},
    db::Db,
    errors::Told,
    folder::Folder,
    gates::Gates,
    keys::{KeyError, OFFLINE_KEY, ed25519_key},
    limits::PICTURE_BYTES,
    scan::{ScanError, read_picture},
    serve::{ServeError, open_store},
    trust,
};

/// Why nothing was asked, or nothing was looked at.
#[derive(Debug, thiserror::Error)]
pub enum AloneError {
    #[error("There is no station in this folder, or it was never started.")]
    NoStation,
    #[error(
        "The station of this folder is running. This command talks to nothing, and its storage is in use."
    )]
    Running,
    #[error("The question is not the JSON that is needed.")]
    NotJson,
    #[error("Several questions are waiting for an answer: {0}.")]
    Several(String),
    #[error("No question is waiting for an answer.")]
    Nothing,
    #[error("The answer could not be read: {0}.")]
    File(#[from] io::Error),
    #[error("The answer could not be read: {0}")]
    Picture(#[source] ScanError),
    #[error("The station's folder could not be opened: {0}.")]
    Folder(#[from] ServeError),
    #[error("The station's key could not be read: {0}.")]
    Key(#[from] KeyError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error(transparent)]
    Counter(#[from] CounterError),
}

impl AloneError {
    /// Stable, snake_case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoStation => "no_station",
            Self::Running => "station_running",
            Self::NotJson => "ill_formed",
            Self::Several(_) => "counter_several",
            Self::Nothing => "counter_nothing_asked",
            Self::File(_) => "file",
            Self::Picture(error) => error.code(),
            Self::Folder(error) => error.code(),
            Self::Key(_) => "key",
            Self::Check(error) => error.code(),
            Self::Counter(error) => error.code(),
        }
    }

    /// What to do now.
    pub fn next(&self) -> &'static str {
        match self {
            Self::NoStation => "Start it once: carnet-station serve --role pharmacy --data FOLDER",
            Self::Running => "Use the page of the running station, or stop it first.",
            Self::NotJson => r#"Write it like {"id":"age-at-least","fields":{"years":65}}"#,
            Self::Several(_) => "Say which with --challenge ID.",
            Self::Nothing => "Ask first: carnet-station challenge STATEMENT-JSON --data FOLDER",
            Self::Picture(error) => error.next(),
            Self::File(_) => "Give the file's name, or - and the text.",
            Self::Folder(error) => error.next(),
            Self::Key(_) => "Restore the folder from its copy.",
            Self::Check(error) => error.next(),
            Self::Counter(error) => error.next(),
        }
    }
}

/// A station's folder, opened for one command.
#[derive(Debug)]
pub struct Alone {
    folder: Folder,
    db: Db,
    gates: Gates,
    key: ed25519_dalek::SigningKey,
    trust_list: PathBuf,
    now: Timestamp,
}

/// What an answer came to, for the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub result: Shown,
    pub text: String,
}

impl Alone {
    /// Opens it, unless the station runs.
    pub fn open(data: &Path, trust_list: Option<PathBuf>, now: Timestamp) -> Result<Self, AloneError> {
        if !data.join(OFFLINE_KEY).exists() {
            return Err(AloneError::NoStation);
        }
        let folder = Folder::open(data)?;
        let store = open_store(&folder, "store").map_err(|error| match error {
            ServeError::InUse => AloneError::Running,
            error => error.into(),
        })?;
        Ok(Self {
            key: ed25519_key(&folder, OFFLINE_KEY)?,
            trust_list: trust_list.unwrap_or_else(|| folder.file(authority::FOLDER).join(trust::LIST_FILE)),
            db: Db::new(store),
            gates: Gates::default(),
            folder,
            now,
        })
    }

    fn counter(&self) -> Counter<'_> {
        Counter {
            folder: &self.folder,
            db: &self.db,
            gates: &self.gates,
            key: &self.key,
            trust_list: &self.trust_list,
            now: self.now,
        }
    }

    /// Asks; `statement` is what the station's page would send.
    pub fn challenge(&self, statement: &str) -> Result<String, AloneError> {
        let statement: Value = serde_json::from_str(statement).map_err(|_| AloneError::NotJson)?;
        let statement = checks::statement(&statement, self.now)?;
        let shows = self.counter().ask("terminal", statement)?;
        let code = carnet_qr::terminal(&shows.text).map_err(|_| CounterError::Picture)?;
        Ok(format!(
            "{code}\n{}\n\nAsked: {}\nid: {}\nGood until {}. {}",
            shows.text,
            shows.says,
            shows.id,
            shows.expires(),
            list_age(&shows, self.now),
        ))
    }

    /// Judges the answer in a text, a picture (PNG or JPEG) or, for `-`, the input.
    pub fn check(&self, file: &Path, challenge: Option<&str>) -> Result<Said, AloneError> {
        let counter = self.counter();
        let id = match challenge {
            Some(id) => id.to_owned(),
            None => only(counter.open()?)?.id,
        };
        let before = counter.find(&id)?;
        let text = text_in(file)?;
        let (outcome, shows) = if text.is_empty() {
            (Outcome::not_shown(self.now), before)
        } else {
            match counter.answer(&id, &text) {
                Ok(shows) => {
                    let outcome = shows.outcome(self.now);
                    (outcome.unwrap_or_else(|| Outcome::not_shown(self.now)), shows)
                }
                Err(error @ (CounterError::Expired | CounterError::Answered | CounterError::Closed)) => {
                    return Ok(Said {
                        result: Shown::CannotCheck,
                        text: format!("CANNOT CHECK ({})\n{error}\n{}", error.code(), error.next()),
                    });
                }
                Err(error) => return Err(error.into()),
            }
        };
        let view = checks::view(&shows.says, Some(&outcome), Some(shows.list_issued));
        Ok(Said {
            result: outcome.result,
            text: in_words(&view, &list_age(&shows, self.now)),
        })
    }
}

fn only(mut open: Vec<Shows>) -> Result<Shows, AloneError> {
    match open.len() {
        0 => Err(AloneError::Nothing),
        1 => Ok(open.remove(0)),
        _ => {
            let ids: Vec<String> = open.into_iter().map(|shows| shows.id).collect();
            Err(AloneError::Several(ids.join(", ")))
        }
    }
}

fn text_in(file: &Path) -> Result<String, AloneError> {
    let most = PICTURE_BYTES as u64;
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        fs::File::open(file)?.take(most).read_to_end(&mut bytes)?;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(picture) => match read_picture(picture.as_bytes()) {
            Ok(text) => Ok(text),
            Err(error) => Err(AloneError::Picture(error)),
        },
    }
}

fn in_words(view: &Value, list: &str) -> String {
    let text = |name: &str| view[name].as_str();
    let mut lines = vec![match (text("result"), text("reason")) {
        (Some("yes"), _) => "YES".to_owned(),
        (Some("not_shown"), _) => "NOT SHOWN".to_owned(),
        (_, reason) => format!("CANNOT CHECK ({})", reason.unwrap_or("unknown")),
    }];
    let mut line = |label: &str, value: Option<&str>| {
        if let Some(value) = value {
            lines.push(format!("{label}: {value}"));
        }
    };
    line("Asked", text("says"));
    line("Issued by", text("issuer"));
    line("Their copy is good until", text("valid_until"));
    line("Their phone must show", text("digits"));
    lines.push(list.to_owned());
    lines.extend(text("what_next").map(str::to_owned));
    lines.join("\n")
}

fn list_age(shows: &Shows, now: Timestamp) -> String {
    let days = now.duration_since(shows.list_issued).as_hours() / 24;
    let age = match days {
        0 => "less than a day old".to_owned(),
        1 => "1 day old".to_owned(),
        days => format!("{days} days old"),
    };
    let expired = if now >= shows.list_expires {
        ", and it has expired: get a new one when there is a network"
    } else {
        ""
    };
    format!("The list of organisations is {age}{expired}.")
}

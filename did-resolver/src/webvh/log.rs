//! A log read from its beginning to its end.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    MAX_ENTRIES, MAX_LOG_LEN,
    entry::Entry,
    error::WebvhError,
    history::{History, Version},
    parameters::{Parameters, Step, Witnesses},
    witness,
};
use crate::{document::Document, error::ResolveError, json};

/// A log whose own content is in order. What witnesses say is not known yet.
#[derive(Debug)]
pub struct Log {
    did: String,
    versions: Vec<Version>,
    /// The witnesses that each version takes.
    witnesses: Vec<Option<Witnesses>>,
    parameters: Parameters,
    now: Timestamp,
}

impl Log {
    /// Reads and checks a log. `now` is when it was fetched.
    pub fn read(did: &str, log: &[u8], now: Timestamp) -> Result<Self, ResolveError> {
        let (scid, _) = super::parts(did)?;
        Ok(read(did, scid, log, now)?)
    }

    /// Whether the witnesses' file is needed.
    pub fn needs_witnesses(&self) -> bool {
        self.witnesses.iter().any(Option::is_some)
    }

    /// The history, once enough witnesses stand behind every version that needs them.
    pub fn witnessed(self, file: Option<&[u8]>) -> Result<History, WebvhError> {
        if self.needs_witnesses() {
            let file = file.ok_or(WebvhError::WitnessMissing)?;
            witness::check(&self.versions, &self.witnesses, file, self.now)?;
        }
        History::new(self.did, self.versions, self.parameters)
    }

    pub(super) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    pub(super) fn len(&self) -> usize {
        self.versions.len()
    }

    pub(super) fn last(&self) -> Option<&Version> {
        self.versions.last()
    }
}

fn read(did: &str, scid: &str, log: &[u8], now: Timestamp) -> Result<Log, WebvhError> {
    if log.len() > MAX_LOG_LEN {
        return Err(WebvhError::TooLong);
    }
    let mut versions: Vec<Version> = Vec::new();
    let mut witnesses = Vec::new();
    let mut parameters: Option<Parameters> = None;
    for line in log.split(|byte| *byte == b'\n') {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if versions.len() == MAX_ENTRIES {
            return Err(WebvhError::TooLong);
        }
        let mut entry = Entry::read(json::parse_object(line, MAX_LOG_LEN)?)?;
        let number = versions.len() + 1;
        let step = match (&parameters, versions.last()) {
            (Some(before), Some(last)) => {
                let step = before.next(&entry.parameters)?;
                entry.check_hash(number, &last.id)?;
                if entry.time <= last.time {
                    return Err(WebvhError::Time);
                }
                step
            }
            _ => first(scid, &mut entry)?,
        };
        entry.check_proofs(&step.signers, now)?;
        let document = document(scid, entry.state, step.after.portable, versions.last())?;
        versions.push(Version {
            id: entry.version_id,
            time: entry.time,
            time_text: entry.time_text,
            document: Arc::new(document),
        });
        witnesses.push(step.witnesses);
        parameters = Some(step.after);
    }
    let (Some(parameters), Some(last)) = (parameters, versions.last()) else {
        return Err(WebvhError::Empty);
    };
    if last.time > now {
        return Err(WebvhError::Future);
    }
    if !versions.iter().any(|version| version.document.id == did) {
        return Err(WebvhError::WrongDid);
    }
    Ok(Log {
        did: did.to_owned(),
        versions,
        witnesses,
        parameters,
        now,
    })
}

fn first(scid: &str, entry: &mut Entry) -> Result<Step, WebvhError> {
    let step = Parameters::first(&entry.parameters)?;
    if step.after.scid != scid {
        return Err(WebvhError::WrongDid);
    }
    entry.check_scid(scid)?;
    entry.check_hash(1, scid)?;
    Ok(step)
}

/// The state of an entry: a document of this DID, which moved only if it may.
fn document(
    scid: &str,
    state: serde_json::Map<String, Value>,
    portable: bool,
    before: Option<&Version>,
) -> Result<Document, WebvhError> {
    let document = Document::read(state)?;
    match super::parts(&document.id) {
        Ok((own, _)) if own == scid => {}
        _ => return Err(WebvhError::WrongDid),
    }
    if let Some(before) = before.filter(|before| before.document.id != document.id) {
        if !portable {
            return Err(WebvhError::NotPortable);
        }
        if !document.also_known_as.contains(&before.document.id) {
            return Err(WebvhError::PriorDidMissing);
        }
    }
    Ok(document)
}

//! Read: asked anew each time, in this order: is this grant known, not over, and confirmed; does the ledger say it holds
//! now; is it within its time; is each record within what was granted. Then the AuditEvent is kept, and only
//! then anything is handed out.

use std::{fs, io, sync::Arc};

use axum::http::StatusCode;
use carnet_consent::{GrantId, Reading, ReadingKind, Salt, Scope, audit_event, in_scope};
use carnet_exchange::{
    delivery, jwe,
    manage::{Logged, Read},
};
use carnet_fhir::{FileError, Record, bundle, read_file};
use carnet_ledger::{LedgerError, Status};
use p256::SecretKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    accounts::Caller,
    answer::Evidence,
    app::App,
    db::{Change, DbError},
    delivery_keys,
    errors::Told,
    evidence::reads::ReadsLogError,
    gates::Gate,
    keys::make_bytes,
    rows::Given,
};

/// Seconds after which a ledger status is stale.
const FRESH: u64 = 300;
/// Bytes of sealed evidence.
const EVIDENCE_BYTES: usize = 256 * 1024;

/// Why nothing may be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("There is no such consent here.")]
    Unknown,
    #[error("Nobody has confirmed yet that this consent is this person's.")]
    Unconfirmed,
    #[error("The patient has taken this consent back.")]
    Revoked,
    #[error("This consent has ended, and what was stored is destroyed.")]
    Expired,
    #[error("Whether this consent still holds can't be known at the moment.")]
    Stale,
    #[error("This is not part of what the patient granted.")]
    OutOfScope,
    #[error("The records have not arrived yet.")]
    NotDelivered,
    #[error("The field {0} is wrong.")]
    Field(&'static str),
    #[error("What was delivered can't be opened: {0}.")]
    Unreadable(&'static str),
    #[error("What was delivered can't be read from disk.")]
    File(#[source] io::Error),
    #[error("The reading can't be written down.")]
    Log(#[from] ReadsLogError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Told for ReadError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unconfirmed => "unconfirmed",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Stale => "stale",
            Self::OutOfScope => "out_of_scope",
            Self::NotDelivered => "not_delivered",
            Self::Field(_) => "invalid_field",
            Self::Unreadable(_) => "unreadable_delivery",
            Self::File(_) => "storage",
            Self::Log(error) => error.code(),
            Self::Db(error) => error.code(),
        }
    }
    fn next(&self) -> &'static str {
        match self {
            Self::Unknown => "Look at the list of consents.",
            Self::Unconfirmed => "Ask the patient for the four digits and type them.",
            Self::Revoked => "Talk with the patient. Only a new consent opens anything.",
            Self::Expired => "Ask the patient again if you still need it.",
            Self::Stale => "Check the station's clock and ledger, then try again.",
            Self::OutOfScope => "Ask the patient for it if you need it.",
            Self::NotDelivered => {
                "Wait a moment; the patient's device sends them after it has checked the ledger."
            }
            Self::Field(_) => "Correct it and try again.",
            Self::Unreadable(_) => "Ask the patient to share again.",
            Self::File(_) | Self::Log(_) => "Look at the disk and the station's log, then try again.",
            Self::Db(error) => error.next(),
        }
    }
    fn status(&self) -> StatusCode {
        match self {
            Self::Unknown
            | Self::Unconfirmed
            | Self::Revoked
            | Self::Expired
            | Self::Stale
            | Self::OutOfScope => StatusCode::FORBIDDEN,
            Self::NotDelivered => StatusCode::CONFLICT,
            Self::Field(_) => StatusCode::BAD_REQUEST,
            Self::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::File(_) | Self::Log(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Db(error) => error.status(),
        }
    }
    fn further(&self) -> Map<String, Value> {
        let mut further = Map::new();
        if let Self::Field(field) = self {
            further.insert("field".into(), (*field).into());
        }
        further
    }
}

/// Records that may be handed out as long as the gate is open.
#[derive(Debug)]
pub struct Readable {
    pub records: Vec<Record>,
    /// Delivered, but not part of what was granted: these stay closed.
    pub withheld: usize,
    pub gate: Arc<Gate>,
}

impl Readable {
    /// A FHIR Bundle, each record byte for byte as it came.
    pub fn bundle(&self, app: &App) -> String {
        bundle(
            self.records
                .iter()
                .map(|record| (record.full_url.as_deref(), record.raw.as_str())),
            app.clock.now(),
        )
    }
}

/// Opens what this consent allows `who` to read now, all of it or what falls under `narrower`, and writes that
/// down first.
pub fn read(
    app: &App,
    who: &Caller,
    grant_id: &GrantId,
    kind: ReadingKind,
    narrower: Option<&Scope>,
) -> Result<Readable, ReadError> {
    let request_id = app
        .db
        .get::<Given>(&Given::key(grant_id))?
        .ok_or(ReadError::Unknown)?
        .request_id;
    let gate = app.gates.of(&request_id);
    let _turn = gate.enter();
    let mut given: Given = app.db.get(&Given::key(grant_id))?.ok_or(ReadError::Unknown)?;
    may_read(app, &given)?;

    let keys = delivery_keys::read(&app.delivery_key(&request_id)).map_err(ReadError::File)?;
    let evidence = evidence(&given, &keys.p256)?;
    let covers = |scope: &Scope, kind: &str| scope.resource_type() == "*" || scope.resource_type() == kind;
    if let Some(narrower) = narrower
        && !evidence
            .consent
            .granted
            .iter()
            .any(|scope| covers(scope, narrower.resource_type()))
    {
        return Err(ReadError::OutOfScope);
    }
    if given.delivered.is_none() {
        return Err(ReadError::NotDelivered);
    }
    let jwe = fs::read_to_string(app.delivery(&request_id)).map_err(ReadError::File)?;
    let opened = delivery::open(&jwe, &keys, &evidence.consent.request_digest.0)
        .map_err(|error| ReadError::Unreadable(error.code()))?;
    drop(jwe);
    let file = read_file(&opened).map_err(|error: FileError| ReadError::Unreadable(error.code()))?;
    let delivered = file.records.len() + file.rejected.count as usize;
    let mut records = file.records;
    records.retain(|record| in_scope(&evidence.consent, record).is_ok());
    if records.is_empty() && delivered > 0 {
        return Err(ReadError::OutOfScope);
    }
    let withheld = delivered - records.len();
    given.records = u32::try_from(records.len()).ok();
    if let Some(narrower) = narrower {
        records.retain(|record| narrower.matches(&record.summary));
    }

    write_down(app, who, given, kind, &records)?;
    Ok(Readable {
        records,
        withheld,
        gate: Arc::clone(&gate),
    })
}

/// The first questions.
fn may_read(app: &App, given: &Given) -> Result<(), ReadError> {
    // What is over is not worth the four digits.
    if given.revoked.is_some() {
        return Err(ReadError::Revoked);
    }
    if given.ended.is_some() {
        return Err(ReadError::Expired);
    }
    if given.confirmed.is_none() {
        return Err(ReadError::Unconfirmed);
    }
    let now = app.clock.now();
    let status = app
        .ledger
        .read(&App::ledger_id(&given.grant_id))
        .map_err(|error: LedgerError| {
            eprintln!(
                "carnet-station: reads are denied, the ledger can't be read: {}",
                error.code()
            );
            ReadError::Stale
        })?;
    let old = u64::try_from(now.as_second()).is_ok_and(|now| now.saturating_sub(status.as_of) > FRESH);
    match status.status {
        Status::Revoked => return Err(ReadError::Revoked),
        Status::Expired => return Err(ReadError::Expired),
        Status::None => return Err(ReadError::Unknown),
        Status::Pending => return Err(ReadError::Stale),
        Status::Active if old || app.clock.is_behind() => return Err(ReadError::Stale),
        Status::Active => {}
    }
    if now >= given.until() {
        Err(ReadError::Expired)
    } else {
        Ok(())
    }
}

fn evidence(given: &Given, key: &SecretKey) -> Result<Evidence, ReadError> {
    let (_, evidence) =
        jwe::decrypt(&given.sealed, key, EVIDENCE_BYTES).map_err(|_| ReadError::Unreadable("evidence"))?;
    serde_json::from_slice(&evidence).map_err(|_| ReadError::Unreadable("evidence"))
}

fn write_down(
    app: &App,
    who: &Caller,
    mut given: Given,
    kind: ReadingKind,
    records: &[Record],
) -> Result<(), ReadError> {
    let mut kinds: Vec<String> = records
        .iter()
        .map(|record| record.summary.group.as_str().to_owned())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    app.clock.witness()?;
    let when = app.clock.now();
    let event = audit_event(&Reading {
        who: &who.name(),
        site: &app.name,
        when,
        what: &kinds,
        grant_id: given.grant_id,
        kind,
        reason: None,
    });
    let mut read = Read {
        when,
        who: who.name(),
        what: kinds,
        kind,
        reason: None,
        log: None,
    };
    given.exported |= kind == ReadingKind::Export;
    let salt = Salt(make_bytes().map_err(ReadsLogError::from)?);
    let logged = read.entry(&given.grant_id, &salt);
    app.reads.add(&[logged], |place| {
        read.log = Some(Logged { place, salt });
        let prefix = audit_prefix(&given.grant_id);
        let number = app.db.count(&prefix)?;
        let mut change = Change::default();
        change.put(&format!("{prefix}{number:012}"), &Entry { read, event })?;
        change.put(&Given::key(&given.grant_id), &given)?;
        Ok::<_, ReadError>(change)
    })?;
    app.events.consent(given.grant_id);
    Ok(())
}

/// One reading: as the holder gets it, and as FHIR.
#[derive(Serialize, Deserialize)]
struct Entry {
    read: Read,
    event: Value,
}

/// A station that wrote readings down before it kept a log of them enters them now, in the order of their times.
pub fn begin_log(app: &App) -> Result<(), ReadsLogError> {
    if !app.reads.is_new()? {
        return Ok(());
    }
    let mut before: Vec<(String, Entry)> = app.db.named("audit/")?;
    before.sort_by_key(|(_, entry)| entry.read.when);
    let mut entries = Vec::new();
    let mut change = Change::default();
    for ((key, mut entry), place) in before.into_iter().zip(0..) {
        let Some(Ok(grant_id)) = key.split_once('/').map(|(id, _)| id.parse::<GrantId>()) else {
            return Err(ReadsLogError::Misplaced);
        };
        let salt = Salt(make_bytes()?);
        entries.push(entry.read.entry(&grant_id, &salt));
        entry.read.log = Some(Logged { place, salt });
        change.put(&format!("audit/{key}"), &entry)?;
    }
    app.reads.add(&entries, |_| Ok(change))
}

/// Who read under this consent, oldest first, as FHIR `AuditEvent`s.
pub fn reads(app: &App, grant_id: &GrantId) -> Result<Vec<Value>, ReadError> {
    app.db
        .get::<Given>(&Given::key(grant_id))?
        .ok_or(ReadError::Unknown)?;
    Ok(app
        .db
        .all::<Entry>(&audit_prefix(grant_id))?
        .into_iter()
        .map(|entry| entry.event)
        .collect())
}

/// The same for the holder of the consent, who will ask for the proof of each: what the log can show, and no more.
pub fn reads_for_holder(app: &App, grant_id: &GrantId) -> Result<Vec<Read>, ReadsLogError> {
    let size = app.reads.tree()?.size();
    let shown = |read: &Read| read.log.as_ref().is_some_and(|log| log.place < size);
    Ok(app
        .db
        .all::<Entry>(&audit_prefix(grant_id))?
        .into_iter()
        .map(|entry| entry.read)
        .filter(shown)
        .collect())
}

fn audit_prefix(grant_id: &GrantId) -> String {
    format!("audit/{grant_id}/")
}
